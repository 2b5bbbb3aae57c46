using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Alerts;

/// <summary>
/// On one node (a lease): asks the rules, raises what they want, ends what they do not, then decides who is told. Each of these is guarded by itself, so that a node whose lease lapsed in
/// the middle does nothing twice.
/// </summary>
public sealed class AlertWatch(
    Database database, Leases leases, AlertStore alerts, AlertFactsReader facts, AlertThresholds thresholds, AlertTelling telling, IOptions<AlertOptions> options, IOptions<NodeOptions> node,
    TimeProvider clock, ILogger<AlertWatch> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "alerts";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);

    /// <summary>Errors that somebody reported once; nobody says when they are over.</summary>
    private static readonly AlertKind[] Reported = [AlertKind.MatchingFailure, AlertKind.DatabaseError, AlertKind.NotificationFailure];

    /// <summary>One look, if this node has the lease. Null: another node does it. Otherwise how many were raised and ended.</summary>
    public async Task<(int Raised, int Ended)?> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        if (await _turn.HoldAsync(cancel) is not { } lease) return null;
        return await leases.UnderAsync(lease, async () => ((int, int)?)await WatchAsync(now, cancel), null);
    }

    private async Task<(int Raised, int Ended)> WatchAsync(DateTime now, CancellationToken cancel)
    {
        var limits = await thresholds.ReadAsync(cancel);
        var wanted = AlertRules.Judge(await facts.ReadAsync(now, cancel), limits, now);
        var kinds = AlertRules.Kinds;
        var done = await database.WriteAsync(async session =>
        {
            var (raised, ended) = await alerts.SettleAsync(session, a => kinds.Contains(a.Kind), wanted, now);
            return (raised, ended + await EndReportedAsync(session, now - limits.ErrorQuiet, now));
        }, cancel);
        await telling.RunOnceAsync(limits, now, cancel);
        return done;
    }

    private async Task<int> EndReportedAsync(WriteSession session, DateTime before, DateTime now)
    {
        var ended = 0;
        foreach (var key in await session.Db.Alerts.Where(a => a.ResolvedAt == null && Reported.Contains(a.Kind) && a.LastSeenAt < before).Select(a => a.DedupeKey).ToListAsync())
            ended += await alerts.ResolveAsync(session, key, now);
        return ended;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (await _turn.IsDueAsync(now, options.Value.Interval, stop)) await RunOnceAsync(now, stop);
        return _turn.Sleep(now);
    }
}
