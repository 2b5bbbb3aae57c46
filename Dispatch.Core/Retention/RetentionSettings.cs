using Dispatch.Core.Settings;

namespace Dispatch.Core.Retention;

/// <summary>What old data is deleted; its words are <c>Retention_{name}</c>.</summary>
public enum RetentionKind { Messages, Events, Offers, Logs }

/// <summary>For how many days each kind is kept; 0, the standard: for ever.</summary>
public static class RetentionSettings
{
    private const int MostDays = 3650;

    public static readonly SettingDefinition
        MessagesKey = new("retention.messages", 0, 0, MostDays, SettingUnit.Days),
        EventsKey = new("retention.events", 0, 0, MostDays, SettingUnit.Days),
        OffersKey = new("retention.offers", 0, 0, MostDays, SettingUnit.Days),
        LogsKey = new("retention.logs", 0, 0, MostDays, SettingUnit.Days);

    public static IReadOnlyList<SettingDefinition> Definitions { get; } = [MessagesKey, EventsKey, OffersKey, LogsKey];

    public static SettingDefinition KeyOf(RetentionKind kind) => kind switch
    {
        RetentionKind.Messages => MessagesKey,
        RetentionKind.Events => EventsKey,
        RetentionKind.Offers => OffersKey,
        RetentionKind.Logs => LogsKey,
    };
}
