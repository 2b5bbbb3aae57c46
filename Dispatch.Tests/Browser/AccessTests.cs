using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>For everybody: with a screen reader, without a mouse, on a phone, in French.</summary>
public sealed class AccessTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    private static readonly string[] s_adminPages = ["/board", "/rotation", "/load", "/conflicts", "/findings?state=open", "/settings", "/conversations?status=all", "/waiting", "/people", "/profiles", "/alerts?state=all"];

    [Fact]
    public async Task Pages_CheckedByAxeInBothThemes_HaveNothingSerious()
    {
        var problems = new List<string>();
        var (open, waiting) = await PrepareAsync();
        var signIn = await OpenAsync();
        await CheckAsync(signIn, "sign-in", problems);
        foreach (var phone in new[] { false, true })
        {
            var page = await SignInAsync(Awa, phone: phone);
            await CheckAsync(page, "inbox", problems);
            await page.GotoAsync($"/?c={await IdAsync(open)}");
            await Expect(page.Locator(".bubble.out")).ToBeVisibleAsync();
            await CheckAsync(page, "inbox with a thread", problems);
            if (phone) continue;
            await page.GotoAsync("/?filter=line");
            await Expect(page.Locator(".lines")).ToContainTextAsync(waiting.Name);
            await CheckAsync(page, "line in the inbox", problems);
            await page.GotoAsync("/queue");
            await Expect(page.Locator(".lines")).ToContainTextAsync(waiting.Name);
            await CheckAsync(page, "queue", problems);
            await GoAsync(page, "/history");
            await CheckAsync(page, "history", problems);
        }
        var admin = await SignInAsync(Admin);
        foreach (var address in s_adminPages)
        {
            await GoAsync(admin, address);
            await CheckAsync(admin, address, problems);
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public async Task Pages_OnAPhone_DoNotScrollSideways()
    {
        var wide = new List<string>();
        var (open, _) = await PrepareAsync();
        await CheckWidthAsync(await OpenAsync(phone: true), "sign-in", wide);
        var page = await SignInAsync(Awa, phone: true);
        foreach (var address in new[] { "/", $"/?c={await IdAsync(open)}", "/?filter=line", "/queue", "/history" })
        {
            await GoAsync(page, address);
            await CheckWidthAsync(page, address, wide);
        }
        var admin = await SignInAsync(Admin, phone: true, locale: "fr-FR");
        foreach (var address in s_adminPages.Append($"/conversations/{await IdAsync(open)}"))
        {
            await GoAsync(admin, address);
            await CheckWidthAsync(admin, address, wide);
        }
        Assert.True(wide.Count == 0, string.Join('\n', wide));
    }

    [Fact]
    public async Task Keyboard_Alone_SignsInOpensAnswersAndShowsTheKeys()
    {
        var contact = NewContact("Adama");
        var page = await OpenAsync();
        await TabToAsync(page, Awa);
        await page.Keyboard.PressAsync("Enter");
        await Expect(Presence(page, "online")).ToBeVisibleAsync();
        await WriteAsync(contact, "Bonjour");
        await Expect(Row(page, contact)).ToBeVisibleAsync();

        await TabToAsync(page, contact.Name);
        await page.Keyboard.PressAsync("Enter");
        await Expect(Composer(page)).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("r");
        await Expect(Composer(page)).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("Bonjour, que puis-je faire ?");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble.out .text")).ToHaveTextAsync("Bonjour, que puis-je faire ?");

        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Keyboard shortcuts");
        await Expect(page.Locator("dl.keys")).ToContainTextAsync("Show this list");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Menu_OnAPhone_OpensASheetAndClosesByEscapeTapAndLink()
    {
        var page = await SignInAsync(Admin, phone: true);
        await GoAsync(page, "/board");
        var (more, sheet) = (page.GetByRole(AriaRole.Button, new() { Name = "More" }), page.Locator(".nav-rest"));
        await Expect(page.Locator(".frame-nav > a:visible")).ToHaveCountAsync(4);
        await Expect(sheet).ToBeHiddenAsync();
        await more.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(sheet).ToBeVisibleAsync();
        await Expect(more).ToHaveAttributeAsync("aria-expanded", "true");
        await Expect(sheet.GetByRole(AriaRole.Link).First).ToBeFocusedAsync();
        var problems = new List<string>();
        await CheckAsync(page, "menu", problems);
        Assert.True(problems.Count == 0, string.Join('\n', problems));

        await page.Keyboard.PressAsync("Escape");
        await Expect(sheet).ToBeHiddenAsync();
        await Expect(more).ToBeFocusedAsync();
        await Expect(more).ToHaveAttributeAsync("aria-expanded", "false");

        await more.ClickAsync();
        await page.Locator("h1").First.ClickAsync();
        await Expect(sheet).ToBeHiddenAsync();

        await more.ClickAsync();
        await sheet.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/settings");
        await Expect(sheet).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Language_FrenchBrowser_IsFrenchUntilSwitched()
    {
        var page = await SignInAsync(Awa, locale: "fr-FR");
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveAttributeAsync("placeholder", "Chercher un nom, un numéro, un texte");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "fr");

        await page.Locator("summary").Filter(new() { HasText = "Langue" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "English" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveAttributeAsync("placeholder", "Search name, number or text");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await page.ReloadAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "en");
    }

    /// <summary>One conversation of Awa's with an answer, and one that waits for as long as this test lasts: its giver is the only colleague.</summary>
    private async Task<(Contact Open, Contact Waiting)> PrepareAsync()
    {
        var (open, waiting) = (NewContact("Marième-Bernadette de la Fontaine"), NewContact("Souleymane"));
        var awa = await ModeratorAsync(Awa);
        if ((await ItemsAsync("/api/channels?pageSize=200")).All(c => c.GetProperty("key").GetString() != "shop"))
        {
            await PostAsync("/api/channels", new { key = "shop", provider = "Simulator" });
            await PostAsync("/api/profiles", new { name = "Boutique de la grande rue", channel = "shop", mode = "Exclusive" });
        }
        await PostAsync($"/api/moderators/{awa}/connect", new { });
        await WriteAsync(open, "https://example.com/une/adresse/tres/longue/sans/aucune/cesure/qui/ne/tient/pas/sur/un/telephone?et=encore&plus=long");
        await PostAsync($"/api/conversations/{await IdAsync(open)}/messages", new { text = "Je regarde tout de suite." });
        await WriteAsync(waiting, "Je voudrais savoir si vous livrez aussi le dimanche, et à quel prix, pour trois colis.");
        await PostAsync($"/api/conversations/{await IdAsync(waiting)}/transfer", new { actorId = awa, note = "plus tard" });
        return (open, waiting);
    }

    internal static async Task CheckAsync(IPage page, string name, List<string> problems)
    {
        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            // Without motion: a colour on its way from one theme to the other is neither.
            await page.EmulateMediaAsync(new() { ColorScheme = theme, ReducedMotion = ReducedMotion.Reduce });
            // Styles follow the theme with the next frames; until then a live text may still have the colour of the other one.
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))");
            await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity)");
            var result = await page.RunAxe();
            problems.AddRange(result.Violations.Where(v => v.Impact is "serious" or "critical")
                .SelectMany(v => v.Nodes.Select(n => $"{name}, {theme}: {v.Id}: {n.Html} {string.Join(' ', n.Any.Select(c => c.Message))}")));
        }
    }

    internal static async Task CheckWidthAsync(IPage page, string name, List<string> wide)
    {
        var (content, window) = (await page.EvaluateAsync<int>("() => document.scrollingElement.scrollWidth"), await page.EvaluateAsync<int>("() => innerWidth"));
        // The frame scrolls inside, so what does not fit is not seen on the document alone.
        var main = await page.EvaluateAsync<int>("() => { const main = document.querySelector('main'); return main.scrollWidth - main.clientWidth; }");
        if (content > window || main > 0) wide.Add($"{name}: {content} on {window}, {main} too much inside");
    }

    private static async Task TabToAsync(IPage page, string name)
    {
        const int MaxStops = 60;
        for (var stop = 0; stop < MaxStops; stop++)
        {
            await page.Keyboard.PressAsync("Tab");
            if ((await page.EvaluateAsync<string>("() => document.activeElement?.innerText ?? ''")).Contains(name, StringComparison.Ordinal)) return;
        }
        Assert.Fail($"{name} is not among the first {MaxStops} stops of the Tab key.");
    }
}
