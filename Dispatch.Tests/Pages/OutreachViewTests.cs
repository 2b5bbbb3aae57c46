using Dispatch.Core.Conversations;
using Dispatch.Core.Outreach;
using Dispatch.Web.Outreach;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>Views are their addresses; what is typed of an account is its plan; a history is one line.</summary>
public sealed class OutreachViewTests
{
    private static readonly DateTime Now = new(2026, 3, 3, 8, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("/prospects?stage=answered&account=3&seq=B&q=a%26b&sort=lastinboundat&page=2", "ANSWERED", 3L, "b", " a&b ", "LastInboundAt", 2)]
    [InlineData("/prospects", "nonsense", -1L, "D", "", "createdat", 0)]
    [InlineData("/prospects", "1", null, "AB", null, "1", null)]
    public void ProspectsView_IsItsAddress(string url, string? stage, long? account, string? sequence, string? search, string? sort, int? page) =>
        Assert.Equal(url, ProspectsView.Of(stage, account, sequence, search, sort, page).Url);

    [Fact]
    public void ProspectsView_OfAStep_FindsWhoStandsThere()
    {
        var view = ProspectsView.Of("contacted", null, null, null, null, null, 0);
        Assert.Equal(("/prospects?stage=contacted&step=0", 0, true), (view.Url, view.Filter.Step, view.IsNarrowed));
    }

    [Theory]
    [InlineData("/actions?tab=dead&account=3&action=send_followup_B1&q=Awa&page=2", "dead", 3L, "send_followup_B1", "Awa", 2)]
    [InlineData("/actions", "pending", 0L, "nonsense", " ", -3)]
    public void ActionsView_IsItsAddress(string url, string? tab, long? account, string? action, string? search, int? page) =>
        Assert.Equal(url, ActionsView.Of(tab, account, action, search, page).Url);

    [Theory]
    [InlineData("/actions/log?status=success&account=3&action=send_followup_A1&q=a%26b&from=2026-03-01&to=2026-03-02&page=3", "success", 3L, "send_followup_A1", "a&b", "2026-03-01", "2026-03-02", 3)]
    [InlineData("/actions/log", "never", null, "send_everything", "", "yesterday", "2026-13-40", 1)]
    public void LogView_IsItsAddress(string url, string? status, long? account, string? action, string? search, string? from, string? to, int? page) =>
        Assert.Equal(url, LogView.Of(status, account, action, search, from, to, page).Url);

    [Fact]
    public void LogView_Days_AreThoseOfTheReader()
    {
        var paris = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris");
        var filter = LogView.Of(null, null, null, null, "2026-03-29", "2026-03-29", null).Filter(paris);
        // The day on which clocks are put forward has 23 hours.
        Assert.Equal((new DateTime(2026, 3, 28, 23, 0, 0), new DateTime(2026, 3, 29, 22, 0, 0)), (filter.From, filter.To));
    }

    [Theory]
    [InlineData("/sequences?step=send_followup_A1&lang=en#texts", "send_followup_A1", "en")]
    [InlineData("/sequences?step=send_first_contact&lang=fr#texts", "send_nothing", "de")]
    public void SequencesView_IsItsAddress(string url, string? kind, string? language) => Assert.Equal(url, SequencesView.Of(kind, language).Url);

    [Fact]
    public void AccountDraft_OfARow_ReadsAsTheSamePlan()
    {
        var plan = new AccountPlan
        {
            Windows = [new SendWindow([DayOfWeek.Monday, DayOfWeek.Sunday], new TimeOnly(9, 0), default), new SendWindow([], new TimeOnly(6, 0), new TimeOnly(7, 0))],
            Holidays = [new DateOnly(2026, 12, 25), new DateOnly(2027, 1, 1)], Quotas = new Dictionary<ActionType, int> { [ActionType.Followup] = 5 }, MinGapSeconds = 12,
            WarmUp = new WarmUp(2, 10, new DateOnly(2026, 3, 1)),
        };
        var row = new AccountRow(1, "Ventes", default, null, "Africa/Dakar", AccountState.Active, plan, default, [], null, null, null, 0, null, 0, 0);
        var (read, errors) = AccountDraft.Of(row).Read(new DateOnly(2026, 3, 3));
        Assert.Empty(errors);
        Assert.Equal(plan.ToJson(), (read with { Windows = [read.Windows[0] with { Days = [DayOfWeek.Monday, DayOfWeek.Sunday] }, read.Windows[1]] }).ToJson());
        Assert.Equal([DayOfWeek.Monday, DayOfWeek.Sunday], read.Windows[0].Days);
    }

    [Fact]
    public void AccountDraft_WithSlips_NamesEachFieldOnce()
    {
        var draft = new AccountDraft { TimeZone = "Dakar", FirstContact = -1, GapSeconds = 100_000, Holidays = "2026-12-25, Noël", WarmsUp = true, WarmUpStart = null };
        draft.Windows.Add(new WindowDraft { From = null });
        Assert.Equal(["name", "timeZone", "quotas", "minGapSeconds", "warmUp", "windows", "holidays"], draft.Read(default).Errors.Select(e => e.Field));
    }

    [Fact]
    public void History_OfAProspect_IsOneLineTheNewestFirst()
    {
        var sent = Action(1, ActionStatus.Success, Now, content: "Bonjour");
        var dropped = Action(2, ActionStatus.Cancelled, Now.AddHours(2));
        var waiting = Action(3, ActionStatus.Pending, null);
        var details = new ProspectDetails(
            Row(ProspectStage.Answered, lastInbound: Now.AddHours(2)), null, null, null, null, null, [sent, dropped, waiting],
            [new LogRow(9, 1, ActionKinds.FirstContact, ActionStatus.Success, Now, 1, "A", 1, "Awa", 1, "w-1", null)],
            [new ProspectMessage(5, MessageDirection.In, Now.AddHours(2), "text", "Oui", null)]);
        var items = ProspectHistory.Build(details);
        Assert.Equal(["c2", "m5", "l9", "added"], items.Select(i => i.Key));
        Assert.Equal("Bonjour", ((ExecutedItem)items[2]).Text);
        Assert.Equal([3L], ProspectHistory.Open(details).Select(a => a.Id));
    }

    [Fact]
    public void History_WithoutAConversation_StillSaysThatHeWroteAndWhyItEnded()
    {
        var details = new ProspectDetails(
            Row(ProspectStage.Stopped, lastInbound: Now) with { StopReason = StopReason.OptedOut }, null, null, null, Now.AddMinutes(1), null, [], [], []);
        Assert.Equal(["stopped", "wrote", "added"], ProspectHistory.Build(details).Select(i => i.Key));
    }

    [Fact]
    public void BulkRun_Sum_CountsByWhatBecameOfThem() => Assert.Equal(
        [(ActionResult.Sent, 2), (ActionResult.Refused, 1)],
        BulkRun.Sum([new ActionOutcome(ActionResult.Refused), new ActionOutcome(ActionResult.Sent), new ActionOutcome(ActionResult.Sent)]));

    private static ActionRow Action(long id, ActionStatus status, DateTime? finished, string? content = null) => new(
        id, ActionKinds.FirstContact, status, 1, "A", 1, "Awa", content, Now, Now, 0, Now, null, finished, null, null, null, null, null, null);

    private static ProspectRow Row(ProspectStage stage, DateTime? lastInbound) => new(
        1, "Awa", "221771234567", null, "fr", 1, "A", stage, false, null, 0, Now, lastInbound, Now, null, Now.AddDays(-1), null, null, false);
}
