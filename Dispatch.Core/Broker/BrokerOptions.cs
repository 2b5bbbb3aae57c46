namespace Dispatch.Core.Broker;

/// <summary>Section <c>Broker</c>; checked at start.</summary>
public sealed class BrokerOptions
{
    public const string Section = "Broker";

    /// <summary>AMQP address of a RabbitMQ (amqp:// or amqps://). Null: the bus lives in this process and only workers in it can be reached.</summary>
    public Uri? Uri { get; set; }

    /// <summary>Answers that may be on their way to Dispatch without being stored. 1 to 1,000.</summary>
    public int Prefetch { get; set; } = 50;

    /// <summary>The queue of health reports, as the worker of seed 002 calls it in its settings.</summary>
    public string HealthQueue { get; set; } = "numberHealth";

    /// <summary>The one queue that a legacy worker uses both ways.</summary>
    public string LegacyQueue { get; set; } = "whatsapp.session.update";

    /// <summary>How often a message may come back before the broker gives it to the dead letters. 1 to 100.</summary>
    public int DeliveryLimit { get; set; } = 5;

    /// <summary>How long the broker may be away before an alert is raised.</summary>
    public TimeSpan AlertAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a legacy worker is given to answer a command before the next one is handed over. 0.05 to 60 seconds.</summary>
    public TimeSpan LegacySettle { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long what was published and what was received is remembered, and dead letters that were decided.</summary>
    public TimeSpan KeepHistory { get; set; } = TimeSpan.FromDays(7);
}
