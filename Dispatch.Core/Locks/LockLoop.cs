using Dispatch.Core.Conflicts;
using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Locks;

/// <summary>Decides unlock requests whose time is over and tidies what ended. Locks end without it.</summary>
public sealed class LockLoop(
    ProfileLockService locks, ConflictResolutionService conflicts, TimeProvider clock, ILogger<LockLoop> logger) : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        // Requests first: a lock that just ended belongs to who asked for it.
        await locks.ResolveUnlockRequestsAsync(now, cancel) + await locks.CleanExpiredLocksAsync(now, cancel)
            + await conflicts.SettleEndedAsync(now, cancel);

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }
}
