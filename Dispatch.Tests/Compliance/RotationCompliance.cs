using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class RotationOnSqlite(PostgresServer postgres) : RotationCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class RotationOnPostgres(PostgresServer postgres) : RotationCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Exclusive profiles: who holds one, when it goes on, to whom, and what its conversations do meanwhile.</summary>
public abstract class RotationCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private ModeratorAssignmentService Assignments => Node.Get<ModeratorAssignmentService>();
    private ProfileQueries Queries => Node.Get<ProfileQueries>();
    private ModeratorQueueService Line => Node.Get<ModeratorQueueService>();

    [Fact]
    public async Task FreeProfile_SomebodyConnects_IsHisAndHeIsTold()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var ana = await Node.AddModeratorAsync("Ana");
        using var told = Node.Live.Subscribe(Topics.Moderator(ana));
        await Node.ConnectAsync(ana);

        await Node.RotateAsync();

        Assert.Equal(ana, await Node.HolderAsync(vip.Id));
        Assert.Contains(await NextAsync(told), e => e == new LiveEvent(Topics.Moderator(ana), EventNames.ProfileAssigned, vip.Id));
        var holding = Assert.Single(await Queries.HistoryOfAsync(vip.Id));
        Assert.Equal((ana, AssignmentCause.Queue, null, Clock.Now), (holding.ModeratorId, holding.Cause, holding.EndedAt, holding.AssignedAt));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task GivenBack_GoesToTheNextAtOnce_AndBothLearnWhy()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben", "Cleo");
        using var told = Node.Live.Subscribe(Topics.Moderator(people[1]));
        using var lost = Node.Live.Subscribe(Topics.Moderator(people[0]));

        Assert.Equal(new HoldOutcome(HoldResult.Done, people[1]), await Assignments.GiveBackAsync(vip.Id, people[0]));

        Assert.Equal(people[1], await Node.HolderAsync(vip.Id));
        Assert.Contains(await NextAsync(told), e => e.Name == EventNames.ProfileAssigned);
        Assert.Contains(await NextAsync(lost), e => e.Name == EventNames.ProfileReleased);
        var mine = Assert.Single(await Queries.LostByAsync(people[0]));
        Assert.Equal((ReleaseCause.GivenBack, "Ana", "Ben"), (mine.EndCause!.Value, mine.EndedBy!, mine.SuccessorName!));
        // In the line again, behind Cleo, who has waited for longer.
        await Node.RotateAsync();
        Assert.Equal([people[2], people[0]], (await Line.GetQueueStatusAsync()).Line.Where(l => l.Held == 0).Select(l => l.ModeratorId));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task GivenBack_TheNextLeftAMomentAgo_GoesToTheOneBehindHim()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben", "Cleo");
        await Node.Orchestrator.HandleUserLeftAsync(people[1]);

        Assert.Equal(new HoldOutcome(HoldResult.Done, people[2]), await Assignments.GiveBackAsync(vip.Id, people[0]));

        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task GivenBack_NobodyElseThere_StaysFreeUntilHeAsksAgain()
    {
        var (vip, people) = await HeldAsync("Ana");
        await Assignments.GiveBackAsync(vip.Id, people[0]);
        await Node.RotateAsync();
        Assert.Null(await Node.HolderAsync(vip.Id));

        Assert.Equal(QueueResult.Unchanged, await Assignments.AddModeratorToQueueAsync(people[0]));
        await Node.RotateAsync();

        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
    }

    [Fact]
    public async Task GiveBack_BySomebodyElse_IsRefusedWithWhoHoldsIt()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben");

        var refused = await Assignments.GiveBackAsync(vip.Id, people[1]);

        Assert.Equal((HoldResult.NotHolder, people[0], "Ana", Clock.Now.AddSeconds(-1)), (refused.Result, refused.HeldById, refused.HeldByName, refused.HeldSince));
        Assert.Equal(HoldResult.NotExclusive, (await Assignments.GiveBackAsync(Profile.Id, people[1])).Result);
        Assert.Equal(HoldResult.NotFound, (await Assignments.GiveBackAsync(999, people[1])).Result);
    }

    [Fact]
    public async Task HolderLeaves_GoesOn_WithinAConnectionsGraceItStays()
    {
        var (vip, people) = await HeldAsync("Ana");
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        await Node.Database.WriteAsync(s => s.ExecuteAsync("DELETE FROM moderator_connections WHERE moderator_id = @id", ("id", people[0])));
        var tab = await Node.ConnectAsync(people[0]);
        await Node.Orchestrator.HandleUserDisconnectedAsync(tab);
        await Node.RotateAsync();
        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));

        Clock.Advance(Node.Options.GracePeriod);
        await Node.EndGraceAsync();
        await Node.RotateAsync();

        Assert.Equal(ben, await Node.HolderAsync(vip.Id));
        Assert.Equal(ReleaseCause.Left, Assert.Single(await Queries.LostByAsync(people[0])).EndCause);
    }

    [Fact]
    public async Task HolderAway_KeepsItForTheGraceOfTheSetting()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben");
        await Node.Get<SettingsService>().ChangeAsync(RoutingSettings.AwayGraceKey.Key, 120, null);
        await Node.Orchestrator.ChoosePresenceAsync(people[0], PresenceState.Away);

        Clock.Advance(Seconds(119));
        await Node.RotateAsync();
        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));

        Clock.Advance(Seconds(1));
        await Node.RotateAsync();
        Assert.Equal(people[1], await Node.HolderAsync(vip.Id));
        Assert.Equal(ReleaseCause.Away, Assert.Single(await Queries.LostByAsync(people[0])).EndCause);
    }

    [Fact]
    public async Task AnAdmin_AssignsReleasesPausesAndSetsWhoMay()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben", "Cleo");
        var admin = people[2];

        var taken = await Assignments.AssignProfileToModeratorAsync(vip.Id, people[1], admin);
        Assert.Equal(HoldResult.Done, taken.Result);
        Assert.Equal(HoldResult.Unchanged, (await Assignments.AssignProfileToModeratorAsync(vip.Id, people[1], admin)).Result);
        Assert.Equal((ReleaseCause.Admin, "Cleo"), await LastLossAsync(people[0]));

        await Assignments.ReleaseProfileAsync(vip.Id, admin);
        Assert.Equal(people[2], await Node.HolderAsync(vip.Id));

        Assert.Equal(HoldResult.Done, (await Assignments.SetPausedAsync(vip.Id, true, admin)).Result);
        Assert.Equal(HoldResult.Unchanged, (await Assignments.SetPausedAsync(vip.Id, true, admin)).Result);
        Assert.Equal(HoldResult.Paused, (await Assignments.AssignProfileToModeratorAsync(vip.Id, people[1], admin)).Result);
        await Node.RotateAsync();
        Assert.Null(await Node.HolderAsync(vip.Id));
        await Assignments.SetPausedAsync(vip.Id, false, admin);
        await Node.RotateAsync();
        Assert.NotNull(await Node.HolderAsync(vip.Id));

        // Nobody but Ana may: whoever has it loses it to her.
        await Node.Database.WriteAsync(async s =>
        {
            await s.Db.Profiles.Where(p => p.Id == vip.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Restricted, true));
            s.Db.ProfileModerators.Add(new ProfileModerator { ProfileId = vip.Id, ModeratorId = people[0] });
            await s.Db.SaveChangesAsync();
        });
        await Node.RotateAsync();
        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
        Assert.Equal(HoldResult.NotAllowed, (await Assignments.AssignProfileToModeratorAsync(vip.Id, people[1], admin)).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Assign_ToWhoCannot_IsRefusedWithTheReason()
    {
        var (vip, people) = await HeldAsync("Ana");
        var absent = await Node.AddModeratorAsync("Ben");
        Assert.Equal(HoldResult.NotPresent, (await Assignments.AssignProfileToModeratorAsync(vip.Id, absent, null)).Result);
        Assert.Equal(HoldResult.Disabled, (await Assignments.AssignProfileToModeratorAsync(vip.Id, 999, null)).Result);
        Assert.Equal(HoldResult.NotFound, (await Assignments.AssignProfileToModeratorAsync(999, people[0], null)).Result);
        Assert.Equal(HoldResult.NotExclusive, (await Assignments.AssignProfileToModeratorAsync(Profile.Id, people[0], null)).Result);
        var held = await Assignments.AssignProfileToModeratorAsync(vip.Id, absent, null);
        Assert.Equal((people[0], "Ana"), (held.HeldById, held.HeldByName));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Locked_ForSomebodyElse_IsGivenToNobodyElseForHalfASecond()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");

        var mine = await Assignments.LockProfileForAssignmentAsync(vip.Id, people[1]);

        Assert.Equal((true, Clock.Now.AddMilliseconds(500)), (mine.Succeeded, mine.ExpiresAt));
        var refused = await Assignments.AssignProfileToModeratorAsync(vip.Id, people[0], null);
        Assert.Equal((HoldResult.Locked, people[1], "Ben"), (refused.Result, refused.HeldById, refused.HeldByName));
        // Ana is first in the line, but it is being given to Ben.
        await Node.RotateAsync();
        Assert.Equal(people[1], await Node.HolderAsync(vip.Id));
        Assert.True(await Assignments.UnlockProfileAsync(vip.Id, mine.Token));
    }

    [Fact]
    public async Task Locked_ItsEnd_NeedsNoCleaner()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana");
        var absent = await Node.AddModeratorAsync("Ben");
        await Assignments.LockProfileForAssignmentAsync(vip.Id, absent);
        await Node.RotateAsync();
        Assert.Null(await Node.HolderAsync(vip.Id));

        Clock.Advance(Seconds(0.5));
        await Node.RotateAsync();

        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
    }

    [Fact]
    public async Task Limit_NobodyHoldsMoreThanTheSetting_AlsoAtOnce()
    {
        var profiles = new List<long>();
        for (var i = 0; i < 6; i++) profiles.Add((await Node.AddExclusiveAsync($"p{i}")).Id);
        var people = await Node.AddOnlineAsync("Ana");
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");

        var outcomes = await AtOnce.Async([.. profiles.Select((p, i) => (Func<Task<HoldOutcome>>)(() =>
            (i % 2 == 0 || second is null ? Node : second).Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(p, people[0], null)))]);

        Assert.Equal((3, 3), (outcomes.Count(o => o.Result == HoldResult.Done), outcomes.Count(o => o.Result == HoldResult.AtLimit)));
        await Node.Get<SettingsService>().ChangeAsync(RoutingSettings.MaxProfilesKey.Key, 5, null);
        await Node.RotateAsync();
        Assert.Equal(5, (await Node.ModeratorAsync(people[0])).HeldProfiles);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task SecondHolder_ByAnyWriter_IsRefusedByTheDatabase()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben");

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => Node.Database.WriteAsync(s => s.ExecuteAsync(
            "INSERT INTO moderator_profile_assignments (profile_id, moderator_id, assigned_at, cause, holder_version) VALUES (@p, @m, @now, 'Api', 9)",
            ("p", vip.Id), ("m", people[1]), ("now", Clock.Now))));
    }

    [Fact]
    public async Task Shared_FromExclusive_HasNoHolderAnyMore()
    {
        var (vip, _) = await HeldAsync("Ana");
        await Node.Database.WriteAsync(s => s.Db.Profiles.Where(p => p.Id == vip.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Mode, ProfileMode.Shared)));

        await Node.RotateAsync();

        Assert.Null(await Node.HolderAsync(vip.Id));
        Assert.Empty((await Line.GetQueueStatusAsync()).Line);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task TwoProfiles_OneWaitsWithNone_TheRebalancingSharesThem()
    {
        var (first, people) = await HeldAsync("Ana");
        var second = await Node.AddExclusiveAsync("second");
        await Node.RotateAsync();
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        await Node.RotateAsync();
        Assert.Null((await Assignments.RebalanceModeratorLoadAsync()) is { ProfilesMoved: 0 } ? null : "moved within five minutes");

        Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(1, (await Assignments.RebalanceModeratorLoadAsync()).ProfilesMoved);

        Assert.Equal((ben, people[0]), (await Node.HolderAsync(first.Id), await Node.HolderAsync(second.Id)));
        Assert.Equal(ReleaseCause.Rebalance, Assert.Single(await Queries.LostByAsync(people[0])).EndCause);
        Assert.Equal(0, (await Assignments.RebalanceModeratorLoadAsync()).ProfilesMoved);
    }

    [Fact]
    public async Task Board_AndHeldProfiles_SayWhoHasWhat()
    {
        var (vip, people) = await HeldAsync("Ana", "Ben");

        var board = await Queries.BoardAsync();

        var row = Assert.Single(board.Profiles);
        Assert.Equal((vip.Id, people[0], "Ana", Clock.Now.AddSeconds(-1)), (row.Id, row.HolderId, row.HolderName, row.HolderSince));
        Assert.Equal([("Ana", 1, 2), ("Ben", 0, 1)], board.People.Select(p => (p.Name, p.HeldProfiles, p.Position ?? 0)));
        Assert.Equal([vip.Id], Assert.Single(board.People, p => p.Name == "Ben").MayServe);
        Assert.Equal(vip.Id, Assert.Single(await Queries.HeldByAsync(people[0])).ProfileId);
    }

    /// <summary>An exclusive profile that the first of these people holds; the others wait in this order.</summary>
    private async Task<(Profile Profile, long[] People)> HeldAsync(params string[] names)
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync(names);
        await Node.RotateAsync();
        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
        Clock.Advance(Seconds(1));
        return (vip, people);
    }

    private async Task<(ReleaseCause?, string?)> LastLossAsync(long moderatorId) =>
        (await Queries.LostByAsync(moderatorId)) is [var last, ..] ? (last.EndCause, last.EndedBy) : (null, null);

    private static async Task<IReadOnlySet<LiveEvent>> NextAsync(LiveSubscription live)
    {
        await using var reader = live.ReadAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().InTime());
        return reader.Current;
    }
}
