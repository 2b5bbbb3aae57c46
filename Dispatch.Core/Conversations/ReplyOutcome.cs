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
}

public sealed record ReplyOutcome(ReplyResult Result, long MessageId = 0, string? HeldByName = null)
{
    /// <summary>WhatsApp's limit for one text, in UTF-16 units.</summary>
    public const int MaxLength = 4096;

    public bool Succeeded => Result is ReplyResult.Queued or ReplyResult.AlreadyQueued;
}
