using Bunit;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Locks;
using Dispatch.Core.People;
using Dispatch.Tests.Support;
using Dispatch.Web.Locks;
using Dispatch.Web.Rotation;
using Microsoft.AspNetCore.Components.Authorization;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>What two people wanted at once: the list for those who watch, and the choices of who lost.</summary>
public sealed class ConflictPanelTests(PostgresServer postgres) : PanelTest(postgres)
{
    private long _ana, _ben, _contact;

    [Fact]
    public void Conflicts_None_SaysSo()
    {
        var page = RenderFor<ConflictsPage>(99, Roles.Admin);
        Assert.Contains("no two people wanted the same", page.Find(".empty").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".skeleton, .list"));
    }

    [Fact]
    public async Task Conflicts_BeforeTheFirstRead_IsASkeleton()
    {
        var who = new TaskCompletionSource<AuthenticationState>();
        var page = RenderFor<ConflictsPage>(who.Task);
        Assert.Equal("true", page.Find(".skeleton").GetAttribute("aria-busy"));
        who.SetResult(Who(99, Roles.Admin));
        await Eventually.Async(() => page.FindAll(".empty").Count == 1);
        Assert.Empty(page.FindAll(".skeleton"));
    }

    [Fact]
    public async Task Conflicts_ReadFails_GivesANumberAndReadsAgain()
    {
        await BreakAsync("assignment_conflicts");
        var page = RenderFor<ConflictsPage>(99, Roles.Admin);
        Assert.Equal(8, page.Find("[role=alert] code").TextContent.Length);
        Assert.Empty(page.FindAll(".skeleton, .empty"));

        await MendAsync("assignment_conflicts");
        await page.Find("[role=alert] button").ClickAsync();
        Assert.Empty(page.FindAll("[role=alert]"));
        Assert.Single(page.FindAll(".empty"));
    }

    [Fact]
    public async Task Conflicts_Open_ShowsWhoWonWhyAndTheAdminsChoices()
    {
        await QuarrelAsync();
        var page = RenderFor<ConflictsPage>(99, Roles.Admin);
        var row = page.Find(".list li");
        Assert.Contains("Ben", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Ana", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Open", row.QuerySelector(".chip")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(["Give it to Ben", "Leave as it is"], row.QuerySelectorAll("button").Select(b => b.TextContent.Trim()));

        await page.FindAll(".list button")[1].ClickAsync();
        Assert.Contains("An admin left it so.", page.Find(".list li").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".list button"));
        Assert.Equal(ConflictResolution.Confirmed, Assert.Single((await Node.Get<ConflictResolutionService>().ListAsync(0, 1)).Items).Resolution);
    }

    [Fact]
    public async Task Conflicts_Ops_SeesAndDecidesNothing()
    {
        await QuarrelAsync();
        var page = RenderFor<ConflictsPage>(99, Roles.Ops);
        Assert.Single(page.FindAll(".list li"));
        Assert.Empty(page.FindAll(".list button"));
    }

    [Fact]
    public async Task Panel_Loser_MayAskTryAgainOrLeaveIt_AndAskingNeedsAReason()
    {
        await QuarrelAsync();
        var panel = Panel(_ben, Roles.Moderator);
        Assert.Equal(["Ask to unlock", "Try again", "Leave it to them"], panel.FindAll(".acts button").Select(b => b.TextContent));

        await panel.FindAll(".acts button")[0].ClickAsync();
        await panel.Find("form").SubmitAsync();
        Assert.Contains("reason", panel.Find(".error").TextContent, StringComparison.OrdinalIgnoreCase);
        Assert.Empty((await Node.Get<ProfileLockService>().GetUnlockRequestsAsync(_ben)));

        await panel.Find("input").InputAsync("she wrote to me first");
        await panel.Find("form").SubmitAsync();
        Assert.Contains("Ana", panel.Find(".asked").TextContent, StringComparison.Ordinal);
        Assert.Equal(UnlockStatus.Open, Assert.Single(await Node.Get<ProfileLockService>().GetUnlockRequestsAsync(_ben)).Status);
    }

    [Fact]
    public async Task Panel_ShowsWhatWasWrong_CanBeSentAgainWhileThePageStillLooks()
    {
        await QuarrelAsync();
        var looking = new TaskCompletionSource();
        var panel = RenderFor<UnlockPanel>(_ben, Roles.Moderator, p => p
            .Add(x => x.Kind, LockKind.Client).Add(x => x.ResourceId, _contact).Add(x => x.HolderName, "Ana").Add(x => x.OnChanged, () => looking.Task));
        await panel.FindAll(".acts button")[0].ClickAsync();

        var asked = panel.Find("form").SubmitAsync();
        await Eventually.Async(() =>
        {
            panel.Render();
            return panel.FindAll(".error").Count == 1;
        });

        // A browser does not send a form by Enter whose button is off, and says nothing.
        Assert.False(panel.Find("button[type=submit]").HasAttribute("disabled"));
        looking.SetResult();
        await asked;
    }

    [Fact]
    public async Task Panel_TryAgain_StillHeld_NamesWhoHasIt()
    {
        await QuarrelAsync();
        var panel = Panel(_ben, Roles.Moderator);
        await panel.FindAll(".acts button")[1].ClickAsync();
        Assert.Contains("Ana", panel.Find(".problem").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Panel_ReadFails_GivesANumber()
    {
        await QuarrelAsync();
        await BreakAsync("unlock_requests");
        Assert.Equal(8, Panel(_ben, Roles.Moderator).Find("code").TextContent.Length);
        await MendAsync("unlock_requests");
    }

    [Theory]
    [InlineData(null, null, null, null, "/conflicts")]
    [InlineData("client", 7L, "open", 3, "/conflicts?kind=client&moderator=7&state=open&page=3")]
    [InlineData("nonsense", null, "maybe", -4, "/conflicts")]
    [InlineData("99", null, "settled", null, "/conflicts?state=settled")]
    public void ConflictsView_IsItsAddress(string? kind, long? moderator, string? state, int? page, string url) =>
        Assert.Equal(url, ConflictsView.Of(kind, moderator, state, page).Url);

    private IRenderedComponent<UnlockPanel> Panel(long reader, string role) => RenderFor<UnlockPanel>(reader, role, p => p
        .Add(x => x.Kind, LockKind.Client).Add(x => x.ResourceId, _contact).Add(x => x.HolderName, "Ana"));

    /// <summary>Ana answers a contact as one profile, Ben wants to as another.</summary>
    private async Task QuarrelAsync()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        (_ana, _ben) = (people[0], people[1]);
        var first = await Node.OpenAsync(await Node.AddProfileAsync("first", _ana), "33600");
        var second = await Node.OpenAsync(await Node.AddProfileAsync("second", _ben), "33600");
        _contact = first.ContactId;
        await Node.Orchestrator.BeginAnswerAsync(first.Id, _ana);
        await Node.Orchestrator.ReplyAsync(second.Id, _ben, "me too");
    }
}
