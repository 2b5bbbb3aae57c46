using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;

namespace Dispatch.Web.Startup;

/// <summary>
/// Every setting is looked at before anything starts. One function per section: to add a section, write its function and name it in <see cref="Sections"/>.
/// </summary>
internal static class StartupOptions
{
    public const int WrongOptions = 2;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly Action<OptionErrors>[] Sections =
    [
        e => Database(e), Urls, Keys, Api, Webhooks, Demo, Conversations, Locks, Conflicts, Simulator, Whapi, Unipile, Meta, Node, Matching, ServiceMessages, Broker, Numbers, Outreach,
        Composer, LogsOf, Alerts, Reports,
    ];

    /// <summary>Says every wrong setting on a line of its own; false when there is one.</summary>
    public static bool Check(IConfiguration configuration, TextWriter output)
    {
        var errors = new OptionErrors(configuration);
        foreach (var section in Sections) section(errors);
        foreach (var line in errors.Lines) output.WriteLine(line);
        return errors.Lines.Count == 0;
    }

    public static DatabaseOptions Database(IConfiguration configuration) => Database(new OptionErrors(configuration));

    private static DatabaseOptions Database(OptionErrors errors)
    {
        var standard = new DatabaseOptions();
        var options = new DatabaseOptions
        {
            Provider = errors.Word("Database:Provider", standard.Provider),
            Path = errors.Text("Database:Path") ?? standard.Path,
            MaxWriters = errors.Number("Database:MaxWriters", standard.MaxWriters, 1, 64),
            MaxPages = errors.Number("Database:MaxPages", standard.MaxPages, 0, int.MaxValue),
            GroupSize = errors.Number("Database:GroupSize", standard.GroupSize, 1, 512),
            ConnectionString = errors.Text("ConnectionStrings:Dispatch"),
        };
        if (options.Provider != DatabaseProvider.Sqlite && options.ConnectionString is null)
            errors.Add("ConnectionStrings:Dispatch", $"missing, and {options.Provider} needs it", "a connection string of that database");
        if (options.Provider == DatabaseProvider.Sqlite && Directory.Exists(options.Path))
            errors.Add("Database:Path", $"'{options.Path}' is a folder", "the path of a file");
        return options;
    }

    private static void Urls(OptionErrors errors)
    {
        foreach (var url in (errors.Text("Urls") ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Kestrel also takes http://*:5080 and http://+:5080, which no Uri does.
            var plain = url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
            if (!OptionErrors.IsWebAddress(plain)) errors.Add("Urls", $"'{url}' is not an address to listen on", "such as http://localhost:5080, several parted by ;");
        }
    }

    private static void Keys(OptionErrors errors)
    {
        if (errors.Text("DataProtection:Secret") is { Length: < 32 }) errors.Add("DataProtection:Secret", "too short", "at least 32 characters, the same on every node");
        if (errors.Text("DataProtection:Path") is { } path && File.Exists(path))
            errors.Add("DataProtection:Path", $"'{path}' is a file", "the path of a folder");
    }

    private static void Api(OptionErrors errors)
    {
        var keys = errors.List("Api:Keys");
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i].Length < 16) errors.Add($"Api:Keys:{i}", "too short to keep anybody out", "at least 16 characters");
        }
        if (keys.Length == 0 && errors.Text("Api:Keys") is not null) errors.Add("Api:Keys", "one text where a list belongs", "a list: Api:Keys:0, Api:Keys:1 and so on");
    }

    private static void Webhooks(OptionErrors errors)
    {
        if (errors.Text("Webhooks:Whapi:Secret") is { Length: < 8 }) errors.Add("Webhooks:Whapi:Secret", "too short", "at least 8 characters");
        errors.Number("Webhooks:MaxPerSecond", 20_000, 1, 1_000_000);
    }

    private static void Alerts(OptionErrors errors)
    {
        errors.Time("Alerts:Interval", Second, Second, TimeSpan.FromMinutes(1));
        errors.Time("Alerts:NodeInterval", Second, Second, TimeSpan.FromMinutes(1));
        errors.Time("Alerts:HealthInterval", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));
        errors.Time("Alerts:HealthKept", TimeSpan.FromDays(14), TimeSpan.FromHours(1), TimeSpan.FromDays(365));
        errors.Address("Alerts:WebhookUrl");
        if (errors.Text("Alerts:WebhookUrl") is not null && errors.Text("Alerts:WebhookSecret") is not { Length: >= 16 })
            errors.Add("Alerts:WebhookSecret", "missing or too short, and the webhook needs it", "at least 16 characters");
        errors.Time("Alerts:WebhookTimeout", Second, Second, TimeSpan.FromMinutes(1));
        var day = new TimeSpan(23, 59, 59);
        errors.Time("Alerts:QuietFrom", TimeSpan.Zero, TimeSpan.Zero, day);
        errors.Time("Alerts:QuietUntil", TimeSpan.Zero, TimeSpan.Zero, day);
        if (errors.Text("Alerts:QuietFrom") is null != errors.Text("Alerts:QuietUntil") is null) errors.Add("Alerts:QuietUntil", "only one of the two ends of the quiet hours is there", "both, or neither");
        foreach (var (number, i) in errors.List("Alerts:EscalateTo").Select((n, i) => (n, i)))
        {
            if (PhoneNumbers.Read(number) is null) errors.Add($"Alerts:EscalateTo:{i}", "not a phone number", "8 to 15 digits with the country code");
        }
    }

    private static void Reports(OptionErrors errors)
    {
        foreach (var recipient in errors.Children("Reports:Recipients"))
        {
            if (PhoneNumbers.Read(recipient["Number"]) is null) errors.Add($"{recipient.Path}:Number", "not a phone number", "8 to 15 digits with the country code");
            if (recipient["Language"] is not (null or "fr" or "en")) errors.Add($"{recipient.Path}:Language", $"'{recipient["Language"]}' is not known", "fr, en");
        }
    }

    private static void LogsOf(OptionErrors errors)
    {
        errors.Word(Logs.FormatKey, LogFormat.Auto);
        errors.Address(Ops.OtlpExport.EndpointKey);
    }

    private static void Demo(OptionErrors errors) => errors.Flag("Demo:Enabled", false);

    private static void Conversations(OptionErrors errors)
    {
        errors.Time("Conversations:ReopenWithin", TimeSpan.FromHours(24), Second, TimeSpan.FromDays(365));
        errors.Number("Conversations:DrainPerWindow", 3, 1, 100);
        errors.Time("Conversations:DrainWindow", TimeSpan.FromSeconds(10), Second, TimeSpan.FromHours(1));
        errors.Time("Conversations:GracePeriod", TimeSpan.FromSeconds(30), TimeSpan.Zero, TimeSpan.FromMinutes(10));
    }

    private static void Locks(OptionErrors errors)
    {
        errors.Time("Locks:ClientLock", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));
        errors.Time("Locks:ProfileLock", TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1));
        errors.Time("Locks:UnlockAnswer", TimeSpan.FromSeconds(20), Second, TimeSpan.FromMinutes(10));
    }

    private static void Conflicts(OptionErrors errors) =>
        errors.Time("Conflicts:ApproachAgainAfter", TimeSpan.FromHours(24), TimeSpan.Zero, TimeSpan.FromDays(30));

    private static void Simulator(OptionErrors errors)
    {
        errors.Flag("Simulator:Enabled", true);
        errors.Decimal("Simulator:Speed", 1, 0.01, 1000);
        errors.Decimal("Simulator:ContactsPerMinute", 20, 0, 10_000);
        errors.Number("Simulator:MaxOpenContacts", 60, 1, 10_000);
        if (errors.Text("Simulator:Seed") is not null) errors.Number("Simulator:Seed", 0, int.MinValue, int.MaxValue);
    }

    private static void Matching(OptionErrors errors)
    {
        var most = TimeSpan.FromHours(24);
        errors.Time("Matching:DriverTimeout", Second, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        errors.Time("Matching:BookingTimeout", Second, TimeSpan.FromSeconds(2), TimeSpan.FromHours(2));
        errors.Number("Matching:MaxAsks", 2, 1, 10);
        errors.Number("Matching:MaxRematches", 3, 0, 20);
        errors.Number("Matching:PauseAfterTimeouts", 3, 1, 100);
        errors.Number("Matching:FirstWave", 10, 1, 1000);
        errors.Time("Matching:WaveInterval", Second, Second, TimeSpan.FromMinutes(10));
        errors.Decimal("Matching:WidenBy", 2, 1, 10);
        errors.Time("Matching:BroadcastWait", Second, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        errors.Time("Matching:SearchBefore", Second, TimeSpan.Zero, most);
        errors.Time("Matching:AnswerWithin", Second, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        errors.Address("Matching:PublicAddress");
        if (errors.Text("Matching:TimeZone") is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            errors.Add("Matching:TimeZone", $"'{zone}' is not known here", "an IANA name such as Africa/Dakar, or UTC");
        if (errors.Text("Matching:Language") is { } language and not ("fr" or "en")) errors.Add("Matching:Language", $"'{language}' is not known", "fr, en");
        foreach (var (number, i) in errors.List("Matching:AdminNumbers").Select((n, i) => (n, i)))
        {
            if (PhoneNumbers.Read(number) is null) errors.Add($"Matching:AdminNumbers:{i}", "not a phone number", "8 to 15 digits with the country code");
        }
        errors.Number("Matching:LowAvailability", 3, 0, 1000);
        errors.Time("Matching:DailyReportAt", Second, TimeSpan.Zero, new TimeSpan(23, 59, 59));
        errors.Time("Matching:Health:TimeoutLagWarning", Second, TimeSpan.Zero, most);
        errors.Time("Matching:Health:TimeoutLagCritical", Second, TimeSpan.Zero, most);
        errors.Time("Matching:Health:DatabaseWarning", Second, TimeSpan.Zero, most);
        foreach (var share in new[] { "SendFailuresWarning", "SendFailuresCritical", "TimeoutRateWarning", "TimeoutRateCritical" }) errors.Decimal($"Matching:Health:{share}", 1, 0, 1);
    }

    private static void ServiceMessages(OptionErrors errors)
    {
        errors.Number("ServiceMessages:Parallel", 16, 1, 256);
        errors.Number("ServiceMessages:PerSecond", 20, 1, 1000);
    }

    private static void Outreach(OptionErrors errors)
    {
        errors.Flag("Outreach:Enabled", true);
        errors.Number("Outreach:BatchSize", 400, 1, 500);
        errors.Number("Outreach:ChunkSize", 40, 1, 100);
        errors.Number("Outreach:Parallel", 4, 1, 32);
        errors.Time("Outreach:Lease", Second, TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(1));
        errors.Time("Outreach:CallTimeout", Second, Second, TimeSpan.FromMinutes(5));
        errors.Number("Outreach:MaxAttempts", 5, 1, 20);
        errors.Number("Outreach:DefaultGapSeconds", 15, 0, 3600);
        errors.Time("Outreach:CatchUpGap", Second, TimeSpan.Zero, TimeSpan.FromHours(1));
        errors.Time("Outreach:OverdueAfter", Second, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        errors.Time("Outreach:PlanAhead", Second, TimeSpan.Zero, TimeSpan.FromDays(365));
        foreach (var sequence in new[] { "A", "B", "C" })
        {
            for (var i = 0; errors.Has($"Outreach:Sequences:{sequence}:{i}"); i++)
            {
                var step = $"Outreach:Sequences:{sequence}:{i}";
                if (errors.Text(step + ":Delay") is null) errors.Add(step + ":Delay", "missing", "a time such as 2.00:00:00, two days");
                if (errors.Text(step + ":Template") is { } kind && ActionKinds.TypeOf(kind) is not (ActionType.FirstContact or ActionType.Followup))
                    errors.Add(step + ":Template", $"'{kind}' has no text", "send_first_contact, or a step such as send_followup_A1");
                errors.Time(step + ":Delay", Second, TimeSpan.FromMinutes(1), TimeSpan.FromDays(365));
                foreach (var end in new[] { ":From", ":To" })
                {
                    if (errors.Text(step + end) is { } time && !TimeOnly.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, out _)) errors.Add(step + end, $"'{time}' is no time of day", "such as 09:00");
                }
            }
        }
    }

    private static void Composer(OptionErrors errors)
    {
        errors.Address("Composer:Endpoint");
        if (errors.Text("Composer:Endpoint") is not null && errors.Text("Composer:Model") is null) errors.Add("Composer:Model", "missing, and the endpoint needs it", "the name of a model");
        errors.Time("Composer:Timeout", Second, Second, TimeSpan.FromMinutes(1));
        errors.Number("Composer:MaxLength", 600, 40, 4096);
    }

    private static void Numbers(OptionErrors errors)
    {
        var minutes = TimeSpan.FromMinutes(10);
        foreach (var time in new[] { "AnswerWithin", "QrSilence", "ScannedFor", "HealthInterval", "WorkerSilence" }) errors.Time($"Numbers:{time}", Second, Second, minutes);
        errors.Number("Numbers:MaxAsks", 5, 1, 100);
        errors.Number("Numbers:MissedHealth", 3, 1, 20);
        errors.Number("Numbers:MaxRestarts", 3, 1, 20);
        errors.Time("Numbers:ReconnectWithin", Second, Second, TimeSpan.FromHours(1));
        var lease = errors.Time("Numbers:Lease", TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(2), TimeSpan.FromHours(1));
        if (lease <= errors.Time("Numbers:WorkerSilence", TimeSpan.FromSeconds(45), TimeSpan.Zero, TimeSpan.MaxValue))
            errors.Add("Numbers:Lease", "not longer than Numbers:WorkerSilence", "longer: a worker is missed before its numbers are given away");
        errors.Time("Numbers:PhoneReminder", TimeSpan.FromDays(12), TimeSpan.FromDays(1), TimeSpan.FromDays(13));
        errors.Time("Numbers:LinkLifetime", minutes, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));
        errors.Time("Numbers:SendWithin", TimeSpan.FromSeconds(40), Second, TimeSpan.FromSeconds(50));
        errors.Time("Numbers:EventsKept", TimeSpan.FromDays(90), TimeSpan.FromDays(1), TimeSpan.FromDays(3650));
    }

    private static void Broker(OptionErrors errors)
    {
        if (errors.Text("Broker:Uri") is { } uri && !(Uri.TryCreate(uri, UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps" && address.Host.Length > 0))
            errors.Add("Broker:Uri", "not the address of a RabbitMQ", "such as amqp://user:password@host:5672/vhost");
        errors.Number("Broker:Prefetch", 50, 1, 1000);
        errors.Number("Broker:DeliveryLimit", 5, 1, 100);
        errors.Time("Broker:AlertAfter", Second, TimeSpan.Zero, TimeSpan.FromHours(1));
        errors.Time("Broker:LegacySettle", Second, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1));
        errors.Time("Broker:KeepHistory", Second, TimeSpan.FromHours(1), TimeSpan.FromDays(365));
        foreach (var queue in new[] { "Broker:HealthQueue", "Broker:LegacyQueue" })
        {
            if (errors.Text(queue) is { } name && (name.Length > 200 || name.StartsWith("amq.", StringComparison.Ordinal))) errors.Add(queue, "not a name for a queue", "at most 200 characters, not beginning with amq.");
        }
    }

    private static void Node(OptionErrors errors)
    {
        if (errors.Text("Node:Name") is { Length: > 64 }) errors.Add("Node:Name", "too long", "at most 64 characters");
        errors.Time("Node:LostAfter", Second, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));
        errors.Time("Node:DrainFor", Second, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    private static void Whapi(OptionErrors errors)
    {
        errors.Address("Gateways:Whapi:BaseAddress");
        errors.Time("Gateways:Whapi:Timeout", TimeSpan.FromSeconds(20), Second, TimeSpan.FromSeconds(50));
    }

    private static void Unipile(OptionErrors errors)
    {
        errors.Time("Gateways:Unipile:Timeout", TimeSpan.FromSeconds(20), Second, TimeSpan.FromSeconds(20));
        errors.Time("Gateways:Unipile:AskAfter", TimeSpan.FromMinutes(2), TimeSpan.Zero, TimeSpan.FromHours(1));
        errors.Time("Gateways:Unipile:MissingAfter", TimeSpan.FromMinutes(15), TimeSpan.Zero, TimeSpan.FromHours(24));
        errors.Number("Gateways:Unipile:InvitationsPerDay", 20, 1, 200);
        Pace("Gateways:Unipile:Pace", errors);
    }

    private static void Meta(OptionErrors errors)
    {
        errors.Address("Gateways:Meta:BaseAddress");
        if (errors.Text("Gateways:Meta:Version") is { } version && !(version.Length is > 1 and <= 8 && version[0] == 'v' && version.AsSpan(1).IndexOfAnyExcept("0123456789.") < 0))
            errors.Add("Gateways:Meta:Version", $"'{version}' is no version of the Graph API", "such as v23.0");
        errors.Time("Gateways:Meta:Timeout", TimeSpan.FromSeconds(20), Second, TimeSpan.FromSeconds(40));
        Pace("Gateways:Meta:Pace", errors);
    }

    private static void Pace(string section, OptionErrors errors)
    {
        errors.Decimal($"{section}:PerChannel", 1, 0.01, 1000);
        errors.Decimal($"{section}:PerProvider", 10, 0.01, 10_000);
        errors.Number($"{section}:Burst", 5, 1, 1000);
        errors.Time($"{section}:MaxWait", TimeSpan.FromSeconds(10), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }
}
