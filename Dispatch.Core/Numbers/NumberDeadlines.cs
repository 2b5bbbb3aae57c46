using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>
/// Fires what is due: a number's own due time, codes that have to be forgotten, phones nobody saw, workers that are silent, numbers whose worker is lost, drains. Each is a
/// racer like any answer: one guarded change that says whether it happened. Several nodes may run it.
/// </summary>
public sealed partial class NumberDeadlines(
    Database database, NumberStore store, AlertStore alerts, NumberWake wake, WorkerSilence silence, IOptions<NumberOptions> options, TimeProvider clock, ILogger<NumberDeadlines> logger)
    : HostedLoop(clock, logger, wake)
{
    /// <summary>Another node's earlier due time is seen after this at the latest.</summary>
    private static readonly TimeSpan MaxSleep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);
    private const int PerPass = 500, Together = 16;

    /// <summary>So many of a number's events stay however old they are.</summary>
    private const int EventsAlwaysKept = 50;

    private const string ForgetQr = "UPDATE number_sessions SET protected_qr = NULL, qr_expires_at = NULL WHERE qr_expires_at IS NOT NULL AND qr_expires_at <= @now";
    private const string ForgetPairing =
        "UPDATE number_sessions SET protected_pairing_code = NULL, pairing_expires_at = NULL WHERE pairing_expires_at IS NOT NULL AND pairing_expires_at <= @now";

    private const string RemindAgain = "UPDATE numbers SET phone_due_at = @next, version = version + 1 WHERE id = @id AND phone_due_at <= @now";

    private const string Silent =
        "UPDATE workers SET state = 'Down', state_since = @now WHERE id = @worker AND state = 'Up' AND mode = 'Routed' AND (heartbeat_at IS NULL OR heartbeat_at <= @since)";

    private DateTime _tidyAt = DateTime.MinValue;

    internal static IEnumerable<string> Statements => [ForgetQr, ForgetPairing, RemindAgain, Silent];

    private NumberOptions Options => options.Value;

    /// <summary>Everything that is due at <paramref name="now"/>; returns how many things happened.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var done = await ForgetAsync(now, cancel);
        // What nobody could have heard is not overdue.
        if (silence.IsSettled(now))
        {
            done += await SilenceAsync(now, cancel);
            done += await FireAsync(now, cancel);
            done += await LoseAsync(now, cancel);
            done += await DrainAsync(now, cancel);
        }
        done += await RemindAsync(now, cancel);
        if (now >= _tidyAt)
        {
            _tidyAt = now + TidyEvery;
            await TidyAsync(now, cancel);
        }
        return done;
    }

    /// <summary>Workers without heartbeat are down from now on.</summary>
    private async Task<int> SilenceAsync(DateTime now, CancellationToken cancel)
    {
        var since = now - Options.WorkerSilence;
        if (silence.HeardSince > since) return 0;
        List<string> silent;
        await using (var db = database.Read())
        {
            silent = await db.Workers.Where(w => w.State == WorkerState.Up && w.Mode == WorkerMode.Routed && (w.HeartbeatAt == null || w.HeartbeatAt <= since))
                .OrderBy(w => w.Id).Select(w => w.Id).ToListAsync(cancel);
        }
        foreach (var worker in silent)
        {
            await database.WriteAsync(async session =>
            {
                if (await session.ExecuteAsync(Silent, ("now", now), ("worker", worker), ("since", since)) == 0) return;
                await alerts.RaiseAsync(session, AlertKind.WorkerDown, AlertSeverity.Critical, WorkerPresence.DownKey(worker), now, subject: worker);
                session.Publish(Topics.Workers, EventNames.WorkerChanged, 0);
            }, cancel);
            LogDown(worker);
        }
        return silent.Count;
    }

    private async Task<int> FireAsync(DateTime now, CancellationToken cancel)
    {
        List<long> due;
        await using (var db = database.Read())
        {
            due = await db.Numbers.Where(n => n.DueAt != null && n.DueAt <= now).OrderBy(n => n.DueAt).Select(n => n.Id).Take(PerPass).ToListAsync(cancel);
        }
        return await EachAsync(due, id => FireAsync(id, now), cancel);
    }

    private Task<bool> FireAsync(long id, DateTime now) => database.WriteAsync(async session =>
    {
        var number = await session.Db.Numbers.AsNoTracking().FirstOrDefaultAsync(n => n.Id == id);
        if (number is null || number.DueAt is not { } at || at > now) return false;
        var holder = await session.Db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == number.WorkerId);
        // With its worker gone there is nobody to ask.
        var lost = holder is not null && IsLost(holder, now);
        var target = lost && holder!.HeartbeatAt is not null ? await PickAsync(session, holder.Id) : null;
        return await ApplyAsync(session, id, new NumberSignal(lost ? NumberTrigger.WorkerLost : NumberTrigger.DeadlinePassed, WorkerId: target), now);
    });

    /// <summary>Numbers of workers whose lease has run out are offered to the others.</summary>
    private async Task<int> LoseAsync(DateTime now, CancellationToken cancel)
    {
        List<long> lost;
        await using (var db = database.Read())
        {
            lost = await (from w in db.Workers
                          join n in db.Numbers on w.Id equals n.WorkerId
                          where w.Mode == WorkerMode.Routed && w.State != WorkerState.Up && w.HeartbeatAt != null && (w.LeaseUntil == null || w.LeaseUntil <= now)
                              && Held.Contains(n.State)
                          orderby n.Id
                          select n.Id).Take(PerPass).ToListAsync(cancel);
        }
        return await EachAsync(lost, id => database.WriteAsync(async session =>
        {
            var worker = await session.Db.Numbers.Where(n => n.Id == id).Select(n => n.WorkerId).FirstOrDefaultAsync();
            var holder = await session.Db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == worker);
            if (holder is null || !IsLost(holder, now)) return false;
            return await ApplyAsync(session, id, new NumberSignal(NumberTrigger.WorkerLost, WorkerId: await PickAsync(session, holder.Id)), now);
        }, cancel), cancel);
    }

    /// <summary>One number of each draining worker at a time: the next goes when it has begun elsewhere.</summary>
    private async Task<int> DrainAsync(DateTime now, CancellationToken cancel)
    {
        List<string> draining;
        await using (var db = database.Read())
        {
            draining = await db.Workers.Where(w => w.State == WorkerState.Draining && w.Held > 0).OrderBy(w => w.Id).Select(w => w.Id).ToListAsync(cancel);
        }
        var moved = 0;
        foreach (var worker in draining)
        {
            moved += await database.WriteAsync(async session =>
            {
                if (await session.Db.Numbers.AnyAsync(n => n.WorkerId == worker && n.NextWorkerId != null)) return 0;
                var next = await session.Db.Numbers.Where(n => n.WorkerId == worker && Live.Contains(n.State) && n.NextWorkerId == null)
                    .OrderBy(n => n.Id).Select(n => (long?)n.Id).FirstOrDefaultAsync();
                if (next is not { } id || await PickAsync(session, worker) is not { } target) return 0;
                return await ApplyAsync(session, id, new NumberSignal(NumberTrigger.Move, WorkerId: target), now) ? 1 : 0;
            }, cancel);
        }
        return moved;
    }

    private async Task<int> ForgetAsync(DateTime now, CancellationToken cancel)
    {
        await using (var db = database.Read())
        {
            if (!await db.NumberSessions.AnyAsync(s => s.QrExpiresAt != null && s.QrExpiresAt <= now, cancel)
                && !await db.NumberSessions.AnyAsync(s => s.PairingExpiresAt != null && s.PairingExpiresAt <= now, cancel)) return 0;
        }
        return await database.WriteAsync(async session => await session.ExecuteAsync(ForgetQr, ("now", now)) + await session.ExecuteAsync(ForgetPairing, ("now", now)), cancel);
    }

    /// <summary>Once a day for each phone, as long as it is not seen.</summary>
    private async Task<int> RemindAsync(DateTime now, CancellationToken cancel)
    {
        List<long> due;
        await using (var db = database.Read())
        {
            due = await db.Numbers.Where(n => n.PhoneDueAt != null && n.PhoneDueAt <= now).OrderBy(n => n.Id).Select(n => n.Id).Take(PerPass).ToListAsync(cancel);
        }
        return await EachAsync(due, id => database.WriteAsync(async session =>
        {
            if (await session.ExecuteAsync(RemindAgain, ("next", now + TimeSpan.FromDays(1)), ("id", id), ("now", now)) == 0) return false;
            await alerts.RaiseAsync(session, AlertKind.NumberPhoneUnseen, AlertSeverity.Warning, NumberStore.PhoneAlertKey(id), now, subject: NumberStore.NumberName(id));
            return true;
        }, cancel), cancel);
    }

    private async Task TidyAsync(DateTime now, CancellationToken cancel)
    {
        var before = now - Options.EventsKept;
        await database.WriteAsync(async session =>
        {
            await session.Db.NumberEvents.Where(e => e.At < before && session.Db.NumberEvents.Count(x => x.NumberId == e.NumberId && x.Id > e.Id) >= EventsAlwaysKept).ExecuteDeleteAsync();
            await session.Db.NumberLinks.Where(l => l.ExpiresAt < before).ExecuteDeleteAsync();
            await session.Db.WorkerSends.Where(s => s.CreatedAt < before).ExecuteDeleteAsync();
        }, cancel);
    }

    private static readonly NumberState[] Live = [.. Enum.GetValues<NumberState>().Where(NumberRules.IsLive)];

    /// <summary>Live, and not waiting for a worker already: those that wait come by their due time.</summary>
    private static readonly NumberState[] Held = [.. Live.Where(s => s != NumberState.WaitingForWorker)];

    /// <summary>Its sockets are closed by now: it closes them itself when nobody hears it.</summary>
    private bool IsLost(Worker worker, DateTime now) => worker.Mode == WorkerMode.Routed && worker.State != WorkerState.Up && silence.IsOver(worker.LeaseUntil, now);

    private static async Task<string?> PickAsync(WriteSession session, string except) =>
        WorkerRules.Pick(await session.Db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Up && w.Held < w.Capacity).ToListAsync(), except);

    /// <summary>False: it was no longer so, or the worker chosen has just been filled; then the next look chooses another.</summary>
    private async Task<bool> ApplyAsync(WriteSession session, long id, NumberSignal signal, DateTime now) =>
        (await store.ApplyAsync(session, id, signal, NumberActor.Deadline, now)).Result == NumberResult.Done;

    private async Task<int> EachAsync(List<long> ids, Func<long, Task<bool>> fire, CancellationToken cancel)
    {
        var done = 0;
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancel }, async (id, _) =>
        {
            try
            {
                if (await fire(id)) Interlocked.Increment(ref done);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                // One that cannot be fired must not hold up the others; it is tried again with the next look.
                LogNotFired(e, id);
            }
        });
        return done;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        if (!silence.IsSettled(now)) return MaxSleep;
        await using var db = database.Read();
        var next = await db.Numbers.Where(n => n.DueAt != null).MinAsync(n => n.DueAt, stop) - Clock.GetUtcNow().UtcDateTime;
        return next is { } due && due < MaxSleep ? due > TimeSpan.Zero ? due : TimeSpan.FromMilliseconds(50) : MaxSleep;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} sends no heartbeat and is down")]
    private partial void LogDown(string workerId);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is due of number {NumberId} could not be done")]
    private partial void LogNotFired(Exception exception, long numberId);
}
