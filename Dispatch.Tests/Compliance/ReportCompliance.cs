using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Overview;
using Dispatch.Core.Reporting;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Compliance;

/// <summary>A report is made once, from the counts, when its days are over; and kept.</summary>
public abstract class ReportCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private ReportService Reports => Node.Get<ReportService>();

    [Fact]
    public async Task Day_ThatIsOver_IsReportedOnceWithWhatHappenedInIt()
    {
        await ADayAsync(2);
        await CountAsync();
        Assert.Equal(0, await Reports.RunOnceAsync(Clock.Now));
        Assert.Equal(0, await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(10)));
        Assert.Equal(1, await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20)));
        Assert.Equal(0, await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20)));

        var head = Assert.Single(await Reports.ListAsync(ReportKind.Daily));
        Assert.Equal(DateOnly.FromDateTime(Clock.Now), head.First);
        var body = (await Reports.FindAsync(head.Id))!.Body;
        Assert.Equal((2L, 2L, 2L, 1L, 0L), (body.Now.Messages, body.Now.Opened, body.Now.Closed, body.Now.Reassigned, body.Now.Pending!.Value));
        Assert.InRange(body.Now.Answer!.Value, 60 / 1.25, 60 * 1.25);
        Assert.InRange(body.Now.Resolution!.Value, 120 / 1.25, 120 * 1.25);
        Assert.Null(body.Before);
        var ana = body.People.Single(p => p.Name == "Ana");
        Assert.Equal((1L, 0L), (ana.Answers, ana.Missed));
        Assert.Equal(3L, body.People.Sum(p => p.Received));
        Assert.Null(await Reports.FindAsync(9999));
    }

    [Fact]
    public async Task Week_BesideTheOneBefore_ShowsTheChange()
    {
        // Monday 2 March 2026, then a week later more of it.
        await ADayAsync(2);
        Clock.Advance(TimeSpan.FromDays(7));
        await ADayAsync(4, "b");
        Clock.Advance(TimeSpan.FromDays(7));
        await CountAsync();

        await Reports.RunOnceAsync(Clock.Now);

        var heads = await Reports.ListAsync(ReportKind.Weekly);
        Assert.Equal([new DateOnly(2026, 3, 9), new DateOnly(2026, 3, 2)], heads.Select(h => h.First));
        var body = (await Reports.FindAsync(heads[0].Id))!.Body;
        Assert.Equal((4L, 2L), (body.Now.Messages, body.Before!.Messages));
        Assert.Equal(new ReportChange(4, 2, 100, null), ReportRules.Change(body.Now.Messages, body.Before.Messages, null));
    }

    [Fact]
    public async Task TwoNodes_AtOnce_MakeEachReportOnce()
    {
        await ADayAsync(2);
        await CountAsync();
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        foreach (var node in new[] { Node, other }) node.MatchingSettings.AdminNumbers = [Phone, OtherPhone];
        var later = Tomorrow(Clock.Now).AddHours(1);

        var made = await AtOnceAsync([.. Enumerable.Range(0, 6).Select(i => (Func<Task<int>>)(() => (i % 2 == 0 ? Node : other).Get<ReportService>().RunOnceAsync(later)))]);

        Assert.Equal(1, made.Sum());
        Assert.Equal(1, await Node.ReadAsync(db => db.Reports.CountAsync()));
        Assert.Equal([Phone, OtherPhone], (await MessagesAsync()).Select(m => m.Address));
        Assert.Single(await AlertsAsync());
    }

    [Fact]
    public async Task Made_IsToldToEachAdminOnceInHisLanguage_AndUnderTheBell()
    {
        await ADayAsync(2);
        await CountAsync();
        Node.MatchingSettings.PublicAddress = new Uri("https://dispatch.example.org/");
        Node.Get<IOptions<ReportOptions>>().Value.Recipients =
            [new ReportRecipient { Number = "+" + Phone, Language = "en" }, new ReportRecipient { Number = OtherPhone, Language = "fr" }, new ReportRecipient { Number = Phone, Language = "fr" }];
        await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20));
        await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(30));

        var head = Assert.Single(await Reports.ListAsync(ReportKind.Daily));
        var link = $"\nhttps://dispatch.example.org/reports/{head.Id}";
        Assert.Equal(
            [("221770009999", "Daily 2026-03-02 (en)" + link, "report:Daily:2026-03-02:221770009999"), ("221770008888", "Daily 2026-03-02 (fr)" + link, "report:Daily:2026-03-02:221770008888")],
            (await MessagesAsync()).Select(m => (m.Address, m.Text, m.EffectKey)));
        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal((AlertSeverity.Info, head.Id, "Daily", "2026-03-02"), (alert.Severity, alert.ResourceId, alert.Subject, alert.Details));
        // Sent by the loop that sends them, once.
        await Node.Get<Core.Messaging.ServiceMessageSender>().RunOnceAsync(Clock.Now);
        await Node.Get<Core.Messaging.ServiceMessageSender>().RunOnceAsync(Clock.Now);
        Assert.Equal(2, Node.Gateway.Sent.Count(m => m.Text.EndsWith(link, StringComparison.Ordinal)));
        // The phones were told with words of their own: the alert rings nobody.
        Assert.Equal(Telling.Webhook, TellingRules.OnRaised(new TellingFacts(alert, false, null, TimeSpan.Zero, Seconds(900))));
    }

    [Fact]
    public async Task Newer_EndsTheLineOfTheOneBeforeUnderTheBell()
    {
        await ADayAsync(2);
        await CountAsync();
        await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20));
        Clock.Advance(TimeSpan.FromDays(1));
        await ADayAsync(1, "b");
        await CountAsync();
        await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20));

        Assert.Equal([("2026-03-02", true), ("2026-03-03", false)], (await AlertsAsync()).Select(a => (a.Details!, a.ResolvedAt is not null)));
    }

    [Fact]
    public async Task SwitchedOff_IsMadeAndToldToNobody()
    {
        await ADayAsync(2);
        await CountAsync();
        Node.MatchingSettings.AdminNumbers = [Phone];
        await Node.Get<SettingsService>().ChangeAsync(ReportSettings.DailyKey.Key, 0, null);
        Assert.Equal(1, await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddMinutes(20)));
        Assert.Empty(await MessagesAsync());
        Assert.Empty(await AlertsAsync());
    }

    [Fact]
    public async Task OfAnEarlierDay_MadeAfterAPause_RingsNobody()
    {
        await ADayAsync(2);
        await CountAsync();
        Node.MatchingSettings.AdminNumbers = [Phone];
        Assert.Equal(1, await Reports.RunOnceAsync(Tomorrow(Clock.Now).AddDays(2)));
        Assert.Empty(await MessagesAsync());
        Assert.Empty(await AlertsAsync());
    }

    [Fact]
    public async Task DayOfTheOrganisation_EndsAtItsMidnight()
    {
        await ADayAsync(2);
        await CountAsync();
        Node.MatchingSettings.AdminNumbers = [Phone];
        // A quarter of an hour after its end the report of a day is told, and not before.
        var zone = Node.Get<Core.Matching.MatchingFrames>().Zone;
        await Reports.RunOnceAsync(TimeZoneInfo.ConvertTimeToUtc(new DateTime(2026, 3, 3, 0, 14, 0), zone));
        Assert.Empty(await MessagesAsync());
        await Reports.RunOnceAsync(TimeZoneInfo.ConvertTimeToUtc(new DateTime(2026, 3, 3, 0, 16, 0), zone));
        Assert.Single(await MessagesAsync());
    }

    private const string Phone = "221770009999", OtherPhone = "221770008888";

    private Task<List<Core.Messaging.ServiceMessage>> MessagesAsync() => Node.ReadAsync(db => db.ServiceMessages.Where(m => m.Kind == "Report").OrderBy(m => m.Id).ToListAsync());

    private Task<List<Alert>> AlertsAsync() => Node.ReadAsync(db => db.Alerts.Where(a => a.Kind == AlertKind.Report).OrderBy(a => a.Id).ToListAsync());

    [Fact]
    public async Task Loop_WhileTheCountsAreBehind_Waits()
    {
        await ADayAsync(2);
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await Node.Get<ReportLoop>().RunOnceAsync(Clock.Now));
        await CountAsync();
        Assert.Equal(1, await Node.Get<ReportLoop>().RunOnceAsync(Clock.Now));
    }

    private static DateTime Tomorrow(DateTime now) => now.Date.AddDays(1);

    /// <summary>So many contacts write, the first is answered after a minute and changes hands, all are closed after two.</summary>
    private async Task ADayAsync(int contacts, string prefix = "a")
    {
        var people = await Node.ReadAsync(db => db.Moderators.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync());
        if (people.Count == 0) people = [.. await Node.AddOnlineAsync("Ana", "Ben")];
        var open = new List<Conversation>();
        for (var i = 0; i < contacts; i++) open.Add(await Node.OpenAsync(Profile, $"336{(int)prefix[0]}{i:00}"));
        var first = open.First(c => c.OwnerId == people[0]);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Node.Orchestrator.ReplyAsync(first.Id, people[0], "hello", prefix);
        await Node.Orchestrator.TransferAsync(first.Id, people[0], people[1]);
        Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var conversation in open) await Node.Orchestrator.CloseAsync(conversation.Id, null, supervisor: true);
    }

    private Task CountAsync() => RollupCompliance.CountAllAsync(Node, Clock.Now);
}

public sealed class SqliteReportTests(PostgresServer postgres) : ReportCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PostgresReportTests(PostgresServer postgres) : ReportCompliance(DatabaseProvider.PostgreSql, postgres);
