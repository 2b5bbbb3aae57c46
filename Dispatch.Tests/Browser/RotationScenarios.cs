using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Exclusive profiles that go round, seen by those they come to and go from, and by the admin who moves them.</summary>
public abstract class RotationScenarios(ChromiumFixture chromium, IBrowserSite site) : BrowserScenario(chromium, site)
{
    private const string Shop = "Boutique";

    [Fact]
    public async Task GivenBack_GoesToTheNext_PlacesMoveAndBothAreTold()
    {
        await EnsureShopAsync();
        var awa = await HolderAsync();
        var moussa = await SignInAsync(Moussa);
        await moussa.GotoAsync("/queue");
        await Expect(Place(moussa)).ToHaveTextAsync("1st of 2");
        var fatou = await SignInAsync(Fatou);
        await fatou.GotoAsync("/queue");
        await Expect(Place(fatou)).ToHaveTextAsync("2nd of 3");
        await Expect(fatou.Locator(".before").First).ToContainTextAsync("Moussa");

        await awa.GetByRole(AriaRole.Button, new() { Name = $"Give back {Shop}" }).ClickAsync();
        await Expect(awa.Locator(".sure")).ToContainTextAsync("go to the next in the line");
        await awa.GetByRole(AriaRole.Button, new() { Name = "Give it back" }).ClickAsync();

        await Expect(Announcements(moussa)).ToContainTextAsync($"You hold {Shop} now: you were next in the line.");
        await Expect(Announcements(moussa)).ToContainTextAsync($"Until now {Awa} held it: the holder gave it back.");
        await Expect(Announcements(awa)).ToContainTextAsync($"{Shop} is with {Moussa} now.");
        await Expect(moussa.Locator("main")).ToContainTextAsync("You hold 1 profile");
        // Nobody reloaded anything.
        await Expect(Place(fatou)).ToHaveTextAsync("1st of 3");
    }

    [Fact]
    public async Task Line_LeftJoinedAndPriorityAskedAndGranted_MovesAndTells()
    {
        await EnsureShopAsync();
        await HolderAsync();
        await SignInAsync(Moussa);
        var fatou = await SignInAsync(Fatou);
        await fatou.GotoAsync("/queue");
        await Expect(Place(fatou)).ToHaveTextAsync("2nd of 3");
        await fatou.GetByRole(AriaRole.Button, new() { Name = "Leave the line" }).ClickAsync();
        await Expect(fatou.Locator("main")).ToContainTextAsync("You are not in the line for profiles");
        await fatou.GetByRole(AriaRole.Button, new() { Name = "Wait for a profile" }).ClickAsync();
        await Expect(Place(fatou)).ToHaveTextAsync("2nd of 3");

        await fatou.GetByRole(AriaRole.Button, new() { Name = "Ask for priority" }).ClickAsync();
        await fatou.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        await Expect(fatou.Locator("main .error")).ToContainTextAsync("Write a reason");
        await fatou.GetByLabel("Why should you be served sooner?").FillAsync("Ma cliente attend");
        await fatou.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        await Expect(fatou.Locator("main")).ToContainTextAsync("You asked for priority; an admin decides.");

        var admin = await SignInAsync(Admin);
        await admin.GotoAsync("/rotation");
        await Expect(admin.Locator(".requests")).ToContainTextAsync("Ma cliente attend");
        await admin.GetByRole(AriaRole.Button, new() { Name = $"Grant it to {Fatou}" }).ClickAsync();
        await Expect(Place(fatou)).ToHaveTextAsync("1st of 3");
        await Expect(Announcements(fatou)).ToContainTextAsync("You have the priority you asked for.");
    }

    [Fact]
    public async Task Board_MovedByKeyboardAndByDrag_IsAnnouncedToBothAndPaused()
    {
        await EnsureShopAsync();
        var awa = await HolderAsync();
        var moussa = await SignInAsync(Moussa);
        var admin = await SignInAsync(Admin);
        await admin.GotoAsync("/rotation");
        var row = admin.Locator("tr").Filter(new() { HasText = Shop });

        await row.Locator(".holder").FocusAsync();
        await Expect(row.Locator(".holder")).ToHaveAttributeAsync("aria-pressed", "true");
        // A key holds once the page has registered it, which nothing shows; a second press while the dialog opens does nothing.
        await Support.Eventually.Async(async () =>
        {
            await admin.Keyboard.PressAsync("m");
            return await admin.GetByRole(AriaRole.Dialog).IsVisibleAsync();
        });
        await admin.GetByRole(AriaRole.Radio, new() { Name = Moussa }).CheckAsync();
        await admin.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();
        await Expect(Notices(admin)).ToContainTextAsync($"{Shop} is with {Moussa} now.");
        await Expect(Announcements(awa)).ToContainTextAsync($"{Shop} is with {Moussa} now.");
        await Expect(Announcements(awa)).ToContainTextAsync($"{Admin.Split(" ")[0]} decided so.");
        await Expect(Announcements(moussa)).ToContainTextAsync($"You hold {Shop} now: an admin gave it to you.");

        await Expect(row.Locator(".holder")).ToContainTextAsync("Moussa");
        await row.Locator(".holder").DragToAsync(row.Locator($"td[data-to='{await ModeratorAsync(Awa)}']"));
        await Expect(row.Locator(".holder")).ToContainTextAsync("Awa");
        await Expect(Announcements(moussa)).ToContainTextAsync($"{Shop} is with {Awa} now.");

        await row.GetByRole(AriaRole.Button, new() { Name = $"Pause {Shop}" }).ClickAsync();
        await Expect(row).ToContainTextAsync("Paused");
        await Expect(row.Locator(".holder.free")).ToBeVisibleAsync();
        await row.GetByRole(AriaRole.Button, new() { Name = $"Let {Shop} go on" }).ClickAsync();
        await Expect(row).Not.ToContainTextAsync("Paused");
    }

    private static ILocator Place(IPage page) => page.Locator("[data-place]");

    /// <summary>Awa, alone and first, holds the shop; she is on her queue page.</summary>
    private async Task<IPage> HolderAsync()
    {
        var awa = await SignInAsync(Awa);
        await awa.GotoAsync("/queue");
        await Expect(awa.Locator("main")).ToContainTextAsync("You hold 1 profile");
        return awa;
    }

    private async Task EnsureShopAsync()
    {
        if ((await ItemsAsync("/api/channels?pageSize=200")).Any(c => c.GetProperty("key").GetString() == "shop")) return;
        await PostAsync("/api/channels", new { key = "shop", provider = "Simulator" });
        await PostAsync("/api/profiles", new { name = Shop, channel = "shop", mode = "Exclusive" });
    }
}
