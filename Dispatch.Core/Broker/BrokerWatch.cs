using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Broker;

/// <summary>Raises the alert when the broker stays away and ends it when it is back; trims the history.</summary>
public sealed class BrokerWatch(
    Database database, BrokerState state, AlertStore alerts, IOptions<BrokerOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<BrokerWatch> logger)
    : HostedLoop(clock, logger)
{
    private const int TrimAtOnce = 2000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), TrimEvery = TimeSpan.FromMinutes(10);

    private bool? _raised;
    private DateTime _trimmedAt;

    private string Key => "broker:" + node.Value.Name;

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        if (now - _trimmedAt >= TrimEvery && await TrimAsync(now, stop) < TrimAtOnce) _trimmedAt = now;
        return Interval;
    }

    /// <summary>True: an alert is open now.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken stop = default)
    {
        var current = state.Current;
        var away = current.Status != BrokerStatus.Connected;
        // Not known after a start: an alert of the previous run may be open.
        if (!away && _raised != false)
        {
            await database.WriteAsync(session => alerts.ResolveAsync(session, Key, now), stop);
            _raised = false;
        }
        else if (away && _raised != true && now - current.Since >= options.Value.AlertAfter)
        {
            await database.WriteAsync(session => alerts.RaiseAsync(
                session, AlertKind.BrokerDown, AlertSeverity.Critical, Key, now, subject: current.Endpoint, details: current.Error), stop);
            _raised = true;
        }
        return _raised == true;
    }

    /// <summary>Deletes what is older than the history is kept, some at a time; returns the most rows that one table lost.</summary>
    public async Task<int> TrimAsync(DateTime now, CancellationToken stop = default)
    {
        var before = now - options.Value.KeepHistory;
        return await database.WriteAsync(async session =>
        {
            var done = await session.Db.WorkerOutbox.Where(c => c.DoneAt < before).OrderBy(c => c.DoneAt).Take(TrimAtOnce).ExecuteDeleteAsync();
            var inbox = await session.Db.WorkerInbox.Where(a => a.ReceivedAt < before).OrderBy(a => a.ReceivedAt).Take(TrimAtOnce).ExecuteDeleteAsync();
            var dead = await session.Db.DeadLetters.Where(d => d.DecidedAt < before).OrderBy(d => d.DecidedAt).Take(TrimAtOnce).ExecuteDeleteAsync();
            return Math.Max(done, Math.Max(inbox, dead));
        }, stop);
    }
}
