namespace Dispatch.Core.Moderators;

/// <summary>Two signals and a wish: connection with a grace period, and the person's own choice, which wins.</summary>
public static class PresenceRules
{
    /// <param name="connected">At least one circuit or integration is there.</param>
    /// <param name="graceUntil">Until when a lost connection is not held against the person (UTC); null: never lost.</param>
    public static PresenceState Effective(bool enabled, PresenceState choice, bool connected, DateTime? graceUntil, DateTime now) =>
        enabled && (connected || graceUntil > now) ? choice : PresenceState.Offline;
}
