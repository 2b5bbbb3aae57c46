namespace Dispatch.Core.Numbers;

/// <summary>
/// The transition table of issue 5, section 2: (state, event, generation) to the next state, its deadline, the command to send and the alert to raise.
/// Pure; what is fenced off, overtaken or impossible is said as such and never dropped. <c>NumberRulesTests</c> walks through every state with every event.
/// </summary>
public static partial class NumberRules
{
    /// <summary>No more comes by itself. <see cref="NumberState.Failed"/> is among them although a late answer of the session still counts.</summary>
    public static bool IsEnd(NumberState state) => state is NumberState.QrExhausted or NumberState.LoggedOut or NumberState.Banned or NumberState.Replaced
        or NumberState.Stopped or NumberState.Rejected or NumberState.Failed;

    /// <summary>A worker has a session open for it, or is to have one: it takes one of the worker's seats.</summary>
    public static bool IsLive(NumberState state) => !IsEnd(state) && state != NumberState.Registered;

    /// <summary>Texts can be sent through it. Degraded is tried: what cannot leave comes back as such.</summary>
    public static bool CanSend(NumberState state) => state is NumberState.Connected or NumberState.Degraded;

    public static NumberDecision Decide(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        // An admin who looked at an earlier session, as well as its worker.
        if (signal.Generation is { } seen && seen < facts.Generation) return Ignore(facts, NumberVerdict.OldGeneration);
        if (IsFromWorker(signal.Trigger))
        {
            if (signal.WorkerId is { } sender && facts.WorkerId is { } holder && !string.Equals(sender, holder, StringComparison.Ordinal))
                return Ignore(facts, NumberVerdict.ForeignWorker);
            // A generation that was never given away: somebody made it up.
            if (facts.Generation == 0 || signal.Generation > facts.Generation) return Ignore(facts, NumberVerdict.Illegal);
        }
        return signal.Trigger switch
        {
            NumberTrigger.Validate => facts.State == NumberState.Registered ? Begin(facts, signal.WorkerId!, options, now, 0, NumberCommand.Create) : Ignore(facts, NumberVerdict.Illegal),
            NumberTrigger.Reject => facts.State == NumberState.Registered ? End(facts, NumberState.Rejected, NumberReason.ByAdmin) : Ignore(facts, NumberVerdict.Illegal),
            NumberTrigger.Restart => Restart(facts, signal, options, now),
            NumberTrigger.Move => Move(facts, signal, options, now),
            NumberTrigger.Stop => Stop(facts),
            NumberTrigger.Logout => Logout(facts),
            NumberTrigger.CommandPublished => Published(facts, options, now),
            NumberTrigger.CommandReturned => Returned(facts, signal, options, now),
            NumberTrigger.DeadlinePassed => Overdue(facts, signal, options, now),
            NumberTrigger.WorkerLost => WorkerLost(facts, signal, options, now),
            NumberTrigger.Starting => Starting(facts, options, now),
            NumberTrigger.QrGenerated => Qr(facts, signal, options, now),
            NumberTrigger.PairingCode => Pairing(facts, signal, options, now),
            NumberTrigger.Scanned => Scanned(facts, options, now),
            NumberTrigger.Connected => Connected(facts, options, now),
            NumberTrigger.Healthy => Healthy(facts, signal, options, now),
            NumberTrigger.Unhealthy => Unhealthy(facts, options, now),
            NumberTrigger.Closed => Closed(facts, signal, options, now),
            NumberTrigger.CodesUsedUp => CodesUsedUp(facts),
            NumberTrigger.LoggedOut => LoggedOut(facts, options, now),
            NumberTrigger.SessionStopped => SessionStopped(facts, options, now),
            NumberTrigger.CommandFailed => CommandFailed(facts, signal),
        };
    }

    /// <summary>An admin may do this now; the buttons of a page ask here.</summary>
    public static bool MayBy(NumberState state, NumberTrigger trigger) => trigger switch
    {
        NumberTrigger.Validate or NumberTrigger.Reject => state == NumberState.Registered,
        NumberTrigger.Restart or NumberTrigger.Move => state is not (NumberState.Registered or NumberState.Rejected),
        NumberTrigger.Stop => IsLive(state) || state is NumberState.Failed or NumberState.QrExhausted,
        NumberTrigger.Logout => state is not (NumberState.Registered or NumberState.Rejected or NumberState.LoggedOut),
        _ => false,
    };

    private static bool IsFromWorker(NumberTrigger trigger) => trigger >= NumberTrigger.Starting;

    /// <summary>Seed: <c>session_6_2533b0aa</c>. Gives the same session of the number for the same random part.</summary>
    public static string SessionId(long numberId, ReadOnlySpan<byte> random) => $"session_{numberId}_{Convert.ToHexStringLower(random)}";

    // ---- what an admin does ----

    private static NumberDecision Restart(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (!MayBy(facts.State, NumberTrigger.Restart)) return Ignore(facts, NumberVerdict.Illegal);
        var target = signal.WorkerId ?? facts.WorkerId!;
        if (!Same(target, facts.WorkerId) && !signal.HolderGone) return Handover(facts, target, options, now);
        return Begin(facts, target, options, now, 0, CommandFor(facts, target));
    }

    private static NumberDecision Move(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (!MayBy(facts.State, NumberTrigger.Move) || Same(signal.WorkerId, facts.WorkerId)) return Ignore(facts, NumberVerdict.Illegal);
        return signal.HolderGone ? Begin(facts, signal.WorkerId!, options, now, 0, NumberCommand.Create) : Handover(facts, signal.WorkerId!, options, now);
    }

    private static NumberDecision Stop(NumberFacts facts) => MayBy(facts.State, NumberTrigger.Stop)
        ? End(facts, NumberState.Stopped, NumberReason.ByAdmin) with { Command = NumberCommand.Stop, Calm = true }
        : Ignore(facts, NumberVerdict.Illegal);

    private static NumberDecision Logout(NumberFacts facts) => MayBy(facts.State, NumberTrigger.Logout)
        ? End(facts, NumberState.LoggedOut, NumberReason.ByAdmin) with { Command = NumberCommand.Logout, Paired = false, Calm = true }
        : Ignore(facts, NumberVerdict.Illegal);

    // ---- what the system finds ----

    private static NumberDecision Published(NumberFacts facts, NumberOptions options, DateTime now) =>
        facts.State == NumberState.Validated || (facts.State == NumberState.WaitingForWorker && facts.Reason is NumberReason.BrokerAway or NumberReason.NobodyListens)
            ? To(facts, NumberState.CommandSent, now + options.AnswerWithin)
            : Ignore(facts, NumberVerdict.Repeated) with { Record = false };

    private static NumberDecision Returned(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now) =>
        facts.State is NumberState.Validated or NumberState.CommandSent || (facts.State == NumberState.WaitingForWorker && facts.Reason != signal.Reason && facts.Reason != NumberReason.Handover)
            // The command is still in the outbox: nothing to say again, only to look from time to time who could do it instead.
            ? To(facts, NumberState.WaitingForWorker, now + options.AnswerWithin) with { Reason = signal.Reason }
            : Ignore(facts, NumberVerdict.Repeated) with { Record = false };

    private static NumberDecision WorkerLost(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (!IsLive(facts.State)) return Ignore(facts, NumberVerdict.Late);
        var target = facts.State == NumberState.WaitingForWorker && facts.Reason == NumberReason.Handover ? facts.NextWorkerId : signal.WorkerId;
        if (target is not null && signal.HolderGone) return Begin(facts, target, options, now, 0, NumberCommand.Create) with { Alert = NumberAlert.Lost, Calm = false };
        if (facts.State == NumberState.WaitingForWorker && facts.Reason == NumberReason.Handover) return To(facts, facts.State, now + options.AnswerWithin) with { Reason = facts.Reason, Record = false };
        var waits = To(facts, NumberState.WaitingForWorker, now + options.AnswerWithin) with { Reason = NumberReason.WorkerLost, Alert = NumberAlert.Lost, Health = NumberHealth.Missing };
        return facts is { State: NumberState.WaitingForWorker, Reason: NumberReason.WorkerLost } ? waits with { Record = false } : waits;
    }

    private static NumberDecision Overdue(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (facts.DueAt is not { } due || due > now) return Ignore(facts, NumberVerdict.Late) with { Record = false };
        return facts.State switch
        {
            NumberState.Validated => To(facts, NumberState.WaitingForWorker, now + options.AnswerWithin) with { Reason = NumberReason.BrokerAway },
            NumberState.CommandSent => AskAgain(facts, NumberReason.NoAnswer, options, now),
            NumberState.WaitingForWorker => Waited(facts, signal, options, now),
            NumberState.Starting => AskAgain(facts, NumberReason.WorkerSilent, options, now),
            NumberState.WaitingQr when facts.QrNumber >= QrSchedule.Codes =>
                End(facts, NumberState.QrExhausted, NumberReason.CodesUsedUp) with { Command = NumberCommand.Stop },
            NumberState.WaitingQr => AskAgain(facts, NumberReason.WorkerSilent, options, now),
            NumberState.Scanned => Anew(facts, NumberReason.ScannedTooLong, options, now),
            NumberState.Connected => To(facts, NumberState.Degraded, now + options.HealthInterval) with
            {
                Reason = NumberReason.HealthMissed, Health = NumberHealth.Missing, Command = NumberCommand.Probe, Alert = NumberAlert.Degraded, Attempts = 1,
            },
            NumberState.Degraded when facts.Attempts < options.MaxRestarts => To(facts, NumberState.Degraded, now + options.HealthInterval) with
            {
                Reason = facts.Reason, Code = facts.Code, Command = NumberCommand.Probe, Attempts = facts.Attempts + 1,
            },
            NumberState.Degraded => Anew(facts, NumberReason.HealthMissed, options, now),
            NumberState.Reconnecting => Anew(facts, NumberReason.ReconnectTooLong, options, now),
            _ => Ignore(facts, NumberVerdict.Late) with { Record = false },
        };
    }

    private static NumberDecision Waited(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now) => facts.Reason switch
    {
        // The old worker said nothing; once it cannot have a socket open any more, the new one begins.
        NumberReason.Handover => signal.HolderGone
            ? Begin(facts, facts.NextWorkerId!, options, now, 0, NumberCommand.Create)
            : To(facts, facts.State, now + options.AnswerWithin) with { Reason = facts.Reason, Record = false },
        NumberReason.WorkerLost when signal is { HolderGone: true, WorkerId: { } target } => Begin(facts, target, options, now, 0, NumberCommand.Create),
        // There is no worker; when it comes back it says what it holds and is asked for the rest.
        NumberReason.WorkerLost => To(facts, facts.State, now + options.AnswerWithin) with { Reason = facts.Reason, Record = false },
        // The command waits in the outbox and is replaced by a fresh one: what is too old is not sent any more. Nobody's fault, so nobody counts.
        NumberReason.BrokerAway or NumberReason.NobodyListens =>
            To(facts, facts.State, now + options.AnswerWithin) with { Reason = facts.Reason, Command = NumberCommand.Create, Record = false },
        _ => AskAgain(facts, facts.Reason, options, now),
    };

    /// <summary>The same session once more: a worker that has it already only says how it is.</summary>
    private static NumberDecision AskAgain(NumberFacts facts, NumberReason reason, NumberOptions options, DateTime now)
    {
        if (facts.Attempts + 1 >= options.MaxAsks) return End(facts, NumberState.Failed, reason) with { Alert = NumberAlert.Lost };
        var next = facts.State == NumberState.CommandSent && facts.Attempts == 0 ? NumberState.CommandSent : NumberState.WaitingForWorker;
        return To(facts, next, now + options.AnswerWithin) with { Reason = reason, Command = NumberCommand.Create, Attempts = facts.Attempts + 1 };
    }

    /// <summary>A new session with the same worker; its credentials stay, so no scan is needed unless they are gone.</summary>
    private static NumberDecision Anew(NumberFacts facts, NumberReason reason, NumberOptions options, DateTime now) => facts.Restarts >= options.MaxRestarts
        ? End(facts, NumberState.Failed, reason) with { Alert = NumberAlert.Lost, Command = NumberCommand.Stop }
        : Begin(facts, facts.WorkerId!, options, now, facts.Restarts + 1, CommandFor(facts, facts.WorkerId!)) with { Reason = reason, Calm = false };

    // ---- the parts they are made of ----

    private static NumberDecision Begin(NumberFacts facts, string worker, NumberOptions options, DateTime now, int restarts, NumberCommand command) =>
        To(facts, NumberState.Validated, now + options.AnswerWithin) with
        {
            NewSession = true, WorkerId = worker, NextWorkerId = null, Attempts = 0, Restarts = restarts, Command = command, Health = NumberHealth.Unknown, Calm = restarts == 0,
        };

    private static NumberDecision Handover(NumberFacts facts, string target, NumberOptions options, DateTime now) =>
        To(facts, NumberState.WaitingForWorker, now + options.AnswerWithin) with { Reason = NumberReason.Handover, NextWorkerId = target, Command = NumberCommand.Stop };

    private static NumberDecision To(NumberFacts facts, NumberState next, DateTime? due) => new(NumberVerdict.Applied, next)
    {
        WorkerId = facts.WorkerId, NextWorkerId = facts.NextWorkerId, Attempts = facts.Attempts, Restarts = facts.Restarts, DueAt = due,
        DropCode = next != NumberState.WaitingQr,
    };

    private static NumberDecision End(NumberFacts facts, NumberState end, NumberReason reason, int? code = null) =>
        To(facts, end, null) with { Reason = reason, Code = code, NextWorkerId = null, Attempts = 0, Restarts = 0 };

    /// <summary>Nothing changes but the time line.</summary>
    private static NumberDecision Ignore(NumberFacts facts, NumberVerdict verdict) => Kept(facts, verdict);

    private static NumberDecision Kept(NumberFacts facts, NumberVerdict verdict) => new(verdict, facts.State)
    {
        Reason = facts.Reason, Code = facts.Code, WorkerId = facts.WorkerId, NextWorkerId = facts.NextWorkerId, Attempts = facts.Attempts,
        Restarts = facts.Restarts, DueAt = facts.DueAt, QrNumber = facts.QrNumber, QrExpiresAt = facts.QrExpiresAt,
    };

    /// <summary>The worker of seed 002 knows no other word than create.</summary>
    private static NumberCommand CommandFor(NumberFacts facts, string target) =>
        Same(target, facts.WorkerId) && facts is { Generation: > 0, Legacy: false } ? NumberCommand.Restart : NumberCommand.Create;

    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.Ordinal);
}
