using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>Figures about matching (seed 003), over a time frame by the start of the search; counted in the database.</summary>
public sealed partial class MetricsService(Database database, MatchingFrames frames)
{
    private const int MaxSamples = 100_000, PeakHours = 3, TopDrivers = 20;

    public async Task<int> GetActiveMatchingsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Bookings.CountAsync(b => b.Status == BookingStatus.Pending && b.MatchingStartedAt != null, cancel);
    }

    /// <summary>Seconds from start to winner; null: nobody was matched.</summary>
    public async Task<double?> GetAverageMatchingTimeAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await In(db, frame).AverageAsync(m => (double?)m.TimeToMatch, cancel);
    }

    /// <summary>Accepted among offers that were answered by accepting, rejecting or silence. Those who lost a race count in neither.</summary>
    public async Task<double?> GetAcceptanceRateAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var offers = await OffersAsync(db, frame, cancel);
        return Share(offers.Accepted, offers.Accepted + offers.Rejected + offers.TimedOut);
    }

    /// <summary>Searches that ended without a driver among all that ended.</summary>
    public async Task<double?> GetTimeoutRateAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var (matched, timedOut, cancelled, _) = await SearchesAsync(db, frame, cancel);
        return Share(timedOut, matched + timedOut + cancelled);
    }

    public async Task<ZoneMetrics> GetMetricsByZoneAsync(string? zone, TimeFrame frame, CancellationToken cancel = default) =>
        (await ZonesAsync(frame, cancel)).FirstOrDefault(z => z.Zone == zone) ?? new ZoneMetrics(zone, 0, 0, null, null, []);

    /// <param name="hour">0 to 23 in the configured time zone.</param>
    public async Task<HourMetrics> GetMetricsByHourAsync(int hour, TimeFrame frame, CancellationToken cancel = default) => (await HoursAsync(frame, cancel))[hour];

    /// <summary>Every zone with its hours of most searches, the busiest zone first.</summary>
    public async Task<IReadOnlyList<ZoneMetrics>> ZonesAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var zones = await In(db, frame).GroupBy(m => m.Zone).Select(g => new
        {
            g.Key, Count = g.Count(), Matched = g.Sum(m => m.FinalStatus == MatchingFinalStatus.Matched ? 1 : 0),
            TimedOut = g.Sum(m => m.FinalStatus == MatchingFinalStatus.Timeout || m.FinalStatus == MatchingFinalStatus.Failed ? 1 : 0),
            Ended = g.Sum(m => m.FinalStatus != null ? 1 : 0), Average = g.Average(m => (double?)m.TimeToMatch),
        }).ToListAsync(cancel);
        var hours = (await In(db, frame).GroupBy(m => new { m.Zone, m.Hour }).Select(g => new { g.Key.Zone, g.Key.Hour, Count = g.Count() }).ToListAsync(cancel)).ToLookup(h => h.Zone ?? "");
        return [.. zones.OrderByDescending(z => z.Count).ThenBy(z => z.Key, StringComparer.Ordinal).Select(z => new ZoneMetrics(
            z.Key, z.Count, z.Matched, z.Average, Share(z.TimedOut, z.Ended),
            [.. hours[z.Key ?? ""].OrderByDescending(h => h.Count).ThenBy(h => h.Hour).Take(PeakHours).Select(h => h.Hour).Order()]))];
    }

    /// <summary>All 24 hours, 0 first.</summary>
    public async Task<IReadOnlyList<HourMetrics>> HoursAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var hours = (await In(db, frame).GroupBy(m => m.Hour).Select(g => new
        {
            g.Key, Count = g.Count(), Matched = g.Sum(m => m.FinalStatus == MatchingFinalStatus.Matched ? 1 : 0),
            TimedOut = g.Sum(m => m.FinalStatus == MatchingFinalStatus.Timeout || m.FinalStatus == MatchingFinalStatus.Failed ? 1 : 0),
            Ended = g.Sum(m => m.FinalStatus != null ? 1 : 0), Average = g.Average(m => (double?)m.TimeToMatch),
        }).ToListAsync(cancel)).ToDictionary(h => h.Key);
        return [.. Enumerable.Range(0, 24).Select(h => hours.TryGetValue(h, out var x)
            ? new HourMetrics(h, x.Count, x.Matched, x.Average, Share(x.TimedOut, x.Ended)) : new HourMetrics(h, 0, 0, null, null))];
    }

    public async Task<DriverStats> GetDriverResponseStatsAsync(long driverId, TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var offers = db.BookingNotifications.Where(n => n.DriverId == driverId && n.CreatedAt >= frame.From && n.CreatedAt < frame.To);
        var c = await CountAsync(offers, cancel);
        var times = await offers.Where(n => n.RespondedAt != null && n.SentAt != null).OrderByDescending(n => n.CreatedAt).Take(MaxSamples)
            .Select(n => new { n.SentAt, n.RespondedAt }).ToListAsync(cancel);
        return new DriverStats(
            c.Sent, c.Responded, Share(c.Accepted, c.Accepted + c.Rejected + c.TimedOut), times.Count == 0 ? null : times.Average(t => (t.RespondedAt!.Value - t.SentAt!.Value).TotalSeconds),
            c.TimedOut, c.Accepted, c.Rejected, c.Lost, c.Seen);
    }

    /// <summary>Everything over a frame (seed 003 <c>getMatchingStats</c>).</summary>
    public async Task<MatchingStats> GetMatchingStatsAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var (matched, timedOut, cancelled, total) = await SearchesAsync(db, frame, cancel);
        var offers = await OffersAsync(db, frame, cancel);
        var times = await In(db, frame).OrderByDescending(m => m.StartedAt).Take(MaxSamples).Select(m => new { m.BroadcastMs, m.AcceptMs, m.HumanMs }).ToListAsync(cancel);
        var reach = await In(db, frame).GroupBy(m => m.ReachableDrivers == 0 ? 0 : m.ReachableDrivers <= 15 ? 1 : m.ReachableDrivers <= 62 ? 2 : 3)
            .Select(g => new { g.Key, Count = g.Count(), Matched = g.Sum(m => m.FinalStatus == MatchingFinalStatus.Matched ? 1 : 0) }).ToListAsync(cancel);
        var perDriver = await InFrame(db, frame).GroupBy(n => n.DriverId)
            .Select(g => new { Offers = g.Count(), Wins = g.Sum(n => n.Response == DriverResponseKind.Accepted ? 1 : 0) }).ToListAsync(cancel);
        var active = await db.Bookings.CountAsync(b => b.Status == BookingStatus.Pending && b.MatchingStartedAt != null, cancel);
        return new MatchingStats(
            frame, total, matched, timedOut, cancelled, active, await In(db, frame).AverageAsync(m => (double?)m.TimeToMatch, cancel),
            Share(offers.Accepted, offers.Accepted + offers.Rejected + offers.TimedOut), Share(timedOut, matched + timedOut + cancelled), offers.Sent, offers.Responded,
            Statistics.Measure(times.Select(t => t.BroadcastMs)), Statistics.Measure(times.Select(t => t.AcceptMs)), Statistics.Measure(times.Select(t => t.HumanMs)),
            [.. Enum.GetValues<Reach>().Select(r => new ReachMetrics(r, reach.FirstOrDefault(x => x.Key == (int)r)?.Count ?? 0, reach.FirstOrDefault(x => x.Key == (int)r)?.Matched ?? 0))],
            Statistics.Spread([.. perDriver.Select(d => d.Offers)]), Statistics.Spread([.. perDriver.Select(d => d.Wins)]));
    }

    /// <summary>How many searches ended, in whatever way.</summary>
    public async Task<int> GetEndedSearchesAsync(TimeFrame frame, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await In(db, frame).CountAsync(m => m.FinalStatus != null, cancel);
    }

    /// <summary>Every search, also those that found nobody and were made again.</summary>
    private static IQueryable<Search> In(DispatchDb db, TimeFrame frame) =>
        db.MatchingMetrics.Where(m => m.StartedAt >= frame.From && m.StartedAt < frame.To).Select(m => new Search
        {
            Zone = m.Zone, StartedAt = m.StartedAt, Hour = m.Hour, ReachableDrivers = m.ReachableDrivers, TimeToMatch = m.TimeToMatch, BroadcastMs = m.BroadcastMs,
            AcceptMs = m.AcceptMs, HumanMs = m.HumanMs, FinalStatus = m.FinalStatus,
        })
        .Concat(db.FailedSearches.Where(s => s.StartedAt >= frame.From && s.StartedAt < frame.To).Select(s => new Search
        {
            Zone = s.Zone, StartedAt = s.StartedAt, Hour = s.Hour, ReachableDrivers = s.ReachableDrivers, TimeToMatch = null, BroadcastMs = s.BroadcastMs,
            AcceptMs = null, HumanMs = null, FinalStatus = s.FinalStatus,
        }));

    private static IQueryable<BookingNotification> InFrame(DispatchDb db, TimeFrame frame) =>
        db.BookingNotifications.Where(n => n.SentAt >= frame.From && n.SentAt < frame.To);

    private static async Task<(int Matched, int TimedOut, int Cancelled, int Total)> SearchesAsync(DispatchDb db, TimeFrame frame, CancellationToken cancel)
    {
        var counts = await In(db, frame).GroupBy(m => m.FinalStatus).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(cancel);
        int Of(MatchingFinalStatus status) => counts.FirstOrDefault(c => c.Key == status)?.Count ?? 0;
        return (Of(MatchingFinalStatus.Matched), Of(MatchingFinalStatus.Timeout) + Of(MatchingFinalStatus.Failed), Of(MatchingFinalStatus.Cancelled), counts.Sum(c => c.Count));
    }

    private static Task<OfferCounts> OffersAsync(DispatchDb db, TimeFrame frame, CancellationToken cancel) => CountAsync(InFrame(db, frame), cancel);

    private static async Task<OfferCounts> CountAsync(IQueryable<BookingNotification> offers, CancellationToken cancel) =>
        await offers.GroupBy(_ => 1).Select(g => new OfferCounts(
            g.Sum(n => n.SentAt != null ? 1 : 0), g.Sum(n => n.RespondedAt != null ? 1 : 0), g.Sum(n => n.Response == DriverResponseKind.Accepted ? 1 : 0),
            g.Sum(n => n.Response == DriverResponseKind.Rejected ? 1 : 0), g.Sum(n => n.Response == DriverResponseKind.Timeout ? 1 : 0),
            g.Sum(n => n.LostByMs != null ? 1 : 0), g.Sum(n => n.SeenAt != null ? 1 : 0))).SingleOrDefaultAsync(cancel) ?? new OfferCounts(0, 0, 0, 0, 0, 0, 0);

    private static double? Share(int part, int whole) => whole == 0 ? null : (double)part / whole;

    private sealed class Search
    {
        public string? Zone { get; set; }
        public DateTime StartedAt { get; set; }
        public int Hour { get; set; }
        public int ReachableDrivers { get; set; }
        public int? TimeToMatch { get; set; }
        public int? BroadcastMs { get; set; }
        public int? AcceptMs { get; set; }
        public int? HumanMs { get; set; }
        public MatchingFinalStatus? FinalStatus { get; set; }
    }

    private sealed record OfferCounts(int Sent, int Responded, int Accepted, int Rejected, int TimedOut, int Lost, int Seen);
}
