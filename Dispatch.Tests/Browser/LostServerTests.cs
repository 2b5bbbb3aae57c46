using Dispatch.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The only server dies, as in a power cut, and comes back: the page says so in words and is there again by itself.</summary>
[Collection(nameof(Alone))]
public sealed class LostServerTests(ChromiumFixture chromium, OneProcess server)
    : BrowserScenario(chromium, server), IClassFixture<ChromiumFixture>, IClassFixture<OneProcess>
{
    [Theory]
    [InlineData("en-GB", "Connection lost. Reconnecting by itself; a message you began is kept.")]
    [InlineData("fr-FR", "Connexion perdue. Reconnexion automatique ; un message commencé est conservé.")]
    public async Task Server_KilledAndStartedAgain_IsSaidWithinSecondsAndThePageComesBack(string locale, string sentence)
    {
        var contact = NewContact("Yacine");
        var awa = await SignInAsync(Awa, locale: locale);
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);
        await Composer(awa).PressSequentiallyAsync("Bonjour Ya");
        await awa.EvaluateAsync("() => { window.sameDocument = true; }");

        await server.KillAsync();
        await Expect(awa.Locator("#components-reconnect-modal")).ToContainTextAsync(sentence, new() { Timeout = 5_000 });
        await Expect(awa.Locator("#components-reconnect-modal")).ToBeVisibleAsync(new() { Timeout = 5_000 });
        await Composer(awa).PressSequentiallyAsync("ci");
        // It asks whether somebody is there before it loads: never into the browser's own error.
        await awa.Locator("#components-reconnect-modal [data-reload]").ClickAsync();
        Assert.True(await awa.EvaluateAsync<bool>("() => window.sameDocument === true"));

        await server.ReadyAsync();
        await awa.WaitForFunctionAsync("() => window.sameDocument !== true && document.readyState === 'complete'");
        await Expect(Presence(awa, "online")).ToBeVisibleAsync();
        await Expect(awa.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
        await Expect(Composer(awa)).ToHaveValueAsync("Bonjour Yaci");
    }

    [Fact]
    public async Task Page_WithoutItsCircuit_SaysSoAndLoadsAgain()
    {
        var awa = await SignInAsync(Awa);
        // Gone between the page and its circuit.
        await awa.RouteAsync("**/_blazor/negotiate*", route => route.AbortAsync());
        await awa.ReloadAsync();
        await Expect(awa.Locator("#components-reconnect-modal")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Expect(awa.Locator("#blazor-error-ui")).ToBeHiddenAsync();

        await awa.UnrouteAllAsync();
        await Expect(Presence(awa, "online")).ToBeVisibleAsync(new() { Timeout = 40_000 });
        await Expect(awa.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
    }
}
