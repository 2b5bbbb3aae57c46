using Dispatch.Tests.Support;
using Microsoft.Playwright;

namespace Dispatch.Tests.Browser;

/// <summary>
/// One real Chromium for all tests of a class (<c>IClassFixture</c>), started by the first that opens a page: a fixture that can not be made
/// fails a test, while a test may be skipped. Each page has a context of its own, which is a person of its own.
/// </summary>
public sealed class ChromiumFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task<IBrowser> BrowserAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return _browser ??= await LaunchAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<IBrowser> LaunchAsync()
    {
        var chromium = ServerRequirement.Find("chromium");
        _playwright ??= await Playwright.CreateAsync();
        return await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
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
        var context = await (await BrowserAsync()).NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(), Locale = locale, ColorScheme = theme, TimezoneId = "Europe/Paris",
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        context.SetDefaultTimeout(45_000);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        _gate.Dispose();
    }
}
