using Dispatch.Tests.Support;

namespace Dispatch.Tests.Browser;

// Two moderators, each on a node of his own: the same scenarios as on one.

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class TogetherOnTwoNodesTests(ChromiumFixture chromium, TwoNodesOnRabbit nodes)
    : TogetherScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodesOnRabbit>;

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class RotationOnTwoNodesTests(ChromiumFixture chromium, TwoNodesOnRabbit nodes)
    : RotationScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodesOnRabbit>;

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class LockOnTwoNodesTests(ChromiumFixture chromium, TwoNodes nodes)
    : LockScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodes>;

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class UnlockOnTwoNodesTests(ChromiumFixture chromium, TwoNodes nodes)
    : UnlockScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodes>;

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class PresenceOnTwoNodesTests(ChromiumFixture chromium, TwoNodes nodes)
    : PresenceScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodes>;
