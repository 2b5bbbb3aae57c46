using Dispatch.Core.Broker;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Numbers;
using Dispatch.Core.Overview;

namespace Dispatch.Tests.Overview;

/// <summary>Which bucket a moment and a wait fall into, what the histogram says, and what is worth a look.</summary>
public sealed class RollupRulesTests
{
    private static readonly TimeZoneInfo Paris = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris");
    private static readonly DateTime Noon = new(2026, 3, 2, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(RollupGrain.FiveMinutes, "2026-03-02T12:34:56Z", "2026-03-02T12:30:00Z")]
    [InlineData(RollupGrain.Hour, "2026-03-02T12:59:59Z", "2026-03-02T12:00:00Z")]
    [InlineData(RollupGrain.Day, "2026-03-02T22:59:59Z", "2026-03-01T23:00:00Z")]
    [InlineData(RollupGrain.Day, "2026-03-02T23:00:00Z", "2026-03-02T23:00:00Z")]
    // The day on which the clocks go forward has 23 hours.
    [InlineData(RollupGrain.Day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z")]
    [InlineData(RollupGrain.Day, "2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z")]
    public void Start_OfAMoment_IsTheBucketThatHoldsIt(RollupGrain grain, string moment, string expected) =>
        Assert.Equal(Utc(expected), RollupRules.Start(grain, Utc(moment), Paris));

    [Fact]
    public void Percentile_OfManyWaits_IsWithinAQuarterOfTheTrueOne()
    {
        var random = new Random(7);
        var waits = Enumerable.Range(0, 5000).Select(_ => TimeSpan.FromSeconds(Math.Exp(random.NextDouble() * 8))).Order().ToList();
        var bins = waits.GroupBy(RollupRules.WaitBin).ToDictionary(g => g.Key, g => (long)g.Count());
        foreach (var share in new[] { 0.5, 0.9, 0.95, 0.99 })
        {
            var (truth, read) = (waits[(int)(waits.Count * share) - 1].TotalSeconds, RollupRules.Percentile(bins, share)!.Value.TotalSeconds);
            Assert.InRange(read / truth, 1 / RollupRules.WaitStep, RollupRules.WaitStep);
        }
        Assert.Null(RollupRules.Percentile(new Dictionary<int, long>(), 0.5));
        Assert.Equal(RollupRules.LastWaitBin, RollupRules.WaitBin(TimeSpan.FromDays(4000)));
        Assert.Equal(0, RollupRules.WaitBin(TimeSpan.FromSeconds(-5)));
    }

    [Theory]
    [InlineData(OverviewRange.Hour, 12)]
    [InlineData(OverviewRange.Day, 24)]
    [InlineData(OverviewRange.Week, 28)]
    [InlineData(OverviewRange.Month, 30)]
    public void Charts_OfARange_HaveEveryPointAndLoseNothing(OverviewRange range, int points)
    {
        var edges = OverviewRules.Edges(range, Noon.AddMinutes(17), Paris);
        Assert.Equal(points + 1, edges.Count);
        Assert.True(edges[^2] <= Noon.AddMinutes(17) && edges[^1] > Noon.AddMinutes(17));
        var rows = Enumerable.Range(0, 200).Select(i => edges[0].AddTicks((edges[^1] - edges[0]).Ticks / 200 * i))
            .GroupBy(at => RollupRules.Start(OverviewRules.GrainOf(range), at, Paris))
            .Select(g => new Rollup { Series = RollupSeries.Arrivals, Grain = OverviewRules.GrainOf(range), At = g.Key < edges[0] ? edges[0] : g.Key, Amount = g.Count() }).ToList();
        rows.Add(new Rollup { Series = RollupSeries.Waits, Part = "05", At = edges[0], Amount = 3 });
        rows.Add(new Rollup { Series = RollupSeries.Timeouts, Part = "Plateau", At = edges[^2], Amount = 2 });

        var charts = OverviewRules.Charts(range, edges, rows);

        Assert.Equal(200, charts.Points.Sum(p => p.Arrivals));
        Assert.Equal((200L, 3L, 2L), (charts.Total.Arrivals, charts.Total.Answers, charts.Total.Timeouts));
        Assert.NotNull(charts.Points[0].WaitP95);
        Assert.Null(charts.Points[^1].WaitP95);
        Assert.Equal(new OverviewZone("Plateau", 0, 0, 2), Assert.Single(charts.Zones));
    }

    [Fact]
    public void Levels_OfWhatIsWrong_ComeFirst()
    {
        Assert.All(Enum.GetValues<OverviewTile>(), t => Assert.Equal(HealthLevel.Healthy, OverviewRules.LevelOf(t, Now())));
        var bad = Now() with
        {
            Waiting = 3, Oldest = Noon.AddMinutes(-6), Moderators = new Dictionary<PresenceState, int> { [PresenceState.Away] = 2 }, Unheld = 1, ActionsLate = 4,
            Broker = Now().Broker with { Status = BrokerStatus.Down },
        };
        Assert.Equal(
            [OverviewTile.Moderators, OverviewTile.System, OverviewTile.Waiting, OverviewTile.Queue, OverviewTile.Actions, OverviewTile.Matchings, OverviewTile.Drivers, OverviewTile.Numbers],
            OverviewRules.Order(bad));
        Assert.Equal(HealthLevel.Critical, OverviewRules.LevelOf(OverviewTile.Waiting, bad with { Oldest = Noon.AddMinutes(-20) }));
        Assert.Equal(HealthLevel.Warning, OverviewRules.LevelOf(OverviewTile.System, Now() with { OldestUnsent = Noon.AddMinutes(-2) }));
        Assert.Equal(HealthLevel.Warning, OverviewRules.LevelOf(OverviewTile.System, Now() with { Loops = [new LoopStatus("X", null, Noon)] }));
    }

    private static OverviewNow Now() => new(
        Noon, 0, null, new Dictionary<PresenceState, int> { [PresenceState.Online] = 2 }, 0, 0, 1, new Dictionary<DriverStatus, int> { [DriverStatus.Available] = 5 },
        new Dictionary<NumberState, int> { [NumberState.Connected] = 3 }, 2, 0, null, new BrokerSnapshot(BrokerKind.InProcess, BrokerStatus.Connected, null, Noon, null, null),
        TimeSpan.FromMilliseconds(3), 0, new Dictionary<Dispatch.Core.Alerts.AlertSeverity, int>(), []);

    private static DateTime Utc(string text) => DateTime.Parse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AdjustToUniversal);
}
