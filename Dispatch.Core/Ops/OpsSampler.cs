using System.Diagnostics.Metrics;
using Dispatch.Core.Alerts;
using Dispatch.Core.Loops;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Ops;

/// <summary>Looks every ten seconds, so that a scrape reads memory and never the database.</summary>
public sealed class OpsSampler : HostedLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly OpsQueries _queries;
    private readonly Meter _meter = new("Dispatch.Ops");

    public OpsSampler(OpsQueries queries, TimeProvider clock, ILogger<OpsSampler> logger)
        : base(clock, logger)
    {
        _queries = queries;
        Observe("dispatch.conversations.waiting", null, "Conversations that nobody could be given yet", s => s.Waiting);
        Observe("dispatch.conversations.oldest_wait", "s", "Age of the first message of the conversation that waits longest; 0: none waits",
            s => s.OldestWaitingSince is { } since ? Math.Max(0, (Clock.GetUtcNow().UtcDateTime - since).TotalSeconds) : 0);
        Observe("dispatch.queue.length", null, "Moderators in the line for exclusive profiles", s => s.Queue);
        Observe("dispatch.profiles.unheld", null, "Exclusive profiles without a holder, paused ones not counted", s => s.Unheld);
        Observe("dispatch.matchings.open", null, "Searches for a driver that are open", s => s.Matchings);
        ObserveEach("dispatch.moderators", "Enabled moderators by effective presence", "state", s => s.Moderators, Enum.GetValues<PresenceState>());
        ObserveEach("dispatch.drivers", "Drivers by status", "status", s => s.Drivers, Enum.GetValues<DriverStatus>());
        ObserveEach("dispatch.alerts.open", "Alerts that are not over", "severity", s => s.Alerts, Enum.GetValues<AlertSeverity>());
    }

    /// <summary>The last look; null: none yet.</summary>
    public OpsSnapshot? Latest { get; private set; }

    public async Task<OpsSnapshot> RunOnceAsync(DateTime now, CancellationToken cancel = default) => Latest = await _queries.SnapshotAsync(now, cancel);

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    private void Observe(string name, string? unit, string description, Func<OpsSnapshot, double> value) =>
        _meter.CreateObservableGauge(name, () => Latest is { } latest ? [new Measurement<double>(value(latest))] : Array.Empty<Measurement<double>>(), unit, description);

    /// <summary>Every value of the enum, also with nobody in it: an absent series and a zero are not the same to an alert rule.</summary>
    private void ObserveEach<T>(string name, string description, string label, Func<OpsSnapshot, IReadOnlyDictionary<T, int>> values, T[] all)
        where T : struct, Enum => _meter.CreateObservableGauge(name, () => Latest is { } latest
            ? all.Select(v => new Measurement<double>(values(latest).GetValueOrDefault(v), new KeyValuePair<string, object?>(label, v.ToString().ToLowerInvariant())))
            : [], unit: null, description);

    public override void Dispose()
    {
        base.Dispose();
        _meter.Dispose();
    }
}
