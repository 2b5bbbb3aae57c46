using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Shared;

/// <summary>"3 min ago", in steps that a person thinks in.</summary>
internal static class RelativeTime
{
    public static string Text(TimeSpan ago, IStringLocalizer words) => ago switch
    {
        { TotalSeconds: < -45 } => words["TimeIn", Length(-ago, words)],
        { TotalSeconds: < 45 } => words["TimeNow"],
        _ => words["TimeAgo", Length(ago, words)],
    };

    /// <summary>"45 s", "3 min", "2 h 5 min", "4 d".</summary>
    public static string Length(TimeSpan length, IStringLocalizer words) => length switch
    {
        { TotalMinutes: < 1 } => words["Seconds", (int)length.TotalSeconds],
        { TotalHours: < 1 } => words["Minutes", (int)length.TotalMinutes],
        { TotalDays: < 1, Minutes: 0 } => words["Hours", (int)length.TotalHours],
        { TotalDays: < 1 } => words["HoursMinutes", (int)length.TotalHours, length.Minutes],
        _ => words["Days", (int)length.TotalDays],
    };
}
