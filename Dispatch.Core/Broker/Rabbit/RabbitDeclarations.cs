using RabbitMQ.Client;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>The topology, declared by Dispatch and by nobody else; the reasons are in docs/decisions.</summary>
internal static class RabbitDeclarations
{
    public static async Task AllAsync(IChannel channel, BrokerOptions options)
    {
        await channel.ExchangeDeclareAsync(Topology.Exchange, ExchangeType.Topic, durable: true, autoDelete: false);
        await channel.ExchangeDeclareAsync(Topology.DeadExchange, ExchangeType.Topic, durable: true, autoDelete: false);
        await channel.QueueDeclareAsync(Topology.Dead, durable: true, exclusive: false, autoDelete: false, Quorum(null));
        await channel.QueueBindAsync(Topology.Dead, Topology.DeadExchange, "#");
        // One active consumer: of several nodes one has all answers, so those of a number stay in order.
        await channel.QueueDeclareAsync(Topology.Events, durable: true, exclusive: false, autoDelete: false, Quorum(options, ("x-single-active-consumer", true)));
        await channel.QueueBindAsync(Topology.Events, Topology.Exchange, Topology.AnswerPrefix + "#");
        await LegacyAsync(channel, options.HealthQueue);
        await channel.QueueBindAsync(options.HealthQueue, Topology.Exchange, Topology.HealthPrefix + "*");
    }

    public static async Task WorkerAsync(IChannel channel, BrokerOptions options, string workerId)
    {
        await channel.QueueDeclareAsync(Topology.Commands(workerId), durable: true, exclusive: false, autoDelete: false, Quorum(options));
        await channel.QueueBindAsync(Topology.Commands(workerId), Topology.Exchange, Topology.CommandKey(workerId));
    }

    /// <summary>Exactly as the worker of seed 002 declares its queues: with any argument more, the second of both to come is refused (406).</summary>
    public static Task LegacyAsync(IChannel channel, string queue) => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments: null);

    private static Dictionary<string, object?> Quorum(BrokerOptions? limits, params (string Name, object Value)[] more)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        if (limits is not null)
        {
            arguments["x-delivery-limit"] = limits.DeliveryLimit;
            arguments["x-dead-letter-exchange"] = Topology.DeadExchange;
        }
        foreach (var (name, value) in more) arguments[name] = value;
        return arguments;
    }
}
