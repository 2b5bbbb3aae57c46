using System.Globalization;
using Dispatch.Core.Broker;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;

namespace Dispatch.Core.Overview;

/// <summary>Pure: what is worth a look, and how the counts become charts.</summary>
public static class OverviewRules
{
    public static readonly TimeSpan LongWait = TimeSpan.FromMinutes(5), VeryLongWait = TimeSpan.FromMinutes(15), LateAfter = TimeSpan.FromMinutes(5), LongUnsent = TimeSpan.FromMinutes(1),
        SlowDatabase = TimeSpan.FromMilliseconds(500);

    /// <summary>Sparklines show so much.</summary>
    public static readonly TimeSpan TrendLength = TimeSpan.FromHours(3);

    public static HealthLevel LevelOf(OverviewTile tile, OverviewNow now) => tile switch
    {
        OverviewTile.Waiting => now.Oldest is not { } oldest || now.At - oldest < LongWait ? HealthLevel.Healthy : now.At - oldest < VeryLongWait ? HealthLevel.Warning : HealthLevel.Critical,
        OverviewTile.Moderators => now.Online > 0 ? HealthLevel.Healthy : now.Waiting > 0 ? HealthLevel.Critical : HealthLevel.Warning,
        // A profile without a holder while somebody stands in the line is about to be given; without a line nobody answers on it.
        OverviewTile.Queue => now.Unheld > 0 && now.Queue == 0 ? HealthLevel.Warning : HealthLevel.Healthy,
        OverviewTile.Matchings => HealthLevel.Healthy,
        OverviewTile.Drivers => now.Reachable > 0 ? HealthLevel.Healthy : now.Matchings > 0 ? HealthLevel.Critical : now.Drivers.Values.Sum() > 0 ? HealthLevel.Warning : HealthLevel.Healthy,
        OverviewTile.Numbers => NumbersLost(now) == 0 ? HealthLevel.Healthy : HealthLevel.Warning,
        OverviewTile.Actions => now.ActionsLate == 0 ? HealthLevel.Healthy : HealthLevel.Warning,
        OverviewTile.System => IsBrokerDown(now) ? HealthLevel.Critical
            : now.At - now.OldestUnsent >= LongUnsent || now.Database >= SlowDatabase || now.Loops.Any(l => l.FailingSince is not null) ? HealthLevel.Warning : HealthLevel.Healthy,
    };

    /// <summary>Every tile, what is worst first and otherwise in its place.</summary>
    public static IReadOnlyList<OverviewTile> Order(OverviewNow now) => [.. Enum.GetValues<OverviewTile>().OrderByDescending(t => LevelOf(t, now)).ThenBy(t => t)];

    public static bool IsBrokerDown(OverviewNow now) => now.Broker.Status == BrokerStatus.Down;

    public static int NumbersConnected(OverviewNow now) => now.Numbers.GetValueOrDefault(NumberState.Connected);

    /// <summary>Numbers that should be connected and are not.</summary>
    public static int NumbersLost(OverviewNow now) =>
        now.Numbers.Where(n => IsLost(n.Key)).Sum(n => n.Value);

    public static bool IsLost(NumberState state) => state is NumberState.Degraded or NumberState.Reconnecting or NumberState.LoggedOut or NumberState.Banned or NumberState.Replaced;

    /// <summary>What is kept every five minutes for the sparklines.</summary>
    public static IReadOnlyDictionary<RollupSeries, long> Samples(OverviewNow now) => new Dictionary<RollupSeries, long>
    {
        [RollupSeries.WaitingNow] = now.Waiting, [RollupSeries.OnlineNow] = now.Online, [RollupSeries.QueueNow] = now.Queue, [RollupSeries.MatchingsNow] = now.Matchings,
        [RollupSeries.DriversNow] = now.Reachable, [RollupSeries.LateActionsNow] = now.ActionsLate,
    };

    public static RollupSeries? TrendOf(OverviewTile tile) => tile switch
    {
        OverviewTile.Waiting => RollupSeries.WaitingNow,
        OverviewTile.Moderators => RollupSeries.OnlineNow,
        OverviewTile.Queue => RollupSeries.QueueNow,
        OverviewTile.Matchings => RollupSeries.MatchingsNow,
        OverviewTile.Drivers => RollupSeries.DriversNow,
        OverviewTile.Actions => RollupSeries.LateActionsNow,
        OverviewTile.Numbers or OverviewTile.System => null,
    };

    /// <summary>Which rows a range is read from.</summary>
    public static RollupGrain GrainOf(OverviewRange range) => range switch
    {
        OverviewRange.Hour => RollupGrain.FiveMinutes,
        OverviewRange.Day or OverviewRange.Week => RollupGrain.Hour,
        OverviewRange.Month => RollupGrain.Day,
    };

    /// <summary>The start of each stretch of a chart that ends now, the oldest first; a last one marks the end.</summary>
    public static IReadOnlyList<DateTime> Edges(OverviewRange range, DateTime now, TimeZoneInfo zone)
    {
        var last = RollupRules.Start(GrainOf(range), now, zone);
        if (range == OverviewRange.Month)
        {
            var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(now, zone));
            return [.. Enumerable.Range(-29, 31).Select(d => RollupRules.Midnight(today.AddDays(d), zone))];
        }
        var (step, count) = range switch
        {
            OverviewRange.Hour => (TimeSpan.FromMinutes(5), 12),
            OverviewRange.Day => (TimeSpan.FromHours(1), 24),
            _ => (TimeSpan.FromHours(6), 28),
        };
        if (range == OverviewRange.Week) last = RollupRules.Floor(now, step);
        return [.. Enumerable.Range(1 - count, count + 1).Select(i => last + (i * step))];
    }

    /// <param name="rows">Of the range's grain and from its first edge on, in any order.</param>
    public static OverviewCharts Charts(OverviewRange range, IReadOnlyList<DateTime> edges, IReadOnlyCollection<Rollup> rows)
    {
        var points = new List<OverviewPoint>(edges.Count - 1);
        var inRange = rows.Where(r => r.At >= edges[0] && r.At < edges[^1]).ToList();
        var byPoint = inRange.ToLookup(r => Index(edges, r.At));
        for (var i = 0; i + 1 < edges.Count; i++) points.Add(Point(edges[i], [.. byPoint[i]]));
        var zones = inRange.Where(r => r.Series is RollupSeries.Searches or RollupSeries.Matches or RollupSeries.Timeouts).GroupBy(r => r.Part, StringComparer.Ordinal)
            .Select(g => new OverviewZone(g.Key, Sum(g, RollupSeries.Searches), Sum(g, RollupSeries.Matches), Sum(g, RollupSeries.Timeouts)))
            .OrderByDescending(z => z.Searches).ThenBy(z => z.Zone, StringComparer.Ordinal).ToList();
        return new OverviewCharts(range, points, Point(edges[0], inRange), zones);
    }

    private static int Index(IReadOnlyList<DateTime> edges, DateTime at)
    {
        var (low, high) = (0, edges.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (edges[middle] <= at) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    private static OverviewPoint Point(DateTime at, IReadOnlyCollection<Rollup> rows)
    {
        var bins = rows.Where(r => r.Series == RollupSeries.Waits).GroupBy(r => int.Parse(r.Part, CultureInfo.InvariantCulture)).ToDictionary(g => g.Key, g => g.Sum(r => r.Amount));
        return new OverviewPoint(
            at, Sum(rows, RollupSeries.Arrivals), Sum(rows, RollupSeries.Opened), Sum(rows, RollupSeries.Assignments), bins.Values.Sum(), RollupRules.Percentile(bins, 0.5),
            RollupRules.Percentile(bins, 0.95), Sum(rows, RollupSeries.Searches), Sum(rows, RollupSeries.Matches), Sum(rows, RollupSeries.Timeouts));
    }

    private static long Sum(IEnumerable<Rollup> rows, RollupSeries series) => rows.Where(r => r.Series == series).Sum(r => r.Amount);
}
