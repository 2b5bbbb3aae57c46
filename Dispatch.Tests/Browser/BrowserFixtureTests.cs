using Dispatch.Tests.Support;
using Microsoft.Playwright;

namespace Dispatch.Tests.Browser;

/// <summary>The tools of the browser tests themselves: a page opens through the line, breaks when it is cut, and works when it is back.</summary>
public sealed class BrowserFixtureTests(ChromiumFixture chromium, BrowserHost host) : IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>
{
    [Fact]
    public async Task Page_LineCutAndRestored_FailsAndThenWorks()
    {
        await using var line = new CuttableProxy(host.Address);
        var page = await chromium.OpenAsync(line.Address);
        Assert.True((await page.GotoAsync("/"))!.Ok);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading).First).ToBeVisibleAsync();

        line.Cut();
        await Assert.ThrowsAsync<PlaywrightException>(() => page.GotoAsync("/").InTime());

        line.Restore();
        await Eventually.Async(() => OpensAsync(page));
        await page.Context.CloseAsync();
    }

    /// <summary>The page that shows the lost line may still be on its way in, and interrupts.</summary>
    private static async Task<bool> OpensAsync(IPage page)
    {
        try
        {
            return (await page.GotoAsync("/"))!.Ok;
        }
        catch (PlaywrightException)
        {
            return false;
        }
    }
}
