using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Outreach;

/// <summary>Asks the gateways that can be asked what became of uncertain actions. A loop of its own: a gateway that answers slowly must not keep what is due from leaving.</summary>
public sealed class DoubtJob(Actions actions, TimeProvider clock, ILogger<DoubtJob> logger) : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>Returns how many doubts ended.</summary>
    public Task<int> RunOnceAsync(CancellationToken cancel = default) => actions.ReconcileAllAsync(cancel);

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(stop);
        return Interval;
    }
}
