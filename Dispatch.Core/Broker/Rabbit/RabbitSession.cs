using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>
/// What lives as long as one pair of connections: one publishes, one consumes, so that a broker that slows down publishers does not hold up answers.
/// </summary>
internal sealed partial class RabbitSession : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly BrokerOptions _options;
    private readonly ILogger _logger;
    private readonly IConnection _publishing, _consuming;
    private readonly RabbitPublisher _publisher;
    private readonly ConcurrentDictionary<string, Lazy<Task>> _declared = new(StringComparer.Ordinal);

    private RabbitSession(BrokerOptions options, ILogger logger, IConnection publishing, IConnection consuming)
    {
        _options = options;
        _logger = logger;
        _publishing = publishing;
        _consuming = consuming;
        _publisher = new RabbitPublisher(publishing, fromDispatch: true);
    }

    public bool IsOpen => _publishing.IsOpen && _consuming.IsOpen;

    public static async Task<RabbitSession> OpenAsync(BrokerOptions options, string node, ILogger logger, CancellationToken stop)
    {
        var publishing = await RabbitWire.OpenAsync(options, null, $"dispatch {node} publishes", stop);
        IConnection? consuming = null;
        try
        {
            consuming = await RabbitWire.OpenAsync(options, null, $"dispatch {node} consumes", stop);
            await using var channel = await publishing.CreateChannelAsync(cancellationToken: stop);
            await RabbitDeclarations.AllAsync(channel, options);
            return new RabbitSession(options, logger, publishing, consuming);
        }
        catch
        {
            await RabbitWire.CloseAsync(consuming);
            await RabbitWire.CloseAsync(publishing);
            throw;
        }
    }

    /// <summary>Until one of the queues can not be read any more, or stopped.</summary>
    public async Task ConsumeAsync(IBusReceiver receiver, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] pumps =
        [
            PumpAsync(Topology.Events, BusSource.Answers, receiver, over.Token), PumpAsync(_options.HealthQueue, BusSource.Health, receiver, over.Token),
            PumpAsync(Topology.Dead, BusSource.Dead, receiver, over.Token),
        ];
        var first = await Task.WhenAny([.. pumps, WhenClosedAsync(_publishing, over.Token)]);
        await over.CancelAsync();
        await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        await first;
    }

    public async Task<WaitReason?> PublishAsync(string workerId, BusMessage command)
    {
        try
        {
            await EnsureQueueAsync(workerId);
        }
        catch (Exception e) when (RabbitWire.IsLost(e))
        {
            if (!IsOpen) return WaitReason.BrokerDown;
            LogNotDeclared(e, Topology.Commands(workerId));
            return WaitReason.Unroutable;
        }
        var reason = await _publisher.PublishAsync(Topology.Exchange, Topology.CommandKey(workerId), command);
        // Somebody deleted the queue: the next attempt makes it again.
        if (reason == WaitReason.Unroutable) _declared.TryRemove(workerId, out _);
        return reason;
    }

    /// <summary>The worker's queue exists; before it starts, so that its commands wait for it there.</summary>
    public async Task EnsureQueueAsync(string workerId)
    {
        var declared = _declared.GetOrAdd(workerId, id => new Lazy<Task>(() => DeclareAsync(id)));
        try
        {
            await declared.Value;
        }
        catch
        {
            _declared.TryRemove(KeyValuePair.Create(workerId, declared));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await RabbitWire.CloseAsync(_consuming);
        await RabbitWire.CloseAsync(_publishing);
    }

    private async Task DeclareAsync(string workerId)
    {
        await using var channel = await _publishing.CreateChannelAsync();
        await RabbitDeclarations.WorkerAsync(channel, _options, workerId);
    }

    private async Task PumpAsync(string queue, BusSource source, IBusReceiver receiver, CancellationToken stop)
    {
        await using var channel = await _consuming.CreateChannelAsync(cancellationToken: CancellationToken.None);
        await channel.BasicQosAsync(0, (ushort)_options.Prefetch, global: false, CancellationToken.None);
        var consumer = new RabbitConsumer(channel);
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, CancellationToken.None);
        while (await consumer.TakeAsync(_options.Prefetch, stop) is { } arrivals)
        {
            if (!await ReceiveAsync(channel, [.. arrivals.Select(a => Delivery(source, a))], receiver, _logger, stop)) return;
            await channel.BasicAckAsync(arrivals[^1].Tag, multiple: true, CancellationToken.None);
        }
    }

    /// <summary>Until it is stored. Held and not sent back meanwhile: the prefetch stops the flow, and no count of deliveries grows. False: the channel is gone.</summary>
    internal static async Task<bool> ReceiveAsync(IChannel channel, IReadOnlyList<BusDelivery> deliveries, IBusReceiver receiver, ILogger logger, CancellationToken stop)
    {
        for (;;)
        {
            try
            {
                await receiver.ReceiveAsync(deliveries, stop);
                return channel.IsOpen;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogReceiveFailed(logger, e, deliveries.Count, deliveries[0].Source);
                await Task.Delay(RetryAfter, TimeProvider.System, stop);
                if (!channel.IsOpen) return false;
            }
        }
    }

    private static BusDelivery Delivery(BusSource source, Arrival arrival) => new(
        source, Topology.WorkerOf(arrival.RoutingKey), arrival.Message, arrival.Redelivered, arrival.DeathReason, arrival.DeathQueue);

    private static async Task WhenClosedAsync(IConnection connection, CancellationToken stop)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        if (!connection.IsOpen) return;
        await closed.Task.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} messages from {Source} could not be stored; trying again in a second")]
    private static partial void LogReceiveFailed(ILogger logger, Exception exception, int count, BusSource source);

    [LoggerMessage(Level = LogLevel.Error, Message = "The queue {Queue} could not be declared")]
    private partial void LogNotDeclared(Exception exception, string queue);
}
