namespace Dispatch.Tests.Browser;

/// <inheritdoc/>
public sealed class UnlockTests(ChromiumFixture chromium, BrowserHost host)
    : UnlockScenarios(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>;
