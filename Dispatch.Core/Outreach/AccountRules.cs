using Dispatch.Core.Matching;

namespace Dispatch.Core.Outreach;

/// <summary>What an account may be. Pure; pages and the API both ask here.</summary>
public static class AccountRules
{
    public const int MaxWindows = 50, MaxHolidays = 200, MaxQuota = 1_000_000, MaxGap = 86_400;

    public static IReadOnlyList<FieldError> Check(string? name, string? timeZone, AccountPlan plan)
    {
        var errors = new List<FieldError>();
        if (string.IsNullOrWhiteSpace(name) || name.Trim().Length > OutreachConfiguration.NameLength) errors.Add(new("name", "BadLength", $"1 to {OutreachConfiguration.NameLength} characters."));
        if (timeZone is null || timeZone.Length > OutreachConfiguration.ZoneLength || !TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _))
            errors.Add(new("timeZone", "Unknown", "An IANA name such as Africa/Dakar or Europe/Paris, or UTC."));
        if (plan.Windows.Count > MaxWindows) errors.Add(new("windows", "TooMany", $"At most {MaxWindows}."));
        if (plan.Windows.Any(w => w.End <= w.Start)) errors.Add(new("windows", "BadOrder", "from before to; hours over midnight are two windows (to 00:00 is the end of the day)."));
        if (plan.Holidays.Count > MaxHolidays) errors.Add(new("holidays", "TooMany", $"At most {MaxHolidays}."));
        if (plan.Quotas.Values.Any(q => q is < 0 or > MaxQuota)) errors.Add(new("quotas", "OutOfRange", $"0 to {MaxQuota} a day."));
        if (plan.MinGapSeconds is < 0 or > MaxGap) errors.Add(new("minGapSeconds", "OutOfRange", $"0 to {MaxGap} seconds."));
        if (plan.WarmUp is { } warm && (warm.Start is < 1 or > 10_000 || warm.Days is < 1 or > 365))
            errors.Add(new("warmUp", "OutOfRange", "start from 1 to 10000 messages a day, days from 1 to 365."));
        errors.AddRange(TemplateRules.Check(plan.Templates));
        if (errors.Count == 0 && plan.ToJson().Length > OutreachConfiguration.PlanLength) errors.Add(new("templates", "TooMany", "Together they are too long."));
        return errors;
    }
}
