namespace Dispatch.Web.Resources;

/// <summary>States, events, reasons and results of numbers, clients and workers, wherever they are shown.</summary>
public sealed class Numbers;
