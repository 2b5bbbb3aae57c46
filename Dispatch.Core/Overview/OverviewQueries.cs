using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Core.Numbers;
using Dispatch.Core.Ops;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Dispatch.Core.Overview;

/// <summary>
/// What the overview shows: how it is now, from what is open now, and how it was, from the counts alone. Nothing here costs more with a longer history.
/// </summary>
public sealed class OverviewQueries(
    Database database, OpsQueries ops, ConversationQueries conversations, NumberQueries numbers, BrokerState broker, MatchingFrames frames, IServiceProvider services, TimeProvider clock)
{
    /// <summary>Several pages that look at once read once.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);

    private static readonly RollupSeries[] Charted =
    [
        RollupSeries.Arrivals, RollupSeries.Opened, RollupSeries.Assignments, RollupSeries.Waits, RollupSeries.Searches, RollupSeries.Matches, RollupSeries.Timeouts,
    ];

    private volatile Kept? _kept;

    /// <summary>How it is; at most a second old.</summary>
    public async Task<OverviewNow> LatestAsync(CancellationToken cancel = default)
    {
        if (_kept is { } kept && clock.GetElapsedTime(kept.ReadAt) < KeptFor) return kept.Now;
        var readAt = clock.GetTimestamp();
        var now = await NowAsync(clock.GetUtcNow().UtcDateTime, cancel);
        _kept = new Kept(now, readAt);
        return now;
    }

    public async Task<OverviewNow> NowAsync(DateTime now, CancellationToken cancel = default)
    {
        var start = clock.GetTimestamp();
        var waiting = await conversations.WaitingCountsAsync(cancel);
        var took = clock.GetElapsedTime(start);
        var rest = await ops.SnapshotAsync(now, cancel);
        var states = await numbers.CountsAsync(cancel);
        await using var db = database.Read();
        var late = now - OverviewRules.LateAfter;
        // ix_outreach_actions_status_due_at_id, and counted no further than anybody reads.
        var due = await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending && a.DueAt <= now).OrderBy(a => a.DueAt).ThenBy(a => a.Id).Take(OutreachQueries.MaxCounted).CountAsync(cancel);
        var overdue = due == 0 ? 0
            : await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending && a.DueAt <= late).OrderBy(a => a.DueAt).ThenBy(a => a.Id).Take(OutreachQueries.MaxCounted).CountAsync(cancel);
        return new OverviewNow(
            now, waiting.Waiting, waiting.Oldest, rest.Moderators, rest.Queue, rest.Unheld, rest.Matchings, rest.Drivers, states.ToDictionary(s => s.State, s => s.Count), due, overdue,
            await OldestUnsentAsync(db, now, cancel), broker.Current, took, await BehindAsync(db, cancel), rest.Alerts, Loops());
    }

    /// <summary>The counts of a range that ends now: one read of one index, however much happened in it.</summary>
    public async Task<OverviewCharts> ChartsAsync(OverviewRange range, DateTime now, CancellationToken cancel = default)
    {
        var edges = OverviewRules.Edges(range, now, frames.Zone);
        var (grain, from) = (OverviewRules.GrainOf(range), edges[0]);
        await using var db = database.Read();
        var rows = new List<Rollup>();
        foreach (var series in Charted) rows.AddRange(await db.Rollups.Where(r => r.Series == series && r.Grain == grain && r.At >= from).ToListAsync(cancel));
        return OverviewRules.Charts(range, edges, rows);
    }

    /// <summary>The last hours of each figure that is sampled, one value for each five minutes; what was not sampled is null.</summary>
    public async Task<IReadOnlyDictionary<OverviewTile, IReadOnlyList<long?>>> TrendsAsync(DateTime now, CancellationToken cancel = default)
    {
        var step = TimeSpan.FromMinutes(5);
        var from = RollupRules.Floor(now - OverviewRules.TrendLength, step) + step;
        await using var db = database.Read();
        var trends = new Dictionary<OverviewTile, IReadOnlyList<long?>>();
        foreach (var tile in Enum.GetValues<OverviewTile>())
        {
            if (OverviewRules.TrendOf(tile) is not { } series) continue;
            var rows = await db.Rollups.Where(r => r.Series == series && r.Grain == RollupGrain.FiveMinutes && r.At >= from).ToDictionaryAsync(r => r.At, r => r.Amount, cancel);
            trends[tile] = [.. Enumerable.Range(0, (int)(OverviewRules.TrendLength / step)).Select(i => rows.TryGetValue(from + (i * step), out var amount) ? amount : (long?)null)];
        }
        return trends;
    }

    /// <summary>Everything that happened before this moment is in the counts.</summary>
    public async Task<bool> IsCountedAsync(DateTime moment, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var cursors = await db.RollupCursors.ToDictionaryAsync(c => c.Source, c => c.Position, StringComparer.Ordinal, cancel);
        foreach (var source in RollupSource.All)
        {
            if (await source.NextAtAsync(db, cursors.GetValueOrDefault(source.Name), cancel) is { } next && next < moment) return false;
        }
        return true;
    }

    /// <summary>Each by an index that holds only what is still to leave, in the order of ids.</summary>
    private static async Task<DateTime?> OldestUnsentAsync(DispatchDb db, DateTime now, CancellationToken cancel)
    {
        DateTime?[] oldest =
        [
            await db.Messages.Where(m => m.Status == MessageStatus.Queued || m.Status == MessageStatus.Sending).OrderBy(m => m.Id).Select(m => (DateTime?)m.StatusAt).FirstOrDefaultAsync(cancel),
            await db.ServiceMessages.Where(m => m.ChannelId != null && (m.Status == MessageStatus.Queued || m.Status == MessageStatus.Sending)).OrderBy(m => m.Id).Select(m => (DateTime?)m.StatusAt).FirstOrDefaultAsync(cancel),
            await db.WorkerOutbox.Where(o => (o.Status == OutboxStatus.Queued || o.Status == OutboxStatus.Publishing) && o.DueAt <= now).OrderBy(o => o.Id).Select(o => (DateTime?)o.DueAt).FirstOrDefaultAsync(cancel),
        ];
        return oldest.Min();
    }

    private static async Task<long> BehindAsync(DispatchDb db, CancellationToken cancel)
    {
        var cursors = await db.RollupCursors.ToDictionaryAsync(c => c.Source, c => c.Position, StringComparer.Ordinal, cancel);
        long behind = 0;
        foreach (var source in RollupSource.All) behind += Math.Max(0, await source.LastIdAsync(db, cancel) - cursors.GetValueOrDefault(source.Name));
        return behind;
    }

    private IReadOnlyList<LoopStatus> Loops() =>
        [.. services.GetServices<IHostedService>().OfType<HostedLoop>().Select(l => new LoopStatus(l.GetType().Name, l.LastPassAt, l.FailingSince)).OrderBy(l => l.Name, StringComparer.Ordinal)];

    private sealed record Kept(OverviewNow Now, long ReadAt);
}
