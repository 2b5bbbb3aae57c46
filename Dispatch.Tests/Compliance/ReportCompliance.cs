using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Overview;
using Dispatch.Core.Reporting;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

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
        var later = Tomorrow(Clock.Now).AddHours(1);

        var made = await AtOnceAsync([.. Enumerable.Range(0, 6).Select(i => (Func<Task<int>>)(() => (i % 2 == 0 ? Node : other).Get<ReportService>().RunOnceAsync(later)))]);

        Assert.Equal(1, made.Sum());
        Assert.Equal(1, await Node.ReadAsync(db => db.Reports.CountAsync()));
    }

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
