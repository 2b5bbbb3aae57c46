using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>Our side of the shared queue: the one channel on which we consume, step aside and publish.</summary>
internal sealed class LegacyChannel : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10), ShortestPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(5);
    private static readonly Dictionary<string, object?> First = new(StringComparer.Ordinal) { ["x-priority"] = 10 };

    private readonly BrokerOptions _options;
    private readonly WorkerRoute _worker;
    private readonly IConnection _connection;
    private readonly RabbitConsumer _consumer;
    private string _tag = "";
    private TimeSpan _pause = ShortestPause;

    private LegacyChannel(BrokerOptions options, WorkerRoute worker, IConnection connection, IChannel channel)
    {
        _options = options;
        _worker = worker;
        _connection = connection;
        Channel = channel;
        _consumer = new RabbitConsumer(channel);
    }

    public IChannel Channel { get; }

    public static async Task<LegacyChannel> OpenAsync(BrokerOptions options, WorkerRoute worker, string node, CancellationToken stop)
    {
        var connection = await RabbitWire.OpenAsync(options, worker.VirtualHost, $"dispatch {node} legacy {worker.WorkerId}", stop);
        try
        {
            var channel = await RabbitWire.OpenConfirmingAsync(connection);
            await channel.BasicQosAsync(0, (ushort)options.Prefetch, global: false, stop);
            await RabbitDeclarations.LegacyAsync(channel, options.LegacyQueue);
            await RabbitDeclarations.LegacyAsync(channel, options.HealthQueue);
            var link = new LegacyChannel(options, worker, connection, channel);
            // What was on its way to us when we stepped aside arrives under the tag of before: it is ours all the same.
            channel.DefaultConsumer = link._consumer;
            link._tag = await link.ConsumeAsync();
            return link;
        }
        catch
        {
            await RabbitWire.CloseAsync(connection);
            throw;
        }
    }

    public Task<List<Arrival>?> TakeAsync(int most, CancellationToken stop) => _consumer.TakeAsync(most, stop);

    /// <summary>Somebody besides us reads the queue.</summary>
    public async Task<bool> HasWorkerAsync() => (await Channel.QueueDeclarePassiveAsync(_options.LegacyQueue)).ConsumerCount > 1;

    /// <summary>
    /// Stops consuming, publishes, consumes again. The three are sent without waiting for each other: on one channel the broker does them in this order, so the
    /// instant in which the worker could take one of its own answers is not a round trip but the time the queue needs for three messages.
    /// </summary>
    public async Task<WaitReason?> HandOverAsync(BusMessage command)
    {
        var cancelled = Channel.BasicCancelAsync(_tag, noWait: true);
        var confirm = Channel.BasicPublishAsync("", _options.LegacyQueue, mandatory: true, RabbitWire.Properties(command, fromDispatch: true), command.Body, CancellationToken.None).AsTask();
        var consuming = ConsumeAsync();
        await cancelled.WaitAsync(RabbitWire.Patience, TimeProvider.System);
        _tag = await consuming.WaitAsync(RabbitWire.Patience, TimeProvider.System);
        try
        {
            await confirm.WaitAsync(RabbitWire.Patience, TimeProvider.System);
            return null;
        }
        catch (PublishException e)
        {
            return e.IsReturn ? WaitReason.Unroutable : WaitReason.NotConfirmed;
        }
    }

    /// <summary>
    /// Gives the commands back and does not read until the worker has taken them; longer each time they come back again. False: there is no worker, and the
    /// commands are still in our hands.
    /// </summary>
    public async Task<bool> StepAsideAsync(IReadOnlyList<Arrival> commands, CancellationToken stop)
    {
        await Channel.BasicCancelAsync(_tag, cancellationToken: CancellationToken.None);
        try
        {
            if ((await Channel.QueueDeclarePassiveAsync(_options.LegacyQueue, stop)).ConsumerCount == 0) return false;
            foreach (var command in commands.Reverse()) await Channel.BasicNackAsync(command.Tag, multiple: false, requeue: true, CancellationToken.None);
            var end = TimeProvider.System.GetUtcNow() + _pause;
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            do await Task.Delay(Look, TimeProvider.System, stop);
            while (TimeProvider.System.GetUtcNow() < end && (await Channel.QueueDeclarePassiveAsync(_options.LegacyQueue, stop)).MessageCount > 0);
            return true;
        }
        finally
        {
            if (Channel.IsOpen) _tag = await ConsumeAsync();
        }
    }

    /// <summary>Nothing came back: the next pause is a short one.</summary>
    public void WentWell() => _pause = ShortestPause;

    /// <summary>The health queue of a virtual host of its own.</summary>
    public async Task PumpHealthAsync(IBusReceiver receiver, ILogger logger, CancellationToken stop)
    {
        await using var channel = await _connection.CreateChannelAsync(cancellationToken: stop);
        await channel.BasicQosAsync(0, (ushort)_options.Prefetch, global: false, stop);
        var consumer = new RabbitConsumer(channel);
        await channel.BasicConsumeAsync(_options.HealthQueue, autoAck: false, consumer, stop);
        while (await consumer.TakeAsync(_options.Prefetch, stop) is { } arrivals)
        {
            if (!await RabbitSession.ReceiveAsync(channel, [.. arrivals.Select(a => new BusDelivery(BusSource.Health, _worker.WorkerId, a.Message, a.Redelivered))], receiver, logger, stop)) return;
            await channel.BasicAckAsync(arrivals[^1].Tag, multiple: true, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RabbitWire.CloseAsync(Channel);
        await RabbitWire.CloseAsync(_connection);
    }

    private Task<string> ConsumeAsync() => Channel.BasicConsumeAsync(_options.LegacyQueue, autoAck: false, "", noLocal: false, exclusive: false, First, _consumer, CancellationToken.None);
}
