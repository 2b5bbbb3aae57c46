using System.Globalization;

namespace Dispatch.Web.Matching;

/// <summary>Which report, as its address says.</summary>
/// <param name="Day">The day, or the first day of the week.</param>
public sealed record ReportView(bool Weekly, DateOnly Day)
{
    private const string Path = "/matching/report", Iso = "yyyy-MM-dd";

    /// <param name="today">Where the house is. Without a day: yesterday, or the last whole week from Monday.</param>
    public static ReportView Of(string? kind, string? day, DateOnly today)
    {
        var weekly = string.Equals(kind, "week", StringComparison.OrdinalIgnoreCase);
        if (!DateOnly.TryParseExact(day, Iso, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first) || first.Year is < 2000 or > 2999)
            first = weekly ? Monday(today).AddDays(-7) : today.AddDays(-1);
        return new ReportView(weekly, weekly ? Monday(first) : first);
    }

    public ReportView Earlier => this with { Day = Day.AddDays(Weekly ? -7 : -1) };
    public ReportView Later => this with { Day = Day.AddDays(Weekly ? 7 : 1) };
    public string Url => Address(Path);
    public string CsvUrl => Address(Path + ".csv");

    private string Address(string path) => $"{path}?{(Weekly ? "kind=week&" : "")}day={Day.ToString(Iso, CultureInfo.InvariantCulture)}";

    private static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
}
