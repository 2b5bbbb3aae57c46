using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachPromptOnSqlite(PostgresServer postgres) : OutreachPromptCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachPromptOnPostgres(PostgresServer postgres) : OutreachPromptCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The queue as it runs: what a process plans leaves at its moment, and under the same limits as what a look finds.</summary>
public abstract class OutreachPromptCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private readonly List<DispatcherFixture> _running = [];
    private readonly TaskCompletionSource _held = new();

    public override async ValueTask DisposeAsync()
    {
        _held.TrySetResult();
        await StopAllAsync();
        foreach (var node in _running.Where(n => n != Node)) await node.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Planned_LeavesAtOnceOrAtItsMoment()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 3);
        await RunningAsync(Node);

        var now = await PlannedAsync("send_followup_A1", prospects[0]);
        await SentAsync(now);

        var (soon, later) = (await PlannedAsync("send_followup_A1", prospects[1], Clock.Now.AddMilliseconds(400)), await PlannedAsync("send_followup_A1", prospects[2], Clock.Now.AddMilliseconds(900)));
        Clock.Advance(TimeSpan.FromMilliseconds(399));
        Assert.Equal(ActionStatus.Pending, await StatusAsync(soon));
        await SentAsync(soon, within: TimeSpan.FromMilliseconds(100));
        Assert.Equal(ActionStatus.Pending, await StatusAsync(later));
        Clock.Advance(TimeSpan.FromMilliseconds(400));
        await SentAsync(later, within: TimeSpan.FromMilliseconds(200));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Planned_ForNow_IsStartedByTheTransactionThatStoresIt()
    {
        var account = await AccountAsync();
        HoldSends();
        await RunningAsync(Node);

        for (var i = 0; i < 3; i++) Assert.Equal(ActionStatus.Sending, await StatusOfPlannedAsync(account));

        _held.SetResult();
        await StopAllAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Planned_ForNowOfTwoAccountsTogether_EachLeavesOnce()
    {
        var prospects = new[] { (await ProspectsAsync(await AccountAsync(), 1))[0], (await ProspectsAsync(await AccountAsync(), 1))[0] };
        await RunningAsync(Node);

        var ids = await Task.WhenAll(prospects.Select(p => PlannedAsync("send_followup_A1", p)));

        foreach (var id in ids) await SentAsync(id);
        await StopAllAsync();
        Assert.Equal(2, Node.Gateway.Sent.Count);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Planned_ForNowOverTheQuota_IsStoredAndWaits()
    {
        var account = await AccountAsync(Plan(followup: 1));
        var prospects = await ProspectsAsync(account, 2);
        await RunningAsync(Node);

        await SentAsync(await PlannedAsync("send_followup_A1", prospects[0]));
        var second = await PlannedAsync("send_followup_A1", prospects[1]);

        await LookedAsync();
        await StopAllAsync();
        Assert.Equal((ActionStatus.Pending, 1), (await StatusAsync(second), Node.Gateway.Sent.Count));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Planned_AfterTheLeaseWasLost_IsStoredAndLeavesOnceWithTheNextLease()
    {
        var prospects = await ProspectsAsync(await AccountAsync(), 2);
        await RunningAsync(Node);
        await SentAsync(await PlannedAsync("send_followup_A1", prospects[0]));
        // The process does not know it: the start is refused, and must not undo the plan.
        await Node.Database.WriteAsync(session => session.Db.Leases.ExecuteDeleteAsync());

        var id = await PlannedAsync("send_followup_A1", prospects[1]);

        await Eventually.Async(async () =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(200));
            return await StatusAsync(id) == ActionStatus.Success;
        });
        await StopAllAsync();
        Assert.Equal(2, Node.Gateway.Sent.Count);
        await AssertSoundAsync(noErrors: false);
    }

    [Fact]
    public async Task Along_WhoseTransactionFails_LeavesAccountAndPlaceToTheNext()
    {
        var account = await AccountAsync();
        HoldSends();
        await RunningAsync(Node);
        for (var i = 0; i < Options.Parallel + 1; i++)
        {
            ClaimAlong? along = null;
            await Eventually.Async(async () => (along = await AlongAsync()) is not null);
            await Assert.ThrowsAsync<InvalidOperationException>(() => Node.Database.WriteAsync(async session =>
            {
                Assert.Empty(await along!.TakeAsync(session, [new DueActions(account, ActionType.Followup, Clock.Now)], Clock.Now));
                throw new InvalidOperationException("somebody else's fault");
            }));
            along!.OnFailed();
        }

        Assert.Equal(ActionStatus.Sending, await StatusOfPlannedAsync(account));

        _held.SetResult();
        await StopAllAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Along_ThatFaults_IsTakenForRefusedAndLeavesThePlanAlone()
    {
        var account = await AccountAsync();
        HoldSends();
        await RunningAsync(Node);
        ClaimAlong? along = null;
        await Eventually.Async(async () => (along = await AlongAsync()) is not null);
        DueActions[] planned = [new(account, ActionType.Followup, Clock.Now)];

        await Assert.ThrowsAsync<StaleReadException>(() => along!.TakeAsync(null!, planned, Clock.Now));
        Assert.Equal(planned, await along!.TakeAsync(null!, planned, Clock.Now));
        along.OnCommitted();
        along.OnFailed();

        Assert.Equal(ActionStatus.Sending, await StatusOfPlannedAsync(account));
        _held.SetResult();
        await StopAllAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task PausedWithoutOurKnowing_NothingLeaves()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 2);
        await RunningAsync(Node);
        // As another process does it: this one is told nothing.
        await Node.Database.WriteAsync(session => session.Db.Accounts.Where(a => a.Id == account)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.State, AccountState.Paused).SetProperty(a => a.Version, a => a.Version + 1)));
        var id = await PlannedAsync("send_followup_A1", prospects[0]);
        await LookedAsync();
        await StopAllAsync();
        Assert.Equal((ActionStatus.Pending, 0), (await StatusAsync(id), Node.Gateway.Sent.Count));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Claim_AfterSomebodyElseFoundABacklog_IsRefusedAndLeavesItsPaceAlone()
    {
        var account = await AccountAsync();
        var prospect = (await ProspectsAsync(account, 1))[0];
        var id = await PlannedAsync("send_followup_A1", prospect);
        AccountFacts facts;
        await using (var db = Node.Database.Read()) facts = (await AccountReader.FindAsync(db, account))!;
        var resumed = Clock.Now.AddMinutes(-1);
        await Node.Database.WriteAsync(session => session.Db.Accounts.Where(a => a.Id == account).ExecuteUpdateAsync(set => set.SetProperty(a => a.ResumedAt, resumed)));

        var claim = await Node.Database.WriteAsync(session => ActionClaims.ClaimDueAsync(session, facts, [(ActionType.Followup, Clock.Now)], 10, "owner", Clock.Now, Options));

        Assert.Equal(0, claim.Count);
        Assert.Equal((resumed, ActionStatus.Pending), ((await ReadAccountAsync(account)).ResumedAt, await StatusAsync(id)));
        Assert.Equal(1, await RunAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Claim_KnowingOnlyWhatIsFresh_LetsOneOfABacklogLeave()
    {
        var account = await AccountAsync();
        foreach (var prospect in await ProspectsAsync(account, 5)) await PlannedAsync("send_followup_A1", prospect);
        Clock.Advance(TimeSpan.FromHours(1));
        await Node.Database.WriteAsync(session => session.Db.Accounts.Where(a => a.Id == account).ExecuteUpdateAsync(set => set.SetProperty(a => a.ResumedAt, Clock.Now)));
        AccountFacts facts;
        await using (var db = Node.Database.Read()) facts = (await AccountReader.FindAsync(db, account))!;

        var claim = await Node.Database.WriteAsync(session => ActionClaims.ClaimDueAsync(session, facts, [(ActionType.Followup, Clock.Now)], 10, "owner", Clock.Now, Options));

        Assert.Equal(1, claim.Count);
    }

    [Fact]
    public async Task Planned_OntoABacklog_DoesNotHurryIt()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 30);
        foreach (var prospect in prospects[.. 20]) await PlannedAsync("send_followup_A1", prospect);
        Clock.Advance(TimeSpan.FromHours(2));
        await RunningAsync(Node);
        await Eventually.Async(() => Node.Gateway.Sent.Count == 1);
        Assert.NotNull((await ReadAccountAsync(account)).ResumedAt);

        for (var i = 0; i < 5; i++)
        {
            Clock.Advance(Options.CatchUpGap);
            await PlannedAsync("send_followup_A1", prospects[20 + i]);
            await Eventually.Async(() => Node.Gateway.Sent.Count >= i + 2);
        }

        await StopAllAsync();
        Assert.Equal(6, Node.Gateway.Sent.Count);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Claim_AfterTheChannelsCredentialsChanged_IsRefused()
    {
        var account = await AccountAsync();
        await PlannedAsync("send_followup_A1", (await ProspectsAsync(account, 1))[0]);
        AccountFacts facts;
        await using (var db = Node.Database.Read()) facts = (await AccountReader.FindAsync(db, account))!;
        await Node.Database.WriteAsync(session => session.Db.Channels.Where(c => c.Id == Profile.ChannelId).ExecuteUpdateAsync(set => set.SetProperty(c => c.ProtectedToken, "another")));

        Assert.Equal(0, (await Node.Database.WriteAsync(session => ActionClaims.ClaimDueAsync(session, facts, [(ActionType.Followup, Clock.Now)], 10, "owner", Clock.Now, Options))).Count);
        Assert.Equal(1, await RunAsync());
    }

    [Fact]
    public async Task Storm_OfPlansOnTwoNodes_EachLeavesOnceAndNoneOverItsQuota()
    {
        const int quota = 40, each = 30;
        var other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
        var accounts = new[] { await AccountAsync(Plan(followup: quota)), await AccountAsync(Plan(followup: quota)), await AccountAsync() };
        var prospects = new List<long[]>();
        foreach (var account in accounts) prospects.Add(await ProspectsAsync(account, 2 * each));
        await RunningAsync(Node);
        if (other != Node) await RunningAsync(other);

        await AtOnceAsync(prospects.SelectMany(p => new Func<Task<bool>>[] { () => PlanAsync(Node, p[.. each]), () => PlanAsync(other, p[each ..]) }).ToArray());

        var expected = (2 * quota) + (2 * each);
        await Eventually.Async(async () => await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Success)) == expected);
        await LookedAsync();
        await StopAllAsync();
        var sent = Node.Gateway.Sent.Concat(other == Node ? [] : other.Gateway.Sent).Select(m => m.Id).ToList();
        Assert.Equal((expected, expected), (sent.Count, sent.Distinct().Count()));
        Assert.Equal((2 * 2 * each) + (2 * each) - expected, await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending)));
        await AssertSoundAsync();
    }

    private static async Task<bool> PlanAsync(DispatcherFixture node, long[] prospects)
    {
        foreach (var prospect in prospects)
        {
            var outcome = await node.Get<Actions>().PlanAsync(new NewAction("send_followup_A1", prospect, null, "hello"));
            Assert.Equal(ActionResult.Scheduled, outcome.Result);
        }
        return true;
    }

    private async Task RunningAsync(DispatcherFixture node)
    {
        await node.Get<OutreachNode>().StartAsync(CancellationToken.None);
        await node.Get<ActionQueueJob>().StartAsync(CancellationToken.None);
        _running.Add(node);
        await Eventually.Async(() => node.Get<ActionQueueJob>().LastPassAt is not null);
    }

    /// <summary>Returns when everything on its way is recorded.</summary>
    private async Task StopAllAsync()
    {
        foreach (var node in _running)
        {
            await node.Get<ActionQueueJob>().StopAsync(CancellationToken.None);
            await node.Get<OutreachNode>().StopAsync(CancellationToken.None);
        }
    }

    private async Task<ClaimAlong?> AlongAsync()
    {
        await Node.Get<OutreachNode>().HoldAsync();
        return await Node.Get<OutreachSignal>().Along!();
    }

    /// <summary>What the row says when the planner is answered. A lease ages in real time: where the machine stood still for so long, it is asked again.</summary>
    private async Task<ActionStatus> StatusOfPlannedAsync(long account)
    {
        var node = Node.Get<OutreachNode>();
        while (true)
        {
            await node.HoldAsync();
            var status = await StatusAsync(await PlannedAsync("send_followup_A1", (await ProspectsAsync(account, 1))[0]));
            if (node.Held is not null) return status;
        }
    }

    /// <summary>The gateway answers when the test says so.</summary>
    private void HoldSends() => Node.Gateway.OnSend = async (message, _) =>
    {
        await _held.Task;
        return SendResult.Sent($"sent-{message.Id}");
    };

    private Task SentAsync(long id) => Eventually.Async(async () => await StatusAsync(id) == ActionStatus.Success);

    /// <summary>Time goes on meanwhile: whoever read the clock just before it was moved set his timer from there, and is that much late.</summary>
    private Task SentAsync(long id, TimeSpan within)
    {
        var end = Clock.Now + within;
        return Eventually.Async(async () =>
        {
            if (Clock.Now < end) Clock.Advance(TimeSpan.FromMilliseconds(1));
            return await StatusAsync(id) == ActionStatus.Success;
        });
    }

    /// <summary>Every queue that runs made a pass that began after this was called: the one of the second time began after the first.</summary>
    private async Task LookedAsync()
    {
        for (var times = 0; times < 2; times++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            var now = Clock.Now;
            foreach (var job in _running.Select(n => n.Get<ActionQueueJob>()))
            {
                job.Wake();
                await Eventually.Async(() => job.LastPassAt >= now);
            }
        }
    }
}
