namespace Dispatch.Tests.Browser;

/// <summary>Scenarios on the whole application inside the test process.</summary>
public abstract class BrowserTest(ChromiumFixture chromium, BrowserHost host)
    : BrowserScenario(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>
{
    protected BrowserHost Host { get; } = host;
}
