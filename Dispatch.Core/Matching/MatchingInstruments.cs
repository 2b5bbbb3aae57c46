using System.Diagnostics.Metrics;

namespace Dispatch.Core.Matching;

/// <summary>How searches end and how punctual due times are, under the meter <c>Dispatch.Matching</c>. What reports show is in the rows (<see cref="MetricsService"/>).</summary>
internal static class MatchingInstruments
{
    private static readonly Meter Meter = new("Dispatch.Matching");
    private static readonly Histogram<double> Lags = Meter.CreateHistogram<double>("dispatch.matching.due.lag", "s", "Between the due time of a booking and its firing");

    private static readonly Counter<long> Ended = Meter.CreateCounter<long>("dispatch.matching.searches.ended", description: "Searches that ended, by how");

    public static void OnFired(double lagMilliseconds) => Lags.Record(Math.Max(0, lagMilliseconds) / 1000);

    public static void OnEnded(MatchingFinalStatus status) => Ended.Add(1, new KeyValuePair<string, object?>("outcome", status.ToString().ToLowerInvariant()));
}
