namespace Dispatch.Tests.Browser;

/// <inheritdoc/>
public sealed class TogetherTests(ChromiumFixture chromium, BrowserHost host)
    : TogetherScenarios(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>;
