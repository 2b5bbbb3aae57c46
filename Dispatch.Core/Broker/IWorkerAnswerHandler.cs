using Dispatch.Core.Data;

namespace Dispatch.Core.Broker;

/// <summary>
/// What an answer of a worker does. Called inside the write session in which the inbox has just recorded the answer: both are committed or neither.
/// </summary>
public interface IWorkerAnswerHandler
{
    /// <summary>
    /// Applies one answer. Answers of one number come in the order in which its worker gave them. An answer that means nothing (an old generation, an
    /// unknown number) is recorded by the handler and is no error; an exception undoes everything, is tried again, and ends as a dead letter.
    /// </summary>
    /// <param name="now">When the bus stores it, UTC; <see cref="WorkerAnswer.At"/> is when the worker says that it happened.</param>
    Task HandleAsync(WriteSession session, WorkerAnswer answer, DateTime now);
}

/// <summary>Hears in the same transaction what became of a command that <see cref="WorkerOutbox"/> was given.</summary>
public interface IWorkerCommandFollower
{
    /// <summary>These left, wait, or will never leave.</summary>
    Task CommandsAsync(WriteSession session, IReadOnlyList<CommandProgress> commands, DateTime now);
}

public enum CommandResult
{
    /// <summary>The broker confirmed that it has it.</summary>
    Published,

    /// <summary>It stays in the outbox and is tried again; <see cref="CommandProgress.Reason"/> says why.</summary>
    Waiting,

    /// <summary>Its time was over before it could leave.</summary>
    Expired,
}

/// <summary>Why a command could not leave yet.</summary>
public enum WaitReason
{
    /// <summary>No worker has this id.</summary>
    UnknownWorker,

    /// <summary>The broker found no queue for it (mandatory return).</summary>
    Unroutable,

    /// <summary>Nobody listens: a legacy worker, or one in this process, that is not running.</summary>
    NoConsumer,

    /// <summary>The broker refused it or did not confirm in time; it may have it nevertheless.</summary>
    NotConfirmed,

    /// <summary>A legacy worker is still busy with what it was given before, or with a scan.</summary>
    Busy,

    /// <summary>There is no connection to the broker.</summary>
    BrokerDown,

    /// <summary>Another node has this legacy worker's queue and publishes for it. Never stored.</summary>
    Elsewhere,
}

/// <param name="Attempts">How often it was tried.</param>
public sealed record CommandProgress(
    long OutboxId, string CommandId, string WorkerId, long? NumberId, string? SessionId, WorkerAction Action, CommandResult Result, WaitReason? Reason, int Attempts);
