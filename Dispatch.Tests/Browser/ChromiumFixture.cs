using Dispatch.Tests.Support;
using Microsoft.Playwright;

namespace Dispatch.Tests.Browser;

/// <summary>One real Chromium for all tests of a class (<c>IClassFixture</c>); each test opens a context of its own, which is a person of its own.</summary>
public sealed class ChromiumFixture : IAsyncLifetime
{
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var chromium = ServerRequirement.Find("chromium");
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    /// <summary>A person with a browser: no cookies, French or English, wide or narrow, light or dark.</summary>
    public async Task<IPage> OpenAsync(Uri address, string locale = "en-GB", int width = 1440, int height = 900, ColorScheme theme = ColorScheme.Light)
    {
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(), Locale = locale, ColorScheme = theme, TimezoneId = "Europe/Paris",
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        context.SetDefaultTimeout(20_000);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
