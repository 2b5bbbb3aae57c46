using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachScreensOnSqlite(PostgresServer postgres) : OutreachScreensCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachScreensOnPostgres(PostgresServer postgres) : OutreachScreensCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>What the screens of outreach read and change, on every database.</summary>
public abstract class OutreachScreensCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private const string File = "name,phone,company\r\nAwa Ndiaye,+221 77 123 45 67,Baobab\r\nPierre,0033612345678,\r\nPersonne,12,\r\n";

    [Fact]
    public async Task Import_OfTheSameFileByTwo_MakesEachProspectOnce()
    {
        var account = await AccountAsync();
        var import = Node.Get<ProspectImport>();
        var plan = new ProspectImportPlan(account, "en", Contact: true, Automatic: false);
        var preview = await import.PreviewAsync(File, plan);
        Assert.Equal((2, 1), (preview.Lines.Count(l => !l.Known), preview.Errors.Count));
        Assert.Equal((4, "phone", "BadPhone"), (preview.Errors[0].Line, preview.Errors[0].Field, preview.Errors[0].Code));
        var both = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => import.ImportAsync(File, plan)));
        Assert.Equal((2, 6), (both.Sum(r => r.Created), both.Sum(r => r.Known)));
        var rows = await Node.ReadAsync(db => db.Prospects.OrderBy(p => p.Address).ToListAsync());
        Assert.Equal([("221771234567", "Baobab", "en", Clock.Now), ("33612345678", null, "en", Clock.Now)], rows.Select(p => (p.Address, p.Company, p.Language, p.ContactDueAt!.Value)));
        Assert.All((await import.PreviewAsync(File, plan)).Lines, l => Assert.True(l.Known));
    }

    [Fact]
    public async Task Tabs_CountWhatTheirListsHold()
    {
        var account = await AccountAsync();
        await PauseAsync(account);
        var prospects = await ProspectsAsync(account, 7);
        var ids = new List<long>();
        foreach (var prospect in prospects) ids.Add(await PlannedAsync("send_followup_A1", prospect));
        async Task SetAsync(int index, ActionStatus status, int attempts = 1) => await Node.Database.WriteAsync(session => session.Db.OutreachActions.Where(a => a.Id == ids[index]).ExecuteUpdateAsync(
            set => set.SetProperty(a => a.Status, status).SetProperty(a => a.Attempts, attempts).SetProperty(a => a.LeaseOwner, "n").SetProperty(a => a.QuotaId, 1).SetProperty(a => a.FinishedAt, Clock.Now)));
        await SetAsync(1, ActionStatus.Pending);
        await SetAsync(2, ActionStatus.Sending);
        await SetAsync(3, ActionStatus.Uncertain);
        await SetAsync(4, ActionStatus.Failed);
        await SetAsync(5, ActionStatus.Claimed);
        await SetAsync(6, ActionStatus.Cancelled);
        var counts = await Queries.TabsAsync(account);
        Assert.Equal((2, 2, 1, 1, 1), (counts[ActionTab.Pending], counts[ActionTab.Running], counts[ActionTab.Retrying], counts[ActionTab.Uncertain], counts[ActionTab.Dead]));
        foreach (var tab in Enum.GetValues<ActionTab>())
        {
            var search = new ActionSearch(AccountId: account, Tab: tab, Kind: "send_followup_A1");
            Assert.Equal(counts[tab], (await Queries.ActionsAsync(search)).Total);
            Assert.Equal(counts[tab], (await Queries.ActionIdsAsync(search, 100)).Count);
        }
        Assert.Equal(0, (await Queries.ActionsAsync(new ActionSearch(Kind: "send_followup_A2"))).Total);
        Assert.All((await Queries.ActionsAsync(new ActionSearch(Tab: ActionTab.Pending))).Items, a => Assert.Equal(WaitReason.Paused, a.WhyNotYet));
    }

    [Fact]
    public async Task Details_OfAProspectWhoAnswered_HoldPlansExecutionsAndTheConversation()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        Assert.Null(await Queries.DetailsAsync(prospect + 1));
        Assert.Equal(ActionResult.Sent, (await Actions.ExecuteSendFirstContact(prospect, account)).Result);
        var step = await PlannedAsync("send_followup_A1", prospect, Clock.Now.AddDays(2));
        await ReplyFromAsync(prospect, "tell me more");
        var details = await Queries.DetailsAsync(prospect);
        Assert.NotNull(details);
        Assert.Equal((ProspectStage.Answered, true), (details.Prospect.Stage, details.Conversation!.IsOpen));
        Assert.Equal([ActionStatus.Success, ActionStatus.Cancelled], details.Actions.Select(a => a.Status));
        Assert.Equal(step, details.Actions[1].Id);
        Assert.Equal([ActionStatus.Success], details.Log.Select(l => l.Status));
        Assert.Equal([(MessageDirection.In, "tell me more")], details.Messages.Select(m => (m.Direction, m.Text)));
    }

    [Fact]
    public async Task Sequences_CountWhoStandsWhereAndListThem()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 3);
        foreach (var id in prospects) await Actions.ExecuteSendFirstContact(id, account, "hello");
        await Actions.ExecuteSendFollowup("send_followup_A1", prospects[0], account, "again");
        var planned = await PlannedAsync("send_followup_A2", prospects[0], Clock.Now.AddDays(1));
        var board = await Node.Get<SequenceQueries>().ListAsync();
        var (first, sequences) = (board.First, board.Sequences);
        Assert.False(board.IsCut);
        Assert.Equal((2, 0), (first.Standing, first.Planned));
        Assert.Equal(["A", "B", "C"], sequences.Select(s => s.Letter.ToString()));
        var (a1, a2) = (sequences[0].Steps[0], sequences[0].Steps[1]);
        Assert.Equal((1, 0, "send_followup_A1"), (a1.Standing, a1.Planned, a1.TemplateKind));
        Assert.Equal((0, 1, (await ActionAsync(planned)).DueAt), (a2.Standing, a2.Planned, a2.NextDue));
        Assert.Equal(prospects[0], Assert.Single((await Queries.ProspectsAsync(new ProspectSearch(Sequence: 'A', Step: 1))).Items).Id);
        Assert.Equal(2, (await Queries.ProspectsAsync(new ProspectSearch(ProspectStage.Contacted, Step: 0))).Total);
    }

    [Fact]
    public async Task Bulk_StoppedInBetween_LeavesTheRestAlone()
    {
        var account = await AccountAsync();
        await PauseAsync(account);
        var ids = new List<long>();
        foreach (var prospect in await ProspectsAsync(account, 5)) ids.Add(await PlannedAsync(ActionKinds.Reply, prospect));
        using var stop = new CancellationTokenSource();
        var outcomes = await Node.Get<ActionBulk>().RunAsync(ids, ActionStep.Cancel, done => { if (done == 2) stop.Cancel(); }, stop.Token);
        Assert.Equal([ActionResult.Cancelled, ActionResult.Cancelled], outcomes.Select(o => o.Result));
        Assert.Equal(3, (await Queries.TabsAsync(account))[ActionTab.Pending]);
        Assert.Equal([ActionResult.WrongStatus, ActionResult.WrongStatus, ActionResult.Refused, ActionResult.Refused, ActionResult.Refused],
            (await Node.Get<ActionBulk>().RunAsync(ids, ActionStep.RunNow, _ => { }, default)).Select(o => o.Result));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task AutomaticAndDraft_ChangedByAPerson_AreGuarded()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        Assert.Equal(ProspectResult.Done, (await Prospects.SetAutomaticAsync(prospect, true)).Result);
        Assert.Equal(ProspectResult.Unchanged, (await Prospects.SetAutomaticAsync(prospect, true)).Result);
        await Node.Database.WriteAsync(session => session.Db.Prospects.Where(p => p.Id == prospect).ExecuteUpdateAsync(set => set.SetProperty(p => p.Draft, "newer").SetProperty(p => p.DraftReason, DraftReason.AccountHeld)));
        Assert.Equal(ProspectResult.Unchanged, (await Prospects.DropDraftAsync(prospect, "older")).Result);
        Assert.Equal("newer", (await Queries.DetailsAsync(prospect))!.Draft);
        Assert.Equal(ProspectResult.Done, (await Prospects.DropDraftAsync(prospect, "newer")).Result);
        await Prospects.StopAsync(prospect, StopReason.ByPerson);
        Assert.Equal(ProspectResult.Done, (await Prospects.SetAutomaticAsync(prospect, false)).Result);
        Assert.Equal(ProspectResult.Unchanged, (await Prospects.SetAutomaticAsync(prospect, true)).Result);
        Assert.Equal(ProspectResult.NotFound, (await Prospects.SetAutomaticAsync(prospect + 1, true)).Result);
    }

    private Task PauseAsync(long account) => Node.Database.WriteAsync(session => session.Db.Accounts.Where(a => a.Id == account)
        .ExecuteUpdateAsync(set => set.SetProperty(a => a.State, AccountState.Paused).SetProperty(a => a.Version, a => a.Version + 1)));
}
