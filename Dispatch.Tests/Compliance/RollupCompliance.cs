using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Overview;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

/// <summary>The counts hold what happened, once, whoever counts it and wherever the counting dies.</summary>
public abstract class RollupCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private static readonly RollupSeries[] Counts = [RollupSeries.Arrivals, RollupSeries.Opened, RollupSeries.Assignments, RollupSeries.Waits, RollupSeries.Searches, RollupSeries.Matches, RollupSeries.Timeouts];
    private RollupWriter Writer => Node.Get<RollupWriter>();

    [Fact]
    public async Task Count_ADay_HoldsEveryThingAtEveryGrainInItsTime()
    {
        await ADayAsync();
        await CountAllAsync(Node);

        foreach (var grain in RollupRules.Grains)
        {
            Assert.Equal((5L, 3L, 3L), (await SumAsync(RollupSeries.Arrivals, grain), await SumAsync(RollupSeries.Opened, grain), await SumAsync(RollupSeries.Assignments, grain)));
            Assert.Equal((1L, 1L), (await SumAsync(RollupSeries.Searches, grain), await SumAsync(RollupSeries.Timeouts, grain)));
            Assert.Equal(2L, await SumAsync(RollupSeries.Waits, grain));
        }
        // The one who wrote twice waited from his first message on; the answer to nobody's question waited for nothing.
        var waits = await RowsAsync(RollupSeries.Waits, RollupGrain.Hour);
        Assert.Equal([RollupRules.WaitPart(TimeSpan.FromMinutes(2)), RollupRules.WaitPart(TimeSpan.FromMinutes(12))], waits.Select(w => w.Part).Order(StringComparer.Ordinal));
        Assert.Equal("Plateau", Assert.Single(await RowsAsync(RollupSeries.Timeouts, RollupGrain.Day)).Part);
        var charts = await Node.Get<OverviewQueries>().ChartsAsync(OverviewRange.Day, Clock.Now);
        Assert.Equal((5L, 3L, 2L, 1L), (charts.Total.Arrivals, charts.Total.Assignments, charts.Total.Answers, charts.Total.Timeouts));
        Assert.Equal(0, (await Node.Get<OverviewQueries>().NowAsync(Clock.Now)).CountedBehind);
    }

    [Fact]
    public async Task Count_DoneAgain_AddsNothing()
    {
        await ADayAsync();
        await CountAllAsync(Node);
        var before = await AllAsync();
        await CountAllAsync(Node);
        Assert.Equal(before, await AllAsync());
        // And goes on where it was.
        await Node.ReceiveAsync(Profile, "336009");
        await CountAllAsync(Node);
        Assert.Equal(6L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Hour));
    }

    [Fact]
    public async Task Count_KilledBetweenReadingAndWriting_LosesAndDoublesNothing()
    {
        await ADayAsync();
        var kills = 0;
        // Dies before its first write, its second and so on, until it has come through.
        for (var at = 1; ; at++)
        {
            var left = at;
            Writer.BeforeWrite = () => --left == 0 ? throw new InvalidOperationException("killed") : Task.CompletedTask;
            try
            {
                await CountAllAsync(Node);
                break;
            }
            catch (InvalidOperationException e) when (e.Message == "killed")
            {
                kills++;
                await RestartAsync();
            }
        }
        Assert.True(kills > 0);
        Assert.Equal((5L, 3L, 2L), (await SumAsync(RollupSeries.Arrivals, RollupGrain.Day), await SumAsync(RollupSeries.Opened, RollupGrain.Day), await SumAsync(RollupSeries.Waits, RollupGrain.Day)));
        Assert.Equal((1L, 1L), (await SumAsync(RollupSeries.Searches, RollupGrain.Day), await SumAsync(RollupSeries.Timeouts, RollupGrain.Day)));
    }

    [Fact]
    public async Task Count_ByTwoNodesAtOnceWhileMessagesCome_IsWhatThereIs()
    {
        await Node.AddOnlineAsync("Ana");
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        using var stop = new CancellationTokenSource();
        var counting = new[] { Node, other }.Select(node => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await node.Get<RollupWriter>().RunOnceAsync(Clock.Now);
        })).ToList();
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => (i % 2 == 0 ? Node : other).ReceiveAsync(Profile, $"3361{i % 30:00}")));
        await stop.CancelAsync();
        await Task.WhenAll(counting).InTime();
        await CountAllAsync(Node);

        Assert.Equal(120L, await SumAsync(RollupSeries.Arrivals, RollupGrain.FiveMinutes));
        Assert.Equal(120L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Day));
        Assert.Equal(30L, await SumAsync(RollupSeries.Opened, RollupGrain.Hour));
    }

    /// <summary>Not on SQLite: with one writer nothing commits out of order.</summary>
    protected async Task LateCommitIsNotPassedAsync()
    {
        await Node.OpenAsync(Profile, "336001");
        await CountAllAsync(Node);
        var conversation = (await Node.ConversationAsync(Profile, "336001")).Id;
        // A message takes its id, and another one with a higher id is committed first.
        await using var late = Store.Open();
        await using var transaction = await late.Database.BeginTransactionAsync();
        // It is meant to be late.
        await late.Database.ExecuteSqlRawAsync("SET LOCAL idle_in_transaction_session_timeout = 0");
        late.Messages.Add(new Core.Conversations.Message { ConversationId = conversation, ChannelId = Profile.ChannelId, Type = "text", Text = "late", At = Clock.Now, StoredAt = Clock.Now, StatusAt = Clock.Now });
        await late.SaveChangesAsync();
        await Node.ReceiveAsync(Profile, "336002", "early");
        for (var i = 0; i < 3; i++) await Writer.RunOnceAsync(Clock.Now);
        Assert.Equal(1L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Hour));

        await transaction.CommitAsync();
        await CountAllAsync(Node);
        Assert.Equal(3L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Hour));
    }

    [Fact]
    public async Task Sample_TwiceInFiveMinutes_KeepsTheHighest()
    {
        foreach (var waiting in new[] { 3L, 9L, 4L }) await Writer.SampleAsync(new Dictionary<RollupSeries, long> { [RollupSeries.WaitingNow] = waiting }, Clock.Now);
        Assert.Equal(9L, Assert.Single(await RowsAsync(RollupSeries.WaitingNow, RollupGrain.FiveMinutes)).Amount);
        var trend = (await Node.Get<OverviewQueries>().TrendsAsync(Clock.Now))[OverviewTile.Waiting];
        Assert.Equal((36, 9L), (trend.Count, trend[^1]));
        Assert.All(trend.SkipLast(1), Assert.Null);
    }

    [Fact]
    public async Task Prune_OldFineRows_GoInSlicesAndDaysStay()
    {
        await ADayAsync();
        await CountAllAsync(Node);
        Assert.Equal(0, await Writer.PruneAsync(Clock.Now));
        Clock.Advance(TimeSpan.FromDays(70));
        while (await Writer.PruneAsync(Clock.Now) > 0)
        {
        }
        Assert.Equal((0L, 0L, 5L), (await SumAsync(RollupSeries.Arrivals, RollupGrain.FiveMinutes), await SumAsync(RollupSeries.Arrivals, RollupGrain.Hour), await SumAsync(RollupSeries.Arrivals, RollupGrain.Day)));
    }

    [Fact]
    public async Task Loop_OnTwoNodes_OneCounts()
    {
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        await ADayAsync();
        var (mine, others) = (Node.Get<RollupLoop>(), other.Get<RollupLoop>());
        for (var i = 0; i < 3; i++) await mine.RunOnceAsync(Clock.Now);
        Assert.Equal(5L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Day));
        await Node.ReceiveAsync(Profile, "336009");
        for (var i = 0; i < 3; i++) await others.RunOnceAsync(Clock.Now);
        Assert.Equal(5L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Day));
        for (var i = 0; i < 3; i++) await mine.RunOnceAsync(Clock.Now);
        Assert.Equal(6L, await SumAsync(RollupSeries.Arrivals, RollupGrain.Day));
    }

    /// <summary>Three contacts, five messages, two answered after 2 and 12 minutes, a third word nobody asked for; one search that nobody answers.</summary>
    private async Task ADayAsync()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var first = await Node.OpenAsync(Profile, "336001");
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Node.Orchestrator.ReplyAsync(first.Id, people[0], "hello", "k1");
        await Node.Orchestrator.ReplyAsync(first.Id, people[0], "and more", "k2");
        var second = await Node.OpenAsync(Profile, "336002");
        Clock.Advance(TimeSpan.FromMinutes(10));
        await Node.ReceiveAsync(Profile, "336002", "are you there?");
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Node.Orchestrator.ReplyAsync(second.Id, people[0], "yes", "k3");
        await Node.OpenAsync(Profile, "336003");
        await Node.ReceiveAsync(Profile, "336003", "again");
        var booking = await Node.Get<BookingService>().CreateAsync(new NewBooking
            { CustomerName = "Awa", CustomerPhone = "+221775556677", PickupAddress = "A", DropAddress = "B", PickupTime = Clock.Now.AddHours(1), Zone = "Plateau" });
        await Node.Matching.StartMatchingAsync(booking.Id);
        Clock.Advance(Node.MatchingSettings.BookingTimeout + TimeSpan.FromSeconds(1));
        await Node.Get<TimeoutManager>().RunOnceAsync(Clock.Now);
    }

    private Task CountAllAsync(DispatcherFixture node) => CountAllAsync(node, Clock.Now);

    /// <summary>Until nothing is left; where transactions run at once an id is settled only when those before it have ended.</summary>
    internal static Task CountAllAsync(DispatcherFixture node, DateTime now) => Eventually.Async(async () =>
    {
        while (await node.Get<RollupWriter>().RunOnceAsync(now))
        {
        }
        return (await node.Get<OverviewQueries>().NowAsync(now)).CountedBehind == 0;
    });

    private Task<long> SumAsync(RollupSeries series, RollupGrain grain) => Node.ReadAsync(async db => await db.Rollups.Where(r => r.Series == series && r.Grain == grain).SumAsync(r => r.Amount));

    private Task<List<Rollup>> RowsAsync(RollupSeries series, RollupGrain grain) => Node.ReadAsync(db => db.Rollups.Where(r => r.Series == series && r.Grain == grain).ToListAsync());

    private Task<List<string>> AllAsync() => Node.ReadAsync(async db => (await db.Rollups.ToListAsync()).Where(r => Counts.Contains(r.Series))
        .Select(r => $"{r.Series} {r.Grain} {r.At:O} {r.Part} {r.Amount}").Order(StringComparer.Ordinal).ToList());
}

public sealed class SqliteRollupTests(PostgresServer postgres) : RollupCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PostgresRollupTests(PostgresServer postgres) : RollupCompliance(DatabaseProvider.PostgreSql, postgres)
{
    [Fact]
    public Task Count_TransactionThatCommitsLate_IsNotPassed() => LateCommitIsNotPassedAsync();
}
