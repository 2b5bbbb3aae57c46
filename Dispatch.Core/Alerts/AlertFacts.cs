namespace Dispatch.Core.Alerts;

/// <summary>A lock that somebody has.</summary>
public sealed record HeldFact(string Kind, long ResourceId, long ModeratorId, DateTime Since);

/// <summary>An account whose oldest due action nothing holds.</summary>
public sealed record LateFact(long AccountId, DateTime DueAt);

/// <summary>A process by its last sign of life, and whether it said that it ends.</summary>
public sealed record NodeFact(string Node, DateTime LastAt, bool Stopped);

/// <summary>What the rules look at, at one moment.</summary>
/// <param name="Online">Enabled moderators who are present.</param>
/// <param name="Full">Of these, those at their limit.</param>
/// <param name="OldestWaitingAt">When the first message of the conversation that waits longest came; null: none waits.</param>
public sealed record AlertFacts(
    int Online, int Full, int Waiting, DateTime? OldestWaitingAt, IReadOnlyList<HeldFact> Locks, IReadOnlyList<LateFact> Late, IReadOnlyList<NodeFact> Nodes)
{
    public static AlertFacts Nothing { get; } = new(0, 0, 0, null, [], [], []);
}

/// <summary>An alert that should be open now.</summary>
/// <param name="Key">The same problem has the same key.</param>
public sealed record WantedAlert(AlertKind Kind, AlertSeverity Severity, string Key, long? ResourceId = null, string? Subject = null, string? Details = null)
{
    /// <summary>Since when it is so, where that is known; otherwise since it was seen first.</summary>
    public DateTime? Since { get; init; }
}
