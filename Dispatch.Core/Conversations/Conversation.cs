namespace Dispatch.Core.Conversations;

/// <summary>
/// <see cref="Pending"/>: nobody could be given it, its messages wait. <see cref="Assigned"/>: the owner is or was present when it was given.
/// <see cref="AssignedOffline"/>: waits for a person who is not there (seed 000 'OFFLINE'). <see cref="Closed"/>: reopens within a day.
/// </summary>
public enum ConversationStatus { Pending, Assigned, AssignedOffline, Closed }

/// <summary>One per (profile, contact) while it is open; a partial unique index sees to it.</summary>
public sealed class Conversation
{
    public long Id { get; set; }
    public long ProfileId { get; set; }
    public long ContactId { get; set; }
    public ConversationStatus Status { get; set; }

    /// <summary>Changes only through <see cref="ConversationClaims"/>.</summary>
    public long? OwnerId { get; set; }

    /// <summary>
    /// Grows by one with every claim: the fence that the next one names. An owner who comes or goes changes the status without it, which is why
    /// a claim also names the status it saw.
    /// </summary>
    public long OwnerVersion { get; set; }
    public DateTime? OwnerSince { get; set; }
    public DateTime OpenedAt { get; set; }
    public DateTime? ClosedAt { get; set; }

    /// <summary>Who had it when it was closed: asked first when the contact writes again within the reopening time.</summary>
    public long? LastOwnerId { get; set; }
    public DateTime LastMessageAt { get; set; }

    /// <summary>The first 120 characters of the last message, so that a list reads one table.</summary>
    public string LastMessagePreview { get; set; } = "";
    public MessageDirection LastMessageDirection { get; set; }

    /// <summary>Inbound messages the owner has not looked at.</summary>
    public int UnreadCount { get; set; }

    /// <summary>Arrival of the first inbound message that has no answer yet; null when nobody waits.</summary>
    public DateTime? WaitingSince { get; set; }
}

/// <summary>The person at the other end.</summary>
public sealed class Contact
{
    public long Id { get; set; }

    /// <summary>Digits of the phone number, or another provider id reused as it came.</summary>
    public required string Address { get; set; }

    /// <summary>As the gateway told it; text from outside.</summary>
    public string Name { get; set; } = "";
    public DateTime CreatedAt { get; set; }
}

public enum MessageDirection { In, Out }

/// <summary>Outbound goes Queued, Sending, Sent, Delivered, Read and never back; inbound is Received. Failed and Uncertain wait for a person.</summary>
public enum MessageStatus { Received, Queued, Sending, Uncertain, Failed, Sent, Delivered, Read }

public sealed class Message
{
    public long Id { get; set; }
    public long ConversationId { get; set; }
    public long ChannelId { get; set; }

    /// <summary>The gateway's id; unique per channel. Null until an outbound message was accepted.</summary>
    public string? ProviderMessageId { get; set; }
    public MessageDirection Direction { get; set; }

    /// <summary>The gateway's word (text, image, link_preview...); an unknown one is kept as it came.</summary>
    public required string Type { get; set; }
    public string Text { get; set; } = "";

    /// <summary>When it was written, by the gateway's clock (UTC).</summary>
    public DateTime At { get; set; }

    /// <summary>When Dispatch stored it (UTC).</summary>
    public DateTime StoredAt { get; set; }
    public MessageStatus Status { get; set; }
    public DateTime StatusAt { get; set; }

    /// <summary>A key of <see cref="Gateways.SendFailure"/> or the gateway's code; shown as a plain sentence.</summary>
    public string? Error { get; set; }

    /// <summary>Unique for ever: the same reply asked for twice is one message.</summary>
    public string? EffectKey { get; set; }
    public long? SenderId { get; set; }
}

/// <summary>An inbound message whose conversation has no owner (seed 000 'messages en attente'). Gone in the transaction that gives it one.</summary>
public sealed class PendingMessage
{
    public long Id { get; set; }
    public long ConversationId { get; set; }
    public long ProfileId { get; set; }
    public long MessageId { get; set; }
    public DateTime ReceivedAt { get; set; }

    /// <summary>Why nobody could be given it: a key of <see cref="DecisionReason"/>.</summary>
    public DecisionReason Reason { get; set; }

    /// <summary>Whoever works on it now; null or expired: free to claim.</summary>
    public string? ClaimToken { get; set; }
    public DateTime? ClaimedUntil { get; set; }
}

public enum ConversationEventKind { Opened, Assigned, Parked, Returned, Closed, Reopened, NoteAdded }

/// <summary>What happened to a conversation and why: the audit trail, the thread's system lines and the why-panel in one.</summary>
public sealed class ConversationEvent
{
    public long Id { get; set; }
    public long ConversationId { get; set; }
    public DateTime At { get; set; }
    public ConversationEventKind Kind { get; set; }
    public ClaimCause Cause { get; set; }
    public DecisionReason Reason { get; set; }

    /// <summary>Who did it; null for Dispatch itself.</summary>
    public long? ActorId { get; set; }
    public long? FromId { get; set; }
    public long? ToId { get; set; }
    public long OwnerVersion { get; set; }
    public string? Note { get; set; }

    /// <summary>JSON of <see cref="Candidate"/>s that were considered (at most <see cref="Decision.MaxStoredCandidates"/>).</summary>
    public string? Candidates { get; set; }
}
