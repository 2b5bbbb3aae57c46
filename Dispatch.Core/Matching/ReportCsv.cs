using System.Globalization;
using System.Text;

namespace Dispatch.Core.Matching;

/// <summary>Reports as CSV: section, name, figure, value; one value a line, so that any tool can pivot it. Pure.</summary>
public static class ReportCsv
{
    public static string Of(DailyReport report)
    {
        var csv = Begin();
        Add(csv, report.Stats, "total");
        Add(csv, report.Zones, report.Hours, report.TopDrivers);
        return csv.ToString();
    }

    public static string Of(WeeklyReport report)
    {
        var csv = Begin();
        Add(csv, report.Stats, "total");
        Add(csv, report.Before, "weekBefore");
        foreach (var day in report.Days)
        {
            var name = day.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            Add(csv, "day", name, ("searches", day.Searches), ("matched", day.Matched), ("timedOut", day.TimedOut), ("averageMatchingSeconds", day.AverageMatchingSeconds));
        }
        Add(csv, report.Zones, report.Hours, report.TopDrivers);
        return csv.ToString();
    }

    private static StringBuilder Begin()
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "section", "name", "figure", "value");
        return csv;
    }

    private static void Add(StringBuilder csv, MatchingStats s, string section)
    {
        Add(csv, section, "",
            ("searches", s.Searches), ("matched", s.Matched), ("timedOut", s.TimedOut), ("cancelled", s.Cancelled), ("averageMatchingSeconds", s.AverageMatchingSeconds),
            ("acceptanceRate", s.AcceptanceRate), ("timeoutRate", s.TimeoutRate), ("offers", s.Offers), ("responses", s.Responses),
            ("broadcastMsMedian", s.Broadcast.Median), ("broadcastMsP95", s.Broadcast.P95), ("acceptMsMedian", s.Accept.Median), ("acceptMsP95", s.Accept.P95),
            ("humanMsMedian", s.Human.Median), ("humanMsP95", s.Human.P95), ("offerGini", s.OfferSpread.Gini), ("winGini", s.WinSpread.Gini));
        foreach (var reach in s.ByReach) Add(csv, section + "Reach", reach.Reach.ToString(), ("searches", reach.Searches), ("matched", reach.Matched), ("successRate", reach.SuccessRate));
    }

    private static void Add(StringBuilder csv, IEnumerable<ZoneMetrics> zones, IEnumerable<HourMetrics> hours, IEnumerable<DriverLine> drivers)
    {
        foreach (var z in zones)
            Add(csv, "zone", z.Zone ?? "", ("searches", z.TotalBookings), ("matched", z.SuccessfulMatches), ("averageMatchingSeconds", z.AverageMatchingTime), ("timeoutRate", z.TimeoutRate));
        foreach (var h in hours)
            Add(csv, "hour", h.Hour.ToString(CultureInfo.InvariantCulture), ("searches", h.TotalBookings), ("matched", h.SuccessfulMatches), ("averageMatchingSeconds", h.AverageMatchingTime), ("timeoutRate", h.TimeoutRate));
        foreach (var d in drivers) Add(csv, "driver", d.Name, ("id", d.DriverId), ("offers", d.Offers), ("won", d.Won), ("rejected", d.Rejected), ("timedOut", d.TimedOut));
    }

    private static void Add(StringBuilder csv, string section, string name, params ReadOnlySpan<(string Figure, double? Value)> figures)
    {
        foreach (var (figure, value) in figures) Csv.AppendRow(csv, section, name, figure, value?.ToString("0.####", CultureInfo.InvariantCulture) ?? "");
    }
}
