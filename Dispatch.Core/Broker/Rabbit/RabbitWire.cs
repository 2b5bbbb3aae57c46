using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>Connections, properties and errors of the client library.</summary>
internal static class RabbitWire
{
    /// <summary>Longer than a healthy broker needs for anything, shorter than a claim of the relay.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Recovery is ours: the library's would restore consumers behind our back, with deliveries of the old channel still in hand.
    /// </summary>
    public static Task<IConnection> OpenAsync(BrokerOptions options, string? virtualHost, string name, CancellationToken cancel)
    {
        var factory = new ConnectionFactory
        {
            Uri = options.Uri ?? throw new InvalidOperationException("Broker:Uri is not set."),
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = Patience,
            HandshakeContinuationTimeout = Patience,
            ClientProvidedName = name,
        };
        if (virtualHost is not null) factory.VirtualHost = virtualHost;
        return factory.CreateConnectionAsync(cancel);
    }

    /// <summary>Confirms tracked by the library, without its rate limiter: that one made 2,000 publishes take 7.8 s instead of 0.1 s. The relay bounds what is in flight.</summary>
    public static Task<IChannel> OpenConfirmingAsync(IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null));

    public static BasicProperties Properties(BusMessage message, bool fromDispatch)
    {
        var properties = new BasicProperties
        {
            ContentType = "application/json", ContentEncoding = "utf-8", DeliveryMode = DeliveryModes.Persistent, MessageId = message.MessageId, CorrelationId = message.CorrelationId, Type = message.Type,
        };
        if (fromDispatch)
        {
            properties.AppId = "dispatch";
            properties.Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [Topology.OriginHeader] = Topology.Origin };
        }
        if (message.Expires is { } expires) properties.Expiration = Math.Max(1, (long)expires.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        return properties;
    }

    public static BusMessage Message(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body) => new(
        body, Or(properties.IsMessageIdPresent(), properties.MessageId), Or(properties.IsCorrelationIdPresent(), properties.CorrelationId), Or(properties.IsTypePresent(), properties.Type));

    /// <summary>A text header; null: absent or of another kind.</summary>
    public static string? Header(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers is { } headers && headers.TryGetValue(name, out var value) ? value switch
        {
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            string text => text,
            _ => null,
        } : null;

    /// <summary>What went wrong, without addresses and without what the message held.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { } reason } => string.Create(CultureInfo.InvariantCulture, $"{exception.GetType().Name} {reason.ReplyCode}"),
        BrokerUnreachableException { InnerException: { } inner } => $"{nameof(BrokerUnreachableException)}: {inner.GetType().Name}",
        _ => exception.GetType().Name,
    };

    /// <summary>The connection or channel is gone; what was on its way may or may not have arrived.</summary>
    public static bool IsLost(Exception exception) =>
        exception is AlreadyClosedException or OperationInterruptedException or IOException or ObjectDisposedException or TimeoutException or OperationCanceledException or System.Net.Sockets.SocketException;

    public static async Task CloseAsync(IConnection? connection)
    {
        if (connection is null) return;
        try
        {
            await connection.AbortAsync(TimeSpan.FromSeconds(2));
            await connection.DisposeAsync();
        }
        catch (Exception e) when (IsLost(e))
        {
            // gone already
        }
    }

    public static async Task CloseAsync(IChannel channel)
    {
        try
        {
            await channel.AbortAsync();
            await channel.DisposeAsync();
        }
        catch (Exception e) when (IsLost(e))
        {
            // gone already
        }
    }

    private static string? Or(bool present, string? value) => present ? value : null;
}
