using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachOnSqlite(PostgresServer postgres) : OutreachCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachOnPostgres(PostgresServer postgres) : OutreachCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Seed 004: its six validation tests, and what holds an action back or ends it.</summary>
public abstract class OutreachCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    [Fact]
    public async Task Reply_OfAProspect_LeavesAtOnceWithoutAPendingRow()
    {
        var account = await AccountAsync(Plan(windows: new SendWindow([], new TimeOnly(1, 0), new TimeOnly(2, 0))));
        var prospect = await ProspectAsync(account);

        var outcome = await Actions.ExecuteSendReply(prospect, account, "here you are");

        Assert.True(outcome.Succeeded);
        Assert.Equal("here you are", Assert.Single(Node.Gateway.Sent).Text);
        Assert.Equal(0, await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending)));
        var log = Assert.Single(await LogsAsync(outcome.Id));
        Assert.Equal((ActionKinds.Reply, ActionStatus.Success, "sent-1"), (log.Action, log.Status, log.ProviderMessageId));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ReplyJob_OfAnAutomaticProspect_AnswersOnceAndFailsClosed()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account, automatic: true);
        await ReplyFromAsync(prospect);
        var job = Node.Get<ReplyJob>();

        Assert.Equal(0, await job.RunOnceAsync(Clock.Now));
        Assert.Equal(DraftReason.NoText, (await ReadProspectAsync(prospect)).DraftReason);
        Assert.Empty(Node.Gateway.Sent);

        Assert.Empty(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.Reply, "en", 1, "Thank you {firstName}, one moment.", null));
        await ReplyFromAsync(prospect, "hello?");
        Assert.Equal(1, await job.RunOnceAsync(Clock.Now));
        Assert.Equal(0, await job.RunOnceAsync(Clock.Now));
        Assert.StartsWith("Thank you", Assert.Single(Node.Gateway.Sent).Text, StringComparison.Ordinal);
        Assert.Equal(0, await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending)));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ConnectionJob_NewProspect_IsContactedThroughActionsOnceEver()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account, "Awa Ndiaye", contact: true);
        var connection = Node.Get<ConnectionJob>();

        Assert.Equal(1, await connection.RunOnceAsync(Clock.Now));
        Assert.Equal(0, await connection.RunOnceAsync(Clock.Now));
        var again = await connection.ConnectedAsync(account, (await ReadProspectAsync(prospect)).Address, "Awa Ndiaye");

        Assert.Equal(ActionResult.AlreadyExists, again.Result);
        Assert.StartsWith("Hello Awa, thank you", Assert.Single(Node.Gateway.Sent).Text, StringComparison.Ordinal);
        var row = await ReadProspectAsync(prospect);
        Assert.Equal((ProspectStage.Contacted, Clock.Now), (row.Stage, row.ContactedAt));
        Assert.Equal(ActionKinds.FirstContact, (await LogsAsync(again.Id)).Single().Action);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FollowupJob_CreatesPlannedActionsAndSendsNothing()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Actions.ExecuteSendFirstContact(prospect, account);
        var contacted = Clock.Now;

        Assert.Equal(1, await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now));
        Assert.Equal(0, await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now));

        var planned = await Node.ReadAsync(db => db.OutreachActions.SingleAsync(a => a.Status == ActionStatus.Pending));
        Assert.Equal("send_followup_A1", planned.Kind);
        Assert.Equal(contacted.AddDays(2), planned.ScheduledAt);
        Assert.Single(Node.Gateway.Sent);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Sequence_WithoutAnAnswer_GoesThroughAThenC()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Actions.ExecuteSendFirstContact(prospect, account);
        for (var day = 0; day < 90; day++)
        {
            await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now);
            await RunAsync();
            Clock.Advance(TimeSpan.FromDays(1));
        }

        var logs = await Node.ReadAsync(db => db.ActionLogs.OrderBy(l => l.Id).ToListAsync());
        Assert.Equal([ActionKinds.FirstContact, "send_followup_A1", "send_followup_A2", "send_followup_A3", "send_followup_C1"], logs.Select(l => l.Action));
        Assert.True(logs.Zip(logs.Skip(1)).All(p => p.Second.At - p.First.At >= TimeSpan.FromDays(2)));
        Assert.All(logs, l => Assert.Equal(ActionStatus.Success, l.Status));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Answered_ThenSilent_IsFollowedUpByB()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Actions.ExecuteSendFirstContact(prospect, account);
        await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now);
        Clock.Advance(TimeSpan.FromHours(3));
        await ReplyFromAsync(prospect);

        // A1 is over with his answer, and nothing is planned while an answer is owed.
        Assert.Equal(nameof(ActionEnd.ProspectReplied), (await Node.ReadAsync(db => db.OutreachActions.SingleAsync(a => a.Kind == "send_followup_A1"))).Error);
        Assert.Equal(0, await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now));

        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True((await Actions.ExecuteSendReply(prospect, account, "sure")).Succeeded);
        Assert.Equal(1, await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now));
        Assert.Equal("send_followup_B1", (await Node.ReadAsync(db => db.OutreachActions.SingleAsync(a => a.Status == ActionStatus.Pending))).Kind);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ModeratorsAnswer_InTheConversation_CountsAsOurs()
    {
        var ana = (await Node.AddOnlineAsync("Ana"))[0];
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Actions.ExecuteSendFirstContact(prospect, account);
        Clock.Advance(TimeSpan.FromHours(1));
        await ReplyFromAsync(prospect);
        var conversation = await Node.ConversationAsync(Profile, (await ReadProspectAsync(prospect)).Address);
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await Node.Orchestrator.ReplyAsync(conversation.Id, ana, "hello", "k")).Succeeded);

        Assert.Equal(1, await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now));

        Assert.Equal("send_followup_B1", (await Node.ReadAsync(db => db.OutreachActions.SingleAsync(a => a.Status == ActionStatus.Pending))).Kind);
    }

    [Fact]
    public async Task QueueJob_ExecutesWhatIsDueInItsOrderAndLogsSuccess()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 5);
        var ids = new List<long>();
        foreach (var p in prospects) ids.Add(await PlannedAsync("send_followup_A1", p, Clock.Now.AddMinutes(ids.Count * 10)));

        Assert.Equal(1, await RunAsync());
        Clock.Advance(TimeSpan.FromMinutes(25));
        Assert.Equal(2, await RunAsync());

        Assert.Equal([ActionStatus.Success, ActionStatus.Success, ActionStatus.Success, ActionStatus.Pending, ActionStatus.Pending], await Task.WhenAll(ids.Select(StatusAsync)));
        foreach (var id in ids.Take(3)) Assert.Equal(ActionStatus.Success, Assert.Single(await LogsAsync(id)).Status);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task SameEffect_AskedForInEveryWay_IsOneMessage()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);

        var first = await Actions.PlanAsync(new NewAction(ActionKinds.FirstContact, prospect, account));
        var second = await Actions.PlanAsync(new NewAction(ActionKinds.FirstContact, prospect, account));
        var now = await Actions.ExecuteSendFirstContact(prospect, account);
        await RunAsync();
        await RunAsync();
        var after = await Actions.ExecuteSendFirstContact(prospect, account);

        Assert.All(new[] { second, now, after }, o => Assert.Equal((ActionResult.AlreadyExists, first.Id), (o.Result, o.Id)));
        Assert.Equal(ActionStatus.Success, after.Status);
        Assert.Single(Node.Gateway.Sent);
        var key = await Actions.ExecuteSendReply(prospect, account, "x", "key-1");
        Assert.Equal((ActionResult.AlreadyExists, key.Id), ((await Actions.ExecuteSendReply(prospect, account, "x", "key-1")) is var o ? (o.Result, o.Id) : default));
        Assert.Equal(2, Node.Gateway.Sent.Count);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task EarlierStep_ThatIsUncertain_HoldsTheLaterOneUntilSomebodyDecides()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        Node.Gateway.OnSend = (_, _) => throw new IOException("gone");
        var first = await PlannedAsync(ActionKinds.FirstContact, prospect);
        var later = await PlannedAsync("send_followup_A1", prospect);
        await RunAsync();
        Node.Gateway.OnSend = null;
        Assert.Equal((ActionStatus.Uncertain, ActionStatus.Pending), (await StatusAsync(first), await StatusAsync(later)));

        Assert.Equal(0, await RunAsync());
        Assert.Equal(WaitReason.EarlierStep, (await Queries.ActionAsync(later))!.WhyNotYet);
        Assert.Equal(ActionResult.CannotAsk, (await Actions.ReconcileAsync(first, null)).Result);
        Assert.Equal(ActionResult.WrongStatus, (await Actions.RetryAsync(first)).Result);
        Assert.Equal(ActionResult.Sent, (await Actions.ReconcileAsync(first, true)).Result);
        Assert.Equal(ActionResult.WrongStatus, (await Actions.ReconcileAsync(first, false)).Result);

        Assert.Equal(1, await RunAsync());
        Assert.Equal(ActionStatus.Success, await StatusAsync(later));
        await AssertSoundAsync(noErrors: false);
    }

    [Fact]
    public async Task Reconcile_NotSent_GivesTheUnitBackAndRetrySends()
    {
        var account = await AccountAsync(Plan(first: 1));
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Unknown));
        var id = (await Actions.ExecuteSendFirstContact(await ProspectAsync(account), account)).Id;
        Node.Gateway.OnSend = null;

        Assert.Equal(ActionResult.Failed, (await Actions.ReconcileAsync(id, false)).Result);
        Assert.Equal(ActionResult.Scheduled, (await Actions.RetryAsync(id)).Result);
        Assert.Equal(1, await RunAsync());

        Assert.Equal(ActionStatus.Success, await StatusAsync(id));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task DeadProcess_WhatItHadClaimedIsFreeAndWhatItSentIsUncertain()
    {
        var account = await AccountAsync(Plan(followup: 10));
        var prospects = await ProspectsAsync(account, 2);
        var sending = await PlannedAsync("send_followup_A1", prospects[0]);
        var claimed = await PlannedAsync("send_followup_A1", prospects[1]);
        await using var other = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        var dead = other ?? Node;
        // What a kill leaves behind: one committed as Sending, one claimed and not begun.
        var owner = await dead.Get<OutreachNode>().HoldAsync();
        await dead.Database.WriteAsync(async session =>
        {
            var facts = (await AccountReader.FindAsync(session.Db, account))!;
            var hand = (await ActionClaims.ClaimDueAsync(session, facts, [(ActionType.Followup, Clock.Now)], 10, owner, Clock.Now, Options)).Actions;
            Assert.Equal(2, hand.Count);
            Assert.Single(await ActionStore.StartAsync(session, [new ReadyAction(hand.Single(a => a.Id == sending), "hello")], owner, Clock.Now));
        });
        await DieAsync(dead);
        if (other is null) await RestartAsync();

        Assert.Equal(1, await RunAsync());

        Assert.Equal((ActionStatus.Uncertain, nameof(ActionEnd.LostSender)), (await ActionAsync(sending)) is var a ? (a.Status, a.Error) : default);
        Assert.Equal(ActionStatus.Success, await StatusAsync(claimed));
        Assert.Equal("sent-1", (await ActionAsync(claimed)).ProviderMessageId);
        Assert.Equal((0, 2), (await Node.ReadAsync(db => db.AccountDays.SingleAsync())) is var d ? (d.Reserved, d.Used) : default);
        await AssertSoundAsync(noErrors: false);
    }

    [Fact]
    public async Task OptOut_StopsForGood()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await Actions.ExecuteSendFirstContact(prospect, account);

        await ReplyFromAsync(prospect, "Stop!");

        Assert.Equal((ProspectStage.Stopped, StopReason.OptedOut), (await ReadProspectAsync(prospect)) is var p ? (p.Stage, p.StopReason!.Value) : default);
        Assert.Equal(ActionResult.ProspectStopped, (await Actions.ExecuteSendReply(prospect, account, "please")).Result);
        Assert.Equal(ProspectResult.Unchanged, (await Prospects.ResumeAsync(prospect)).Result);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task MissingValue_StopsThatActionWithAReason()
    {
        var account = await AccountAsync();
        var (without, with) = (await ProspectAsync(account), await ProspectAsync(account));
        await Node.Database.WriteAsync(s => s.Db.Prospects.Where(p => p.Id == with).ExecuteUpdateAsync(set => set.SetProperty(p => p.Company, "Sonatel")));
        var (one, two) = (await PlannedAsync("send_followup_A1", without, content: "How is {company}?"), await PlannedAsync("send_followup_A1", with, content: "How is {company}?"));

        await RunAsync();

        Assert.Equal((ActionStatus.Failed, "MissingValue:company"), (await ActionAsync(one)) is var a ? (a.Status, a.Error) : default);
        Assert.Equal(ActionStatus.Success, await StatusAsync(two));
        Assert.Equal("How is Sonatel?", Assert.Single(Node.Gateway.Sent).Text);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task RunNow_PassesOverTimeAndHoursButNotOverTheQuota()
    {
        var account = await AccountAsync(Plan(followup: 1, windows: new SendWindow([], new TimeOnly(1, 0), new TimeOnly(2, 0))));
        var prospects = await ProspectsAsync(account, 2);
        var (one, two) = (await PlannedAsync("send_followup_A1", prospects[0], Clock.Now.AddDays(3)), await PlannedAsync("send_followup_A1", prospects[1]));

        Assert.Equal(ActionResult.Sent, (await Actions.RunNowAsync(one)).Result);
        var refused = await Actions.RunNowAsync(two);

        Assert.Equal((ActionResult.Refused, WaitReason.Quota), (refused.Result, refused.Wait!.Reason));
        Assert.Equal(ActionResult.WrongStatus, (await Actions.RunNowAsync(one)).Result);
        Assert.Equal(ActionStatus.Pending, await StatusAsync(two));
        await AssertSoundAsync();
    }
}
