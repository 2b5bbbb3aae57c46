using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>
/// Signs of life of workers, and what they say they hold: what differs from what Dispatch thinks is put right, so that after any loss every number ends in the state
/// its worker is in.
/// </summary>
public sealed partial class WorkerPresence(NumberStore store, AlertStore alerts, WorkerOutbox outbox, NumberWake wake, IOptions<NumberOptions> options, ILogger<WorkerPresence> logger)
{
    private const string Alive =
        "UPDATE workers SET heartbeat_at = @now, lease_until = @lease, software = @software, pairing_codes = @pairing, "
        + "state_since = CASE WHEN state = 'Down' THEN @now ELSE state_since END, state = CASE WHEN state = 'Down' THEN 'Up' ELSE state END WHERE id = @worker";

    /// <summary>A legacy worker sends no heartbeat; its answers stand for one, not each of them.</summary>
    private const string Seen = "UPDATE workers SET heartbeat_at = @now, lease_until = @lease WHERE id = @worker AND (heartbeat_at IS NULL OR heartbeat_at < @before)";

    private const string Stopping = "UPDATE workers SET state_since = @now, state = 'Down' WHERE id = @worker AND state = 'Up'";

    internal static IEnumerable<string> Statements => [Alive, Seen, Stopping];

    internal static string DownKey(string workerId) => $"worker-down:{workerId}";

    internal async Task AliveAsync(WriteSession session, WorkerAlive alive, DateTime now)
    {
        var id = alive.WorkerId!;
        var software = alive.Version is { } version ? Gateways.OutsideText.Cut(Gateways.OutsideText.Mend(version), WorkerRules.MaxSoftware) : null;
        var before = await session.Db.Workers.AsNoTracking().Where(w => w.Id == id).Select(w => new { w.State, w.Mode }).FirstOrDefaultAsync();
        if (before is null)
        {
            LogUnknown(id);
            await alerts.RaiseAsync(session, AlertKind.WorkerUnknown, AlertSeverity.Warning, $"worker-unknown:{id}", now, subject: id);
            return;
        }
        await session.ExecuteAsync(
            Alive, ("now", now), ("lease", now + options.Value.Lease), ("software", software), ("pairing", alive.PairingCodes), ("worker", id));
        if (before.State == WorkerState.Down) await alerts.ResolveAsync(session, DownKey(id), now);
        session.Publish(Topics.Workers, EventNames.WorkerChanged, 0);
        await ReconcileAsync(session, id, alive, now);
    }

    /// <summary>It ends in order. Its lease goes on: when it is back in time it keeps its numbers, and nobody has to scan again.</summary>
    internal async Task StoppingAsync(WriteSession session, string id, DateTime now)
    {
        if (await session.ExecuteAsync(Stopping, ("now", now), ("worker", id)) == 0) return;
        session.Publish(Topics.Workers, EventNames.WorkerChanged, 0);
        session.AfterCommit(wake.Wake);
    }

    internal Task SeenAsync(WriteSession session, string id, DateTime now) =>
        session.ExecuteAsync(Seen, ("now", now), ("lease", now + options.Value.Lease), ("worker", id), ("before", now - (options.Value.HealthInterval / 2)));

    private async Task ReconcileAsync(WriteSession session, string id, WorkerAlive alive, DateTime now)
    {
        var listed = new Dictionary<long, HeldNumber>();
        foreach (var held in alive.Numbers) listed[held.NumberId] = held;
        var actor = NumberActor.Worker(id);
        var ours = await session.Db.Numbers.AsNoTracking().Where(n => n.WorkerId == id).OrderBy(n => n.Id)
            .Select(n => new { n.Id, n.SessionId, n.State, n.Reason, n.StateSince, n.Generation, n.NextWorkerId }).ToListAsync();
        // What was said in the last moments may still be on its way.
        var settled = now - options.Value.AnswerWithin;
        foreach (var number in ours)
        {
            var held = listed.GetValueOrDefault(number.Id);
            listed.Remove(number.Id);
            if (number.NextWorkerId is not null) continue;
            if (held is null)
            {
                var waits = number.State is NumberState.Validated or NumberState.CommandSent;
                var asked = number.State == NumberState.WaitingForWorker && number.Reason == NumberReason.WorkerStopped;
                if (NumberRules.IsLive(number.State) && !waits && !asked && (alive.Started || number.StateSince < settled))
                    await store.ApplyAsync(session, number.Id, new NumberSignal(NumberTrigger.SessionStopped, number.Generation, WorkerId: id), actor, now);
            }
            else if (held.SessionId is null || string.Equals(held.SessionId, number.SessionId, StringComparison.Ordinal))
            {
                if (held.State == "connected" && number.State != NumberState.Connected)
                    await store.ApplyAsync(session, number.Id, new NumberSignal(NumberTrigger.Healthy, number.Generation, WorkerId: id), actor, now);
                else if (held.State is "starting" or "reconnecting" && number.State is NumberState.CommandSent or NumberState.WaitingForWorker)
                    await store.ApplyAsync(session, number.Id, new NumberSignal(NumberTrigger.Starting, number.Generation, WorkerId: id), actor, now);
            }
        }
        await StopStrangersAsync(session, id, [.. listed.Values], now, settled);
    }

    /// <summary>It holds what by now belongs to another worker: told to let go, or two sockets fight.</summary>
    private async Task StopStrangersAsync(WriteSession session, string id, List<HeldNumber> held, DateTime now, DateTime settled)
    {
        if (held.Count == 0) return;
        var ids = held.ConvertAll(h => h.NumberId);
        var known = await session.Db.Numbers.AsNoTracking().Where(n => ids.Contains(n.Id)).Select(n => new { n.Id, n.Phone, n.StateSince }).ToListAsync();
        foreach (var number in known.Where(n => n.StateSince < settled))
        {
            if (held.Find(h => h.NumberId == number.Id)!.SessionId is not { } sessionId) continue;
            LogStranger(id, number.Id);
            await outbox.AddAsync(session, new WorkerCommand(id, WorkerAction.Stop, number.Id, sessionId, "+" + number.Phone), now, options.Value.HealthInterval);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is not registered; its signs of life are ignored")]
    private partial void LogUnknown(string workerId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} still holds number {NumberId}, which is another's; it is told to let go")]
    private partial void LogStranger(string workerId, long numberId);
}
