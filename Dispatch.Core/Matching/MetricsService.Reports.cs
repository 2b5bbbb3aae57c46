using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>Reports by days of the configured time zone.</summary>
public sealed partial class MetricsService
{
    public async Task<DailyReport> GenerateDailyReportAsync(DateOnly day, CancellationToken cancel = default)
    {
        var frame = Days(day, 1);
        return new DailyReport(
            day, await GetMatchingStatsAsync(frame, cancel), await ZonesAsync(frame, cancel), await HoursAsync(frame, cancel), await DriversAsync(frame, cancel));
    }

    /// <summary>Seven days from <paramref name="first"/>, beside the seven before.</summary>
    public async Task<WeeklyReport> GenerateWeeklyReportAsync(DateOnly first, CancellationToken cancel = default)
    {
        var frame = Days(first, 7);
        var days = new List<DailyLine>();
        await using var db = database.Read();
        for (var i = 0; i < 7; i++)
        {
            var one = Days(first.AddDays(i), 1);
            var (matched, timedOut, _, total) = await SearchesAsync(db, one, cancel);
            days.Add(new DailyLine(first.AddDays(i), total, matched, timedOut, await In(db, one).AverageAsync(m => (double?)m.TimeToMatch, cancel)));
        }
        return new WeeklyReport(
            first, await GetMatchingStatsAsync(frame, cancel), await GetMatchingStatsAsync(Days(first.AddDays(-7), 7), cancel), days, await ZonesAsync(frame, cancel),
            await HoursAsync(frame, cancel), await DriversAsync(frame, cancel));
    }

    /// <summary>So many days from midnight in the configured zone, as UTC; a day with a change of clocks is as long as it is.</summary>
    public TimeFrame Days(DateOnly first, int count) => new(Midnight(first), Midnight(first.AddDays(count)));

    private DateTime Midnight(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        // In some places the clocks change at midnight and this minute does not exist.
        while (frames.Zone.IsInvalidTime(local)) local = local.AddMinutes(30);
        return TimeZoneInfo.ConvertTimeToUtc(local, frames.Zone);
    }

    private async Task<IReadOnlyList<DriverLine>> DriversAsync(TimeFrame frame, CancellationToken cancel)
    {
        await using var db = database.Read();
        var lines = await InFrame(db, frame).GroupBy(n => n.DriverId).Select(g => new
        {
            g.Key, Offers = g.Count(), Won = g.Sum(n => n.Response == DriverResponseKind.Accepted ? 1 : 0),
            Rejected = g.Sum(n => n.Response == DriverResponseKind.Rejected ? 1 : 0), TimedOut = g.Sum(n => n.Response == DriverResponseKind.Timeout ? 1 : 0),
        }).OrderByDescending(l => l.Won).ThenByDescending(l => l.Offers).ThenBy(l => l.Key).Take(TopDrivers).ToListAsync(cancel);
        var ids = lines.ConvertAll(l => l.Key);
        var names = await db.Drivers.Where(d => ids.Contains(d.Id)).ToDictionaryAsync(d => d.Id, d => d.Name, cancel);
        return lines.ConvertAll(l => new DriverLine(l.Key, names.GetValueOrDefault(l.Key, ""), l.Offers, l.Won, l.Rejected, l.TimedOut));
    }
}
