namespace Dispatch.Tests.Browser;

/// <inheritdoc/>
public sealed class LockTests(ChromiumFixture chromium, BrowserHost host)
    : LockScenarios(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>;
