using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Broker;

/// <summary>
/// The bus without a broker: workers live in this process. What is in it ends with the process, and so do its workers; commands for a worker that is not
/// running stay in the outbox.
/// </summary>
public sealed partial class InProcessBus : IWorkerBus
{
    private readonly ConcurrentDictionary<string, InProcessQueue> _commands = new(StringComparer.Ordinal);
    private readonly InProcessQueue _answers, _health, _dead;
    private readonly BrokerOptions _options;
    private readonly BrokerState _state;
    private readonly TimeProvider _clock;
    private readonly ILogger<InProcessBus> _logger;
    private IBusReceiver? _receiver;

    public InProcessBus(IOptions<BrokerOptions> options, BrokerState state, TimeProvider clock, ILogger<InProcessBus> logger)
    {
        _options = options.Value;
        _state = state;
        _clock = clock;
        _logger = logger;
        _answers = new InProcessQueue(_options.DeliveryLimit, i => Bury(i, Topology.Events));
        _health = new InProcessQueue(_options.DeliveryLimit, i => Bury(i, _options.HealthQueue));
        // Nothing dies twice.
        _dead = new InProcessQueue(int.MaxValue, static _ => { });
        state.Set(BrokerKind.InProcess, BrokerStatus.Connected, null, null);
    }

    public BrokerKind Kind => BrokerKind.InProcess;

    public WaitReason? Obstacle(WorkerRoute worker) =>
        _commands.TryGetValue(worker.WorkerId, out var queue) && Volatile.Read(ref queue.Consumers) > 0 ? null : WaitReason.NoConsumer;

    public Task<WaitReason?> PublishAsync(WorkerRoute worker, BusMessage command)
    {
        if (Obstacle(worker) is { } obstacle) return Task.FromResult<WaitReason?>(obstacle);
        Queue(worker.WorkerId).Enqueue(new InProcessQueue.Item(command, worker.WorkerId));
        return Task.FromResult<WaitReason?>(null);
    }

    public async Task RunAsync(IBusReceiver receiver, CancellationToken stop)
    {
        Volatile.Write(ref _receiver, receiver);
        receiver.Reachable();
        await Task.WhenAll(PumpAsync(_answers, BusSource.Answers, receiver, stop), PumpAsync(_health, BusSource.Health, receiver, stop), PumpAsync(_dead, BusSource.Dead, receiver, stop));
    }

    public Task<IWorkerPort> ConnectWorkerAsync(WorkerRoute worker, CancellationToken cancel)
    {
        var queue = Queue(worker.WorkerId);
        Interlocked.Increment(ref queue.Consumers);
        Volatile.Read(ref _receiver)?.Reachable();
        return Task.FromResult<IWorkerPort>(new Port(this, worker, queue));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private InProcessQueue Queue(string workerId) => _commands.GetOrAdd(workerId, static (id, bus) => new InProcessQueue(
        bus._options.DeliveryLimit, i => bus.Bury(i, Topology.Commands(id))), this);

    private async Task PumpAsync(InProcessQueue queue, BusSource source, IBusReceiver receiver, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            IReadOnlyList<InProcessQueue.Item> items;
            try
            {
                items = await queue.TakeAsync(_options.Prefetch, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await receiver.ReceiveAsync([.. items.Select(i => new BusDelivery(source, i.WorkerId, i.Message, i.Redelivered, i.DeathReason, i.DeathQueue))], stop);
            }
            catch (Exception e)
            {
                queue.Return(items);
                if (stop.IsCancellationRequested) return;
                LogReceiveFailed(e, source);
                await Task.Delay(TimeSpan.FromSeconds(1), _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Bury(InProcessQueue.Item item, string queue) => _dead.Enqueue(item with { DeathQueue = queue, Deliveries = 0 });

    private sealed class Port(InProcessBus bus, WorkerRoute worker, InProcessQueue queue) : IWorkerPort
    {
        private readonly Lock _lock = new();
        private readonly List<InProcessQueue.Item> _unsettled = [];
        private readonly CancellationTokenSource _closed = new();

        public async IAsyncEnumerable<IWorkerDelivery> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, _closed.Token);
            for (;;)
            {
                InProcessQueue.Item item;
                try
                {
                    item = (await queue.TakeAsync(1, end.Token))[0];
                }
                catch (OperationCanceledException) when (end.IsCancellationRequested)
                {
                    yield break;
                }
                bool late;
                lock (_lock)
                {
                    late = _closed.IsCancellationRequested;
                    if (!late) _unsettled.Add(item);
                }
                if (late)
                {
                    queue.Return([item]);
                    yield break;
                }
                var command = WorkerCommands.Read(item.Message.Body, out _);
                // The seed's rule: what is for another worker is never acted on.
                if (command is not null && command.WorkerId != worker.WorkerId) Settle(item);
                else yield return new Delivery(this, item, command);
            }
        }

        public Task AnswerAsync(WorkerAnswer answer) =>
            AnswerAsync(WorkerAnswerWriter.Write(answer with { WorkerId = worker.WorkerId }, Guid.NewGuid().ToString("N")), answer is HealthReported);

        public Task AnswerAsync(BusMessage message, bool health = false)
        {
            ObjectDisposedException.ThrowIf(_closed.IsCancellationRequested, this);
            (health ? bus._health : bus._answers).Enqueue(new InProcessQueue.Item(message, worker.WorkerId));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            List<InProcessQueue.Item> back;
            lock (_lock)
            {
                if (_closed.IsCancellationRequested) return ValueTask.CompletedTask;
                _closed.Cancel();
                back = [.. _unsettled];
                _unsettled.Clear();
            }
            queue.Return(back);
            Interlocked.Decrement(ref queue.Consumers);
            return ValueTask.CompletedTask;
        }

        private bool Settle(InProcessQueue.Item item)
        {
            lock (_lock) return _unsettled.Remove(item);
        }

        private sealed class Delivery(Port port, InProcessQueue.Item item, WorkerCommand? command) : IWorkerDelivery
        {
            public BusMessage Message => item.Message;
            public WorkerCommand? Command => command;
            public bool Redelivered => item.Redelivered;

            public Task AckAsync()
            {
                port.Settle(item);
                return Task.CompletedTask;
            }

            public Task RejectAsync(bool requeue)
            {
                if (!port.Settle(item)) return Task.CompletedTask;
                if (requeue) port.Return(item);
                else port.Reject(item);
                return Task.CompletedTask;
            }
        }

        private void Return(InProcessQueue.Item item) => queue.Return([item]);

        private void Reject(InProcessQueue.Item item) => queue.Reject(item);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Messages from {Source} could not be stored; they come again in a second")]
    private partial void LogReceiveFailed(Exception exception, BusSource source);
}
