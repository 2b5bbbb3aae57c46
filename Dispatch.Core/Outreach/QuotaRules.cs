namespace Dispatch.Core.Outreach;

/// <summary>How many messages of a type may leave on a local day. Pure.</summary>
public static class QuotaRules
{
    /// <summary>The account's local day.</summary>
    public static DateOnly DayOf(TimeZoneInfo zone, DateTime utc) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(utc, zone));

    /// <summary>As <see cref="AccountDay.Day"/> stores it.</summary>
    public static int Key(DateOnly day) => (day.Year * 10_000) + (day.Month * 100) + day.Day;

    /// <summary>Null: no quota. Answers are not held back by the warm-up: who is written back to has written.</summary>
    public static int? Limit(AccountPlan plan, ActionType type, DateOnly day)
    {
        if (!plan.Quotas.TryGetValue(type, out var quota)) return null;
        if (plan.WarmUp is not { } warm || type == ActionType.Reply || warm.Start >= quota) return quota;
        var passed = day.DayNumber - warm.From.DayNumber;
        if (passed >= warm.Days) return quota;
        return warm.Start + (int)((long)(quota - warm.Start) * Math.Max(passed, 0) / warm.Days);
    }

    /// <summary>What is left of the day; <see cref="int.MaxValue"/>: no quota.</summary>
    public static int Headroom(int? limit, int reserved, int used) => limit is { } most ? Math.Max(0, most - reserved - used) : int.MaxValue;

    /// <summary>Seed 004 <c>should_process_today</c>: another message of this type may leave today.</summary>
    public static bool ShouldProcessToday(int? limit, int reserved, int used) => Headroom(limit, reserved, used) > 0;
}
