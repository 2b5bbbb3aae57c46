using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ProspectRetentionOnSqlite(PostgresServer postgres) : ProspectRetentionCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ProspectRetentionOnPostgres(PostgresServer postgres) : ProspectRetentionCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Prospects at rest go with what was sent to them, and the keys stay: nothing that was sent once is sent again.</summary>
public abstract class ProspectRetentionCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private RetentionService Retention => Node.Get<RetentionService>();

    [Fact]
    public async Task Run_AfterTheDays_DeletesWhoIsAtRestAndNobodyElse()
    {
        var account = await AccountAsync();
        var stopped = await SentAsync(account, "own-1");
        await Prospects.StopAsync(stopped.Prospect, StopReason.ByPerson);
        var planned = await SentAsync(account, "own-2");
        await PlannedAsync(ActionKinds.FirstContact, planned.Prospect, Clock.Now.AddDays(90));
        var (untouched, talking) = (await ProspectAsync(account), await SentAsync(account, "own-3"));
        await ReplyFromAsync(talking.Prospect);
        await Node.Database.WriteAsync(s => s.Db.Prospects.ExecuteUpdateAsync(set => set.SetProperty(p => p.FollowUpAt, (DateTime?)null)));
        await SetDaysAsync(30);
        await AllAsync();
        Assert.Equal(4, await Node.ReadAsync(db => db.Prospects.CountAsync()));
        Clock.Advance(TimeSpan.FromDays(31));
        var young = await SentAsync(account, "own-4");

        // One prospect and his action; of the others one has something planned, one was never written to, one has a conversation, one was written to today.
        var preview = (await Retention.PreviewAsync(new Dictionary<RetentionKind, int>(), Clock.Now)).Single(p => p.Kind == RetentionKind.Prospects);
        Assert.Equal((30, 2L, false), (preview.Days, preview.Rows, preview.More));
        await AllAsync();

        Assert.Equal([planned.Prospect, untouched, talking.Prospect, young.Prospect], await Node.ReadAsync(db => db.Prospects.OrderBy(p => p.Id).Select(p => p.Id).ToListAsync()));
        Assert.Empty(await LogsAsync(stopped.Action));
        Assert.False(await Node.ReadAsync(db => db.OutreachActions.AnyAsync(a => a.Id == stopped.Action)));
        var kept = Assert.Single(await Node.ReadAsync(db => db.OutreachEffects.ToListAsync()));
        Assert.Equal(($"own:{account}:own-1", stopped.Action, ActionStatus.Success), (kept.EffectKey, kept.ActionId, kept.Status));
        var audit = await Node.ReadAsync(db => db.AuditEntries.Where(e => e.Kind == AuditKind.DataDeleted).OrderBy(e => e.Id).ToListAsync());
        Assert.Equal([("prospects", "1"), ("outreach_actions", "1")], audit.Select(e => (e.Name, e.After!)));
        Assert.False(await Retention.RunOnceAsync(Clock.Now));
        Assert.Empty(Node.Logs.Errors);
    }

    [Fact]
    public async Task Key_OfWhatWent_IsNeverUsedAgain()
    {
        var account = await AccountAsync();
        var (gone, other) = (await SentAsync(account, "own-1"), await ProspectAsync(account));
        await Prospects.StopAsync(gone.Prospect, StopReason.ByPerson);
        await SetDaysAsync(30);
        Clock.Advance(TimeSpan.FromDays(31));
        await AllAsync();
        var sent = Node.Gateway.Sent.Count;

        var again = new NewAction(ActionKinds.Reply, other, account, "hello", EffectKey: "own-1");
        var outcomes = new List<ActionOutcome>(await AtOnceAsync([.. Enumerable.Range(0, 4).Select(_ => (Func<Task<ActionOutcome>>)(() => Actions.PlanAsync(again)))]));
        outcomes.Add(await Actions.ExecuteSendReply(other, account, "hello", effectKey: "own-1"));

        Assert.All(outcomes, o => Assert.Equal((ActionResult.AlreadyExists, gone.Action, ActionStatus.Success), (o.Result, o.Id, o.Status!.Value)));
        await RunAsync();
        Assert.Equal(sent, Node.Gateway.Sent.Count);
        // He is somebody new when he comes again.
        Assert.NotEqual(gone.Prospect, await ProspectAsync(account));
    }

    [Fact]
    public async Task WhoAskedNotToBeWrittenTo_IsForgottenButForHisAddress()
    {
        var account = await AccountAsync();
        var gone = await SentAsync(account, "own-1");
        await ReplyFromAsync(gone.Prospect, "STOP");
        await Node.Orchestrator.CloseAsync((await Node.ConversationAsync(Profile, (await ReadProspectAsync(gone.Prospect)).Address)).Id, null, supervisor: true);
        await SetDaysAsync(30);
        Clock.Advance(TimeSpan.FromDays(31));
        await AllAsync();

        var prospect = await ReadProspectAsync(gone.Prospect);
        Assert.Equal(("", StopReason.OptedOut), (prospect.Name, prospect.StopReason));
        Assert.False(await Node.ReadAsync(db => db.OutreachActions.AnyAsync()));
        // The same file again knows him, so nobody writes to him.
        var made = await Prospects.CreateAsync(new NewProspect { Name = "Awa", Phone = "+" + prospect.Address, AccountId = account, Contact = true });
        Assert.Equal((ProspectResult.Duplicate, gone.Prospect), (made.Result, made.Id));
        Assert.False(await Retention.RunOnceAsync(Clock.Now));
    }

    [Fact]
    public async Task TwoNodes_AtOnce_DeleteEachOnce()
    {
        var account = await AccountAsync();
        foreach (var id in await ProspectsAsync(account, 40)) await Prospects.StopAsync(id, StopReason.ByPerson);
        await SetDaysAsync(30);
        Clock.Advance(TimeSpan.FromDays(31));
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        await AtOnceAsync(() => AllAsync(Node), () => AllAsync(other));
        Assert.Equal(0, await Node.ReadAsync(db => db.Prospects.CountAsync()));
        Assert.Equal(40, (await Node.ReadAsync(db => db.AuditEntries.Where(e => e.Name == "prospects").ToListAsync())).Sum(e => int.Parse(e.After!, System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>A prospect who got one message under a key of the caller's.</summary>
    private async Task<(long Prospect, long Action)> SentAsync(long account, string key)
    {
        var prospect = await ProspectAsync(account);
        var outcome = await Actions.ExecuteSendReply(prospect, account, "hello", effectKey: key);
        Assert.Equal(ActionResult.Sent, outcome.Result);
        await Node.Database.WriteAsync(s => s.Db.Prospects.Where(p => p.Id == prospect).ExecuteUpdateAsync(set => set.SetProperty(p => p.Stage, ProspectStage.Contacted)));
        return (prospect, outcome.Id);
    }

    private Task SetDaysAsync(int days) => Node.Get<SettingsService>().ChangeAsync(RetentionSettings.ProspectsKey.Key, days, null);

    private async Task<bool> AllAsync(DispatcherFixture? node = null)
    {
        while (await (node ?? Node).Get<RetentionService>().RunOnceAsync(Clock.Now))
        {
        }
        return true;
    }
}
