using System.Diagnostics.Metrics;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>What left for prospects, under the meter <c>Dispatch.Outreach</c>.</summary>
internal static class OutreachMetrics
{
    private static readonly Meter Meter = new("Dispatch.Outreach");
    private static readonly Counter<long> Actions = Meter.CreateCounter<long>("dispatch.outreach.actions", description: "Actions that were handed to a gateway, by type and what it said");
    private static readonly Histogram<double> Lateness = Meter.CreateHistogram(
        "dispatch.outreach.lateness", "s", "Between the due time of an action and its start; waiting for hours, quotas and gaps is part of it", tags: null,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400] });

    public static void OnSent(ActionType type, SendFailure? failure) => Actions.Add(
        1, new KeyValuePair<string, object?>("type", type.ToString().ToLowerInvariant()), new KeyValuePair<string, object?>("result", failure?.ToString().ToLowerInvariant() ?? "sent"));

    public static void OnStarted(TimeSpan late) => Lateness.Record(Math.Max(0, late.TotalSeconds));
}
