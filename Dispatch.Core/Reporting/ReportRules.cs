using System.Globalization;
using Dispatch.Core.Overview;

namespace Dispatch.Core.Reporting;

/// <summary>How a figure went: by how much, and whether that is good.</summary>
/// <param name="Percent">Whole percent of the figure before; null: there was nothing before to compare with.</param>
/// <param name="Better">Null: neither good nor bad in itself.</param>
public sealed record ReportChange(double Now, double Before, int? Percent, bool? Better);

/// <summary>Pure: which days a report is about, what the counts say of them, and what changed.</summary>
public static class ReportRules
{
    /// <summary>A day is over for so long before it is reported: the counts have caught up.</summary>
    public static readonly TimeSpan After = TimeSpan.FromMinutes(15);

    /// <summary>A Dispatch that was down makes the reports of so many days, or weeks, when it is back.</summary>
    public const int MostMissed = 7;

    public static int Length(ReportKind kind) => kind switch
    {
        ReportKind.Daily => 1,
        ReportKind.Weekly => 7,
    };

    /// <summary>First days of the reports that are over, the oldest first.</summary>
    public static IReadOnlyList<DateOnly> Due(ReportKind kind, DateTime now, TimeZoneInfo zone)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(now - After, zone));
        var length = Length(kind);
        // Weeks begin on Monday.
        var first = kind == ReportKind.Weekly ? today.AddDays(-(((int)today.DayOfWeek + 6) % 7)) : today;
        return [.. Enumerable.Range(1, MostMissed).Select(i => first.AddDays(-i * length)).Order()];
    }

    /// <summary>Its days as UTC: from inclusive, to exclusive.</summary>
    public static (DateTime From, DateTime To) Frame(ReportKind kind, DateOnly first, TimeZoneInfo zone) => (RollupRules.Midnight(first, zone), RollupRules.Midnight(first.AddDays(Length(kind)), zone));

    /// <param name="rows">Of the days, by the day.</param>
    public static ReportFigures Figures(IReadOnlyCollection<Rollup> rows, long sent, long failed, long? pending = null, long? connected = null, long? lost = null)
    {
        var (waits, resolutions) = (Bins(rows, RollupSeries.Waits), Bins(rows, RollupSeries.Resolutions));
        return new ReportFigures(
            Sum(rows, RollupSeries.Arrivals), Sum(rows, RollupSeries.Opened), Sum(rows, RollupSeries.Closed), Sum(rows, RollupSeries.Reassigned), Seconds(waits, 0.5), Seconds(waits, 0.95),
            Seconds(resolutions, 0.5), pending, Sum(rows, RollupSeries.Searches), Sum(rows, RollupSeries.Matches), Sum(rows, RollupSeries.Timeouts), connected, lost, sent, failed);
    }

    public static IReadOnlyList<ReportPerson> People(IReadOnlyCollection<Rollup> rows, IReadOnlyDictionary<long, string> names)
    {
        var received = ByPerson(rows, RollupSeries.ReceivedBy);
        var missed = ByPerson(rows, RollupSeries.MissedBy);
        var answers = rows.Where(r => r.Series == RollupSeries.AnswersBy).Select(r => (Parts: r.Part.Split('/'), r.Amount)).Where(r => r.Parts.Length == 2)
            .GroupBy(r => Id(r.Parts[0])).ToDictionary(g => g.Key, g => g.GroupBy(r => (int)Id(r.Parts[1])).ToDictionary(b => b.Key, b => b.Sum(r => r.Amount)));
        return [.. received.Keys.Union(missed.Keys).Union(answers.Keys).Select(id =>
        {
            var bins = answers.GetValueOrDefault(id) ?? [];
            return new ReportPerson(id, names.GetValueOrDefault(id, ""), received.GetValueOrDefault(id), bins.Values.Sum(), Seconds(bins, 0.5), missed.GetValueOrDefault(id));
        }).OrderByDescending(p => p.Received).ThenBy(p => p.Id)];
    }

    /// <param name="better">True: more is better; false: less is; null: neither.</param>
    public static ReportChange? Change(double? now, double? before, bool? better)
    {
        if (now is not { } present || before is not { } past) return null;
        int? percent = past == 0 ? null : (int)Math.Round(100 * (present - past) / past, MidpointRounding.AwayFromZero);
        var good = better is null || present == past ? null : (bool?)(present > past == better);
        return new ReportChange(present, past, percent, good);
    }

    private static long Sum(IEnumerable<Rollup> rows, RollupSeries series) => rows.Where(r => r.Series == series).Sum(r => r.Amount);

    private static Dictionary<int, long> Bins(IEnumerable<Rollup> rows, RollupSeries series) =>
        rows.Where(r => r.Series == series).GroupBy(r => (int)Id(r.Part)).ToDictionary(g => g.Key, g => g.Sum(r => r.Amount));

    private static Dictionary<long, long> ByPerson(IEnumerable<Rollup> rows, RollupSeries series) =>
        rows.Where(r => r.Series == series).GroupBy(r => Id(r.Part)).ToDictionary(g => g.Key, g => g.Sum(r => r.Amount));

    private static double? Seconds(Dictionary<int, long> bins, double share) => RollupRules.Percentile(bins, share)?.TotalSeconds is { } seconds ? Math.Round(seconds, 1) : null;

    private static long Id(string part) => long.Parse(part, CultureInfo.InvariantCulture);
}
