using System.Globalization;
using Dispatch.Bench.Servers;
using Microsoft.Playwright;

namespace Dispatch.Bench;

/// <summary>The pictures of the README, of a Dispatch that runs with its demo: <c>docs/screenshots</c> is written by this and by nothing else.</summary>
internal static class ScreenshotsCommand
{
    private static readonly (string Name, string Path)[] Pages = [("overview", "/overview"), ("board", "/board"), ("matchings", "/matchings")];

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var address = new Uri(arguments.Text("url", "http://localhost:5080"));
        var folder = Path.Combine(Installed.Repository(), "docs", "screenshots");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu"] });
        var number = 0L;
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            var suffix = scheme.ToString().ToLowerInvariant();
            await using var moderator = await ContextAsync(browser, address, "Awa", scheme, 1440, 900);
            await GoAsync(moderator.Pages[0], address);
            await moderator.Pages[0].Locator(".pane-list a.entry").First.ClickAsync();
            await moderator.Pages[0].Locator("#composer").WaitForAsync();
            await ShootAsync(moderator.Pages[0], Path.Combine(folder, $"inbox-{suffix}.png"));
            await using var admin = await ContextAsync(browser, address, "Aminata", scheme, 1440, 900);
            var page = admin.Pages[0];
            foreach (var (name, path) in Pages)
            {
                await GoAsync(page, new Uri(address, path));
                await ShootAsync(page, Path.Combine(folder, $"{name}-{suffix}.png"));
            }
            if (number == 0) number = await ValidateAsync(page, address);
            await GoAsync(page, new Uri(address, string.Create(CultureInfo.InvariantCulture, $"/numbers/{number}?code=true")));
            await page.Locator("[role=dialog] img, [role=dialog] svg[role=img]").First.WaitForAsync();
            await ShootAsync(page, Path.Combine(folder, $"code-{suffix}.png"));
        }
        await using var phone = await ContextAsync(browser, address, "Awa", ColorScheme.Light, 390, 844);
        await GoAsync(phone.Pages[0], address);
        await ShootAsync(phone.Pages[0], Path.Combine(folder, "inbox-phone.png"));
        return 0;
    }

    private static async Task<IBrowserContext> ContextAsync(IBrowser browser, Uri address, string person, ColorScheme scheme, int width, int height)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
            { ColorScheme = scheme, Locale = "en-GB", TimezoneId = "Africa/Dakar", ViewportSize = new ViewportSize { Width = width, Height = height } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(address, "/account/sign-in").ToString());
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = person }).First.ClickAsync();
        await page.Locator("main h1, main h2").First.WaitForAsync();
        return context;
    }

    private static async Task GoAsync(IPage page, Uri address)
    {
        await page.GotoAsync(address.ToString());
        await page.Locator("main h1, main h2").First.WaitForAsync();
        await page.WaitForFunctionAsync("() => !document.querySelector('main [aria-busy=true]')");
    }

    /// <summary>A number of its own, so that its code is shown; returns its id.</summary>
    private static async Task<long> ValidateAsync(IPage page, Uri address)
    {
        await GoAsync(page, new Uri(address, "/clients"));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Validate" }).First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Radio).First.CheckAsync();
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Validate" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show the code" }).First.ClickAsync();
        await dialog.WaitForAsync();
        return long.Parse(new Uri(page.Url).Segments[^1], CultureInfo.InvariantCulture);
    }

    private static async Task ShootAsync(IPage page, string file)
    {
        // What a page animates in has come to rest.
        await page.EvaluateAsync("() => Promise.all(document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime < 5000).map(a => a.finished.catch(() => 0)))");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = file });
        Console.WriteLine($"  {Path.GetFileName(file)}");
    }
}
