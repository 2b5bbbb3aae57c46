namespace Dispatch.Core.Broker;

public enum OutboxStatus
{
    /// <summary>Waits to be published.</summary>
    Queued,

    /// <summary>A relay has it until <see cref="OutboxCommand.ClaimedUntil"/>; whoever comes after that publishes it again under the same id.</summary>
    Publishing,
    Published,

    /// <summary>Its time was over before it could leave.</summary>
    Expired,

    /// <summary>Not wanted any more: its session has a successor.</summary>
    Withdrawn,
}

/// <summary>A command, written in the transaction of the change it belongs to and published after it.</summary>
public sealed class OutboxCommand
{
    public long Id { get; set; }

    /// <summary>The AMQP message id: the same at every attempt, so that a worker carries it out once.</summary>
    public required string CommandId { get; set; }
    public required string WorkerId { get; set; }
    public long? NumberId { get; set; }
    public string? SessionId { get; set; }
    public WorkerAction Action { get; set; }

    /// <summary>The JSON of a routed worker. The texts of <c>send</c> are in it, so it goes with the history.</summary>
    public required string Body { get; set; }
    public DateTime? ExpiresAt { get; set; }
    public OutboxStatus Status { get; set; }

    /// <summary>Why it waits.</summary>
    public WaitReason? Reason { get; set; }
    public int Attempts { get; set; }

    /// <summary>Not tried before.</summary>
    public DateTime DueAt { get; set; }

    /// <summary>Who publishes it now; a claim that lapsed and was taken over has another value.</summary>
    public string? Claim { get; set; }
    public DateTime? ClaimedUntil { get; set; }
    public DateTime CreatedAt { get; set; }

    /// <summary>When it left, expired or was withdrawn.</summary>
    public DateTime? DoneAt { get; set; }
}

/// <summary>An answer that was stored: the same key again changes nothing.</summary>
public sealed class InboxAnswer
{
    public long Id { get; set; }
    public required string AnswerKey { get; set; }
    public DateTime ReceivedAt { get; set; }
}

public enum DeadLetterStatus { Open, Replayed, Dropped }

/// <summary>Where a dead letter came from.</summary>
public enum DeadLetterSource
{
    Answers,
    Health,

    /// <summary>The shared queue of a legacy worker.</summary>
    Legacy,

    /// <summary>A command that no worker carried out.</summary>
    Commands,
}

/// <summary>A message that could not be used: kept with its reason until somebody decides.</summary>
public sealed class DeadLetter
{
    public long Id { get; set; }
    public DeadLetterSource Source { get; set; }
    public DeadReason Reason { get; set; }

    /// <summary>Which field, what is allowed, or the type of the exception; never a value from the message.</summary>
    public string? Detail { get; set; }
    public string? WorkerId { get; set; }
    public long? NumberId { get; set; }
    public string? Action { get; set; }
    public string? MessageId { get; set; }
    public string? CorrelationId { get; set; }

    /// <summary>The message, protected: it may hold a code or what somebody wrote.</summary>
    public required string ProtectedBody { get; set; }
    public int Bytes { get; set; }
    public DeadLetterStatus Status { get; set; }
    public DateTime ReceivedAt { get; set; }
    public DateTime? DecidedAt { get; set; }
    public long? DecidedBy { get; set; }
}

public enum DeadLetterDecision { Replayed, ReplayFailed, Dropped }

/// <summary>Who decided what about a dead letter, and what came of it.</summary>
public sealed class DeadLetterEvent
{
    public long Id { get; set; }
    public long DeadLetterId { get; set; }
    public DateTime At { get; set; }

    /// <summary>Null: an API key.</summary>
    public long? ActorId { get; set; }
    public DeadLetterDecision Decision { get; set; }
    public string? Detail { get; set; }
}
