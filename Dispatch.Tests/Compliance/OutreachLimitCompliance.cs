using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachLimitOnSqlite(PostgresServer postgres) : OutreachLimitCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachLimitOnPostgres(PostgresServer postgres) : OutreachLimitCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Quota, gap, pace of a backlog, failures and the breaker.</summary>
public abstract class OutreachLimitCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    [Fact]
    public async Task Quota_IsReachedAndThenWaitsForTheAccountsNextDay()
    {
        // 8:00 UTC is 21:00 of the same day in Auckland: its day ends three hours later.
        var account = await AccountAsync(Plan(followup: 3), "Pacific/Auckland");
        foreach (var p in await ProspectsAsync(account, 5)) await PlannedAsync("send_followup_A1", p);

        Assert.Equal(3, await RunAsync());
        Assert.Equal(0, await RunAsync());
        var waiting = (await Queries.ActionsAsync(new ActionSearch(ActionStatus.Pending, account))).Items;
        var tomorrow = new DateTime(2026, 3, 2, 11, 0, 0, DateTimeKind.Utc);
        Assert.Equal([(WaitReason.Quota, tomorrow), (WaitReason.Quota, tomorrow + Options.CatchUpGap)], waiting.Select(w => (w.WhyNotYet!.Value, w.ExpectedAt!.Value)));

        // What the day before left over is overdue: it is paced like all that is, and leaves when it was said to.
        Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal(1, await RunAsync());
        Clock.Advance(Options.CatchUpGap);
        Assert.Equal(1, await RunAsync());
        Assert.Equal([(20260302, 3), (20260303, 2)], (await Node.ReadAsync(db => db.AccountDays.OrderBy(d => d.Day).ToListAsync())).Select(d => (d.Day, d.Used)));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Gap_LetsOneLeaveAtATime()
    {
        var account = await AccountAsync(Plan(gap: 30));
        foreach (var p in await ProspectsAsync(account, 3)) await PlannedAsync("send_followup_A1", p);

        Assert.Equal(1, await RunAsync());
        Assert.Equal(0, await RunAsync());
        var waiting = (await Queries.ActionsAsync(new ActionSearch(ActionStatus.Pending, account))).Items;
        Assert.Equal([Clock.Now.AddSeconds(30), Clock.Now.AddSeconds(60)], waiting.Select(w => w.ExpectedAt!.Value));
        Assert.Equal(WaitReason.Gap, waiting[0].WhyNotYet);
        Clock.Advance(Seconds(30));
        Assert.Equal(1, await RunAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Resumed_AfterAPause_PacesWhatIsOverdue()
    {
        var account = await AccountAsync();
        var accounts = AccountOf();
        foreach (var p in await ProspectsAsync(account, 6)) await PlannedAsync("send_followup_A1", p);
        Assert.Equal(AccountResult.Done, (await accounts.PauseAsync(account)).Result);
        Assert.Equal(0, await RunAsync());
        Assert.All((await Queries.ActionsAsync(new ActionSearch(ActionStatus.Pending, account))).Items, a => Assert.Equal(WaitReason.Paused, a.WhyNotYet));
        Clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(AccountResult.Done, (await accounts.ResumeAsync(account)).Result);

        Assert.Equal(1, await RunAsync());
        Assert.Equal(0, await RunAsync());
        Clock.Advance(Options.CatchUpGap);
        Assert.Equal(1, await RunAsync());

        // What is planned from now on is not backlog.
        for (var i = 0; i < 4; i++)
        {
            Clock.Advance(Options.CatchUpGap);
            await RunAsync();
        }
        foreach (var p in await ProspectsAsync(account, 4)) await PlannedAsync("send_followup_A1", p);
        Clock.Advance(Options.CatchUpGap);
        Assert.Equal(4, await RunAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Downtime_OfEveryProcess_IsNoBurstEither()
    {
        var account = await AccountAsync();
        foreach (var p in await ProspectsAsync(account, 6)) await PlannedAsync("send_followup_A1", p, Clock.Now.AddHours(1));
        Clock.Advance(TimeSpan.FromHours(20));
        await RestartAsync();

        Assert.Equal(1, await RunAsync());
        Assert.Equal(0, await RunAsync());
        Clock.Advance(Options.CatchUpGap);
        Assert.Equal(1, await RunAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task StepWithHours_OverdueInAnotherZone_WaitsForTheProspectsMorning()
    {
        Options.Sequences.A.Add(new FollowupStep { Delay = TimeSpan.FromDays(2), From = new TimeOnly(9, 0), To = new TimeOnly(18, 0) });
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Node.Database.WriteAsync(s => s.Db.Prospects.Where(p => p.Id == prospect).ExecuteUpdateAsync(set => set.SetProperty(p => p.TimeZone, "America/New_York")));
        var id = await PlannedAsync("send_followup_A1", prospect);

        await RunAsync();

        // 8:00 UTC is three in the morning there; nine is 14:00 UTC.
        Assert.Equal((ActionStatus.Pending, Clock.Now.Date.AddHours(14), 0), (await ActionAsync(id)) is var a ? (a.Status, a.DueAt, a.Attempts) : default);
        Clock.Advance(TimeSpan.FromHours(6));
        Assert.Equal(1, await RunAsync());
        Assert.Equal(ActionStatus.Success, await StatusAsync(id));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Failures_AreTriedAgainWithBackOffThenDeadAndRetriedByAPerson()
    {
        var account = await AccountAsync();
        var id = await PlannedAsync("send_followup_A1", await ProspectAsync(account));
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Refused));
        var waits = new List<double>();
        for (var i = 0; i < Options.MaxAttempts; i++)
        {
            Assert.Equal(1, await RunAsync());
            var row = await ActionAsync(id);
            if (row.Status != ActionStatus.Pending) break;
            waits.Add((row.DueAt - Clock.Now).TotalSeconds);
            Clock.Advance(TimeSpan.FromHours(2));
        }

        Assert.Equal(ActionStatus.Failed, await StatusAsync(id));
        Assert.Equal(Options.MaxAttempts - 1, waits.Count);
        Assert.All(waits.Select((w, n) => (w, First: 30 * Math.Pow(2, n))), x => Assert.InRange(x.w, x.First, x.First * 1.5));
        Assert.Equal(Options.MaxAttempts, (await LogsAsync(id)).Count(l => l.Status == ActionStatus.Failed && l.Error == nameof(SendFailure.Refused)));

        Node.Gateway.OnSend = null;
        Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(ActionResult.Scheduled, (await Actions.RetryAsync(id)).Result);
        Assert.Equal(ActionResult.WrongStatus, (await Actions.RetryAsync(id)).Result);
        await RunAsync();
        Assert.Equal(ActionStatus.Success, await StatusAsync(id));
        Assert.Equal(0, (await ReadAccountAsync(account)).Failures);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task AccountLimit_StopsTheAccountForADayAndLosesNothing()
    {
        var account = await AccountAsync();
        var ids = new List<long>();
        foreach (var p in await ProspectsAsync(account, 50)) ids.Add(await PlannedAsync("send_followup_A1", p));
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.AccountLimited));

        await RunAsync();

        // At most what was on its way when the first answer came.
        Assert.InRange(Node.Gateway.Sent.Count, 1, Options.ChunkSize * Options.Parallel);
        Assert.All(await Task.WhenAll(ids.Select(StatusAsync)), s => Assert.Equal(ActionStatus.Pending, s));
        Assert.Equal(Clock.Now.AddDays(1), (await ReadAccountAsync(account)).BreakerUntil);
        Assert.Equal(WaitReason.Breaker, (await Queries.AccountAsync(account))!.Blocked!.Reason);
        Node.Gateway.OnSend = null;
        Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(0, await RunAsync());
        var before = Node.Gateway.Sent.Count;
        Clock.Advance(TimeSpan.FromHours(1.1));
        // One goes first; the others follow at the pace of a backlog.
        Assert.Equal(1, await RunAsync());
        Assert.Equal(before + 1, Node.Gateway.Sent.Count);
        Assert.Equal((0, null), (await ReadAccountAsync(account)) is var row ? (row.Failures, row.BreakerUntil) : default);
        Clock.Advance(Options.CatchUpGap);
        Assert.Equal(1, await RunAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Failure_ThatIsTolerated_PacesNobody()
    {
        var account = await AccountAsync();
        var first = await PlannedAsync("send_followup_A1", await ProspectAsync(account));
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Unreachable));
        await RunAsync();
        Assert.Equal(1, (await ReadAccountAsync(account)).Failures);
        foreach (var p in await ProspectsAsync(account, 10)) await PlannedAsync("send_followup_A1", p);
        Node.Gateway.OnSend = null;

        // One shows that the gateway is well; no breaker was open, so the others do not wait.
        Assert.Equal(10, await RunAsync());

        Assert.Equal(ActionStatus.Pending, await StatusAsync(first));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task HeldHead_OlderThanTheBacklog_DoesNotPaceTheOthers()
    {
        var account = await AccountAsync();
        var stuck = await ProspectAsync(account);
        Node.Gateway.OnSend = (_, _) => throw new IOException("gone");
        await PlannedAsync(ActionKinds.FirstContact, stuck);
        await RunAsync();
        Node.Gateway.OnSend = null;
        var held = await PlannedAsync("send_followup_A1", stuck);
        Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync();
        foreach (var p in await ProspectsAsync(account, 5)) await PlannedAsync("send_followup_A1", p);

        Assert.Equal(5, await RunAsync());

        Assert.Equal(ActionStatus.Pending, await StatusAsync(held));
        await AssertSoundAsync(noErrors: false);
    }

    [Fact]
    public async Task BadRecipient_StopsTheProspectAndNothingElse()
    {
        var account = await AccountAsync();
        var (bad, good) = (await ProspectAsync(account), await ProspectAsync(account));
        var address = (await ReadProspectAsync(bad)).Address;
        Node.Gateway.OnSend = (m, _) => Task.FromResult(m.Address == address ? SendResult.Failed(SendFailure.BadRecipient) : SendResult.Sent(Node.Gateway.NextId()));
        var first = await PlannedAsync(ActionKinds.FirstContact, bad);
        var later = await PlannedAsync("send_followup_A1", bad, Clock.Now.AddDays(1));
        var other = await PlannedAsync(ActionKinds.FirstContact, good);

        await RunAsync();

        Assert.Equal([ActionStatus.Failed, ActionStatus.Cancelled, ActionStatus.Success], await Task.WhenAll(StatusAsync(first), StatusAsync(later), StatusAsync(other)));
        Assert.Equal(StopReason.Unreachable, (await ReadProspectAsync(bad)).StopReason);
        Assert.Equal(0, (await ReadAccountAsync(account)).Failures);
        await AssertSoundAsync();
    }

    private AccountService AccountOf() => new(
        Node.Database, null!, null!, Node.Get<OutreachSignal>(), Microsoft.Extensions.Options.Options.Create(Options), Clock);
}
