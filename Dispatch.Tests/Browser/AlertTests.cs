using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The bell and the list behind it.</summary>
public sealed class AlertTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    [Fact]
    public async Task Bell_AlertRaisedSeenToAndOver_FollowsWithoutReload()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/alerts?kind=LowDriverAvailability");
        var bell = page.Locator("details:has(.bell)");
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await Expect(bell.Locator(".dot")).ToHaveCountAsync(0);

        await RaiseAsync("Yoff <b>Nord</b>");
        await Expect(bell.Locator(".dot")).ToHaveTextAsync("1");
        var row = page.Locator(".list li");
        await Expect(row).ToContainTextAsync("Yoff <b>Nord</b>: 2 drivers can be asked");
        await bell.Locator("summary").PressAsync("Enter");
        await Expect(bell.GetByRole(AriaRole.Link, new() { Name = "Yoff" })).ToHaveAttributeAsync("href", "/drivers");
        await page.Keyboard.PressAsync("Escape");

        await row.GetByRole(AriaRole.Button, new() { Name = "I look after it" }).ClickAsync();
        await Expect(row).ToContainTextAsync("You look after it");
        await Expect(bell.Locator(".dot")).ToHaveCountAsync(0);
        await RaiseAsync("Yoff <b>Nord</b>");
        await Expect(row).ToContainTextAsync("2 times");

        await row.GetByRole(AriaRole.Button, new() { Name = "It is over" }).ClickAsync();
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await page.GetByLabel("State").SelectOptionAsync("all");
        await Expect(row).ToContainTextAsync("closed it");
    }

    [Fact]
    public async Task Flapping_AlertSaysThatItComesTooOften()
    {
        var store = Host.Services.GetRequiredService<AlertStore>();
        for (var i = 0; i < 4; i++)
        {
            await RaiseAsync("Flap", AlertKind.DeadLetters);
            if (i < 3) await Host.Services.GetRequiredService<Database>().WriteAsync(session => store.ResolveAsync(session, "low-availability:Flap", TimeProvider.System.GetUtcNow().UtcDateTime));
        }
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/alerts?kind=DeadLetters");
        await Expect(page.Locator(".list li .flaps")).ToContainTextAsync("Came 4 times within an hour");
        await Host.Services.GetRequiredService<Database>().WriteAsync(session => store.ResolveAsync(session, "low-availability:Flap", TimeProvider.System.GetUtcNow().UtcDateTime));
    }

    [Fact]
    public async Task HealthPage_AndTheBarOnEveryPage_SayWhatIsWrongWithoutTheDatabase()
    {
        var problems = Host.Services.GetRequiredService<NodeProblems>();
        await Host.Services.GetRequiredService<NodeWatch>().StopAsync(CancellationToken.None);
        var page = await SignInAsync(Admin);
        var moderator = await SignInAsync(Awa);
        await GoAsync(page, "/ops/health");
        await Expect(page.Locator(".node .strip i")).ToHaveCountAsync(HealthHistory.Cells);
        await Expect(page.Locator(".node-banner")).ToHaveCountAsync(0);

        try
        {
            problems.Set([new NodeProblem(AlertKind.DatabaseAway, AlertSeverity.Critical, "database-away", null, null, TimeProvider.System.GetUtcNow().UtcDateTime, Blocks: true)]);
            await Expect(page.Locator(".problems li")).ToContainTextAsync("The database does not answer");
            await Expect(moderator.Locator(".node-banner")).ToContainTextAsync("Dispatch cannot work as it should. The database does not answer");
            await page.GotoAsync("/alerts");
            await Expect(page.Locator(".here li")).ToContainTextAsync("The database does not answer");
            await Expect(page.Locator("details:has(.bell) .dot")).ToHaveTextAsync("1");

            problems.Set([]);
            await Expect(moderator.Locator(".node-banner")).ToHaveCountAsync(0);
            await Expect(page.Locator(".here")).ToHaveCountAsync(0);
        }
        finally
        {
            problems.Set([]);
            await Host.Services.GetRequiredService<NodeWatch>().StartAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task Bell_Moderator_IsNotThere()
    {
        var page = await SignInAsync(Awa);
        await Expect(page.Locator(".bell")).ToHaveCountAsync(0);
        await page.GotoAsync("/alerts");
        await Expect(page.Locator("#a-state")).ToHaveCountAsync(0);
    }

    private Task<bool> RaiseAsync(string zone, AlertKind kind = AlertKind.LowDriverAvailability) => Host.Services.GetRequiredService<Database>().WriteAsync(session => Host.Services.GetRequiredService<AlertStore>().RaiseAsync(
        session, kind, AlertSeverity.Warning, "low-availability:" + zone, TimeProvider.System.GetUtcNow().UtcDateTime, subject: zone, details: "2"));
}
