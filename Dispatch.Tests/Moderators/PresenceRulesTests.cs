using Dispatch.Core.Moderators;

namespace Dispatch.Tests.Moderators;

public class PresenceRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(true, PresenceState.Online, true, null, PresenceState.Online)]
    [InlineData(true, PresenceState.Away, true, null, PresenceState.Away)]
    [InlineData(true, PresenceState.Offline, true, null, PresenceState.Offline)]
    [InlineData(true, PresenceState.Online, false, null, PresenceState.Offline)]
    [InlineData(true, PresenceState.Away, false, null, PresenceState.Offline)]
    [InlineData(true, PresenceState.Online, false, 1, PresenceState.Online)]
    [InlineData(true, PresenceState.Away, false, 1, PresenceState.Away)]
    [InlineData(true, PresenceState.Online, false, 0, PresenceState.Offline)]
    [InlineData(true, PresenceState.Online, false, -1, PresenceState.Offline)]
    [InlineData(true, PresenceState.Online, true, -1, PresenceState.Online)]
    [InlineData(false, PresenceState.Online, true, 1, PresenceState.Offline)]
    public void Effective_EachCombination_IsAsTheRuleSays(bool enabled, PresenceState choice, bool connected, int? graceSecondsLeft, PresenceState expected) =>
        Assert.Equal(expected, PresenceRules.Effective(enabled, choice, connected, graceSecondsLeft is { } s ? Now.AddSeconds(s) : null, Now));
}
