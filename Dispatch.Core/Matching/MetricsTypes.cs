namespace Dispatch.Core.Matching;

/// <summary>How many drivers could be reached when a search began: success is reported by it (facts: coverage is a head-count problem).</summary>
public enum Reach { None, Few, Some, Many }

/// <param name="Average">Milliseconds; null: nothing measured.</param>
public sealed record Duration(double? Average, double? Median, double? P95, int Count);

/// <summary>Searches that began with so many reachable drivers: 0, 1-15, 16-62, 63 and more.</summary>
public sealed record ReachMetrics(Reach Reach, int Searches, int Matched)
{
    public double? SuccessRate => Searches == 0 ? null : (double)Matched / Searches;
}

/// <summary>How evenly something is spread over drivers.</summary>
/// <param name="Gini">0: all the same; towards 1: one has everything.</param>
public sealed record Spread(int Drivers, double Average, int Least, int Most, double Gini);

/// <summary>What <c>GetMatchingStats</c> answers.</summary>
public sealed record MatchingStats(
    TimeFrame Frame, int Searches, int Matched, int TimedOut, int Cancelled, int Active, double? AverageMatchingSeconds, double? AcceptanceRate, double? TimeoutRate,
    int Offers, int Responses, Duration Broadcast, Duration Accept, Duration Human, IReadOnlyList<ReachMetrics> ByReach, Spread OfferSpread, Spread WinSpread);

public sealed record ZoneMetrics(
    string? Zone, int TotalBookings, int SuccessfulMatches, double? AverageMatchingTime, double? TimeoutRate, IReadOnlyList<int> PeakHours);

public sealed record HourMetrics(int Hour, int TotalBookings, int SuccessfulMatches, double? AverageMatchingTime, double? TimeoutRate);

/// <param name="AverageResponseTime">Seconds from sent to answered.</param>
/// <param name="NearMisses">Accepted, but somebody was faster: never counted as rejecting or silent.</param>
public sealed record DriverStats(
    int NotificationsReceived, int ResponsesGiven, double? AcceptanceRate, double? AverageResponseTime, int TimeoutCount, int Accepted, int Rejected, int NearMisses, int Seen);

public sealed record DailyReport(
    DateOnly Day, MatchingStats Stats, IReadOnlyList<ZoneMetrics> Zones, IReadOnlyList<HourMetrics> Hours, IReadOnlyList<DriverLine> TopDrivers);

public sealed record WeeklyReport(
    DateOnly First, MatchingStats Stats, MatchingStats Before, IReadOnlyList<DailyLine> Days, IReadOnlyList<ZoneMetrics> Zones, IReadOnlyList<HourMetrics> Hours,
    IReadOnlyList<DriverLine> TopDrivers);

public sealed record DailyLine(DateOnly Day, int Searches, int Matched, int TimedOut, double? AverageMatchingSeconds);

public sealed record DriverLine(long DriverId, string Name, int Offers, int Won, int Rejected, int TimedOut);

public enum HealthLevel { Healthy, Warning, Critical }

/// <param name="Reason">A plain sentence; empty when healthy.</param>
public sealed record ComponentHealth(HealthLevel Level, string Reason);

/// <param name="OldestDueMs">How late the oldest due time is; 0: nothing is late.</param>
public sealed record TimeoutHealth(int Open, int Overdue, double OldestDueMs, double LagP99Ms);

public sealed record HealthComponents(ComponentHealth Database, ComponentHealth Whatsapp, ComponentHealth Timeouts, ComponentHealth Matching);

public sealed record HealthFigures(int ActiveMatchings, double? AvgResponseTime, double ErrorRate);

/// <summary>Seed 003 <c>HealthStatus</c>.</summary>
public sealed record HealthStatus(HealthLevel Overall, HealthComponents Components, HealthFigures Metrics, DateTime At);
