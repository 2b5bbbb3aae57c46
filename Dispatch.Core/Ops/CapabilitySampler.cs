using System.Diagnostics.Metrics;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Numbers;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Ops;

/// <summary>What waits and what is lost at the edges: numbers, workers, their commands, actions.</summary>
/// <param name="OldestDueAt">The due time of the action that is overdue for longest, whatever holds it; null: none is.</param>
public sealed record CapabilitySample(
    IReadOnlyDictionary<NumberState, int> Numbers, IReadOnlyDictionary<WorkerState, int> Workers, int CommandsWaiting, int ActionsPending, int ActionsDue, DateTime? OldestDueAt);

/// <summary>Looks every fifteen seconds, beside <see cref="OpsSampler"/>; a scrape reads memory.</summary>
public sealed class CapabilitySampler : HostedLoop
{
    /// <summary>Past this many a count says "very many" and must not cost more.</summary>
    private const int MaxCounted = 100_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private readonly Database _database;
    private readonly Meter _meter = new("Dispatch.Edges");

    public CapabilitySampler(Database database, BrokerState broker, TimeProvider clock, ILogger<CapabilitySampler> logger)
        : base(clock, logger)
    {
        _database = database;
        Each("dispatch.numbers", "Connected numbers and those on their way, by state", s => s.Numbers);
        Each("dispatch.workers", "Workers by state", s => s.Workers);
        One("dispatch.broker.commands.waiting", null, "Commands for workers that are not published", s => s.CommandsWaiting);
        One("dispatch.outreach.actions.pending", null, "Planned actions that have not left", s => s.ActionsPending);
        One("dispatch.outreach.actions.due", null, "Of these, those whose time has come", s => s.ActionsDue);
        One("dispatch.outreach.oldest_due", "s", "How long the oldest action has been due, whatever holds it; 0: none is", s => s.OldestDueAt is { } due ? Math.Max(0, (Clock.GetUtcNow().UtcDateTime - due).TotalSeconds) : 0);
        _meter.CreateObservableGauge(
            "dispatch.broker.connected", () => broker.Current.Status == BrokerStatus.Connected ? 1 : 0, description: "1 while this process is connected to its broker, or has it inside");
    }

    /// <summary>The last look; null: none yet.</summary>
    public CapabilitySample? Latest { get; private set; }

    public async Task<CapabilitySample> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        await using var db = _database.Read();
        var pending = db.OutreachActions.Where(a => a.Status == ActionStatus.Pending).OrderBy(a => a.DueAt).ThenBy(a => a.Id);
        return Latest = new CapabilitySample(
            await db.Numbers.GroupBy(n => n.State).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancel),
            await db.Workers.GroupBy(w => w.State).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancel),
            await db.WorkerOutbox.CountAsync(c => c.Status == OutboxStatus.Queued || c.Status == OutboxStatus.Publishing, cancel),
            await pending.Take(MaxCounted).CountAsync(cancel), await pending.Where(a => a.DueAt <= now).Take(MaxCounted).CountAsync(cancel),
            await pending.Where(a => a.DueAt <= now).Select(a => (DateTime?)a.DueAt).FirstOrDefaultAsync(cancel));
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    private void One(string name, string? unit, string description, Func<CapabilitySample, double> value) =>
        _meter.CreateObservableGauge(name, () => Latest is { } latest ? [new Measurement<double>(value(latest))] : Array.Empty<Measurement<double>>(), unit, description);

    private void Each<T>(string name, string description, Func<CapabilitySample, IReadOnlyDictionary<T, int>> values)
        where T : struct, Enum => _meter.CreateObservableGauge(name, () => Latest is { } latest
            ? Enum.GetValues<T>().Select(v => new Measurement<double>(values(latest).GetValueOrDefault(v), new KeyValuePair<string, object?>("state", v.ToString().ToLowerInvariant())))
            : [], unit: null, description);

    public override void Dispose()
    {
        base.Dispose();
        _meter.Dispose();
    }
}
