using Dispatch.Core.Locks;

namespace Dispatch.Core.Conversations;

public enum ReplyResult
{
    /// <summary>Stored; it leaves at once.</summary>
    Queued,
    /// <summary>The same effect key was given before: that message stands, nothing was added.</summary>
    AlreadyQueued,
    NotFound,
    /// <summary>Someone else has the conversation; <see cref="ReplyOutcome.HeldByName"/> says who.</summary>
    NotOwner,
    /// <summary>Nobody has it; take it first.</summary>
    NoOwner,
    Closed,
    /// <summary>Empty, or longer than <see cref="ReplyOutcome.MaxLength"/>.</summary>
    BadText,
    /// <summary>Somebody else answers this contact right now; <see cref="ReplyOutcome.Held"/> says who, as which profile and until when.</summary>
    Locked,
    /// <summary>The token that was shown is not worth anything any more; <see cref="ReplyOutcome.Held"/> says who has the contact now, if anybody.</summary>
    StaleLock,
}

/// <param name="HeldByName">Who has the conversation, when that is why.</param>
/// <param name="Held">Who has the contact's lock, when that is why.</param>
public sealed record ReplyOutcome(ReplyResult Result, long MessageId = 0, string? HeldByName = null, LockInfo? Held = null)
{
    /// <summary>WhatsApp's limit for one text, in UTF-16 units.</summary>
    public const int MaxLength = 4096;

    public bool Succeeded => Result is ReplyResult.Queued or ReplyResult.AlreadyQueued;
}
