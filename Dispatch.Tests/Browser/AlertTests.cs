using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
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
    public async Task Bell_Moderator_IsNotThere()
    {
        var page = await SignInAsync(Awa);
        await Expect(page.Locator(".bell")).ToHaveCountAsync(0);
        await page.GotoAsync("/alerts");
        await Expect(page.Locator("#a-state")).ToHaveCountAsync(0);
    }

    private Task<bool> RaiseAsync(string zone) => Host.Services.GetRequiredService<Database>().WriteAsync(session => Host.Services.GetRequiredService<AlertStore>().RaiseAsync(
        session, AlertKind.LowDriverAvailability, AlertSeverity.Warning, "low-availability:" + zone, TimeProvider.System.GetUtcNow().UtcDateTime, subject: zone, details: "2"));
}
