using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>Change signals through a fan-out exchange: transient, a queue per listening node that goes with its connection, the oldest dropped when a node does not keep up.</summary>
internal sealed class RabbitLiveWire(IOptions<BrokerOptions> options, IOptions<NodeOptions> node) : ILiveWire
{
    private const string Exchange = "dispatch.live";
    private const int MaxWaiting = 10_000;

    /// <summary>A signal is worth nothing to a node that reads it later than its pages look by themselves.</summary>
    private static readonly string Expires = ((int)LiveRelay.PollEvery.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private IConnection? _connection;
    private IConnection? _listens;
    private IChannel? _channel;

    public int MaxBytes => 60_000;

    public async Task SendAsync(string text, CancellationToken stop)
    {
        try
        {
            if (_channel is not { IsOpen: true })
            {
                await CloseAsync();
                _connection = await RabbitWire.OpenAsync(options.Value, null, $"dispatch {node.Value.Name} tells", stop);
                _channel = await _connection.CreateChannelAsync(cancellationToken: stop);
                await DeclareAsync(_channel, stop);
            }
            var properties = new BasicProperties { ContentType = "text/plain", DeliveryMode = DeliveryModes.Transient, Expiration = Expires, AppId = "dispatch" };
            await _channel.BasicPublishAsync(Exchange, "", mandatory: false, properties, Encoding.UTF8.GetBytes(text), CancellationToken.None);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    public async Task ListenAsync(Action listening, Action<string> received, CancellationToken stop)
    {
        var connection = await RabbitWire.OpenAsync(options.Value, null, $"dispatch {node.Value.Name} listens", stop);
        _listens = connection;
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
            await DeclareAsync(channel, stop);
            var queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["x-max-length"] = MaxWaiting, ["x-overflow"] = "drop-head",
            }, cancellationToken: stop);
            await channel.QueueBindAsync(queue.QueueName, Exchange, "", cancellationToken: stop);
            var consumer = new RabbitConsumer(channel);
            await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, stop);
            listening();
            await foreach (var arrival in consumer.Arrivals.ReadAllAsync(stop)) received(Encoding.UTF8.GetString(arrival.Message.Body.Span));
        }
        finally
        {
            await RabbitWire.CloseAsync(connection);
        }
    }

    public async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _channel, null) is { } channel) await RabbitWire.CloseAsync(channel);
        if (Interlocked.Exchange(ref _connection, null) is { } connection) await RabbitWire.CloseAsync(connection);
    }

    /// <summary>The connections end, as when the broker dies; for tests.</summary>
    internal async Task LoseAsync()
    {
        if (_connection is { } tells) await tells.AbortAsync();
        if (_listens is { } listens) await listens.AbortAsync();
    }

    private static Task DeclareAsync(IChannel channel, CancellationToken stop) =>
        channel.ExchangeDeclareAsync(Exchange, ExchangeType.Fanout, durable: false, autoDelete: true, cancellationToken: stop);
}
