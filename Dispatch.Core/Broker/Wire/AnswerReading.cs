namespace Dispatch.Core.Broker;

/// <summary>Why a message is a dead letter; its words are resources <c>DeadReason_{value}</c>.</summary>
public enum DeadReason
{
    /// <summary>Not JSON, or no object, or too large.</summary>
    NotJson,

    /// <summary>No action, or one that no worker answer has.</summary>
    UnknownAction,

    /// <summary>A field that is needed is missing or of another kind.</summary>
    WrongField,

    /// <summary>The body names another worker than the one it came from.</summary>
    ForeignWorker,

    /// <summary>It was read, and what it means could not be stored three times in a row: a fault of Dispatch.</summary>
    HandlerFailed,

    /// <summary>A worker rejected a command.</summary>
    Rejected,

    /// <summary>It came back too often without being settled.</summary>
    DeliveryLimit,

    /// <summary>Its time was over while it waited in a queue.</summary>
    Expired,

    /// <summary>A command in the queue of a legacy worker that is nobody's: not from this Dispatch, and no worker takes it.</summary>
    NobodysCommand,
}

/// <summary>What was read: an answer, or why there is none.</summary>
/// <param name="Key">The inbox key: the same answer twice has the same. Null: it only states how things are (<c>connected</c> without an id or a time, health, heartbeat), and twice is as good as once.</param>
/// <param name="Detail">Which field, and what is allowed; never a value from the message.</param>
public sealed record AnswerReading(WorkerAnswer? Answer, string? Key, DeadReason? Reason, string? Detail, string? Action, long? NumberId)
{
    internal static AnswerReading Dead(DeadReason reason, string detail, string? action = null, long? numberId = null) => new(null, null, reason, detail, action, numberId);
}
