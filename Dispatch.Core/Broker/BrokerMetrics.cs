using System.Diagnostics.Metrics;

namespace Dispatch.Core.Broker;

/// <summary>Commands out and answers in, under the meter <c>Dispatch.Broker</c>.</summary>
internal static class BrokerMetrics
{
    private static readonly Meter Meter = new("Dispatch.Broker");
    private static readonly Counter<long> Commands = Meter.CreateCounter<long>("dispatch.broker.commands", description: "Commands that the relay tried to publish, by what came of it");
    private static readonly Counter<long> Answers = Meter.CreateCounter<long>("dispatch.broker.answers", description: "What the bus delivered: answers of workers, and what came back");
    private static readonly Counter<long> Dead = Meter.CreateCounter<long>("dispatch.broker.dead_letters", description: "Answers and commands that could not be used, by why");

    public static void OnPublished(WaitReason? reason) => Commands.Add(1, new KeyValuePair<string, object?>("result", reason?.ToString().ToLowerInvariant() ?? "confirmed"));

    public static void OnAnswers(int count) => Answers.Add(count);

    public static void OnDead(DeadReason reason) => Dead.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString().ToLowerInvariant()));
}
