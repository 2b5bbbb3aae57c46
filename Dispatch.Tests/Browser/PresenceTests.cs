namespace Dispatch.Tests.Browser;

/// <inheritdoc/>
public sealed class PresenceTests(ChromiumFixture chromium, BrowserHost host)
    : PresenceScenarios(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>;
