using System.Security.Cryptography;
using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>An earlier due time was committed, or a worker went: the loop looks again.</summary>
public sealed class NumberWake : WakeSignal;

/// <summary>What a signal did.</summary>
/// <param name="Before">As it was read; null: there is no such number.</param>
internal sealed record NumberChange(NumberResult Result, WhatsAppNumber? Before = null, NumberDecision? Decision = null, long Generation = 0, string? SessionId = null)
{
    public NumberOutcome Outcome() => new(
        Result, Before?.Id ?? 0, Before?.ClientId ?? 0, Decision?.State ?? Before?.State ?? default, Generation, SessionId, Decision?.WorkerId ?? Before?.WorkerId);
}

/// <summary>
/// The only code that changes a number. Asks <see cref="NumberRules"/>, then in one transaction: the number by an update guarded by its version (every change
/// and every new generation raises it), the workers' seats, the session, the event, the command, the alert, the channel. Zero rows: somebody was faster, and the table
/// is asked again about what he left. Rows are met in the order client, number, workers by id, session, outbox, alert, channel.
/// </summary>
public sealed partial class NumberStore(
    WorkerOutbox outbox, AlertStore alerts, NumberChannels channels, NumberWake wake, WorkerSilence silence, IOptions<NumberOptions> options)
{
    private const string Update =
        "UPDATE numbers SET state = @state, state_since = @since, reason = @reason, code = @code, generation = @generation, session_id = @session, worker_id = @worker, "
        + "next_worker_id = @next, lease_until = @lease, health = @health, health_at = @healthAt, qr_number = @qr, qr_expires_at = @qrExpires, attempts = @attempts, "
        + "restarts = @restarts, due_at = @due, paired_at = @paired, phone_seen_at = @phoneSeen, phone_due_at = @phoneDue, last_event = @event, last_event_at = @eventAt, "
        + "version = version + 1 WHERE id = @id AND version = @version";

    private const string TakeSeat = "UPDATE workers SET held = held + 1 WHERE id = @worker AND state <> 'Draining' AND held < capacity";
    private const string AddSeat = "UPDATE workers SET held = held + 1 WHERE id = @worker";
    private const string FreeSeat = "UPDATE workers SET held = held - 1 WHERE id = @worker AND held > 0";

    private const string DropSecret =
        "UPDATE number_sessions SET protected_qr = NULL, qr_expires_at = NULL, protected_pairing_code = NULL, pairing_expires_at = NULL "
        + "WHERE number_id = @number AND (qr_expires_at IS NOT NULL OR pairing_expires_at IS NOT NULL)";

    private const string StoreQr =
        "UPDATE number_sessions SET protected_qr = @secret, qr_expires_at = @until WHERE number_id = @number AND generation = @generation";

    private const string StorePairing =
        "UPDATE number_sessions SET protected_pairing_code = @secret, pairing_expires_at = @until WHERE number_id = @number AND generation = @generation";

    private const string SameAgain =
        "UPDATE number_events SET count = count + 1, last_at = @now WHERE id = (SELECT MAX(e.id) FROM number_events e WHERE e.number_id = @number) "
        + "AND kind = @kind AND verdict = @verdict AND source = @source AND from_state = @state AND COALESCE(generation, -1) = @generation";

    internal static IEnumerable<string> Statements => [Update, TakeSeat, AddSeat, FreeSeat, DropSecret, StoreQr, StorePairing, SameAgain];

    private NumberOptions Options => options.Value;

    /// <param name="secret">The protected code that came with the signal.</param>
    internal async Task<NumberChange> ApplyAsync(
        WriteSession session, long numberId, NumberSignal signal, NumberActor actor, DateTime now, string? secret = null, DateTime? phoneSeen = null)
    {
        for (;;)
        {
            var number = await session.Db.Numbers.AsNoTracking().FirstOrDefaultAsync(n => n.Id == numberId);
            if (number is null) return new NumberChange(NumberResult.NotFound);
            var holder = number.WorkerId is null ? null : await session.Db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == number.WorkerId);
            var decision = NumberRules.Decide(
                NumberFacts.Of(number, holder?.Mode == WorkerMode.Legacy), signal with { HolderGone = IsGone(number, holder, now) }, Options, now);
            if (!decision.Changes)
            {
                if (await KeepAsync(session, number, decision, actor, signal, now) is { } kept) return kept;
                continue;
            }
            var next = Next(number, decision, signal, now, phoneSeen);
            // A seat that is not to be had undoes all of it; nothing else can fail, so nothing else pays for a savepoint.
            var result = NumberResult.Done;
            var places = decision.NewSession || decision.NextWorkerId is not null;
            async Task<bool> Write()
            {
                if (await SaveAsync(session, next, number.Version) == 0)
                {
                    result = NumberResult.Changed;
                    return false;
                }
                if (!await SeatAsync(session, number, next, decision))
                {
                    result = NumberResult.WorkerFull;
                    return false;
                }
                return true;
            }
            var kept2 = places ? await session.TryAsync(Write) : await Write();
            if (!kept2)
            {
                if (result == NumberResult.Changed) continue;
                return new NumberChange(result, number, null, number.Generation, number.SessionId);
            }
            await FollowAsync(session, number, next, decision, actor, signal, secret, now);
            return new NumberChange(NumberResult.Done, number, decision, next.Generation, next.SessionId);
        }
    }

    /// <summary>Nobody has a socket open for it: the worker said so, or both leases have run out.</summary>
    private bool IsGone(WhatsAppNumber number, Worker? holder, DateTime now) =>
        number.LeaseUntil is not { } lease || (silence.IsOver(lease, now) && silence.IsOver(holder?.LeaseUntil, now));

    private static Task<int> SaveAsync(WriteSession session, WhatsAppNumber n, long version) => session.ExecuteAsync(
        Update, ("state", n.State), ("since", n.StateSince), ("reason", n.Reason), ("code", n.Code), ("generation", n.Generation), ("session", n.SessionId), ("worker", n.WorkerId),
        ("next", n.NextWorkerId), ("lease", n.LeaseUntil), ("health", n.Health), ("healthAt", n.HealthAt), ("qr", n.QrNumber), ("qrExpires", n.QrExpiresAt), ("attempts", n.Attempts),
        ("restarts", n.Restarts), ("due", n.DueAt), ("paired", n.PairedAt), ("phoneSeen", n.PhoneSeenAt), ("phoneDue", n.PhoneDueAt), ("event", n.LastEvent), ("eventAt", n.LastEventAt),
        ("id", n.Id), ("version", version));

    private WhatsAppNumber Next(WhatsAppNumber number, NumberDecision decision, NumberSignal signal, DateTime now, DateTime? phoneSeen)
    {
        var generation = decision.NewSession ? number.Generation + 1 : number.Generation;
        var changed = decision.State != number.State || decision.NewSession;
        var scanned = decision.State is NumberState.Scanned or NumberState.Connected && decision.State != number.State;
        var seen = scanned && number.PairedAt is null ? now : phoneSeen is { } told && told > (number.PhoneSeenAt ?? DateTime.MinValue) && told <= now ? told : number.PhoneSeenAt;
        var paired = decision.Paired switch { true => number.PairedAt ?? now, false => null, null => number.PairedAt };
        return new WhatsAppNumber
        {
            Id = number.Id, ClientId = number.ClientId, Phone = number.Phone, ChannelId = number.ChannelId, CreatedAt = number.CreatedAt,
            State = decision.State, StateSince = changed ? now : number.StateSince, Reason = decision.Reason, Code = decision.Code, Generation = generation,
            SessionId = decision.NewSession ? NumberRules.SessionId(number.Id, RandomNumberGenerator.GetBytes(4)) : number.SessionId,
            WorkerId = decision.WorkerId, NextWorkerId = decision.NextWorkerId,
            LeaseUntil = decision.NewSession || decision.Holds == true ? now + Options.Lease : decision.Holds == false ? null : number.LeaseUntil,
            Health = decision.Health ?? (changed && NumberRules.IsEnd(decision.State) ? NumberHealth.Unknown : number.Health),
            HealthAt = signal.Trigger is NumberTrigger.Healthy or NumberTrigger.Unhealthy ? now : number.HealthAt,
            QrNumber = decision.QrNumber, QrExpiresAt = decision.QrExpiresAt, Attempts = decision.Attempts, Restarts = decision.Restarts, DueAt = decision.DueAt,
            PairedAt = paired, PhoneSeenAt = paired is null ? null : seen, PhoneDueAt = paired is null || seen is null ? null : seen == number.PhoneSeenAt ? number.PhoneDueAt : seen + Options.PhoneReminder,
            LastEvent = decision.Record ? signal.Trigger : number.LastEvent, LastEventAt = decision.Record ? now : number.LastEventAt,
        };
    }

    /// <summary>It changes no state. Null: what it stands on changed meanwhile; to be asked again.</summary>
    private async Task<NumberChange?> KeepAsync(WriteSession session, WhatsAppNumber number, NumberDecision decision, NumberActor actor, NumberSignal signal, DateTime now)
    {
        var renews = decision.Holds == true && !(number.LeaseUntil > now + (Options.Lease / 2));
        if (renews || (decision.Holds == false && number.LeaseUntil is not null) || (decision.Paired == false && number.PairedAt is not null))
        {
            var lease = decision.Holds switch { true => now + Options.Lease, false => (DateTime?)null, null => number.LeaseUntil };
            var paired = decision.Paired == false ? null : number.PairedAt;
            var rows = await session.Db.Numbers.Where(n => n.Id == number.Id && n.Version == number.Version).ExecuteUpdateAsync(set => set
                .SetProperty(n => n.LeaseUntil, lease).SetProperty(n => n.PairedAt, paired).SetProperty(n => n.Version, n => n.Version + 1));
            if (rows == 0) return null;
        }
        await WithdrawAsync(session, number, decision, now);
        if (decision.Command is { } command) await SayAsync(session, number, number, command, now);
        if (decision.Record) await RecordAsync(session, number, decision, actor, signal, now);
        var result = decision.Verdict == NumberVerdict.OldGeneration ? NumberResult.Changed : NumberResult.NotNow;
        return new NumberChange(result, number, decision, number.Generation, number.SessionId);
    }

    private async Task<bool> SeatAsync(WriteSession session, WhatsAppNumber before, WhatsAppNumber after, NumberDecision decision)
    {
        var (had, has) = (Seats(before), Seats(after));
        foreach (var worker in had.Union(has).Order(StringComparer.Ordinal))
        {
            if (had.Contains(worker) == has.Contains(worker)) continue;
            if (had.Contains(worker)) await session.ExecuteAsync(FreeSeat, ("worker", worker));
            else
            {
                // A late answer shows that the worker does hold it, whatever its capacity says; only placing has to ask.
                var rows = await session.ExecuteAsync(decision.NewSession || decision.NextWorkerId is not null ? TakeSeat : AddSeat, ("worker", worker));
                if (rows == 0) return false;
            }
            session.Publish(Topics.Workers, EventNames.WorkerChanged, 0);
        }
        return true;
    }

    /// <summary>A live number takes a seat at its worker, and at the one it is on its way to.</summary>
    private static HashSet<string> Seats(WhatsAppNumber number)
    {
        HashSet<string> seats = new(StringComparer.Ordinal);
        if (!NumberRules.IsLive(number.State)) return seats;
        if (number.WorkerId is { } worker) seats.Add(worker);
        if (number.NextWorkerId is { } next) seats.Add(next);
        return seats;
    }
}
