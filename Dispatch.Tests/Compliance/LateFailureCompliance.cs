using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class LateFailureOnSqlite(PostgresServer postgres) : LateFailureCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LateFailureOnPostgres(PostgresServer postgres) : LateFailureCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A gateway that took a message says later that it did not arrive: the action says so too.</summary>
public abstract class LateFailureCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private const string Why = "131026 Message undeliverable";

    [Fact]
    public async Task FailedLater_MakesTheActionFailedOnce_ForTheGatewaysReason()
    {
        var account = await AccountAsync(Plan(first: 1));
        var (prospect, other) = (await ProspectAsync(account), await ProspectAsync(account));
        var action = await PlannedAsync(ActionKinds.FirstContact, prospect);
        await RunAsync();
        var sent = await ActionAsync(action);
        Assert.Equal(ActionStatus.Success, sent.Status);
        await using var second = await Store.StartNodeAsync(Clock, "node-2");
        Clock.Advance(Seconds(5));

        await AtOnceAsync(() => FailAsync(Node, sent.ProviderMessageId!), () => FailAsync(second, sent.ProviderMessageId!));

        var failed = await ActionAsync(action);
        Assert.Equal((ActionStatus.Failed, Why, Clock.Now), (failed.Status, failed.Error, failed.FinishedAt));
        Assert.Equal([(ActionStatus.Success, null), (ActionStatus.Failed, Why)], (await LogsAsync(action)).Select(l => (l.Status, l.Error)));
        Assert.Equal(MessageStatus.Failed, (await Node.ReadAsync(db => db.Messages.SingleAsync(m => m.EffectKey == ActionThread.KeyOf(action)))).Status);
        // What did not arrive has used nothing of the day: the next one leaves.
        var next = await PlannedAsync(ActionKinds.FirstContact, other);
        await RunAsync();
        Assert.Equal(ActionStatus.Success, await StatusAsync(next));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FailedLater_OvertookTheCommitOfItsOwnAnswer_MakesTheActionFailed()
    {
        var account = await AccountAsync();
        var action = await PlannedAsync(ActionKinds.FirstContact, await ProspectAsync(account));
        Node.Gateway.OnSend = async (_, _) =>
        {
            await FailAsync(Node, "early-1");
            return SendResult.Sent("early-1");
        };
        await RunAsync();

        Assert.Equal((ActionStatus.Failed, Why), ((await ActionAsync(action)).Status, (await ActionAsync(action)).Error));
        Assert.Equal([ActionStatus.Success, ActionStatus.Failed], (await LogsAsync(action)).Select(l => l.Status));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task DeliveredBefore_StaysSent()
    {
        var account = await AccountAsync();
        var action = await PlannedAsync(ActionKinds.FirstContact, await ProspectAsync(account));
        await RunAsync();
        var id = (await ActionAsync(action)).ProviderMessageId!;
        await Node.SubmitAsync(Profile, [], [new InboundStatus(id, MessageStatus.Delivered, Clock.Now, null)]);
        await FailAsync(Node, id);
        Assert.Equal(ActionStatus.Success, await StatusAsync(action));
        await AssertSoundAsync();
    }

    private Task<InboundResult> FailAsync(DispatcherFixture node, string providerId) => node.SubmitAsync(Profile, [], [new InboundStatus(providerId, MessageStatus.Failed, Clock.Now, Why)]);
}
