using Dispatch.Core.Settings;

namespace Dispatch.Core.Alerts;

/// <summary>From where on something is an alert, as it is at one instant. Changed on the settings page, in force at once.</summary>
public sealed class AlertSettings(IReadOnlyDictionary<string, int> changed)
{
    public static readonly SettingDefinition
        FullWaitingKey = new("alerts.fullWaiting", 3, 1, 10_000, SettingUnit.Count),
        NobodyThereKey = new("alerts.nobodyThere", 300, 10, 86_400, SettingUnit.Seconds),
        LockHeldKey = new("alerts.lockHeld", 900, 30, 86_400, SettingUnit.Seconds),
        ActionsLateKey = new("alerts.actionsLate", 900, 30, 86_400, SettingUnit.Seconds),
        LoopStuckKey = new("alerts.loopStuck", 60, 5, 3600, SettingUnit.Seconds),
        DatabaseAwayKey = new("alerts.databaseAway", 10, 1, 600, SettingUnit.Seconds),
        DiskFreeKey = new("alerts.diskFree", 500, 0, 1_000_000, SettingUnit.Megabytes),
        ClockOffKey = new("alerts.clockOff", 2, 1, 300, SettingUnit.Seconds),
        GatewaySilentKey = new("alerts.gatewaySilent", 15, 2, 600, SettingUnit.Seconds),
        GatewayFailuresKey = new("alerts.gatewayFailures", 3, 1, 100, SettingUnit.Count),
        NodeGoneKey = new("alerts.nodeGone", 180, 90, 86_400, SettingUnit.Seconds),
        ErrorQuietKey = new("alerts.errorQuiet", 900, 60, 86_400, SettingUnit.Seconds),
        EscalateAfterKey = new("alerts.escalateAfter", 900, 10, 86_400, SettingUnit.Seconds),
        FlappingKey = new("alerts.flapping", 4, 2, 100, SettingUnit.Count);

    public static IReadOnlyList<SettingDefinition> Definitions { get; } =
    [
        FullWaitingKey, NobodyThereKey, LockHeldKey, ActionsLateKey, LoopStuckKey, DatabaseAwayKey, DiskFreeKey, ClockOffKey, GatewaySilentKey, GatewayFailuresKey, NodeGoneKey, ErrorQuietKey,
        EscalateAfterKey, FlappingKey,
    ];

    public static AlertSettings Standard { get; } = new(new Dictionary<string, int>(StringComparer.Ordinal));

    /// <summary>So many conversations wait while everybody who is there is full.</summary>
    public int FullWaiting => Value(FullWaitingKey);

    /// <summary>Somebody has waited for so long and nobody is there.</summary>
    public TimeSpan NobodyThere => Seconds(NobodyThereKey);

    /// <summary>A lock of one person on one contact or profile is long from here on.</summary>
    public TimeSpan LockHeld => Seconds(LockHeldKey);

    /// <summary>An action that nothing holds is late from here on.</summary>
    public TimeSpan ActionsLate => Seconds(ActionsLateKey);

    /// <summary>A hosted loop may be in one pass, past its sleep or failing for so long.</summary>
    public TimeSpan LoopStuck => Seconds(LoopStuckKey);

    /// <summary>The database may be away for so long.</summary>
    public TimeSpan DatabaseAway => Seconds(DatabaseAwayKey);

    /// <summary>Free space of the database's disk, in megabytes; 0: not looked at.</summary>
    public int DiskFree => Value(DiskFreeKey);

    /// <summary>The clock of this machine may differ from the database's, or jump, by so much.</summary>
    public TimeSpan ClockOff => Seconds(ClockOffKey);

    /// <summary>A call to a gateway may take so long.</summary>
    public TimeSpan GatewaySilent => Seconds(GatewaySilentKey);

    /// <summary>So many calls in a row without an answer.</summary>
    public int GatewayFailures => Value(GatewayFailuresKey);

    /// <summary>A process that did not stop in order and was not heard of for so long is gone.</summary>
    public TimeSpan NodeGone => Seconds(NodeGoneKey);

    /// <summary>An error that was reported once and not again for so long is over.</summary>
    public TimeSpan ErrorQuiet => Seconds(ErrorQuietKey);

    /// <summary>Nobody looks after an alert for so long: others are told.</summary>
    public TimeSpan EscalateAfter => Seconds(EscalateAfterKey);

    /// <summary>So often within an hour, and an alert comes too often to be believed.</summary>
    public int Flapping => Value(FlappingKey);

    public int Value(SettingDefinition definition) => changed.GetValueOrDefault(definition.Key, definition.Standard);

    private TimeSpan Seconds(SettingDefinition definition) => TimeSpan.FromSeconds(Value(definition));
}
