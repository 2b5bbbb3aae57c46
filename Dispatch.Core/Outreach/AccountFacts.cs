using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>An account as rules and senders see it: its row, its plan read once, its channel.</summary>
public sealed record AccountFacts(Account Row, AccountPlan Plan, TimeZoneInfo Zone, ChannelFacts? Channel)
{
    public long Id => Row.Id;

    /// <summary>What was due before is backlog and has a pace. As it was read, or as the claim that finds a backlog sets it.</summary>
    public DateTime? ResumedAt { get; init; } = Row.ResumedAt;
    public SendTimes Times { get; } = new(Plan.Windows, Plan.Holidays, Zone);
    public TimeSpan MinGap => TimeSpan.FromSeconds(Plan.MinGapSeconds);
    public DateOnly DayOf(DateTime utc) => QuotaRules.DayOf(Zone, utc);
    public int? Limit(ActionType type, DateTime utc) => QuotaRules.Limit(Plan, type, DayOf(utc));
}

/// <summary>What a gateway needs of a channel.</summary>
/// <param name="ProfileId">Who speaks on it: where conversations are; null: nobody.</param>
public sealed record ChannelFacts(long Id, string Key, ChannelProvider Provider, string? ProtectedToken, long? ProfileId = null);

/// <summary>An account's day of one type.</summary>
public readonly record struct DayCount(int Reserved, int Used);
