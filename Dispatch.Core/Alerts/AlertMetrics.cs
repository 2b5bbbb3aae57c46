using System.Diagnostics.Metrics;

namespace Dispatch.Core.Alerts;

/// <summary>What was raised and who could be told, under the meter <c>Dispatch.Alerts</c>.</summary>
internal static class AlertMetrics
{
    private static readonly Meter Meter = new("Dispatch.Alerts");
    private static readonly Counter<long> Raised = Meter.CreateCounter<long>("dispatch.alerts.raised", description: "Alerts that were raised, by kind");
    private static readonly Counter<long> Posts = Meter.CreateCounter<long>("dispatch.alerts.posts", description: "Attempts to post an alert to the webhook, by what came of it");
    private static readonly Counter<long> Phones = Meter.CreateCounter<long>("dispatch.alerts.messages", description: "Messages about alerts that were queued for phones");

    public static void OnRaised(AlertKind kind) => Raised.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString().ToLowerInvariant()));

    public static void OnPosted(string result) => Posts.Add(1, new KeyValuePair<string, object?>("result", result));

    public static void OnQueued(int messages) => Phones.Add(messages);
}
