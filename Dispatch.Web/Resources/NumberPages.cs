namespace Dispatch.Web.Resources;

/// <summary>Clients, numbers, codes, workers and dead letters on screen. What is the numbers' own (states, events, reasons) is in <c>Numbers.resx</c>.</summary>
public sealed class NumberPages;
