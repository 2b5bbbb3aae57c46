using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachRaceOnSqlite(PostgresServer postgres) : OutreachRaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachRaceOnPostgres(PostgresServer postgres) : OutreachRaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Real concurrency, many times; two processes where the database allows it.</summary>
public abstract class OutreachRaceCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private DispatcherFixture _other = null!;

    private int Rounds => Provider == DatabaseProvider.Sqlite ? 200 : 80;
    private IEnumerable<OutboundMessage> Sent => _other == Node ? Node.Gateway.Sent : Node.Gateway.Sent.Concat(_other.Gateway.Sent);

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
    public async Task ReplyOfAProspect_AndTheStartOfAStep_EitherSentBeforeOrNever()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, Rounds);
        var (sent, stopped) = (0, 0);
        foreach (var prospect in prospects)
        {
            var id = await PlannedAsync("send_followup_A1", prospect);
            await AtOnceAsync<bool>(
                async () =>
                {
                    await ReplyFromAsync(prospect);
                    return true;
                },
                async () => await RunAsync(_other) >= 0);

            var status = await StatusAsync(id);
            Assert.True(status is ActionStatus.Success or ActionStatus.Cancelled, $"{status}");
            Assert.Equal(status == ActionStatus.Success ? 1 : 0, Sent.Count(m => m.Id == id));
            if (status == ActionStatus.Success) sent++;
            else stopped++;
            Assert.Equal(0, await RunAsync(_other));
        }
        Assert.Equal(sent, Sent.Count());
        Assert.Equal(Rounds, sent + stopped);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Reply_ThatWasCommittedWhileAStepWasInHand_StopsItAtItsStart()
    {
        var account = await AccountAsync(Plan(followup: 1000));
        foreach (var prospect in await ProspectsAsync(account, 20))
        {
            var id = await PlannedAsync("send_followup_A1", prospect);
            var owner = await _other.Get<OutreachNode>().HoldAsync();
            var hand = await _other.Database.WriteAsync(async s => (await ActionClaims.ClaimDueAsync(
                s, (await AccountReader.FindAsync(s.Db, account))!, [(ActionType.Followup, Clock.Now)], 1, owner, Clock.Now, Options)).Actions);
            await ReplyFromAsync(prospect);

            var result = await _other.Get<SendPath>().SendAsync(hand, CancellationToken.None);

            Assert.Empty(result);
            Assert.Equal(ActionStatus.Cancelled, await StatusAsync(id));
        }
        Assert.Empty(Sent);
        Assert.Equal((0, 0), (await Node.ReadAsync(db => db.AccountDays.SingleAsync())) is var d ? (d.Reserved, d.Used) : default);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Cancel_AndTheClaimAtOnce_EitherCancelledOrSent()
    {
        var account = await AccountAsync(Plan(followup: 100_000));
        var outcomes = new Dictionary<ActionResult, int>();
        foreach (var prospect in await ProspectsAsync(account, Rounds))
        {
            var id = await PlannedAsync("send_followup_A1", prospect);
            var before = Sent.Count();

            var cancel = new ActionOutcome(ActionResult.NotFound);
            await AtOnceAsync<bool>(
                async () => (cancel = await Actions.CancelAsync(id)).Id > 0,
                async () => await RunAsync(_other) >= 0);

            var status = await StatusAsync(id);
            Assert.Equal(cancel.Result == ActionResult.Cancelled ? ActionStatus.Cancelled : ActionStatus.Success, status);
            Assert.Equal(status == ActionStatus.Success ? 1 : 0, Sent.Count() - before);
            outcomes[cancel.Result] = outcomes.GetValueOrDefault(cancel.Result) + 1;
        }
        Assert.Equal(Rounds, outcomes.Values.Sum());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ManyClaimers_SendEachActionOnceAndNeverOneOverTheQuota()
    {
        const int quota = 137;
        var account = await AccountAsync(Plan(followup: quota));
        foreach (var prospect in await ProspectsAsync(account, 300)) await PlannedAsync("send_followup_A1", prospect);

        await AtOnceAsync(Enumerable.Range(0, 8).Select(i => (Func<Task<int>>)(() => RunAsync(i % 2 == 0 ? Node : _other))).ToArray());

        Assert.Equal(quota, Sent.Count());
        Assert.Equal(quota, Sent.Select(m => m.Id).Distinct().Count());
        Assert.Equal((0, quota), (await Node.ReadAsync(db => db.AccountDays.SingleAsync())) is var d ? (d.Reserved, d.Used) : default);
        Assert.Equal(300 - quota, await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending)));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task RunNow_ByManyAtOnce_NeverPassesTheQuota()
    {
        var account = await AccountAsync(Plan(first: 7));
        var prospects = await ProspectsAsync(account, 40);
        var ids = new List<long>();
        foreach (var prospect in prospects) ids.Add(await PlannedAsync(ActionKinds.FirstContact, prospect, Clock.Now.AddDays(1)));

        var results = await AtOnceAsync(ids.Select((id, i) => (Func<Task<ActionOutcome>>)(() => (i % 2 == 0 ? Node : _other).Get<Actions>().RunNowAsync(id)))
            .Append(async () => new ActionOutcome(ActionResult.NotFound, await RunAsync())).ToArray());

        Assert.Equal(7, Sent.Count());
        Assert.Equal(7, results.Count(r => r.Result == ActionResult.Sent));
        Assert.Equal(33, results.Count(r => r is { Result: ActionResult.Refused, Wait.Reason: WaitReason.Quota }));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FirstContact_AskedForByManyAtOnce_IsOneMessage()
    {
        var account = await AccountAsync();
        foreach (var prospect in await ProspectsAsync(account, 25))
        {
            var results = await AtOnceAsync(Enumerable.Range(0, 6).Select(i => (Func<Task<ActionOutcome>>)(() => i == 0
                ? Node.Get<Actions>().PlanAsync(new NewAction(ActionKinds.FirstContact, prospect))
                : (i % 2 == 0 ? Node : _other).Get<Actions>().ExecuteSendFirstContact(prospect, account))).ToArray());

            Assert.Single(results.Select(r => r.Id).Distinct());
        }
        await RunAsync();
        Assert.Equal(25, Sent.Count());
        Assert.Equal(25, Sent.Select(m => m.Address).Distinct(StringComparer.Ordinal).Count());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Takeover_WhileTheSlowSenderComesBack_KeepsTheTruthAndSendsOnce()
    {
        var account = await AccountAsync(Plan(followup: 1000));
        foreach (var prospect in await ProspectsAsync(account, 12))
        {
            var id = await PlannedAsync("send_followup_A1", prospect);
            var answered = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _other.Gateway.OnSend = (_, _) =>
            {
                called.TrySetResult();
                return answered.Task;
            };
            var slow = RunAsync(_other);
            await called.Task.InTime();
            await DieAsync(_other);
            Assert.Equal(1, await TakeOverAsync());
            Assert.Equal(ActionStatus.Uncertain, await StatusAsync(id));

            answered.SetResult(SendResult.Sent(_other.Gateway.NextId()));
            await slow;

            Assert.Equal(ActionStatus.Success, await StatusAsync(id));
            await AssertSoundAsync(noErrors: false);
        }
        Assert.Equal(12, Sent.Count());
    }

    [Fact]
    public async Task Takeover_ByManyAtOnce_GivesEachUnitBackOnce()
    {
        var account = await AccountAsync(Plan(followup: 30));
        foreach (var prospect in await ProspectsAsync(account, 30)) await PlannedAsync("send_followup_A1", prospect);
        for (var i = 0; i < 15; i++)
        {
            var owner = await _other.Get<OutreachNode>().HoldAsync();
            await _other.Database.WriteAsync(async s =>
            {
                var facts = (await AccountReader.FindAsync(s.Db, account))!;
                Assert.Equal(30, (await ActionClaims.ClaimDueAsync(s, facts, [(ActionType.Followup, Clock.Now)], 100, owner, Clock.Now, Options)).Actions.Count);
            });
            await DieAsync(_other);

            var taken = await AtOnceAsync(Enumerable.Range(0, 4).Select(_ => (Func<Task<int>>)TakeOverAsync).ToArray());

            Assert.Equal(30, taken.Sum());
            await AssertSoundAsync(noErrors: false);
            await LiveAgainAsync();
        }
    }

    private Task<int> TakeOverAsync() => Provider == DatabaseProvider.Sqlite ? TakeOverHereAsync() : Node.Get<OutreachNode>().TakeOverAsync(Clock.Now);

    /// <summary>On SQLite there is one process; the one that looks is a new start of it.</summary>
    private async Task<int> TakeOverHereAsync()
    {
        using var fresh = new OutreachNode(
            Node.Database, Node.Get<Leases>(), Node.Get<ActionsInHand>(), Node.Get<ActionThread>(), Node.Get<Microsoft.Extensions.Options.IOptions<Dispatch.Core.Conversations.NodeOptions>>(),
            Node.Get<Microsoft.Extensions.Options.IOptions<OutreachOptions>>(), Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<OutreachNode>.Instance);
        return await fresh.TakeOverAsync(Clock.Now);
    }

    private async Task LiveAgainAsync()
    {
        var name = _other.Get<OutreachNode>().Name;
        await Node.Get<Leases>().TryAcquireAsync(name, name, Options.Lease);
    }
}
