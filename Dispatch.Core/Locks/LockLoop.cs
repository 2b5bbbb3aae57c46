using Dispatch.Core.Conflicts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Locks;

/// <summary>Decides unlock requests whose time is over and tidies what ended. Locks end without it.</summary>
public sealed partial class LockLoop(
    ProfileLockService locks, ConflictResolutionService conflicts, TimeProvider clock, ILogger<LockLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        // Requests first: a lock that just ended belongs to who asked for it.
        await locks.ResolveUnlockRequestsAsync(now, cancel) + await locks.CleanExpiredLocksAsync(now, cancel)
            + await conflicts.SettleEndedAsync(now, cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RunOnceAsync(clock.GetUtcNow().UtcDateTime, stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFault(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking after locks failed; trying again in a second")]
    private partial void LogFault(Exception exception);
}
