namespace Dispatch.Web.Resources;

/// <summary>The overview and the screen on the wall.</summary>
public sealed class Overview;

/// <summary>Daily and weekly reports.</summary>
public sealed class Reports;

/// <summary>The trails of what was done and decided.</summary>
public sealed class Audit;
