namespace Dispatch.Core.Alerts;

/// <summary>Section <c>Alerts</c>: how often is looked, and who is told how. Thresholds are <see cref="AlertSettings"/>.</summary>
public sealed class AlertOptions
{
    public const string Section = "Alerts";

    /// <summary>How often the rules are asked, on one node. 1 second to 1 minute.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often each process looks at itself. 1 second to 1 minute.</summary>
    public TimeSpan NodeInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often each process writes down how it is. 10 seconds to 1 hour.</summary>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long that is kept. 1 hour to 365 days.</summary>
    public TimeSpan HealthKept { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Where alerts are posted to; null: nowhere.</summary>
    public Uri? WebhookUrl { get; set; }

    /// <summary>What the posts are signed with; 16 characters or more.</summary>
    public string? WebhookSecret { get; set; }

    /// <summary>How long the receiver may take. 1 second to 1 minute.</summary>
    public TimeSpan WebhookTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From when to when, in <c>Matching:TimeZone</c>, only what is urgent is sent to phones; what is not waits for the end. Null: always.</summary>
    public TimeSpan? QuietFrom { get; set; }
    public TimeSpan? QuietUntil { get; set; }

    /// <summary>Who is written to when nobody looks after an alert; empty: the same <c>Matching:AdminNumbers</c> again.</summary>
    public string[] EscalateTo { get; set; } = [];
}
