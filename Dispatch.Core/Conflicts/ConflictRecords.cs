namespace Dispatch.Core.Conflicts;

/// <summary>What to record of a conflict (seed 001 <c>logConflict($conflictData)</c>).</summary>
/// <param name="Token">What the loser ran into (a lock's token, an owner version): the same one is recorded once per loser.</param>
public sealed record Conflict(ConflictKind Kind, long ResourceId, ConflictRule Rule, long? WinnerId, long? LoserId, long Token = 0)
{
    public long? ProfileId { get; init; }

    /// <summary>Everybody concerned, in the order in which they are served.</summary>
    public IReadOnlyList<long> Participants { get; init; } = [];
    public ConflictResolution Resolution { get; init; }

    /// <summary>How long it took to settle; null: it is not settled.</summary>
    public TimeSpan? Duration { get; init; }
    public string? Note { get; init; }
}

public sealed record ConflictRecord(
    long Id, DateTime At, ConflictKind Kind, long ResourceId, long? ProfileId, long? WinnerId, string? WinnerName, long? LoserId, string? LoserName,
    IReadOnlyList<long> Participants, ConflictRule Rule, ConflictResolution Resolution, long? ResolvedById, DateTime? ResolvedAt, long? DurationMs, string? Note);

/// <summary>Moderators who connected at the same moment, in the order in which they are served.</summary>
/// <param name="Order">First is served first.</param>
/// <param name="Absent">Named, but not connected (any more).</param>
public sealed record CollisionOrder(IReadOnlyList<Contender> Order, IReadOnlyList<long> Absent, ConflictRule Rule);

/// <summary>What a loser does about it; see <see cref="ConflictResolution"/>.</summary>
public enum ConflictChoice { Accept, Ask, Retry }

/// <summary>What an admin makes of an open conflict.</summary>
public enum ConflictDecision { LeaveIt, GiveToLoser }

public enum ResolveResult
{
    Done,
    NotFound,
    /// <summary>Only who lost may choose.</summary>
    NotYours,
    /// <summary>It is settled.</summary>
    AlreadyResolved,
    /// <summary>The choice does not fit the kind of conflict; accepting always does.</summary>
    NotPossible,
    /// <summary>Somebody still has it; <see cref="ResolveOutcome.Held"/> says who.</summary>
    StillHeld,
    /// <summary>Asking and overruling need a reason: 1 to 400 characters.</summary>
    BadReason,
}

/// <param name="Token">The token of the hold that the loser has now.</param>
/// <param name="UnlockRequestId">The request that went to the winner.</param>
public sealed record ResolveOutcome(ResolveResult Result, long Token = 0, long UnlockRequestId = 0, DateTime? DueAt = null, Locks.LockInfo? Held = null);

/// <summary>Something about who has what that must never be so.</summary>
/// <param name="Rule">Which one, in words that do not change.</param>
/// <param name="Id">The conversation, moderator, profile or contact it is about.</param>
public sealed record IntegrityFinding(string Rule, long Id, string Detail);
