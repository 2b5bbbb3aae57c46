using System.Runtime.CompilerServices;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>A worker's end over RabbitMQ, routed or as the worker of seed 002.</summary>
internal sealed class RabbitWorkerPort : IWorkerPort
{
    private const ushort Prefetch = 5;
    private static readonly TimeSpan LookForQueue = TimeSpan.FromMilliseconds(200);

    private readonly WorkerRoute _worker;
    private readonly BrokerOptions _options;
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly RabbitConsumer _consumer;
    private readonly RabbitPublisher _publisher;

    private RabbitWorkerPort(WorkerRoute worker, BrokerOptions options, IConnection connection, IChannel channel, RabbitConsumer consumer)
    {
        _worker = worker;
        _options = options;
        _connection = connection;
        _channel = channel;
        _consumer = consumer;
        _publisher = new RabbitPublisher(connection, fromDispatch: false);
    }

    public static async Task<RabbitWorkerPort> ConnectAsync(BrokerOptions options, WorkerRoute worker, CancellationToken cancel)
    {
        var connection = await RabbitWire.OpenAsync(options, worker.VirtualHost, $"worker {worker.WorkerId}", cancel);
        try
        {
            for (;;)
            {
                var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
                await channel.BasicQosAsync(0, Prefetch, global: false, cancel);
                var consumer = new RabbitConsumer(channel);
                try
                {
                    if (worker.Mode == WorkerMode.Legacy)
                    {
                        await RabbitDeclarations.LegacyAsync(channel, options.LegacyQueue);
                        await RabbitDeclarations.LegacyAsync(channel, options.HealthQueue);
                    }
                    await channel.BasicConsumeAsync(worker.Mode == WorkerMode.Legacy ? options.LegacyQueue : Topology.Commands(worker.WorkerId), autoAck: false, consumer, cancel);
                    return new RabbitWorkerPort(worker, options, connection, channel, consumer);
                }
                catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
                {
                    // Dispatch has not made the queue yet; the broker closed the channel over it.
                    await RabbitWire.CloseAsync(channel);
                    await Task.Delay(LookForQueue, TimeProvider.System, cancel);
                }
            }
        }
        catch
        {
            await RabbitWire.CloseAsync(connection);
            throw;
        }
    }

    public async IAsyncEnumerable<IWorkerDelivery> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        for (;;)
        {
            List<Arrival>? arrivals;
            try
            {
                arrivals = await _consumer.TakeAsync(1, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                yield break;
            }
            if (arrivals is null) yield break;
            if (arrivals.Count == 0) continue;
            var arrival = arrivals[0];
            var command = WorkerCommands.Read(arrival.Message.Body, out _);
            // The seed's rule: what is for another worker is never acted on. A worker of the seed also gets its own answers here and drops them.
            var mine = command is null ? _worker.Mode == WorkerMode.Routed : command.WorkerId == _worker.WorkerId;
            if (mine) yield return new Delivery(_channel, arrival, command);
            else await SettleAsync(() => _channel.BasicAckAsync(arrival.Tag, multiple: false, CancellationToken.None));
        }
    }

    public Task AnswerAsync(WorkerAnswer answer) =>
        AnswerAsync(WorkerAnswerWriter.Write(answer with { WorkerId = _worker.WorkerId }, Guid.NewGuid().ToString("N")), answer is HealthReported);

    public async Task AnswerAsync(BusMessage message, bool health = false)
    {
        var (exchange, key) = _worker.Mode == WorkerMode.Legacy ? ("", health ? _options.HealthQueue : _options.LegacyQueue)
            : (Topology.Exchange, health ? Topology.HealthKey(_worker.WorkerId) : Topology.AnswerKey(_worker.WorkerId, message.Type ?? "unknown"));
        // The worker of the seed knows no message ids.
        var sent = _worker.Mode == WorkerMode.Legacy ? message with { MessageId = null, Type = null, CorrelationId = null } : message;
        if (await _publisher.PublishAsync(exchange, key, sent) is { } reason) throw new IOException($"The answer was not taken: {reason}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await RabbitWire.CloseAsync(_connection);
    }

    private static async Task SettleAsync(Func<ValueTask> settle)
    {
        try
        {
            await settle();
        }
        catch (Exception e) when (RabbitWire.IsLost(e))
        {
            // The connection is gone: it comes again.
        }
    }

    private sealed class Delivery(IChannel channel, Arrival arrival, WorkerCommand? command) : IWorkerDelivery
    {
        public BusMessage Message => arrival.Message;
        public WorkerCommand? Command => command;
        public bool Redelivered => arrival.Redelivered;

        public Task AckAsync() => SettleAsync(() => channel.BasicAckAsync(arrival.Tag, multiple: false, CancellationToken.None));

        public Task RejectAsync(bool requeue) => SettleAsync(() => channel.BasicNackAsync(arrival.Tag, multiple: false, requeue, CancellationToken.None));
    }
}
