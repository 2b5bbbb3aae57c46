using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

/// <summary>
/// What people and the API do with clients and numbers. Every operation is one transaction with at most one guarded update of the number; the loser of a race gets an
/// outcome that says how the number is now. Live pages subscribe to <c>Topics.Numbers</c> or <c>Topics.Number(id)</c>.
/// </summary>
public sealed class NumberService(Database database, NumberStore store, WorkerOutbox outbox, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>A client asks to connect a number; an admin has to decide.</summary>
    public async Task<NumberOutcome> RegisterAsync(string? name, string? phone, NumberActor actor, CancellationToken cancel = default)
    {
        if (!ClientRules.IsName(name)) return new NumberOutcome(NumberResult.BadName);
        if (ClientRules.Phone(phone) is not { } digits) return new NumberOutcome(NumberResult.BadPhone);
        var now = Now;
        try
        {
            return await database.WriteAsync(async session =>
            {
                var client = new Client { Name = OutsideText.Mend(name!.Trim()), Status = ClientStatus.AwaitingValidation, CreatedAt = now };
                session.Db.Clients.Add(client);
                await session.Db.SaveChangesAsync();
                var number = new WhatsAppNumber { ClientId = client.Id, Phone = digits, State = NumberState.Registered, StateSince = now, CreatedAt = now };
                session.Db.Numbers.Add(number);
                await session.Db.SaveChangesAsync();
                session.Db.ChangeTracker.Clear();
                NumberStore.Publish(session, number);
                return new NumberOutcome(NumberResult.Done, number.Id, client.Id, NumberState.Registered);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new NumberOutcome(NumberResult.DuplicatePhone);
        }
    }

    /// <summary>
    /// Seed 002, step 1: the client's number gets a session with this worker, and the command leaves. One of several who press the button wins.
    /// </summary>
    /// <param name="workerId">Null: the one with the most room. A worker that is down is accepted when it is named: its command waits for it.</param>
    public Task<NumberOutcome> ValidateAsync(long clientId, string? workerId, NumberActor actor, CancellationToken cancel = default)
    {
        var now = Now;
        return DecideAsync(clientId, ClientStatus.Validated, null, actor, now, async (session, number) =>
        {
            var (result, target) = await PlaceAsync(session, workerId, null);
            return result != NumberResult.Done
                ? new NumberOutcome(result)
                : (await store.ApplyAsync(session, number, new NumberSignal(NumberTrigger.Validate, WorkerId: target), actor, now)).Outcome();
        }, cancel);
    }

    /// <param name="reason">Shown to whoever looks at the client.</param>
    public Task<NumberOutcome> RejectAsync(long clientId, string? reason, NumberActor actor, CancellationToken cancel = default)
    {
        if (!ClientRules.IsReason(reason)) return Task.FromResult(new NumberOutcome(NumberResult.BadReason));
        var now = Now;
        return DecideAsync(clientId, ClientStatus.Rejected, OutsideText.Mend(reason!.Trim()), actor, now, async (session, number) =>
            (await store.ApplyAsync(session, number, new NumberSignal(NumberTrigger.Reject), actor, now)).Outcome(), cancel);
    }

    /// <summary>A new session: the code anew, or the connection when the phone still knows the worker. Fences off everything of the session before.</summary>
    /// <param name="generation">The one the caller looked at; another one now: nothing happens. Null: whatever it is.</param>
    public async Task<NumberOutcome> RestartAsync(long numberId, NumberActor actor, long? generation = null, CancellationToken cancel = default)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            // With its own worker, unless that one takes nothing any more or is gone for good.
            var worker = await (from n in session.Db.Numbers
                                join w in session.Db.Workers on n.WorkerId equals w.Id
                                where n.Id == numberId
                                select new { w.Id, w.State, w.LeaseUntil }).AsNoTracking().FirstOrDefaultAsync();
            string? target = null;
            if (worker is not null && (worker.State == WorkerState.Draining || (worker.State == WorkerState.Down && !(worker.LeaseUntil > now))))
                target = (await PlaceAsync(session, null, worker.Id)).Target;
            return (await store.ApplyAsync(session, numberId, new NumberSignal(NumberTrigger.Restart, generation, WorkerId: target), actor, now)).Outcome();
        }, cancel);
    }

    /// <summary>Closes the session and keeps the pairing: a restart needs no scan.</summary>
    public Task<NumberOutcome> StopAsync(long numberId, NumberActor actor, CancellationToken cancel = default) => DoAsync(numberId, NumberTrigger.Stop, actor, cancel);

    /// <summary>Unlinks the device: a scan is needed afterwards.</summary>
    public Task<NumberOutcome> LogoutAsync(long numberId, NumberActor actor, CancellationToken cancel = default) => DoAsync(numberId, NumberTrigger.Logout, actor, cancel);

    /// <summary>
    /// To another worker. The one that holds it is told to let go; the other begins when it did, or when its lease has run out, so that two sockets never fight (440).
    /// </summary>
    /// <param name="workerId">Null: the one with the most room.</param>
    public async Task<NumberOutcome> MoveAsync(long numberId, string? workerId, NumberActor actor, CancellationToken cancel = default)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            var number = await session.Db.Numbers.AsNoTracking().Where(n => n.Id == numberId).Select(n => new { n.WorkerId }).FirstOrDefaultAsync();
            if (number is null) return new NumberOutcome(NumberResult.NotFound, numberId);
            if (workerId is not null && string.Equals(workerId, number.WorkerId, StringComparison.Ordinal)) return new NumberOutcome(NumberResult.SameWorker, numberId);
            var (result, target) = await PlaceAsync(session, workerId, number.WorkerId);
            return result != NumberResult.Done
                ? new NumberOutcome(result, numberId)
                : (await store.ApplyAsync(session, numberId, new NumberSignal(NumberTrigger.Move, WorkerId: target), actor, now)).Outcome();
        }, cancel);
    }

    /// <summary>Eight characters to type on the phone instead of a scan; they arrive like a code.</summary>
    public async Task<NumberOutcome> AskPairingCodeAsync(long numberId, CancellationToken cancel = default)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            var number = await session.Db.Numbers.AsNoTracking().FirstOrDefaultAsync(n => n.Id == numberId);
            if (number is null) return new NumberOutcome(NumberResult.NotFound, numberId);
            var offers = await session.Db.Workers.AnyAsync(w => w.Id == number.WorkerId && w.PairingCodes);
            if (!offers || number.State is not (NumberState.Starting or NumberState.WaitingQr)) return new NumberOutcome(NumberResult.NoPairingCodes, numberId, State: number.State);
            await outbox.AddAsync(
                session, new WorkerCommand(number.WorkerId!, WorkerAction.PairingCode, number.Id, number.SessionId, "+" + number.Phone), now, QrSchedule.First);
            return new NumberOutcome(NumberResult.Done, numberId, number.ClientId, number.State, number.Generation, number.SessionId, number.WorkerId);
        }, cancel);
    }

    private Task<NumberOutcome> DoAsync(long numberId, NumberTrigger trigger, NumberActor actor, CancellationToken cancel)
    {
        var now = Now;
        return database.WriteAsync(async session => (await store.ApplyAsync(session, numberId, new NumberSignal(trigger), actor, now)).Outcome(), cancel);
    }

    /// <summary>The client's guarded update decides between two admins; the number follows in the same transaction or neither changes.</summary>
    private async Task<NumberOutcome> DecideAsync(
        long clientId, ClientStatus status, string? reason, NumberActor actor, DateTime now, Func<WriteSession, long, Task<NumberOutcome>> apply, CancellationToken cancel)
    {
        return await database.WriteAsync(async session =>
        {
            var outcome = new NumberOutcome(NumberResult.ClientNotFound, ClientId: clientId);
            await session.TryAsync(async () =>
            {
                var rows = await session.Db.Clients.Where(c => c.Id == clientId && c.Status == ClientStatus.AwaitingValidation).ExecuteUpdateAsync(set => set
                    .SetProperty(c => c.Status, status).SetProperty(c => c.Reason, reason).SetProperty(c => c.DecidedAt, now).SetProperty(c => c.DecidedBy, actor.Id));
                if (rows == 0)
                {
                    if (await session.Db.Clients.AnyAsync(c => c.Id == clientId)) outcome = new NumberOutcome(NumberResult.AlreadyDecided, ClientId: clientId);
                    return false;
                }
                var number = await session.Db.Numbers.Where(n => n.ClientId == clientId).OrderBy(n => n.Id).Select(n => n.Id).FirstAsync();
                outcome = await apply(session, number) with { ClientId = clientId };
                return outcome.Succeeded;
            });
            return outcome;
        }, cancel);
    }

    /// <summary>The worker named, or the best. Its seat is taken by the change itself; here is only looked, so that the refusal can say why.</summary>
    private static async Task<(NumberResult Result, string? Target)> PlaceAsync(WriteSession session, string? workerId, string? except)
    {
        if (workerId is null)
        {
            return WorkerRules.Pick(await session.Db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Up && w.Held < w.Capacity).ToListAsync(), except) is { } best
                ? (NumberResult.Done, best)
                : (NumberResult.NoWorker, null);
        }
        var worker = await session.Db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == workerId);
        if (worker is null) return (NumberResult.WorkerNotFound, null);
        return worker.State == WorkerState.Draining ? (NumberResult.WorkerDraining, null) : (NumberResult.Done, worker.Id);
    }
}
