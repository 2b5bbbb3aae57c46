using Dispatch.Core.Settings;

namespace Dispatch.Core.Reporting;

/// <summary>Section <c>Reports</c>: whose phones get the reports. Whether any does is a setting of the settings page.</summary>
public sealed class ReportOptions
{
    public const string Section = "Reports";

    /// <summary>Empty: <c>Matching:AdminNumbers</c>, in <c>Matching:Language</c>.</summary>
    public ReportRecipient[] Recipients { get; set; } = [];
}

public sealed class ReportRecipient
{
    /// <summary>With country code.</summary>
    public string Number { get; set; } = "";

    /// <summary>fr or en; null: <c>Matching:Language</c>.</summary>
    public string? Language { get; set; }
}

/// <summary>Whether a new report is told to phones, bell and webhook. It is made and kept in any case.</summary>
public static class ReportSettings
{
    public static readonly SettingDefinition
        DailyKey = new("reports.daily", 1, 0, 1, SettingUnit.Flag),
        WeeklyKey = new("reports.weekly", 1, 0, 1, SettingUnit.Flag);

    public static IReadOnlyList<SettingDefinition> Definitions { get; } = [DailyKey, WeeklyKey];

    public static SettingDefinition KeyOf(ReportKind kind) => kind switch
    {
        ReportKind.Daily => DailyKey,
        ReportKind.Weekly => WeeklyKey,
    };
}
