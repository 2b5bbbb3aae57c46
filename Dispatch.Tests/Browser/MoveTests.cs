using Dispatch.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>A person whose node ends, or is taken from him: he is told, is on the other one by himself, and has lost nothing.</summary>
[Collection(nameof(Alone))]
public sealed class MoveTests(ChromiumFixture chromium, TwoNodes nodes)
    : BrowserScenario(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodes>
{
    [Fact]
    public async Task Node_AskedToEnd_TellsItsPagesAndTheyMoveWithWhatWasTyped()
    {
        var contact = NewContact("Seynabou");
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Vous livrez à Thiès ?");
        await OpenThreadAsync(awa, contact);
        await Composer(awa).PressSequentiallyAsync("Oui, dem");
        await MarkAsync(awa);
        var moussa = await SignInAsync(Moussa);
        await MarkAsync(moussa);

        var stopping = nodes.StopAsync(0);

        await Expect(awa.Locator("#components-reconnect-modal .moved")).ToHaveTextAsync(
            "This server is being restarted, the page moves to another one by itself. A message you began is kept.");
        await LoadedAgainAsync(awa);
        await nodes.IsOnAsync(Awa, 1);
        await Expect(Presence(awa, "online")).ToBeVisibleAsync();
        await Expect(Composer(awa)).ToHaveValueAsync("Oui, dem");
        await Expect(Composer(awa)).ToBeFocusedAsync();
        await awa.Keyboard.TypeAsync("ain");
        await awa.Keyboard.PressAsync("Enter");
        await Expect(awa.Locator(".bubble.out .text")).ToHaveTextAsync("Oui, demain");
        Assert.Equal(Awa, await OwnerAsync(contact));
        await stopping;
        Assert.True(await moussa.EvaluateAsync<bool>("() => window.sameDocument === true"), "whoever was elsewhere noticed nothing");
        await Expect(awa.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Node_Killed_IsSaidAndThePageIsOnTheOtherByItself()
    {
        var contact = NewContact("Ndeye");
        var awa = await SignInAsync(Awa, locale: "fr-FR");
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);
        await Composer(awa).PressSequentiallyAsync("Bonjour Nd");
        await MarkAsync(awa);
        // Whether or not the bar is still there when the test looks: a page finds the other node at once.
        await awa.EvaluateAsync("""
            () => new MutationObserver(() => { if (document.querySelector("#components-reconnect-modal.cut")) sessionStorage.setItem("said", document.querySelector("#components-reconnect-modal .lost").innerText); })
              .observe(document.getElementById("components-reconnect-modal"), { attributes: true })
            """);

        await nodes.KillAsync(0);

        await LoadedAgainAsync(awa);
        Assert.StartsWith("Connexion perdue.", await awa.EvaluateAsync<string>("() => sessionStorage.getItem('said')"), StringComparison.Ordinal);
        await Expect(Presence(awa, "online")).ToBeVisibleAsync();
        await Expect(Composer(awa)).ToHaveValueAsync("Bonjour Nd");
        await Composer(awa).PressSequentiallyAsync("eye");
        await Composer(awa).PressAsync("Enter");
        await Expect(awa.Locator(".bubble.out .text")).ToHaveTextAsync("Bonjour Ndeye");
        // The dead node's page is let go when the others miss it.
        await nodes.IsOnAsync(Awa, 1);
        Assert.Equal(Awa, await OwnerAsync(contact));
    }

    [Fact]
    public async Task Cookie_OfTheOtherNode_KeepsThePersonSignedInAndHisFormsGood()
    {
        var contact = NewContact("Mame");
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);

        await awa.Context.AddCookiesAsync([nodes.CookieTo(1)]);
        await awa.ReloadAsync();
        await nodes.IsOnAsync(Awa, 1);
        await Expect(Presence(awa, "online")).ToBeVisibleAsync();
        await Composer(awa).FillAsync("Je suis là");
        await Composer(awa).PressAsync("Enter");
        await Expect(awa.Locator(".bubble.out .text")).ToHaveTextAsync("Je suis là");

        // The form was made by one node and is answered by the other.
        await awa.Context.AddCookiesAsync([nodes.CookieTo(0)]);
        await awa.Locator("details[data-menu]").Filter(new() { HasText = "My account" }).Locator("summary").ClickAsync();
        await awa.Locator("[data-sign-out] button").ClickAsync();
        await Expect(awa.GetByRole(AriaRole.Button, new() { Name = Moussa })).ToBeVisibleAsync();
    }

    private static Task MarkAsync(IPage page) => page.EvaluateAsync("() => { window.sameDocument = true; }");

    private static Task LoadedAgainAsync(IPage page) => page.WaitForFunctionAsync("() => window.sameDocument !== true && document.readyState === 'complete'");
}
