using System.Threading.Channels;
using RabbitMQ.Client;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>One message as it came, its body copied: the library takes its buffer back when the callback returns.</summary>
internal sealed record Arrival(ulong Tag, bool Redelivered, string RoutingKey, BusMessage Message, string? Origin, string? DeathReason, string? DeathQueue);

/// <summary>Puts what arrives on a channel into memory, in order; the prefetch bounds it. Ends with the channel, or when the broker cancels it.</summary>
internal sealed class RabbitConsumer : AsyncDefaultBasicConsumer
{
    private readonly Channel<Arrival> _arrivals = System.Threading.Channels.Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });

    public RabbitConsumer(IChannel channel)
        : base(channel)
    {
        // From the channel itself: a consumer that is being exchanged for another just then would not be told.
        channel.ChannelShutdownAsync += (_, _) =>
        {
            _arrivals.Writer.TryComplete();
            return Task.CompletedTask;
        };
    }

    public ChannelReader<Arrival> Arrivals => _arrivals.Reader;

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        _arrivals.Writer.TryWrite(new Arrival(
            deliveryTag, redelivered, routingKey, RabbitWire.Message(properties, body.ToArray()), RabbitWire.Header(properties, Topology.OriginHeader),
            RabbitWire.Header(properties, "x-first-death-reason"), RabbitWire.Header(properties, "x-first-death-queue")));
        return Task.CompletedTask;
    }

    /// <summary>The queue is gone.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _arrivals.Writer.TryComplete();
        return Task.CompletedTask;
    }

    /// <summary>Waits for the first, takes what else is there, up to <paramref name="most"/>. Null: over.</summary>
    public async Task<List<Arrival>?> TakeAsync(int most, CancellationToken stop)
    {
        if (!await _arrivals.Reader.WaitToReadAsync(stop)) return null;
        var taken = new List<Arrival>();
        while (taken.Count < most && _arrivals.Reader.TryRead(out var arrival)) taken.Add(arrival);
        return taken;
    }
}
