using Dispatch.Core.Settings;

namespace Dispatch.Core.Retention;

/// <summary>What old data is deleted; its words are <c>Retention_{name}</c>.</summary>
public enum RetentionKind { Messages, Events, Offers, Logs, Prospects }

/// <summary>For how many days each kind is kept; 0, the standard: for ever.</summary>
public static class RetentionSettings
{
    private const int MostDays = 3650;

    /// <summary>Reports of a week look back at it when it is over; and a key is good for a while, or who asks again late sends again.</summary>
    private const int LeastForReports = 14, LeastForKeys = 30;

    public static readonly SettingDefinition
        MessagesKey = new("retention.messages", 0, LeastForKeys, MostDays, SettingUnit.Days, OrZero: true),
        EventsKey = new("retention.events", 0, LeastForReports, MostDays, SettingUnit.Days, OrZero: true),
        OffersKey = new("retention.offers", 0, LeastForReports, MostDays, SettingUnit.Days, OrZero: true),
        LogsKey = new("retention.logs", 0, LeastForReports, MostDays, SettingUnit.Days, OrZero: true),
        ProspectsKey = new("retention.prospects", 0, 1, MostDays, SettingUnit.Days, OrZero: true);

    public static IReadOnlyList<SettingDefinition> Definitions { get; } = [MessagesKey, EventsKey, OffersKey, LogsKey, ProspectsKey];

    public static SettingDefinition KeyOf(RetentionKind kind) => kind switch
    {
        RetentionKind.Messages => MessagesKey,
        RetentionKind.Events => EventsKey,
        RetentionKind.Offers => OffersKey,
        RetentionKind.Logs => LogsKey,
        RetentionKind.Prospects => ProspectsKey,
    };
}
