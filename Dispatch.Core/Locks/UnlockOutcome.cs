namespace Dispatch.Core.Locks;

public enum UnlockResult
{
    /// <summary>The holder was asked and has until <see cref="UnlockOutcome.DueAt"/>.</summary>
    Asked,
    /// <summary>Somebody asked before and waits for the answer.</summary>
    AlreadyAsked,
    /// <summary>Nobody has it: take it.</summary>
    NotLocked,
    /// <summary>The asker has it already.</summary>
    AlreadyYours,
    /// <summary>It has changed hands: by giving it up or by a decision from above.</summary>
    Moved,
    /// <summary>The holder keeps it.</summary>
    Kept,
    /// <summary>There is no such request.</summary>
    NotFound,
    /// <summary>Only the holder may answer.</summary>
    NotHolder,
    /// <summary>The request is decided, or its time is over.</summary>
    TooLate,
    /// <summary>The asker is unknown, disabled, or may not serve the profile.</summary>
    NotAllowed,
    /// <summary>A reason is needed: 1 to 400 characters.</summary>
    BadReason,
}

/// <summary>What became of a request for somebody's lock, or of the answer to one.</summary>
/// <param name="Token">The token of the new hold, when it moved to somebody.</param>
/// <param name="Held">Who has it, when that is not the asker.</param>
/// <param name="AskedByName">Who asked first, when somebody had.</param>
public sealed record UnlockOutcome(
    UnlockResult Result, long RequestId = 0, DateTime? DueAt = null, long Token = 0, LockInfo? Held = null, string? AskedByName = null)
{
    public bool Succeeded => Result is UnlockResult.Asked or UnlockResult.Moved or UnlockResult.Kept;
}

/// <summary>A request as the people concerned see it.</summary>
public sealed record UnlockRequestView(
    long Id, LockKind Kind, long ResourceId, long ProfileId, long HolderId, string HolderName, long? RequesterId, string? RequesterName, string Reason,
    DateTime RequestedAt, DateTime DueAt, UnlockStatus Status, DateTime? DecidedAt, string? Answer);
