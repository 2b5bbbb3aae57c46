using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Whether somebody is there, as he and his colleagues see it.</summary>
public abstract class PresenceScenarios(ChromiumFixture chromium, IBrowserSite site) : BrowserScenario(chromium, site)
{
    [Fact]
    public async Task Presence_AwayAndBack_ShowsInHeaderQueueAndBoard()
    {
        var page = await SignInAsync(Ibrahima);
        var board = await SignInAsync(Admin);
        var card = board.Locator(".card").Filter(new() { HasText = Ibrahima });
        await Expect(card.Locator(".presence-online")).ToBeVisibleAsync();
        await Expect(page.Locator(".place")).ToContainTextAsync("1st of 1");

        await ChooseAsync(page, "Away");
        await Expect(Presence(page, "away")).ToBeVisibleAsync();
        await Expect(page.Locator(".place")).ToContainTextAsync("Not in the queue");
        await Expect(card.Locator(".presence-away")).ToBeVisibleAsync();

        await ChooseAsync(page, "Online");
        await Expect(Presence(page, "online")).ToBeVisibleAsync();
        await Expect(page.Locator(".place")).ToContainTextAsync("1st of 1");
        await Expect(card.Locator(".presence-online")).ToBeVisibleAsync();
    }

    private static async Task ChooseAsync(IPage page, string choice)
    {
        await page.Locator("#presence-switch > summary").ClickAsync();
        await page.Locator("#presence-switch .menu-list").GetByRole(AriaRole.Button, new() { Name = choice }).ClickAsync();
    }
}
