using System.Diagnostics.Metrics;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Conversations;

/// <summary>What became of an inbound message's conversation.</summary>
internal enum Placed { Kept, Assigned, Parked }

/// <summary>What comes in and where it goes, under the meter <c>Dispatch.Conversations</c>.</summary>
internal static class ConversationMetrics
{
    private static readonly Meter Meter = new("Dispatch.Conversations");

    private static readonly Counter<long> Messages = Meter.CreateCounter<long>("dispatch.inbound.messages", description: "Inbound messages by what became of them");

    private static readonly Histogram<double> Stores = Meter.CreateHistogram<double>(
        "dispatch.inbound.store.duration", "s", "From the arrival of a webhook call in the pipeline to its commit");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("dispatch.inbound.failures", description: "Webhook calls that could not be stored; the gateway sends them again");
    private static readonly UpDownCounter<long> Waiting = Meter.CreateUpDownCounter<long>("dispatch.inbound.waiting", description: "Webhook calls in the pipeline that are not committed");

    private static readonly Counter<long> Conversations = Meter.CreateCounter<long>(
        "dispatch.conversations.placed", description: "Conversations that a contact wrote in, by what was decided");

    public static void OnArrived() => Waiting.Add(1);

    public static void OnStored(InboundResult result, TimeSpan took)
    {
        Waiting.Add(-1);
        Stores.Record(took.TotalSeconds);
        Count(result.Stored, "stored");
        Count(result.Duplicates, "duplicate");
        Count(result.Ignored, "ignored");
    }

    public static void OnFailed()
    {
        Waiting.Add(-1);
        Failures.Add(1);
    }

    public static void OnPlaced(Placed placed) => Conversations.Add(1, new KeyValuePair<string, object?>("outcome", placed.ToString().ToLowerInvariant()));

    private static void Count(int messages, string result)
    {
        if (messages > 0) Messages.Add(messages, new KeyValuePair<string, object?>("result", result));
    }
}
