namespace Dispatch.Core.Broker;

/// <summary>
/// The one adapter between Dispatch and its workers: in this process, or RabbitMQ. It moves bytes and says what became of them; meaning, storage and
/// repetition lie above it (<see cref="WorkerOutbox"/>, <see cref="OutboxRelay"/>, <see cref="AnswerReceiver"/>).
/// </summary>
public interface IWorkerBus : IAsyncDisposable
{
    BrokerKind Kind { get; }

    /// <summary>Why a command for this worker can not be published now by this process; null: it can.</summary>
    WaitReason? Obstacle(WorkerRoute worker);

    /// <summary>Returns when the broker has the command safely, or says why not. Commands for one number are given one after another.</summary>
    /// <returns>Null: confirmed.</returns>
    Task<WaitReason?> PublishAsync(WorkerRoute worker, BusMessage command);

    /// <summary>
    /// Connects, makes the topology, and hands over what comes in, in order, until cancelled; connects again by itself. Deliveries are settled when
    /// <paramref name="receiver"/> returns, and come again when it throws.
    /// </summary>
    Task RunAsync(IBusReceiver receiver, CancellationToken stop);

    /// <summary>The other end: what a worker in this process does with the bus. Used by the simulated worker and by tests.</summary>
    Task<IWorkerPort> ConnectWorkerAsync(WorkerRoute worker, CancellationToken cancel);
}

/// <summary>What the bus brings is for this.</summary>
public interface IBusReceiver
{
    /// <summary>All from one source, in its order. Returns when everything is stored.</summary>
    Task ReceiveAsync(IReadOnlyList<BusDelivery> deliveries, CancellationToken stop);

    /// <summary>A command that was published came back because nobody wanted it: it goes back into the outbox. False: unknown there.</summary>
    Task<bool> TakeBackAsync(string commandId, CancellationToken stop);

    /// <summary>There is a connection (again), or one more worker listens: what waits may be tried now.</summary>
    void Reachable();
}

/// <summary>One message as it travels. See docs/operations/workers.md for the properties.</summary>
/// <param name="MessageId">The command's id, or the worker's own id of its answer; null: a worker that gives none.</param>
/// <param name="CorrelationId">The session.</param>
/// <param name="Type">The action.</param>
/// <param name="Expires">After so long it is of no use any more.</param>
public sealed record BusMessage(ReadOnlyMemory<byte> Body, string? MessageId, string? CorrelationId, string? Type, TimeSpan? Expires = null);

public enum BusSource
{
    /// <summary>The queue of answers of routed workers.</summary>
    Answers,

    /// <summary>The queue of health reports.</summary>
    Health,

    /// <summary>The shared queue of a legacy worker.</summary>
    Legacy,

    /// <summary>What the broker gave up.</summary>
    Dead,
}

/// <summary>One message that came in.</summary>
/// <param name="WorkerId">Who sent it, from the routing key or the queue; null: the source does not say (health).</param>
/// <param name="Redelivered">A hint only: it may have been stored already.</param>
/// <param name="DeathReason">Of <see cref="BusSource.Dead"/>: <c>rejected</c>, <c>delivery_limit</c>, <c>expired</c>, <c>maxlen</c>.</param>
/// <param name="DeathQueue">Of <see cref="BusSource.Dead"/>: the queue in which it died.</param>
public sealed record BusDelivery(BusSource Source, string? WorkerId, BusMessage Message, bool Redelivered = false, string? DeathReason = null, string? DeathQueue = null);

/// <summary>A worker's end of the bus. Dispose it like a process that dies: what was not acknowledged comes again to the next one with this id.</summary>
public interface IWorkerPort : IAsyncDisposable
{
    /// <summary>Commands for this worker and nobody else, whatever queue they came from; ends when cancelled or when the connection is lost.</summary>
    IAsyncEnumerable<IWorkerDelivery> ReadAsync(CancellationToken cancel);

    /// <summary>Publishes an answer; returns when the bus has it safely.</summary>
    Task AnswerAsync(WorkerAnswer answer);

    /// <summary>The same with a text of one's own, for what no <see cref="WorkerAnswer"/> can express.</summary>
    Task AnswerAsync(BusMessage message, bool health = false);
}

/// <summary>A command that reached its worker.</summary>
public interface IWorkerDelivery
{
    BusMessage Message { get; }

    /// <summary>Null: it cannot be read; reject it.</summary>
    WorkerCommand? Command { get; }

    bool Redelivered { get; }

    /// <summary>Done; it does not come again.</summary>
    Task AckAsync();

    /// <summary>Not done: again, or to the dead letters.</summary>
    Task RejectAsync(bool requeue);
}
