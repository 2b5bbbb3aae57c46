using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class RotationRaceOnSqlite(PostgresServer postgres) : RotationRaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class RotationRaceOnPostgres(PostgresServer postgres) : RotationRaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Seed 001's scenarios of connecting at once, and the races around a change of holder: 200 rounds each, on PostgreSQL through two nodes.</summary>
public abstract class RotationRaceCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int Rounds = 200;
    private DispatcherFixture _other = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task TwoConnectAtOnce_OneProfileIsFree_TheLowerIdHasItAndTheOtherIsFirstInLine()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        long[] people = [await Node.AddModeratorAsync("Ana"), await Node.AddModeratorAsync("Ben")];
        for (var i = 0; i < Rounds; i++)
        {
            await AtOnce.Async(() => _other.ConnectAsync(people[1]), () => Node.ConnectAsync(people[0]));
            await AtOnce.Async(() => _other.RotateAsync(), () => Node.RotateAsync());

            Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
            var waits = await Node.Get<ModeratorQueueService>().GetQueuePositionAsync(people[1]);
            Assert.Equal((1, Clock.Now), (waits!.Position, waits.QueuedAt));
            await AllLeaveAsync(people);
        }
        await Node.AssertConsistentAsync();
        // Each time it is on record who was served before whom, and by which rule.
        Assert.Equal(Rounds, await Node.ReadAsync(db => db.AssignmentConflicts.CountAsync(c => c.WinnerId == people[0] && c.Kind == Core.Conflicts.ConflictKind.Connection)));
    }

    [Fact]
    public async Task TwoConnect_WhileRotationRuns_ExactlyOneHoldsTheProfile()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        long[] people = [await Node.AddModeratorAsync("Ana"), await Node.AddModeratorAsync("Ben")];
        for (var i = 0; i < Rounds; i++)
        {
            await AtOnce.Async(
                async () => { await _other.ConnectAsync(people[1]); await _other.RotateAsync(); },
                async () => { await Node.ConnectAsync(people[0]); await Node.RotateAsync(); });

            var holder = await Node.HolderAsync(vip.Id);
            Assert.Contains(holder!.Value, people);
            Assert.Equal(1, (await Node.Get<ModeratorQueueService>().GetQueuePositionAsync(people.Single(p => p != holder)))!.Position);
            await AllLeaveAsync(people);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task NConnect_MProfiles_AreServedInTheOrderOfTimeThenId()
    {
        var random = new Random(3);
        var people = new List<long>();
        for (var i = 0; i < 8; i++) people.Add(await Node.AddModeratorAsync($"M{i}"));
        var profiles = new List<long>();
        for (var i = 0; i < 6; i++) profiles.Add((await Node.AddExclusiveAsync($"p{i}")).Id);
        for (var round = 0; round < Rounds; round++)
        {
            var n = random.Next(2, 9);
            var m = random.Next(1, 7);
            await PauseAllButAsync(profiles.Take(m));
            // Some of them in the same instant, in an order that has nothing to do with their ids.
            var arrivals = people.OrderBy(_ => random.Next()).Take(n).Chunk(random.Next(1, 4)).ToList();
            foreach (var group in arrivals)
            {
                await AtOnce.Async([.. group.Select((p, i) => (Func<Task>)(() => (i % 2 == 0 ? Node : _other).ConnectAsync(p)))]);
                Clock.Advance(Seconds(1));
            }
            await AtOnce.Async(() => _other.RotateAsync(), () => Node.RotateAsync());

            var expected = arrivals.SelectMany(g => g.Order()).ToList();
            var held = await Node.ReadAsync(db => db.Profiles.Where(p => p.HolderId != null).OrderBy(p => p.Id).Select(p => p.HolderId!.Value).ToListAsync());
            Assert.Equal(m, held.Count);
            // The first m of them have one each; what is left goes round again.
            Assert.Equal(expected.Take(m).Order(), held.Distinct().Order());
            var line = (await Node.Get<ModeratorQueueService>().GetQueueStatusAsync()).Line.Where(l => l.Held == 0).Select(l => l.ModeratorId);
            Assert.Equal(expected.Skip(m), line);
            await AllLeaveAsync(people);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task HandleSimultaneousConnections_FromBothNodes_GivesEachProfileOnceInOrder()
    {
        var people = new List<long>();
        for (var i = 0; i < 4; i++) people.Add(await Node.AddModeratorAsync($"M{i}"));
        var profiles = new List<long>();
        for (var i = 0; i < 2; i++) profiles.Add((await Node.AddExclusiveAsync($"p{i}")).Id);
        for (var round = 0; round < Rounds; round++)
        {
            await AtOnce.Async([.. people.Select((p, i) => (Func<Task>)(() => (i % 2 == 0 ? Node : _other).ConnectAsync(p)))]);

            var outcomes = await AtOnce.Async(
                () => Node.Get<ModeratorAssignmentService>().HandleSimultaneousConnectionsAsync([.. people.AsEnumerable().Reverse()], profiles),
                () => _other.Get<ModeratorAssignmentService>().HandleSimultaneousConnectionsAsync(people, profiles));

            var given = outcomes.SelectMany(o => o).Where(o => o.ProfileIds.Count > 0).ToList();
            Assert.Equal(people.Take(2), given.Select(g => g.ModeratorId).Order());
            Assert.Equal(profiles, given.SelectMany(g => g.ProfileIds).Order());
            Assert.Equal([(people[2], 1), (people[3], 2)], outcomes[0].Where(o => o.ModeratorId >= people[2]).Select(o => (o.ModeratorId, o.Position ?? 0)));
            await AllLeaveAsync(people);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Assign_WhileTheModeratorLeaves_LeavesNoAbsentHolder()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var ana = (await Node.AddOnlineAsync("Ana"))[0];
        for (var i = 0; i < Rounds; i++)
        {
            await AtOnce.Async(
                async () => await _other.Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(vip.Id, ana, null),
                async () => await Node.Orchestrator.HandleUserLeftAsync(ana));
            await Node.RotateAsync();

            Assert.Null(await Node.HolderAsync(vip.Id));
            await Node.ConnectAsync(ana);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task TwoAdmins_AssignToTwoPeopleAtOnce_TheLastWordHoldsAndNobodyHoldsTwice()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        await Node.RotateAsync();
        for (var i = 0; i < Rounds; i++)
        {
            var outcomes = await AtOnce.Async(
                () => Node.Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(vip.Id, people[1], people[0]),
                () => _other.Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(vip.Id, people[2], people[0]),
                () => _other.Get<ModeratorAssignmentService>().GiveBackAsync(vip.Id, people[1]));

            Assert.All(outcomes, o => Assert.True(o.Result is HoldResult.Done or HoldResult.Unchanged or HoldResult.NotHolder, $"{o}"));
            Assert.Contains((await Node.HolderAsync(vip.Id))!.Value, people);
        }
        await Node.AssertConsistentAsync();
    }

    private async Task AllLeaveAsync(IEnumerable<long> people)
    {
        foreach (var id in people) await Node.Orchestrator.HandleUserLeftAsync(id);
        await Node.RotateAsync();
        Assert.Empty(await Node.ReadAsync(db => db.Profiles.Where(p => p.HolderId != null).Select(p => p.Id).ToListAsync()));
        Clock.Advance(Seconds(1));
    }

    private Task PauseAllButAsync(IEnumerable<long> profiles) => Node.Database.WriteAsync(s =>
        s.Db.Profiles.Where(p => p.Mode == ProfileMode.Exclusive).ExecuteUpdateAsync(set => set.SetProperty(p => p.Paused, p => !profiles.Contains(p.Id))));
}
