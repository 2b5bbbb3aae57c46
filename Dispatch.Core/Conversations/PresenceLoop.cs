using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>Ends grace periods and lets go of disabled people. At start it lets go of the circuits of this node's previous run, which a crash left behind.</summary>
public sealed class PresenceLoop(
    DispatcherOrchestrator orchestrator, IOptions<NodeOptions> node, TimeProvider clock, ILogger<PresenceLoop> logger) : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        await orchestrator.EndGraceAsync(now, cancel) + await orchestrator.SettleDisabledAsync(now, cancel);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await orchestrator.HandleNodeStartedAsync(node.Value.Name, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }
}
