namespace Dispatch.Core.Settings;

/// <summary>The thresholds of rotation, load and activity (seed 001), as they are at one instant.</summary>
public sealed class RoutingSettings
{
    public static readonly SettingDefinition
        MaxProfilesKey = new("routing.maxProfiles", 3, 1, 50, SettingUnit.Count),
        ProfileLockKey = new("routing.profileLock", 500, 50, 60_000, SettingUnit.Milliseconds),
        AwayGraceKey = new("routing.awayGrace", 60, 0, 3600, SettingUnit.Seconds),
        InactiveAfterKey = new("routing.inactiveAfter", 60, 15, 3600, SettingUnit.Seconds),
        MaxHopsKey = new("routing.maxHops", 3, 1, 20, SettingUnit.Count),
        ImbalanceKey = new("routing.imbalance", 2, 2, 100, SettingUnit.Count),
        MoveAgainAfterKey = new("routing.moveAgainAfter", 300, 60, 86_400, SettingUnit.Seconds),
        RebalanceKey = new("routing.rebalance", 1, 0, 1, SettingUnit.Flag),
        LongWaitKey = new("routing.longWait", 3600, 60, 86_400, SettingUnit.Seconds),
        TypingCountsForKey = new("routing.typingCountsFor", 30, 5, 600, SettingUnit.Seconds);

    public static IReadOnlyList<SettingDefinition> Definitions { get; } =
    [
        MaxProfilesKey, ProfileLockKey, AwayGraceKey, InactiveAfterKey, MaxHopsKey, ImbalanceKey, MoveAgainAfterKey, RebalanceKey, LongWaitKey, TypingCountsForKey,
    ];

    private readonly IReadOnlyDictionary<string, int> _changed;

    public RoutingSettings(IReadOnlyDictionary<string, int> changed) => _changed = changed;

    public static RoutingSettings Standard { get; } = new(new Dictionary<string, int>(StringComparer.Ordinal));

    /// <summary>Exclusive profiles one moderator may hold.</summary>
    public int MaxProfiles => Value(MaxProfilesKey);

    /// <summary>How long a profile is locked while it is assigned.</summary>
    public TimeSpan ProfileLock => TimeSpan.FromMilliseconds(Value(ProfileLockKey));

    /// <summary>How long a holder may be away before his profiles go on.</summary>
    public TimeSpan AwayGrace => TimeSpan.FromSeconds(Value(AwayGraceKey));

    /// <summary>Something waits for this long and no sign of life for as long: inactive.</summary>
    public TimeSpan InactiveAfter => TimeSpan.FromSeconds(Value(InactiveAfterKey));

    /// <summary>How often a waiting conversation changes hands for inactivity before the admins are told.</summary>
    public int MaxHops => Value(MaxHopsKey);

    /// <summary>From this difference of open conversations on, load is unbalanced.</summary>
    public int Imbalance => Value(ImbalanceKey);

    /// <summary>A conversation (or profile) that changed hands stays for at least this long.</summary>
    public TimeSpan MoveAgainAfter => TimeSpan.FromSeconds(Value(MoveAgainAfterKey));

    /// <summary>Dispatch moves quiet conversations by itself.</summary>
    public bool Rebalance => Value(RebalanceKey) == 1;

    /// <summary>A wait in the line that the admins should know of.</summary>
    public TimeSpan LongWait => TimeSpan.FromSeconds(Value(LongWaitKey));

    /// <summary>For so long after a key stroke somebody counts as typing.</summary>
    public TimeSpan TypingCountsFor => TimeSpan.FromSeconds(Value(TypingCountsForKey));

    public int Value(SettingDefinition definition) => _changed.GetValueOrDefault(definition.Key, definition.Standard);
}
