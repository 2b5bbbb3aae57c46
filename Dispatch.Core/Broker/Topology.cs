namespace Dispatch.Core.Broker;

/// <summary>Names on the broker. docs/decisions says why it is cut so; a worker has to use the same.</summary>
public static class Topology
{
    /// <summary>Topic, durable: everything of routed workers.</summary>
    public const string Exchange = "whatsapp.session";

    /// <summary>Quorum, one active consumer: answers of all routed workers.</summary>
    public const string Events = "whatsapp.session.events";

    /// <summary>Topic, durable, and the quorum queue behind it.</summary>
    public const string DeadExchange = "whatsapp.session.dlx", Dead = "whatsapp.session.dead";

    public const string CommandPrefix = "cmd.", AnswerPrefix = "evt.", HealthPrefix = "health.";

    /// <summary>Header of what Dispatch publishes; what comes back with it is never taken for an answer.</summary>
    public const string OriginHeader = "x-origin", Origin = "backend";

    /// <summary>The queue of one routed worker.</summary>
    public static string Commands(string workerId) => "whatsapp.session.cmd." + workerId;

    public static string CommandKey(string workerId) => CommandPrefix + workerId;

    public static string AnswerKey(string workerId, string action) => $"{AnswerPrefix}{workerId}.{action}";

    public static string HealthKey(string workerId) => HealthPrefix + workerId;

    /// <summary>The worker in a routing key of an answer or a health report; null: it is none of ours.</summary>
    public static string? WorkerOf(string routingKey)
    {
        var rest = routingKey.StartsWith(AnswerPrefix, StringComparison.Ordinal) ? routingKey.AsSpan(AnswerPrefix.Length)
            : routingKey.StartsWith(HealthPrefix, StringComparison.Ordinal) ? routingKey.AsSpan(HealthPrefix.Length) : default;
        var dot = rest.IndexOf('.');
        var id = (dot < 0 ? rest : rest[..dot]).ToString();
        return WorkerRoute.IsWorkerId(id) ? id : null;
    }
}
