using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Overview;

/// <summary>
/// Keeps the counts of the overview up to date on one node (a lease). The lease only spares work: that nothing is counted twice is the cursor's doing.
/// </summary>
public sealed class RollupLoop(
    RollupWriter writer, OverviewQueries queries, Leases leases, IOptions<NodeOptions> node, TimeProvider clock, ILogger<RollupLoop> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "rollups";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(30), PruneEvery = TimeSpan.FromMinutes(10);
    private DateTime _sampleAt = DateTime.MinValue, _pruneAt = DateTime.MinValue;

    /// <summary>One pass, if this node has the lease; true: there is more to do at once.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        await _turn.HoldAsync(cancel) is { } lease && await leases.UnderAsync(lease, () => CountAsync(now, cancel), false);

    private async Task<bool> CountAsync(DateTime now, CancellationToken cancel)
    {
        if (now >= _sampleAt)
        {
            _sampleAt = now + SampleEvery;
            await writer.SampleAsync(OverviewRules.Samples(await queries.NowAsync(now, cancel)), now, cancel);
        }
        if (now >= _pruneAt)
        {
            _pruneAt = now + PruneEvery;
            await writer.PruneAsync(now, cancel);
        }
        return await writer.RunOnceAsync(now, cancel);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop) => await RunOnceAsync(now, stop) ? TimeSpan.Zero : LeasedTurn.Look;
}
