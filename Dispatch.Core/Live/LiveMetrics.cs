using System.Diagnostics.Metrics;

namespace Dispatch.Core.Live;

/// <summary>How the screens are told, under the meter <c>Dispatch.Live</c>.</summary>
internal static class LiveMetrics
{
    private static readonly Meter Meter = new("Dispatch.Live");
    private static readonly Counter<long> Events = Meter.CreateCounter<long>("dispatch.live.events", description: "Signals that were published after a commit");
    private static readonly UpDownCounter<long> Subscriptions = Meter.CreateUpDownCounter<long>("dispatch.live.subscriptions", description: "Pages and parts of pages that listen");

    private static readonly Histogram<double> Lags = Meter.CreateHistogram<double>(
        "dispatch.live.lag", "s", "From a signal to the moment the page that listens takes it; pages take signals together, so up to their pace of 0.15 to 1 s is as it should be");

    public static void OnPublished() => Events.Add(1);

    public static void OnSubscribed(int change) => Subscriptions.Add(change);

    public static void OnTaken(TimeSpan lag) => Lags.Record(lag.TotalSeconds);
}
