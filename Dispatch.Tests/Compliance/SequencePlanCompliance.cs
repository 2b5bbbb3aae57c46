using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class SequencePlansOnSqlite(PostgresServer postgres) : SequencePlanCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class SequencePlansOnPostgres(PostgresServer postgres) : SequencePlanCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Sequences that people set up, and templates of a provider that accounts set up: what holds from when on.</summary>
public abstract class SequencePlanCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private SequencePlans Plans => Node.Get<SequencePlans>();
    private FollowupJob Followups => Node.Get<FollowupJob>();

    [Fact]
    public async Task Set_HoldsForWhatIsPlannedFromThenOn()
    {
        var account = await AccountAsync();
        var (before, after) = (await ContactedAsync(account), await ContactedAsync(account));
        await Followups.RunOnceAsync(Clock.Now);
        var planned = await NextAsync(before);
        Assert.Equal(Clock.Now.AddDays(2), planned.ScheduledAt);
        await Node.Database.WriteAsync(s => s.Db.OutreachActions.Where(a => a.ProspectId == after && a.Status == ActionStatus.Pending).ExecuteDeleteAsync());

        var outcome = await Plans.SetAsync('A', [Step(5, new TimeOnly(9, 0), new TimeOnly(10, 0), DayOfWeek.Wednesday), Step(1)], 0, null);
        Assert.Equal((SequenceResult.Done, 1), (outcome.Result, outcome.Version));
        await Followups.RunOnceAsync(Clock.Now);

        Assert.Equal(planned.ScheduledAt, (await NextAsync(before)).ScheduledAt);
        var moved = (await NextAsync(after)).ScheduledAt;
        Assert.Equal((DayOfWeek.Wednesday, 9), (moved.DayOfWeek, moved.Hour));
        Assert.InRange(moved, Clock.Now.AddDays(5), Clock.Now.AddDays(12));
        var history = Assert.Single(await Plans.HistoryAsync('A'));
        Assert.Equal((1, 2, Clock.Now), (history.Version, history.Steps.Count, history.ChangedAt));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Set_ShorterOrLonger_MovesWhenAProspectIsLookedAt()
    {
        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('A', [Step(100)], 0, null)).Result);
        var account = await AccountAsync();
        var prospect = await ContactedAsync(account);
        Assert.Equal(0, await Followups.RunOnceAsync(Clock.Now));
        Assert.Equal(Clock.Now.AddDays(100) - Options.PlanAhead, (await ReadProspectAsync(prospect)).FollowUpAt);

        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('A', [Step(200)], 1, null)).Result);
        // Looked at because of the change, and not planned a hundred days early.
        Assert.Equal(0, await Followups.RunOnceAsync(Clock.Now));
        Assert.Equal(Clock.Now.AddDays(200) - Options.PlanAhead, (await ReadProspectAsync(prospect)).FollowUpAt);

        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('A', [Step(3)], 2, null)).Result);
        Assert.Equal(1, await Followups.RunOnceAsync(Clock.Now));
        Assert.Equal(Clock.Now.AddDays(3), (await NextAsync(prospect)).ScheduledAt);
        Assert.Equal([3, 2, 1], (await Plans.HistoryAsync('A')).Select(h => h.Version));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Set_WithoutSteps_TheSequenceIsOff_AndOneMoreStepTakesUpWhoWasThrough()
    {
        var account = await AccountAsync();
        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('A', [], 0, null)).Result);
        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('C', [], 0, null)).Result);
        var prospect = await ContactedAsync(account);
        Clock.Advance(TimeSpan.FromDays(100));
        Assert.Equal(0, await Followups.RunOnceAsync(Clock.Now));

        Assert.Equal(SequenceResult.Done, (await Plans.SetAsync('A', [Step(1)], 1, null)).Result);
        Assert.Equal(1, await Followups.RunOnceAsync(Clock.Now));
        Assert.Equal("send_followup_A1", (await NextAsync(prospect)).Kind);
    }

    [Fact]
    public async Task Set_ByTwoAtOnce_OnlyTheFirstHolds()
    {
        for (var version = 0; version < 20; version++)
        {
            var (seen, days) = (version, version % 300);
            var outcomes = await AtOnceAsync(Enumerable.Range(1, 4).Select(i => (Func<Task<SequenceOutcome>>)(() => Plans.SetAsync('B', [Step(i + days)], seen, null))).ToArray());
            Assert.Single(outcomes, o => o.Result == SequenceResult.Done);
            Assert.Equal(3, outcomes.Count(o => o.Result == SequenceResult.ChangedMeanwhile));
        }
        Assert.Equal(20, (await Plans.ListAsync()).Single(p => p.Letter == 'B').Version);
    }

    [Fact]
    public async Task Set_Wrong_NamesTheStepAndChangesNothing()
    {
        var outcome = await Plans.SetAsync('A',
        [
            Step(0), Step(366), Step(1, new TimeOnly(18, 0), new TimeOnly(9, 0)), new FollowupStep { Delay = TimeSpan.FromDays(1), Template = ActionKinds.Reply },
            Step(1), new FollowupStep { Delay = TimeSpan.FromDays(1), Template = "send_followup_B9" },
        ], 0, null);
        Assert.Equal(SequenceResult.BadInput, outcome.Result);
        // A4 and later have no text of their own yet.
        Assert.Equal(["steps[0].delay", "steps[1].delay", "steps[2].to", "steps[3].template", "steps[4].template", "steps[5].template"], outcome.Errors.Select(e => e.Field));
        Assert.Equal("steps", Assert.Single(SequenceRules.Check('A', [.. Enumerable.Repeat(Step(1), 21)], _ => true)).Field);
        Assert.Equal(0, (await Plans.ListAsync())[0].Version);
    }

    [Fact]
    public async Task Meta_OutsideTheDay_GoesAsTheApprovedTemplate()
    {
        var account = await MetaAsync(
            new PlanTemplate(ActionKinds.FirstContact, "welcome", "fr", ["{firstName|à vous}"]), new PlanTemplate(ActionKinds.FirstContact, "welcome_en", "en_US", ["{firstName|there}", "{account}"], "Hello {{1}}, this is {{2}}."));
        var prospect = await ProspectAsync(account, "Awa  Ndiaye");

        var outcome = await Actions.ExecuteSendFirstContact(prospect, account);

        var sent = Assert.Single(Node.Gateway.Sent);
        var name = (await ReadAccountAsync(account)).Name;
        Assert.Equal(("welcome_en", "en_US"), (sent.Template!.Name, sent.Template.Language));
        Assert.Equal(["Awa", name], sent.Template.Parameters);
        var row = await ActionAsync(outcome.Id);
        Assert.Equal(("welcome_en", $"Hello Awa, this is {name}."), (row.Template, row.Content));
        Assert.Equal(row.Content, (await Node.ReadAsync(db => db.Messages.SingleAsync())).Text);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Meta_WhoWroteWithinTheDay_GetsText()
    {
        var account = await MetaAsync(new PlanTemplate("send_followup_B1", "again", "en", []));
        var prospect = await ProspectAsync(account);
        await ReplyFromAsync(prospect);
        await PlannedAsync("send_followup_B1", prospect, content: null);
        Assert.Equal(1, await RunAsync());
        Assert.Null(Node.Gateway.Sent.Single().Template);
        await PlannedAsync("send_followup_B2", prospect, Clock.Now.AddHours(25), content: "my own words");
        await Node.Database.WriteAsync(s => s.Db.Accounts.ExecuteUpdateAsync(set => set.SetProperty(a => a.Plan, PlanOf(new PlanTemplate("send_followup_B2", "again", "en", [])).ToJson())));
        Clock.Advance(TimeSpan.FromHours(26));
        Assert.Equal(1, await RunAsync());
        // A person's own words are not replaced by others.
        Assert.Equal((null, "my own words"), Node.Gateway.Sent.Last() is var last ? (last.Template, last.Text) : default);
    }

    [Fact]
    public async Task Meta_WindowClosed_FailsAndARetryGoesAsTheTemplateThatIsSetUpThen()
    {
        var account = await MetaAsync(new PlanTemplate(ActionKinds.FirstContact, "old", "en", ["{company}"]));
        var prospect = await ProspectAsync(account);
        var outcome = await Actions.ExecuteSendFirstContact(prospect, account);
        Assert.Equal((ActionResult.Failed, "MissingValue:company"), (outcome.Result, outcome.Error));

        Node.Gateway.OnSend = (m, _) => Task.FromResult(m.Template?.Name == "good" ? SendResult.Sent("g-1") : SendResult.Failed(m.Template is null ? SendFailure.WindowClosed : SendFailure.BadContent));
        async Task<string?> TryAsync(params PlanTemplate[] templates)
        {
            var json = PlanOf(templates).ToJson();
            await Node.Database.WriteAsync(s => s.Db.Accounts.ExecuteUpdateAsync(set => set.SetProperty(a => a.Plan, json).SetProperty(a => a.Version, a => a.Version + 1)));
            await Actions.RetryAsync(outcome.Id);
            await RunAsync();
            return (await ActionAsync(outcome.Id)).Error;
        }
        Assert.Equal(nameof(SendFailure.BadContent), await TryAsync(new PlanTemplate(ActionKinds.FirstContact, "bad", "en", [])));
        Assert.Equal("bad", (await ActionAsync(outcome.Id)).Template);
        Assert.Null(await TryAsync(new PlanTemplate(ActionKinds.FirstContact, "good", "en", [])));
        Assert.Equal((ActionStatus.Success, "good", "[good]"), (await ActionAsync(outcome.Id)) is var a ? (a.Status, a.Template, a.Content) : default);

        await Node.Database.WriteAsync(s => s.Db.Accounts.ExecuteUpdateAsync(set => set.SetProperty(x => x.Plan, PlanOf().ToJson()).SetProperty(x => x.Version, x => x.Version + 1)));
        var closed = await Actions.ExecuteSendFirstContact(await ProspectAsync(account), account);
        Assert.Equal((ActionResult.Failed, nameof(SendFailure.WindowClosed)), (closed.Result, closed.Error));
        await AssertSoundAsync();
    }

    private static AccountPlan PlanOf(params PlanTemplate[] templates) => new() { Templates = templates };

    private static FollowupStep Step(int days, TimeOnly? from = null, TimeOnly? to = null, params DayOfWeek[] on) => new() { Delay = TimeSpan.FromDays(days), From = from, To = to, Days = [.. on] };

    private async Task<long> MetaAsync(params PlanTemplate[] templates)
    {
        var account = await AccountAsync(PlanOf(templates));
        await Node.Database.WriteAsync(s => s.Db.Accounts.Where(a => a.Id == account).ExecuteUpdateAsync(set => set.SetProperty(a => a.Provider, AccountProvider.Meta)));
        return account;
    }

    private async Task<long> ContactedAsync(long account)
    {
        var prospect = await ProspectAsync(account);
        Assert.True((await Actions.ExecuteSendFirstContact(prospect, account)).Succeeded);
        return prospect;
    }

    private Task<OutreachAction> NextAsync(long prospect) => Node.ReadAsync(db => db.OutreachActions.SingleAsync(a => a.ProspectId == prospect && a.Status == ActionStatus.Pending));
}
