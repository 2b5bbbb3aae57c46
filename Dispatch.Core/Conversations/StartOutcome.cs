using Dispatch.Core.Conflicts;

namespace Dispatch.Core.Conversations;

public enum StartResult
{
    /// <summary>The conversation is there, the moderator has it, and its first message leaves.</summary>
    Started,
    /// <summary>The same effect key was given before: that conversation stands.</summary>
    AlreadyStarted,
    ProfileNotFound,
    ContactNotFound,
    /// <summary>Not an address: digits of a phone number or a provider's id, 1 to 64 characters.</summary>
    BadAddress,
    /// <summary>Empty, or longer than <see cref="ReplyOutcome.MaxLength"/>.</summary>
    BadText,
    /// <summary>Refused by <see cref="StartOutcome.Initiation"/>.</summary>
    DoubleInitiation,
    /// <summary>The moderator cannot have it: <see cref="StartOutcome.Claim"/> says why.</summary>
    NotAssignable,
    /// <summary>Somebody else answers this contact right now: <see cref="StartOutcome.Reply"/> says who.</summary>
    NotSent,
}

/// <summary>A conversation that we begin.</summary>
/// <param name="ContactId">Whom; null: by <paramref name="Address"/>, who is added if unknown.</param>
public sealed record NewConversation(long ProfileId, long ModeratorId, string Text, long? ContactId = null, string? Address = null, string? Name = null, string? EffectKey = null);

/// <summary>What became of it; anything but <see cref="StartResult.Started"/> left nothing behind but the record of the refusal.</summary>
public sealed record StartOutcome(
    StartResult Result, long ConversationId = 0, long MessageId = 0, InitiationOutcome? Initiation = null, ClaimOutcome? Claim = null, ReplyOutcome? Reply = null)
{
    public bool Succeeded => Result is StartResult.Started or StartResult.AlreadyStarted;
}
