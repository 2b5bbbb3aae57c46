using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class QueueLineOnSqlite(PostgresServer postgres) : QueueLineCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class QueueLineOnPostgres(PostgresServer postgres) : QueueLineCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The line for exclusive profiles: who stands in it, where, what he is told about his wait, and when he is told.</summary>
public abstract class QueueLineCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private ModeratorQueueService Line => Node.Get<ModeratorQueueService>();
    private ModeratorAssignmentService Assignments => Node.Get<ModeratorAssignmentService>();

    [Fact]
    public async Task NoExclusiveProfile_NobodyWaits()
    {
        var people = await Node.AddOnlineAsync("Ana");
        await Node.RotateAsync();

        Assert.Equal((0, 0), ((await Line.GetQueueStatusAsync()).Line.Count, (await Line.GetQueueStatusAsync()).ProfilesInRotation));
        Assert.Equal(QueueResult.NothingToWaitFor, await Line.AddToQueueAsync(people[0]));
        Assert.Equal(QueueResult.NotFound, await Line.AddToQueueAsync(999));
    }

    [Fact]
    public async Task Places_FollowPriorityThenTime_AndOnlyThoseWhoMoveAreTold()
    {
        await Node.AddExclusiveAsync("vip");
        var people = await WaitingAsync("Ana", "Ben", "Cleo", "Dan");
        using var dan = Node.Live.Subscribe(Topics.Moderator(people[3]));
        using var cleo = Node.Live.Subscribe(Topics.Moderator(people[2]));
        using var ben = Node.Live.Subscribe(Topics.Moderator(people[1]));
        Assert.Equal([(people[1], 1), (people[2], 2), (people[3], 3), (people[0], 4)], await PlacesAsync());

        Assert.Equal(QueueResult.Done, await Line.AddToQueueAsync(people[2], 7));

        Assert.Equal([(people[2], 1), (people[1], 2), (people[3], 3), (people[0], 4)], await PlacesAsync());
        Assert.Equal([(people[2], 1), (people[1], 2), (people[3], 3), (people[0], 4)], await StoredAsync());
        Assert.Contains(new LiveEvent(Topics.Moderator(people[2]), EventNames.QueuePositionChanged, people[2]), await NextAsync(cleo));
        Assert.Contains(new LiveEvent(Topics.Moderator(people[1]), EventNames.QueuePositionChanged, people[1]), await NextAsync(ben));
        Assert.Equal(0, await Line.ReorderQueueAsync());
        await Node.Database.WriteAsync(s => { s.Publish(Topics.Moderator(people[3]), "after", 1); return Task.CompletedTask; });
        Assert.Equal(["after"], (await NextAsync(dan)).Select(e => e.Name));
        Assert.Equal(QueueResult.BadPriority, await Line.AddToQueueAsync(people[2], 101));
    }

    [Fact]
    public async Task Leave_IsRememberedUntilHeComesBack()
    {
        await Node.AddExclusiveAsync("vip");
        var people = await WaitingAsync("Ana", "Ben", "Cleo");

        Assert.Equal(QueueResult.Done, await Line.RemoveFromQueueAsync(people[1]));
        await Node.RotateAsync();
        Assert.Null(await Line.GetQueuePositionAsync(people[1]));
        Assert.Equal(QueueResult.NotWaiting, await Line.RemoveFromQueueAsync(people[1]));
        Assert.Equal(QueueResult.NotFound, await Line.RemoveFromQueueAsync(999));

        Clock.Advance(Seconds(5));
        Assert.Equal(QueueResult.Done, await Line.AddToQueueAsync(people[1]));
        Assert.Equal([(people[2], 1), (people[1], 2), (people[0], 3)], await PlacesAsync());
        await Line.RemoveFromQueueAsync(people[1]);
        await Node.Orchestrator.ChoosePresenceAsync(people[1], PresenceState.Away);
        await Node.Orchestrator.ChoosePresenceAsync(people[1], PresenceState.Online);
        await Node.RotateAsync();
        Assert.NotNull(await Line.GetQueuePositionAsync(people[1]));
    }

    [Fact]
    public async Task AddToQueue_WhoCannotWait_IsToldWhy()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var absent = await Node.AddModeratorAsync("Ana");
        Assert.Equal(QueueResult.NotPresent, await Line.AddToQueueAsync(absent));
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        for (var i = 0; i < 2; i++) await Node.AddExclusiveAsync($"p{i}");
        await Node.RotateAsync();
        Assert.Equal(3, (await Node.ModeratorAsync(ben)).HeldProfiles);

        Assert.Equal(QueueResult.AtLimit, await Line.AddToQueueAsync(ben));
        Assert.Null(await Line.GetQueuePositionAsync(ben));
        Assert.Equal(ben, await Node.HolderAsync(vip.Id));
    }

    [Fact]
    public async Task Priority_IsAskedForAndGrantedByAnAdmin()
    {
        await Node.AddExclusiveAsync("vip");
        var people = await WaitingAsync("Ana", "Ben", "Cleo");

        var (result, request) = await Line.RequestPriorityAsync(people[2], 5, " my shift ends soon ");
        Assert.Equal(QueueResult.Done, result);
        Assert.Equal(QueueResult.AlreadyAsked, (await Line.RequestPriorityAsync(people[2], 6, "again")).Result);
        Assert.Equal(QueueResult.BadReason, (await Line.RequestPriorityAsync(people[1], 5, " ")).Result);
        Assert.Equal(QueueResult.BadPriority, (await Line.RequestPriorityAsync(people[1], 500, "x")).Result);
        var open = Assert.Single(await Line.OpenRequestsAsync());
        Assert.Equal((request, people[2], "Cleo", 5, 0, "my shift ends soon"), (open.Id, open.ModeratorId, open.Name, open.Priority, open.CurrentPriority, open.Reason));

        var decided = await AtOnce.Async(
            () => Line.DecidePriorityAsync(request, true, people[0]), () => Line.DecidePriorityAsync(request, true, people[1]));

        Assert.Equal([QueueResult.Done, QueueResult.AlreadyDecided], decided.Order());
        Assert.Equal(people[2], (await PlacesAsync())[0].Id);
        Assert.Empty(await Line.OpenRequestsAsync());
        Assert.Equal(QueueResult.NotFound, await Line.DecidePriorityAsync(999, true, null));
    }

    [Fact]
    public async Task ExpectedWait_UnknownBelowTenHoldings_ThenARange_AndKeptWithHowTrueItWas()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await WaitingAsync("Ana", "Ben", "Cleo");
        Assert.Null((await Line.GetQueuePositionAsync(people[1]))!.ExpectedWait);
        for (var i = 0; i < 10; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(10));
            await Assignments.GiveBackAsync(vip.Id, (await Node.HolderAsync(vip.Id))!.Value);
            await Node.RotateAsync();
        }

        // Ten holdings of ten minutes, one profile: the first waits one of them, the second two.
        var line = (await Line.GetQueueStatusAsync()).Line;
        Assert.Equal(
            [new WaitEstimate(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)), new WaitEstimate(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(20))],
            line.Where(l => l.Held == 0).Select(l => l.ExpectedWait!));
        Assert.Equal(600, await Node.ReadAsync(db => db.ModeratorQueue.Where(q => q.ModeratorId == line[0].ModeratorId).Select(q => q.EstimatedWaitTime).FirstAsync()));
        Clock.Advance(TimeSpan.FromMinutes(12));
        await Assignments.GiveBackAsync(vip.Id, (await Node.HolderAsync(vip.Id))!.Value);
        var kept = Assert.Single(await Node.ReadAsync(db => db.WaitObservations.ToListAsync()));
        Assert.Equal((line[0].ModeratorId, 600, 600, 720), (kept.ModeratorId, kept.FromSeconds, kept.ToSeconds, kept.WaitedSeconds));
        Assert.Equal(new WaitAccuracy(1, null, null), (await Line.GetQueueStatusAsync()).Accuracy);
    }

    [Fact]
    public async Task Available_CountsFreeProfilesHeMayServe()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.AddExclusiveAsync("only Ana's", people[0]);
        var both = await Node.AddExclusiveAsync("both");
        await Node.RotateAsync();
        await Assignments.GiveBackAsync(both.Id, (await Node.HolderAsync(both.Id))!.Value);
        await Assignments.GiveBackAsync(both.Id, (await Node.HolderAsync(both.Id))!.Value);
        await Node.RotateAsync();

        var status = await Line.GetQueueStatusAsync();
        Assert.Equal(2, status.ProfilesInRotation);
        Assert.All(status.Line, l => Assert.InRange(l.ProfilesAvailable, 0, 1));
        Assert.Equal(status.ProfilesFree, await Node.ReadAsync(db => db.Profiles.CountAsync(p => p.Mode == ProfileMode.Exclusive && p.HolderId == null)));
    }

    [Fact]
    public async Task Line_AfterARestart_IsAsItWas()
    {
        await Node.AddExclusiveAsync("vip");
        await WaitingAsync("Ana", "Ben", "Cleo");
        var before = await PlacesAsync();

        await RestartAsync();
        await Node.RotateAsync();

        Assert.Equal(before, await PlacesAsync());
    }

    /// <summary>People who came a second after each other; the first of them holds the only profile.</summary>
    private async Task<long[]> WaitingAsync(params string[] names)
    {
        var ids = new List<long>();
        foreach (var name in names)
        {
            ids.AddRange(await Node.AddOnlineAsync(name));
            await Node.RotateAsync();
            Clock.Advance(Seconds(1));
        }
        return [.. ids];
    }

    private async Task<(long Id, int Position)[]> PlacesAsync() => [.. (await Line.GetQueueStatusAsync()).Line.Select(l => (l.ModeratorId, l.Position))];

    private async Task<(long, int)[]> StoredAsync() =>
        [.. (await Node.ReadAsync(db => db.ModeratorQueue.OrderBy(q => q.Position).ToListAsync())).Select(q => (q.ModeratorId, q.Position))];

    private static async Task<IReadOnlySet<LiveEvent>> NextAsync(LiveSubscription live)
    {
        await using var reader = live.ReadAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().InTime());
        return reader.Current;
    }
}
