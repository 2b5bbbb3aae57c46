using System.Collections.Concurrent;
using Dispatch.Core.Broker;

namespace Dispatch.Tests.Broker;

/// <summary>A bus that does what the test says.</summary>
internal sealed class StubBus : IWorkerBus
{
    public ConcurrentQueue<(string WorkerId, BusMessage Message)> Published { get; } = new();

    /// <summary>What becomes of a command; null: confirmed.</summary>
    public Func<WorkerRoute, BusMessage, Task<WaitReason?>> Publish { get; set; } = (_, _) => Task.FromResult<WaitReason?>(null);

    public Func<WorkerRoute, WaitReason?> Blocks { get; set; } = _ => null;
    public BrokerKind Kind => BrokerKind.RabbitMq;

    public WaitReason? Obstacle(WorkerRoute worker) => Blocks(worker);

    public async Task<WaitReason?> PublishAsync(WorkerRoute worker, BusMessage command)
    {
        // On another thread, as a network would answer.
        await Task.Yield();
        Published.Enqueue((worker.WorkerId, command));
        return await Publish(worker, command);
    }

    public Task RunAsync(IBusReceiver receiver, CancellationToken stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);

    public Task<IWorkerPort> ConnectWorkerAsync(WorkerRoute worker, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
