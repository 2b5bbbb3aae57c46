using Bunit;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Dispatch.Web.Queue;
using Dispatch.Web.Rotation;
using Microsoft.AspNetCore.Components.Authorization;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>My place in the line for exclusive profiles, and what the watch found.</summary>
public sealed class QueuePanelTests(PostgresServer postgres) : PanelTest(postgres)
{
    private static readonly WaitAccuracy Unknown = new(0, null, null);

    [Fact]
    public void Line_NotInIt_OffersToJoin()
    {
        var panel = Line(7, new QueueStatus([], 2, 0, Unknown));
        Assert.Equal("–", panel.Find(".large").TextContent);
        Assert.Single(panel.FindAll(".acts button"));
        Assert.Empty(panel.FindAll("dl, .before"));
    }

    [Fact]
    public void Line_HoldsAsManyAsAllowed_OffersNothing()
    {
        var panel = Line(7, new QueueStatus([], 2, 0, Unknown), atLimit: true);
        Assert.Empty(panel.FindAll("button"));
    }

    [Fact]
    public void Line_Third_ShowsPlaceWaitAndWhoIsBeforeByFirstName()
    {
        var panel = Line(7, new QueueStatus([Row(5, "Ana Sow", 1, 10), Row(6, "Ben Ba", 2), Row(7, "Me", 3), Row(8, "Late", 4)], 5, 1, new WaitAccuracy(40, 0.75, 90)));
        var place = panel.Find(".large");
        Assert.Equal("3", place.GetAttribute("data-place"));
        Assert.StartsWith("3rd", place.TextContent, StringComparison.Ordinal);
        Assert.Equal(["Ana", "Ben"], panel.FindAll(".before li").Select(l => l.TextContent.Split(' ')[0]));
        Assert.Contains("2 min", panel.Find("dd strong").TextContent, StringComparison.Ordinal);
        Assert.Contains("75", panel.Find("p.quiet").TextContent, StringComparison.Ordinal);
        Assert.Equal(2, panel.FindAll(".acts button").Count);
    }

    [Fact]
    public void Line_TooFewObservations_SaysUnknown()
    {
        var panel = Line(7, new QueueStatus([Row(7, "Me", 1) with { ExpectedWait = null }], 5, 1, Unknown));
        Assert.Contains("nknown", panel.Find("dd strong").TextContent, StringComparison.Ordinal);
        Assert.Empty(panel.FindAll(".before"));
    }

    [Fact]
    public async Task Line_PriorityWithoutAReason_IsRefusedBesideTheField_AndGoesThroughWithOne()
    {
        await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        var status = await Node.Get<ModeratorQueueService>().GetQueueStatusAsync();
        var panel = Line(people[1], status);
        await panel.FindAll(".acts button")[0].ClickAsync();
        await panel.Find("form").SubmitAsync();
        Assert.NotEqual("", panel.Find(".error").TextContent);
        Assert.Equal("true", panel.Find("input[id]").GetAttribute("aria-invalid"));

        await panel.Find("#priority-reason").InputAsync("my shift ends at noon");
        await panel.Find("form").SubmitAsync();
        Assert.Empty(panel.FindAll("form"));
        Assert.Equal("my shift ends at noon", Assert.Single(await Node.Get<ModeratorQueueService>().OpenRequestsAsync()).Reason);
    }

    [Fact]
    public async Task Findings_EmptyLoadingErrorAndFull()
    {
        var who = new TaskCompletionSource<AuthenticationState>();
        Assert.Single(RenderFor<FindingsPage>(who.Task).FindAll(".skeleton"));
        var page = RenderFor<FindingsPage>(99, Roles.Ops);
        Assert.Contains("everything is where it belongs", page.Find(".empty").TextContent, StringComparison.Ordinal);

        var vip = await Node.AddExclusiveAsync("vip");
        await Node.OpenAsync(vip, "33600");
        Node.Clock.Advance(TimeSpan.FromSeconds(15));
        await Node.Get<ProfileAssignmentMonitoringTask>().HandleAsync(Node.Clock.Now);
        page = RenderFor<FindingsPage>(99, Roles.Ops);
        var row = page.Find(".list li");
        Assert.Contains("nobody who may serve the profile is there", row.TextContent, StringComparison.Ordinal);
        Assert.Equal("Open", row.QuerySelector(".chip")!.TextContent);
        Assert.Equal("vip", row.QuerySelector("a")!.TextContent);

        await BreakAsync("assignment_findings");
        Assert.Equal(8, RenderFor<FindingsPage>(99, Roles.Ops).Find("[role=alert] code").TextContent.Length);
        await MendAsync("assignment_findings");
    }

    [Theory]
    [InlineData(null, null, null, "/findings")]
    [InlineData("open", "longwait", 2, "/findings?state=open&kind=longwait&page=2")]
    [InlineData("nonsense", "77", 0, "/findings")]
    public void FindingsView_IsItsAddress(string? state, string? kind, int? page, string url) => Assert.Equal(url, FindingsView.Of(state, kind, page).Url);

    private IRenderedComponent<ProfileLine> Line(long me, QueueStatus status, bool atLimit = false) => Render<ProfileLine>(p => p
        .Add(x => x.Status, status).Add(x => x.Me, me).Add(x => x.AtLimit, atLimit));

    private QueueLineRow Row(long id, string name, int place, int priority = 0) => new(
        id, name, place, 4, priority, 0, Node.Clock.Now.AddMinutes(-4), new WaitEstimate(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5)), 1);
}
