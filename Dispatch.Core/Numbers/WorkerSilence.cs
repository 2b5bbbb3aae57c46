using Dispatch.Core.Broker;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>
/// Whether a worker's silence means anything. While Dispatch itself was down, or its broker, nobody could be heard: heartbeats lie in the queue, and giving the numbers of
/// every worker away at the first look would make two sockets of each. So silence counts only from when this process could hear.
/// </summary>
public sealed class WorkerSilence(BrokerState broker, IWorkerBus bus, IOptions<NumberOptions> options)
{
    /// <summary>Since when this process can hear workers; null: it cannot now.</summary>
    public DateTime? HeardSince => broker.Current is { Status: BrokerStatus.Connected } connected ? connected.Since : null;

    /// <summary>What lay in the queues has had time to be read. A bus inside the process has nothing from before.</summary>
    public bool IsSettled(DateTime now) => HeardSince is { } since && (bus.Kind == BrokerKind.InProcess || now - since >= options.Value.HealthInterval);

    /// <summary>The lease has run out, and this process would have heard its renewal.</summary>
    public bool IsOver(DateTime? lease, DateTime now) => !(lease > now) && HeardSince is { } since && now - since >= options.Value.Lease;
}
