using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachStrayOnSqlite(PostgresServer postgres) : OutreachStrayCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachStrayOnPostgres(PostgresServer postgres) : OutreachStrayCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A process that lives but lost the thread: the answer of a commit never came, or the database was away when it should have written down what the gateway said.</summary>
public abstract class OutreachStrayCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private ActionsInHand Hand => Node.Get<ActionsInHand>();

    private string Owner => Node.Get<OutreachNode>().Name;

    [Fact]
    public async Task Claim_WhoseAnswerWasLost_IsFreeAfterTheSecondLook()
    {
        var account = await AccountAsync(Plan(followup: 5));
        var id = await PlannedAsync("send_followup_A1", await ProspectAsync(account));
        await ClaimAsync(account);

        Assert.Equal(0, await SweepAsync());
        Assert.Equal(ActionStatus.Claimed, await StatusAsync(id));
        Assert.Equal(1, await SweepAsync());

        Assert.Equal((ActionStatus.Pending, 0), (await ActionAsync(id)) is var a ? (a.Status, a.Attempts) : default);
        Assert.Equal(1, await RunAsync());
        Assert.Single(Node.Gateway.Sent);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Start_WhoseAnswerWasLost_IsUncertainUnlessItIsKnownThatNobodyCalled()
    {
        var account = await AccountAsync(Plan(followup: 5));
        var (called, known) = (await PlannedAsync("send_followup_A1", await ProspectAsync(account)), await PlannedAsync("send_followup_A1", await ProspectAsync(account)));
        var hand = await ClaimAsync(account);
        await Node.Database.WriteAsync(s => ActionStore.StartAsync(s, [.. hand.Select(a => new ReadyAction(a, "hello"))], Owner, Clock.Now));
        Hand.GiveUp(hand.Where(a => a.Id == known));

        Assert.Equal(1, await SweepAsync());
        Assert.Equal(1, await SweepAsync());

        Assert.Equal((ActionStatus.Uncertain, ActionStatus.Pending), (await StatusAsync(called), await StatusAsync(known)));
        Assert.Equal(ActionStatus.Uncertain, Assert.Single(await LogsAsync(called)).Status);
        Assert.Equal(0, await SweepAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Sweep_WhileTheWorkGoesOn_TakesNothingAway()
    {
        var account = await AccountAsync();
        var id = await PlannedAsync("send_followup_A1", await ProspectAsync(account));
        var answer = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Node.Gateway.OnSend = (_, _) => answer.Task;
        var run = RunAsync();
        await Eventually.Async(async () => await StatusAsync(id) == ActionStatus.Sending);

        for (var i = 0; i < 3; i++) Assert.Equal(0, await SweepAsync());
        answer.SetResult(SendResult.Sent("sent-1"));
        await run;

        Assert.Equal(ActionStatus.Success, await StatusAsync(id));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Record_ThatTheDatabaseRefusesForAWhile_IsMadeLater()
    {
        var account = await AccountAsync();
        var ids = new List<long>();
        foreach (var p in await ProspectsAsync(account, 3)) ids.Add(await PlannedAsync("send_followup_A1", p));
        await ExecuteAsync(Provider == DatabaseProvider.Sqlite
            ? ["CREATE TRIGGER no_log BEFORE INSERT ON action_logs BEGIN SELECT RAISE(ABORT, 'away'); END"]
            : ["CREATE FUNCTION no_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away'; END $$", "CREATE TRIGGER no_log BEFORE INSERT ON action_logs EXECUTE FUNCTION no_log()"]);
        var run = RunAsync();
        await Eventually.Async(() => Node.Logs.Errors.Any(e => e.Contains("could not be recorded", StringComparison.Ordinal)));
        Assert.All(await Task.WhenAll(ids.Select(StatusAsync)), s => Assert.Equal(ActionStatus.Sending, s));

        await ExecuteAsync([Provider == DatabaseProvider.Sqlite ? "DROP TRIGGER no_log" : "DROP TRIGGER no_log ON action_logs"]);
        await run;

        Assert.All(await Task.WhenAll(ids.Select(StatusAsync)), s => Assert.Equal(ActionStatus.Success, s));
        Assert.Equal(3, Node.Gateway.Sent.Count);
        await AssertSoundAsync(noErrors: false);
    }

    private async Task ExecuteAsync(string[] statements)
    {
        await using var db = Store.Open();
        foreach (var sql in statements) await db.Database.ExecuteSqlRawAsync(sql);
    }

    private Task<int> SweepAsync() => Hand.SweepAsync(Owner, Clock.Now, CancellationToken.None);

    private async Task<IReadOnlyList<ClaimedAction>> ClaimAsync(long account)
    {
        var owner = await Node.Get<OutreachNode>().HoldAsync();
        return await Node.Database.WriteAsync(async s => (await ActionClaims.ClaimDueAsync(
            s, (await AccountReader.FindAsync(s.Db, account))!, [(ActionType.Followup, Clock.Now)], 10, owner, Clock.Now, Options)).Actions);
    }
}
