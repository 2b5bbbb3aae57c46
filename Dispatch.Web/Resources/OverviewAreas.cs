namespace Dispatch.Web.Resources;

/// <summary>The overview and the screen on the wall.</summary>
public sealed class Overview;

/// <summary>The trails of what was done and decided.</summary>
public sealed class Audit;
