using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

// What goes with a change, in its transaction.
public sealed partial class NumberStore
{
    private async Task FollowAsync(
        WriteSession session, WhatsAppNumber before, WhatsAppNumber after, NumberDecision decision, NumberActor actor, NumberSignal signal, string? secret, DateTime now)
    {
        if (decision.NewSession)
        {
            session.Db.NumberSessions.Add(new NumberSession
                { NumberId = after.Id, Generation = after.Generation, SessionId = after.SessionId!, WorkerId = after.WorkerId!, CreatedAt = now });
            await session.Db.SaveChangesAsync();
            session.Db.ChangeTracker.Clear();
        }
        if (decision.DropCode && before.Generation > 0) await session.ExecuteAsync(DropSecret, ("number", after.Id));
        if (decision.StoreCode && secret is not null)
        {
            await session.ExecuteAsync(signal.Trigger == NumberTrigger.PairingCode ? StorePairing : StoreQr, ("secret", secret),
                ("until", decision.PairingExpiresAt ?? after.QrExpiresAt), ("number", after.Id), ("generation", after.Generation));
        }
        await WithdrawAsync(session, before, decision, now);
        if (decision.NewSession && decision.Holds != false && before.LeaseUntil is not null && before.WorkerId is { } left && !string.Equals(left, after.WorkerId, StringComparison.Ordinal))
        {
            // Whoever comes back after his lease finds this before he opens anything; so it leaves before anybody else is told to begin.
            await outbox.AddAsync(session, new WorkerCommand(left, WorkerAction.Stop, before.Id, before.SessionId, "+" + before.Phone), now);
        }
        if (decision.Command is { } command) await SayAsync(session, before, after, command, now);
        if (decision.Record) await RecordAsync(session, before, decision, actor, signal, now, after.Generation);
        if (decision.Alert != NumberAlert.None) await RaiseAsync(session, after, decision.Alert, now);
        if (decision.Calm && before.State != after.State) await CalmAsync(session, after.Id, now);
        if (after.PhoneSeenAt != before.PhoneSeenAt && before.PhoneSeenAt is not null) await alerts.ResolveAsync(session, PhoneAlertKey(after.Id), now);
        if (after.State != before.State) await channels.FollowAsync(session, after, now);
        Publish(session, after);
        if (after.DueAt is { } due && (before.DueAt is not { } old || due < old)) session.AfterCommit(wake.Wake);
    }

    /// <summary>What was to be said before and has not left: its session has a successor, or it is said again now.</summary>
    private async Task WithdrawAsync(WriteSession session, WhatsAppNumber before, NumberDecision decision, DateTime now)
    {
        if (decision.Command is not (null or NumberCommand.Probe) && before.WorkerId is { } old) await outbox.WithdrawAsync(session, old, before.Id, now);
    }

    private async Task SayAsync(WriteSession session, WhatsAppNumber before, WhatsAppNumber after, NumberCommand command, DateTime now)
    {
        var (worker, sessionId) = command is NumberCommand.Create or NumberCommand.Restart or NumberCommand.Probe
            ? (after.WorkerId!, after.SessionId!)
            : (before.WorkerId!, before.SessionId!);
        var action = command switch
        {
            NumberCommand.Create => WorkerAction.Create,
            NumberCommand.Restart => WorkerAction.Restart,
            NumberCommand.Stop => WorkerAction.Stop,
            NumberCommand.Logout => WorkerAction.Logout,
            NumberCommand.Probe => WorkerAction.Probe,
        };
        // Stop and Logout count whenever they arrive. The others are said again, and one that is found in a queue an hour later would open a second socket.
        TimeSpan? expires = command is NumberCommand.Stop or NumberCommand.Logout ? null : Options.Lease;
        await outbox.AddAsync(session, new WorkerCommand(worker, action, after.Id, sessionId, "+" + after.Phone), now, expires);
    }

    private async Task RecordAsync(
        WriteSession session, WhatsAppNumber number, NumberDecision decision, NumberActor actor, NumberSignal signal, DateTime now, long? newGeneration = null)
    {
        var generation = signal.Generation ?? newGeneration;
        if (decision.Verdict != NumberVerdict.Applied)
        {
            var rows = await session.ExecuteAsync(
                SameAgain, ("now", now), ("number", number.Id), ("kind", signal.Trigger), ("verdict", decision.Verdict), ("source", actor.Source), ("state", number.State),
                ("generation", generation ?? -1));
            Publish(session, number);
            if (rows > 0) return;
        }
        session.Db.NumberEvents.Add(new NumberEvent
        {
            NumberId = number.Id, At = now, LastAt = now, Kind = signal.Trigger, Verdict = decision.Verdict, Source = actor.Source, ActorId = actor.Id,
            WorkerId = actor.WorkerId ?? (actor.Source == NumberSource.Worker ? null : signal.WorkerId ?? decision.WorkerId), Generation = generation,
            FromState = number.State, ToState = decision.State, Reason = decision.Verdict == NumberVerdict.Applied ? decision.Reason : NumberReason.None,
            Code = signal.Code, QrNumber = signal.Trigger == NumberTrigger.QrGenerated ? (decision.StoreCode ? decision.QrNumber : signal.QrNumber) : null,
        });
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
    }

    private Task RaiseAsync(WriteSession session, WhatsAppNumber number, NumberAlert alert, DateTime now)
    {
        var (kind, severity) = alert switch
        {
            NumberAlert.Lost => (AlertKind.NumberLost, AlertSeverity.Critical),
            NumberAlert.Banned => (AlertKind.NumberBanned, AlertSeverity.Critical),
            NumberAlert.Degraded => (AlertKind.NumberDegraded, AlertSeverity.Warning),
            NumberAlert.None => throw new ArgumentException("No alert.", nameof(alert)),
        };
        return alerts.RaiseAsync(
            session, kind, severity, AlertKey(alert, number.Id), now, subject: NumberName(number.Id), details: number.Code is { } code ? $"{number.State}:{code}" : $"{number.State}:{number.Reason}");
    }

    private async Task CalmAsync(WriteSession session, long numberId, DateTime now)
    {
        foreach (var alert in new[] { NumberAlert.Lost, NumberAlert.Banned, NumberAlert.Degraded }) await alerts.ResolveAsync(session, AlertKey(alert, numberId), now);
    }

    internal static string AlertKey(NumberAlert alert, long numberId) => $"number-{alert}:{numberId}";

    internal static string PhoneAlertKey(long numberId) => $"number-Phone:{numberId}";

    internal static string NumberName(long numberId) => $"#{numberId}";

    internal static void Publish(WriteSession session, WhatsAppNumber number)
    {
        session.Publish(Topics.Number(number.Id), EventNames.NumberChanged, number.Id);
        session.Publish(Topics.Numbers, EventNames.NumberChanged, number.Id);
    }
}
