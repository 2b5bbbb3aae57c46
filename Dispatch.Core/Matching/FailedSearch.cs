namespace Dispatch.Core.Matching;

/// <summary>
/// A search that found nobody and was made again. The booking's one row of <see cref="MatchingMetrics"/> then measures the new search; without this the figures
/// would forget every failure that somebody retried.
/// </summary>
public sealed class FailedSearch
{
    /// <summary>In the transaction that begins the next round, before it resets the row.</summary>
    internal const string Keep =
        "INSERT INTO failed_searches (booking_id, round, zone, started_at, hour, reachable_drivers, total_drivers_notified, total_drivers_responded, waves, broadcast_ms, final_status, ended_at) "
        + "SELECT booking_id, @round, zone, started_at, hour, reachable_drivers, total_drivers_notified, total_drivers_responded, waves, broadcast_ms, final_status, ended_at "
        + "FROM matching_metrics WHERE booking_id = @booking AND final_status IN ('Timeout','Failed')";

    public long Id { get; set; }
    public long BookingId { get; set; }

    /// <summary>Which search of its booking it was, from 1.</summary>
    public int Round { get; set; }
    public string? Zone { get; set; }
    public DateTime StartedAt { get; set; }

    /// <inheritdoc cref="MatchingMetrics.Hour"/>
    public int Hour { get; set; }
    public int ReachableDrivers { get; set; }
    public int TotalDriversNotified { get; set; }
    public int TotalDriversResponded { get; set; }
    public int Waves { get; set; }
    public int? BroadcastMs { get; set; }

    /// <summary>Timeout or Failed.</summary>
    public MatchingFinalStatus FinalStatus { get; set; }
    public DateTime? EndedAt { get; set; }
}
