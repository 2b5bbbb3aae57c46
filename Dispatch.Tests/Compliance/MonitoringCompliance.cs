using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MonitoringOnSqlite(PostgresServer postgres) : MonitoringCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MonitoringOnPostgres(PostgresServer postgres) : MonitoringCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The watch over assignments: what it repairs, what it raises once, and that one node does it.</summary>
public abstract class MonitoringCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private ProfileAssignmentMonitoringTask Watch => Node.Get<ProfileAssignmentMonitoringTask>();

    [Fact]
    public async Task Healthy_FindsNothing()
    {
        await Node.AddExclusiveAsync("vip");
        await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(15));

        var report = await Watch.HandleAsync(Clock.Now);

        Assert.Equal((0, 0, 7), (report.Open, report.Raised, report.Checks.Count));
        Assert.All(report.Checks, c => Assert.Equal((0, false), (c.Found, c.Failed)));
    }

    [Fact]
    public async Task FreeProfileBesideSomebodyWhoWaits_IsHandedOver()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        // Rotation forgot it: the holder went without anybody noticing.
        await BreakAsync("UPDATE moderator_profile_assignments SET ended_at = @now, end_cause = 'Admin'", ("now", Clock.Now));
        await BreakAsync("UPDATE moderators SET held_profiles = 0");
        await BreakAsync("UPDATE profiles SET holder_id = NULL, holder_since = NULL, free_since = @now", ("now", Clock.Now));
        Clock.Advance(Seconds(15));

        var report = await Watch.HandleAsync(Clock.Now);

        Assert.NotNull(await Node.HolderAsync(vip.Id));
        Assert.Contains(report.Checks, c => c is { Check: nameof(AssignmentChecks.MonitorQueueStatusAsync), Found: 1, Repaired: 1 });
        Assert.Equal((FindingKind.FreeThoughWaited, true), await OnlyFindingAsync());
        Assert.Contains((await Node.HolderAsync(vip.Id))!.Value, people);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task WrongHolderAndWrongOwner_AreRepaired()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        var conversation = await Node.OpenAsync(vip, "33600");
        // Given to Ben behind everybody's back, whom the line had made wait.
        await BreakAsync("UPDATE conversations SET owner_id = @ben", ("ben", people[1]));
        await BreakAsync("UPDATE moderators SET open_count = CASE WHEN id = @ben THEN 1 ELSE 0 END", ("ben", people[1]));

        await Watch.HandleAsync(Clock.Now);
        Assert.Equal(people[0], (await Node.ConversationAsync(conversation.Id)).OwnerId);

        // The restriction arrived by another way than the page.
        Clock.Advance(Seconds(15));
        await BreakAsync("UPDATE profiles SET restricted = @yes WHERE id = @id", ("yes", true), ("id", vip.Id));
        await BreakAsync("INSERT INTO profile_moderators (profile_id, moderator_id) VALUES (@id, @ben)", ("id", vip.Id), ("ben", people[1]));
        var report = await Watch.HandleAsync(Clock.Now);
        Assert.Equal(people[1], await Node.HolderAsync(vip.Id));
        Assert.Contains(report.Checks, c => c is { Check: nameof(AssignmentChecks.ValidateAssignmentRulesAsync), Found: 1, Repaired: 1 });
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task StoredTwice_AndNotTheSame_TheProfileIsBelieved()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var second = await Node.AddExclusiveAsync("second");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        await BreakAsync("UPDATE moderators SET held_profiles = 2");
        await BreakAsync("UPDATE moderator_profile_assignments SET moderator_id = @ben WHERE profile_id = @id", ("ben", people[1]), ("id", vip.Id));
        await BreakAsync("DELETE FROM moderator_profile_assignments WHERE profile_id = @id", ("id", second.Id));

        var report = await Watch.HandleAsync(Clock.Now);

        Assert.Contains(report.Checks, c => c is { Check: nameof(AssignmentChecks.CleanInconsistentAssignmentsAsync), Found: > 3 } && c.Found == c.Repaired);
        await Node.AssertConsistentAsync();
        Assert.All(await Node.ReadAsync(db => db.ProfileAssignments.Where(a => a.EndedAt == null).ToListAsync()), a => Assert.Equal(Clock.Now, a.LastActivityCheck));
        Clock.Advance(Seconds(15));
        Assert.Equal(0, (await Watch.HandleAsync(Clock.Now)).Checks.Sum(c => c.Found));
    }

    [Fact]
    public async Task Orphan_IsRaisedOnce_CountsWhileItLasts_AndIsResolvedWhenItIsOver()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        await Node.OpenAsync(vip, "33600");
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(Seconds(15));
            Assert.Equal((1, i == 0 ? 1 : 0), await OpenAndRaisedAsync());
        }
        var finding = Assert.Single((await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items);
        Assert.Equal((FindingKind.OrphanProfile, vip.Id, 3, false), (finding.Kind, finding.ProfileId, finding.Count, finding.ResolvedAt is not null));
        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal((AlertKind.Assignment, AlertSeverity.Critical, "finding:" + finding.Key, "OrphanProfile", $"profile {vip.Id}", finding.FirstSeenAt),
            (alert.Kind, alert.Severity, alert.DedupeKey, alert.Subject, alert.Details, alert.FirstSeenAt));

        await Node.AddOnlineAsync("Ana");
        await Node.RotateAsync();
        Clock.Advance(Seconds(15));
        Assert.Equal((0, 0), await OpenAndRaisedAsync());
        Assert.Equal(Clock.Now, Assert.Single((await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items).ResolvedAt);
        Assert.Empty((await Node.Get<ProfileQueries>().FindingsAsync(0, 10, FindingState.Open)).Items);
        Assert.Single((await Node.Get<ProfileQueries>().FindingsAsync(0, 10, FindingState.Over, FindingKind.OrphanProfile)).Items);
        Assert.Empty((await Node.Get<ProfileQueries>().FindingsAsync(0, 10, FindingState.Repaired)).Items);
        Assert.Empty(await AlertsAsync());
        Assert.Equal((Clock.Now, null), await Node.ReadAsync(async db => (await db.Alerts.SingleAsync()) is var a ? (a.ResolvedAt, a.ResolvedBy) : default));
    }

    [Fact]
    public async Task AlertOfAFinding_PutAway_DoesNotComeBackWhileItLasts_AndDoesWhenItComesBack()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        await Node.OpenAsync(vip, "33600");
        Clock.Advance(Seconds(15));
        await Watch.HandleAsync(Clock.Now);
        Assert.True(await Node.Get<AlertStore>().ResolveAsync(Assert.Single(await AlertsAsync()).Id, null));
        Clock.Advance(Seconds(15));
        await Watch.HandleAsync(Clock.Now);
        Assert.Empty(await AlertsAsync());

        var ana = (await Node.AddOnlineAsync("Ana"))[0];
        await Node.RotateAsync();
        Clock.Advance(Seconds(15));
        await Watch.HandleAsync(Clock.Now);
        await Node.Orchestrator.HandleUserLeftAsync(ana);
        await Node.RotateAsync();
        await Node.ReceiveAsync(vip, "33600", "still there?");
        Clock.Advance(Seconds(15));
        await Watch.HandleAsync(Clock.Now);

        Assert.Single(await AlertsAsync());
        Assert.Equal(2, await Node.ReadAsync(db => db.Alerts.CountAsync()));
    }

    [Fact]
    public async Task Repaired_IsAFindingAndNoAlert()
    {
        await Node.AddExclusiveAsync("vip");
        await Node.AddOnlineAsync("Ana");
        await Node.RotateAsync();
        await BreakAsync("UPDATE moderators SET held_profiles = 2");

        await Watch.HandleAsync(Clock.Now);

        Assert.NotEmpty((await Node.Get<ProfileQueries>().FindingsAsync(0, 10, FindingState.Repaired)).Items);
        Assert.Empty(await AlertsAsync());
    }

    [Fact]
    public async Task LongWait_AndOverTheLimit_AreRaised()
    {
        await Node.AddExclusiveAsync("vip");
        await Node.AddExclusiveAsync("second");
        var people = await Node.AddOnlineAsync("Ana");
        await Node.RotateAsync();
        await Node.Get<Core.Settings.SettingsService>().ChangeAsync("routing.maxProfiles", 1, null);
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        await Node.RotateAsync();
        Clock.Advance(TimeSpan.FromHours(2));

        await Watch.HandleAsync(Clock.Now);

        var found = (await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items;
        Assert.Equal([(FindingKind.OverLimit, people[0]), (FindingKind.LongWait, ben)], found.Select(f => (f.Kind, f.ModeratorId!.Value)).OrderBy(f => f.Item2));
    }

    [Fact]
    public async Task FaultInOneCheck_IsRaisedAndStopsNoneOfTheOthers()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        await Node.OpenAsync(vip, "33600");
        Clock.Advance(Seconds(15));
        await BreakAsync("ALTER TABLE wait_observations RENAME TO lost_observations");

        var report = await Watch.HandleAsync(Clock.Now);

        Assert.True(Assert.Single(report.Checks, c => c.Failed) is { Check: nameof(AssignmentChecks.CleanupExpiredStatesAsync) });
        Assert.Contains(report.Checks, c => c is { Check: nameof(AssignmentChecks.DetectOrphanProfilesAsync), Found: 1 });
        Assert.Equal([FindingKind.OrphanProfile, FindingKind.CheckFailed], (await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items.Select(f => f.Kind).Order());
        await BreakAsync("ALTER TABLE lost_observations RENAME TO wait_observations");
        Clock.Advance(Seconds(15));
        Assert.Equal((1, 0), await OpenAndRaisedAsync());
    }

    [Fact]
    public async Task Round_IsMadeByOneNode_AndByAnotherWhenItsLeaseIsOver()
    {
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        var (mine, theirs) = (Node.Get<Leases>(), (second ?? Node).Get<Leases>());
        const string name = "a-task";
        var first = (await mine.TryAcquireAsync(name, "node-1", Seconds(0.4)))!;
        Assert.Null(await theirs.TryAcquireAsync(name, "node-2", Seconds(0.4)));
        Assert.Equal(first, await mine.TryAcquireAsync(name, "node-1", Seconds(0.4)));
        Assert.True(await Node.Database.WriteAsync(s => Leases.HoldsAsync(s, first)));

        // SQLite goes by the clock of its one process, the others by the server's.
        if (Provider == DatabaseProvider.Sqlite) Clock.Advance(Seconds(1));
        HeldLease? next = null;
        await Eventually.Async(async () => (next = await theirs.TryAcquireAsync(name, "node-2", Seconds(30))) is not null);

        Assert.Equal(first.Epoch + 1, next!.Epoch);
        Assert.False(await Node.Database.WriteAsync(s => Leases.HoldsAsync(s, first)));
        Assert.False(await mine.ReleaseAsync(first));
        Assert.True(await theirs.ReleaseAsync(next));
        Assert.Equal(next.Epoch + 1, (await mine.TryAcquireAsync(name, "node-1", Seconds(30)))!.Epoch);
    }

    [Fact]
    public async Task Lease_WantedByManyAtOnce_IsOneNodes()
    {
        var granted = await AtOnce.Async([.. Enumerable.Range(0, 8).Select(i => (Func<Task<HeldLease?>>)(() => Node.Get<Leases>().TryAcquireAsync("busy", $"n{i}", Seconds(60))))]);

        Assert.Single(granted, g => g is not null);
        Assert.True(await Watch.RunOnceAsync());
    }

    private async Task<IReadOnlyList<Alert>> AlertsAsync() => (await Node.Get<AlertStore>().ListAsync(new AlertSearch())).Items;

    private async Task<(int Open, int Raised)> OpenAndRaisedAsync()
    {
        var report = await Watch.HandleAsync(Clock.Now);
        return (report.Open, report.Raised);
    }

    private async Task<(FindingKind, bool)> OnlyFindingAsync()
    {
        var finding = Assert.Single((await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items);
        return (finding.Kind, finding.Repaired);
    }

    private Task BreakAsync(string sql, params (string, object?)[] arguments) => Node.Database.WriteAsync(s => s.ExecuteAsync(sql, arguments));
}
