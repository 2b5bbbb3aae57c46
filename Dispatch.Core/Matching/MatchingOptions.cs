namespace Dispatch.Core.Matching;

/// <summary>Section <c>Matching</c>. The standards are the ticket's (seed 003).</summary>
public sealed class MatchingSettings
{
    public const string Section = "Matching";

    /// <summary>How long a driver may think. 5 seconds to 10 minutes.</summary>
    public TimeSpan DriverTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a search goes on. 10 seconds to 2 hours.</summary>
    public TimeSpan BookingTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the same driver is asked in one search when he does not answer. 1 to 10.</summary>
    public int MaxAsks { get; set; } = 2;

    /// <summary>How often a booking goes back into matching because its driver backed out. 0 to 20.</summary>
    public int MaxRematches { get; set; } = 3;

    /// <summary>Offers in a row that a driver saw and let pass before he is paused. 1 to 100.</summary>
    public int PauseAfterTimeouts { get; set; } = 3;

    /// <summary>Drivers of the first wave when the policy is not all at once. 1 to 1,000.</summary>
    public int FirstWave { get; set; } = 10;

    /// <summary>Time between waves of such a policy. 1 second to 10 minutes.</summary>
    public TimeSpan WaveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A radius that was set grows by this factor when nobody is left. 1 to 10.</summary>
    public double WidenBy { get; set; } = 2;

    /// <summary>How long a started search waits for its offers to be handed over before it answers. 0 to 5 seconds.</summary>
    public TimeSpan BroadcastWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A search scheduled for later begins so long before the pickup. 0 to 24 hours.</summary>
    public TimeSpan SearchBefore { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long the answer 1, 2 or 3 of a customer is waited for. 1 minute to 7 days.</summary>
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromHours(12);

    /// <summary>The key of the channel that drivers, customers and admins are written to on; null: the first channel.</summary>
    public string? Channel { get; set; }

    /// <summary>Where the offer's page is reached from outside, e.g. https://dispatch.example.org; null: messages carry no link.</summary>
    public Uri? PublicAddress { get; set; }

    /// <summary>In which people name times: an IANA or Windows id.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Of people whose language is not known: fr or en.</summary>
    public string Language { get; set; } = "fr";

    /// <summary>Who gets alerts on WhatsApp; phone numbers with country code.</summary>
    public string[] AdminNumbers { get; set; } = [];

    /// <summary>Fewer available drivers in a zone than this is an alert. 0 to 1,000.</summary>
    public int LowAvailability { get; set; } = 3;

    /// <summary>When the daily report goes out, in <see cref="TimeZone"/>. 00:00 to 23:59; null: never.</summary>
    public TimeSpan? DailyReportAt { get; set; } = TimeSpan.FromHours(7);

    public MatchingHealthSettings Health { get; set; } = new();
}

/// <summary>Section <c>Matching:Health</c>: from where on a component is Warning and Critical.</summary>
public sealed class MatchingHealthSettings
{
    public TimeSpan TimeoutLagWarning { get; set; } = TimeSpan.FromSeconds(2);
    public TimeSpan TimeoutLagCritical { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Share of messages of the last quarter of an hour that did not leave. 0 to 1.</summary>
    public double SendFailuresWarning { get; set; } = 0.1;
    public double SendFailuresCritical { get; set; } = 0.5;

    /// <summary>Share of searches of the last hour that ended without a driver. 0 to 1.</summary>
    public double TimeoutRateWarning { get; set; } = 0.5;
    public double TimeoutRateCritical { get; set; } = 0.9;
    public TimeSpan DatabaseWarning { get; set; } = TimeSpan.FromSeconds(1);
}
