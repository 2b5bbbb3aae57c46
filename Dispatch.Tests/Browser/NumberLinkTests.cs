using System.Net;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The link to a code, in the hands of whoever has the phone.</summary>
public sealed class NumberLinkTests(ChromiumFixture chromium, BrowserHost host) : NumberBrowserTest(chromium, host)
{
    [Fact]
    public async Task Link_MadeOpenedTwiceAndWithdrawn_ShowsTheCodeToTheFirstAlone()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, name, phone, create, code) = await WaitingAsync(worker);
        var admin = await SignInAsync(Admin);
        await GoAsync(admin, $"/numbers/{number}?code=true");
        await Dialog(admin).GetByRole(AriaRole.Button, new() { Name = "Make a link" }).ClickAsync();
        var link = new Uri(await Dialog(admin).Locator("#code-link").InputValueAsync());
        Assert.DoesNotContain(code, Uri.UnescapeDataString(link.ToString()), StringComparison.Ordinal);

        // A messenger's preview, or any look, spends nothing and shows nothing.
        using (var http = Host.CreateClient())
        {
            using var preview = await http.GetAsync(link.PathAndQuery);
            Assert.Equal(HttpStatusCode.OK, preview.StatusCode);
            Assert.True(preview.Headers.CacheControl!.NoStore);
            Assert.DoesNotContain("image/png", await preview.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        var first = await OpenAsync(phone: true);
        await first.GotoAsync(link.PathAndQuery);
        await Expect(first.Locator("main")).Not.ToContainTextAsync(phone);
        await first.GetByRole(AriaRole.Button, new() { Name = "Show the code" }).ClickAsync();
        await ShowsAsync(first, 1, code);
        await Expect(first.Locator("main")).ToContainTextAsync($"{phone} {name}");
        Assert.Equal("/q", new Uri(first.Url).PathAndQuery);
        var cookie = Assert.Single(await first.Context.CookiesAsync(), c => c.Name == "dispatch.code");
        Assert.True(cookie is { HttpOnly: true, SameSite: SameSiteAttribute.Strict, Path: "/q" });
        Assert.Contains("no-store", (await first.ReloadAsync())!.Headers["cache-control"], StringComparison.Ordinal);

        var second = await OpenAsync(phone: true);
        await second.GotoAsync(link.PathAndQuery);
        await second.GetByRole(AriaRole.Button, new() { Name = "Show the code" }).ClickAsync();
        await Expect(second.GetByRole(AriaRole.Status)).ToHaveTextAsync("This link no longer shows a code.");
        await second.GotoAsync("/q");
        await Expect(second.GetByRole(AriaRole.Status)).ToHaveTextAsync("This link no longer shows a code.");
        await Expect(second.Locator("img")).ToHaveCountAsync(0);
        await Expect(Dialog(admin)).ToContainTextAsync("The link was opened at");

        // The page renews itself, as long as the link holds.
        var next = NewCode();
        await worker.SayAsync(create, Qr(next, 2));
        await ShowsAsync(first, 2, next);
        await Dialog(admin).GetByRole(AriaRole.Button, new() { Name = "Withdraw the link" }).ClickAsync();
        await Expect(first.GetByRole(AriaRole.Status)).ToHaveTextAsync("This link no longer shows a code.");
        await Expect(first.Locator("img")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Link_OnTheOnlyPhone_GivesLettersThenSaysConnected()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, _, _, create, _) = await WaitingAsync(worker);
        var made = (await Get<NumberCodes>().MakeLinkAsync(number, null))!;
        var phone = await OpenAsync(phone: true, locale: "fr-FR");
        await phone.GotoAsync("/q/" + made.Token);
        await Expect(phone.Locator("html")).ToHaveAttributeAsync("lang", "fr");
        await phone.GetByRole(AriaRole.Button, new() { Name = "Afficher le code" }).ClickAsync();
        await phone.GetByRole(AriaRole.Button, new() { Name = "Je n'ai que ce téléphone" }).ClickAsync();
        var asked = await worker.NextAsync(WorkerAction.PairingCode);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await worker.SayAsync(asked, new PairingCodeIssued("WXYZ5678", now.AddSeconds(50)) { At = now });
        await Expect(phone.Locator(".letters")).ToHaveTextAsync("WXYZ-5678");

        await worker.SayAsync(create, new SessionScanned());
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("Scanné, la connexion se termine.");
        await worker.SayAsync(create, new SessionConnected());
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("Connecté. Vous pouvez fermer cette page.");
        await Expect(phone.Locator(".letters, img")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Link_WithoutAnyScript_StillShowsTheCode()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, _, _, _, code) = await WaitingAsync(worker);
        var made = (await Get<NumberCodes>().MakeLinkAsync(number, null))!;
        await using var context = await (await Chromium.BrowserAsync()).NewContextAsync(new() { BaseURL = Host.Address.ToString(), Locale = "en-GB", JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/q/" + made.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the code" }).ClickAsync();
        await ShowsAsync(page, 1, code);
        await Expect(page.Locator("noscript meta[http-equiv=refresh]")).ToHaveCountAsync(1);
    }
}
