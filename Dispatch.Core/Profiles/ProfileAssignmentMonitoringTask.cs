using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Moderators;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Profiles;

/// <summary>What one check found and put right.</summary>
/// <param name="Failed">True: the check itself failed; it is a finding of its own.</param>
public sealed record CheckResult(string Check, int Found, int Repaired, bool Failed = false);

/// <summary>One round of the watch.</summary>
/// <param name="Open">Findings that are still so.</param>
/// <param name="Raised">Findings that this round raised for the first time.</param>
public sealed record MonitoringReport(DateTime At, IReadOnlyList<CheckResult> Checks, int Open, int Raised);

/// <summary>
/// The watch over assignments (seed 001): every 15 seconds on one node (a lease), seven checks. Each finding is repaired or raised once; a check that
/// fails is a finding too and stops none of the others.
/// </summary>
public sealed partial class ProfileAssignmentMonitoringTask(
    AssignmentChecks checks, ModeratorActivityService activity, LoadBalancingService load, Leases leases, RotationMetrics metrics, IOptions<NodeOptions> node,
    TimeProvider clock, ILogger<ProfileAssignmentMonitoringTask> logger) : HostedLoop(clock, logger)
{
    private readonly ILogger _logger = logger;
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    internal const string LeaseName = "assignment-monitoring";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);

    /// <summary>All seven checks, whoever holds the lease.</summary>
    public async Task<MonitoringReport> HandleAsync(DateTime now, CancellationToken cancel = default)
    {
        var results = new List<CheckResult>();
        foreach (var (name, check) in checks.All)
        {
            try
            {
                results.Add(await check(now, cancel));
            }
            catch (Exception e) when (e is not LeaseLostException && !cancel.IsCancellationRequested)
            {
                LogCheckFailed(e, name);
                results.Add(new CheckResult(name, 1, 0, Failed: true));
            }
        }
        var (open, raised) = await checks.GenerateAlertsAsync(results, now, cancel);
        results.Add(new CheckResult(nameof(AssignmentChecks.GenerateAlertsAsync), raised, 0));
        foreach (var result in results) metrics.OnChecked(result);
        return new MonitoringReport(now, results, open, raised);
    }

    /// <summary>One round, if this node has the lease: the inactive, the load, then the checks. False: another node does it.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancel = default) =>
        await _turn.HoldAsync(cancel) is { } lease && await leases.UnderAsync(lease, () => RoundAsync(cancel), false);

    private async Task<bool> RoundAsync(CancellationToken cancel)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        await SafelyAsync(nameof(activity.SweepAsync), () => activity.SweepAsync(cancel), cancel);
        await SafelyAsync(nameof(load.RebalanceActiveAssignmentsAsync), () => load.RebalanceActiveAssignmentsAsync(cancel), cancel);
        await HandleAsync(now, cancel);
        return true;
    }

    protected override TimeSpan FirstAfter => LeasedTurn.Look;

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (await _turn.IsDueAsync(now, Interval, stop)) await RunOnceAsync(stop);
        return _turn.Sleep(now);
    }

    private async Task SafelyAsync(string name, Func<Task> work, CancellationToken cancel)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not LeaseLostException && !cancel.IsCancellationRequested)
        {
            LogCheckFailed(e, name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Check} failed; the others go on, and it is tried again with the next round")]
    private partial void LogCheckFailed(Exception exception, string check);
}
