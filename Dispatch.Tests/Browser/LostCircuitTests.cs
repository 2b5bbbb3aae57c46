using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The network goes and comes back. Nothing that was typed is lost, and nothing has to be reloaded.</summary>
public sealed class LostCircuitTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    [Fact]
    public async Task Line_CutWhileTypingAndRestored_KeepsTheTextAndSendsIt()
    {
        await using var line = new CuttableProxy(Host.Address);
        var contact = NewContact("Seynabou");
        var page = await SignInAsync(Awa, line.Address);
        await WriteAsync(contact, "Vous livrez à Thiès ?");
        await OpenThreadAsync(page, contact);
        await Composer(page).PressSequentiallyAsync("Oui, ");
        await page.EvaluateAsync("() => { window.sameDocument = true; }");
        var bar = page.Locator("#components-reconnect-modal");

        line.Cut();
        await Expect(bar).ToBeVisibleAsync();
        await Expect(bar).ToContainTextAsync("Connection lost.");
        await Composer(page).PressSequentiallyAsync("demain");
        // Refused without a line: the text stays.
        await Composer(page).PressAsync("Enter");
        await Expect(Composer(page)).ToHaveValueAsync("Oui, demain");

        line.Restore();
        await Expect(bar).ToBeHiddenAsync();
        await Expect(Composer(page)).ToHaveValueAsync("Oui, demain");
        Assert.True(await page.EvaluateAsync<bool>("() => window.sameDocument === true"), "back without a reload");
        await Composer(page).PressAsync("Enter");
        await Expect(page.Locator(".bubble.out .text")).ToHaveTextAsync("Oui, demain");
        await Expect(Composer(page)).ToHaveValueAsync("");
    }

    [Fact]
    public async Task Draft_PageReloaded_IsStillThereAndOnlyInItsConversation()
    {
        Contact one = NewContact("Coumba"), other = NewContact("Pape");
        var page = await SignInAsync(Awa);
        await WriteAsync(one, "Bonjour");
        await WriteAsync(other, "Bonsoir");
        await OpenThreadAsync(page, one);
        await Composer(page).PressSequentiallyAsync("Je regarde et");

        await page.ReloadAsync();
        await Expect(Composer(page)).ToHaveValueAsync("Je regarde et");
        await OpenThreadAsync(page, other);
        await Expect(Composer(page)).ToHaveValueAsync("");
        await OpenThreadAsync(page, one);
        await Expect(Composer(page)).ToHaveValueAsync("Je regarde et");
    }
}
