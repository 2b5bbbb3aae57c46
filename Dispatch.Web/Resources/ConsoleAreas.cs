namespace Dispatch.Web.Resources;

/// <summary>Conversations and what was decided about them.</summary>
public sealed class Inbox;

public sealed class Queue;

public sealed class Board;

/// <summary>The bell and the list of alerts.</summary>
public sealed class Alerts;

/// <summary>How the processes are and were.</summary>
public sealed class Health;
