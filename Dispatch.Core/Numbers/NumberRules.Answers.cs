namespace Dispatch.Core.Numbers;

// What a worker says. That it is of the current generation and from the worker that holds the number was looked at before.
public static partial class NumberRules
{
    /// <summary>After a late answer these go on: Dispatch gave up, the worker did not.</summary>
    private static bool IsOpenEnd(NumberState state) => state is NumberState.Failed or NumberState.QrExhausted;

    private static bool IsBeforeScan(NumberState state) =>
        state is NumberState.Validated or NumberState.CommandSent or NumberState.WaitingForWorker or NumberState.Starting or NumberState.WaitingQr;

    private static bool IsHandover(NumberFacts facts) => facts is { State: NumberState.WaitingForWorker, Reason: NumberReason.Handover };

    private static NumberDecision Starting(NumberFacts facts, NumberOptions options, DateTime now)
    {
        if (IsHandover(facts)) return Ignore(facts, NumberVerdict.Late);
        return facts.State switch
        {
            NumberState.Validated or NumberState.CommandSent or NumberState.WaitingForWorker or NumberState.Failed =>
                To(facts, NumberState.Starting, now + options.QrSilence) with { Attempts = 0, Holds = true },
            // Opens a new socket while it was thought to have one.
            NumberState.Connected or NumberState.Degraded => To(facts, NumberState.Reconnecting, now + options.ReconnectWithin) with { Holds = true },
            NumberState.Starting or NumberState.WaitingQr or NumberState.Scanned or NumberState.Reconnecting => Ignore(facts, NumberVerdict.Repeated) with { Holds = true },
            _ => Ignore(facts, NumberVerdict.Illegal),
        };
    }

    private static NumberDecision Qr(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (IsHandover(facts) || facts.State == NumberState.Scanned) return Ignore(facts, NumberVerdict.Late);
        if (!IsBeforeScan(facts.State) && facts.State is not (NumberState.Degraded or NumberState.Reconnecting or NumberState.Failed)) return Ignore(facts, NumberVerdict.Illegal);
        // From these two the worker has lost the credentials: somebody has to scan again.
        var lost = facts.State is NumberState.Degraded or NumberState.Reconnecting;
        var number = signal.QrNumber ?? (facts.State == NumberState.WaitingQr ? facts.QrNumber + 1 : 1);
        // WhatsApp gives six. A worker that shows more is in a loop, and nobody stands before the screen any more (facts 4, complaint 2).
        if (number > QrSchedule.Codes) return End(facts, NumberState.QrExhausted, NumberReason.CodesUsedUp) with { Command = NumberCommand.Stop };
        // Two codes of which the older came later: the newer one stays on the screen.
        if (facts.State == NumberState.WaitingQr && number < facts.QrNumber) return Ignore(facts, NumberVerdict.Late);
        var life = signal.CodeLife is { } given && given > TimeSpan.Zero && given <= options.QrSilence ? given : QrSchedule.Life(number);
        return To(facts, NumberState.WaitingQr, now + Later(options.QrSilence, life)) with
        {
            QrNumber = Math.Max(number, 1), QrExpiresAt = now + life, StoreCode = true, Attempts = 0, Holds = true, Paired = false, Alert = lost ? NumberAlert.Lost : NumberAlert.None,
        };
    }

    private static NumberDecision Pairing(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (IsHandover(facts) || facts.State == NumberState.Scanned) return Ignore(facts, NumberVerdict.Late);
        if (!IsBeforeScan(facts.State)) return Ignore(facts, NumberVerdict.Illegal);
        // One code for the whole time in which WhatsApp would show six.
        var life = signal.CodeLife is { } given && given > TimeSpan.Zero && given <= QrSchedule.Window ? given : QrSchedule.Window;
        return To(facts, NumberState.WaitingQr, now + Later(options.QrSilence, life)) with
        {
            PairingExpiresAt = now + life, QrNumber = facts.QrNumber, QrExpiresAt = facts.QrExpiresAt, StoreCode = true, Attempts = 0, Holds = true,
        };
    }

    private static NumberDecision Scanned(NumberFacts facts, NumberOptions options, DateTime now)
    {
        if (IsHandover(facts)) return Ignore(facts, NumberVerdict.Late);
        if (IsBeforeScan(facts.State) || IsOpenEnd(facts.State))
            return To(facts, NumberState.Scanned, now + options.ScannedFor) with { Attempts = 0, Paired = true, Holds = true };
        return facts.State switch
        {
            NumberState.Scanned => Ignore(facts, NumberVerdict.Repeated) with { Holds = true },
            NumberState.Connected or NumberState.Degraded or NumberState.Reconnecting => Ignore(facts, NumberVerdict.Late),
            _ => Ignore(facts, NumberVerdict.Illegal),
        };
    }

    private static NumberDecision Connected(NumberFacts facts, NumberOptions options, DateTime now)
    {
        // The old worker has not heard of the move yet.
        if (IsHandover(facts)) return Ignore(facts, NumberVerdict.Late) with { Holds = true };
        if (facts.State == NumberState.Connected) return Ignore(facts, NumberVerdict.Repeated) with { Holds = true };
        return IsLive(facts.State) || IsOpenEnd(facts.State) ? Open(facts, options, now) : Ignore(facts, NumberVerdict.Illegal) with { Command = Again(facts, options, now) };
    }

    private static NumberDecision Healthy(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        var alive = HealthDue(options, now);
        switch (facts.State)
        {
            case NumberState.Connected:
                return Kept(facts, NumberVerdict.Applied) with { DueAt = alive, Health = NumberHealth.Healthy, Holds = true, Record = false };
            case NumberState.Degraded or NumberState.Reconnecting or NumberState.Scanned:
                return Open(facts, options, now);
            // A legacy worker's "connected" can be lost in the hand-over of its queue (facts 5.3): a healthy number is a connected one. Without a
            // generation only when this session has shown a code, or a report of the session before would do it.
            case NumberState.WaitingQr or NumberState.Failed or NumberState.QrExhausted:
                return Open(facts, options, now);
            case NumberState.Validated or NumberState.CommandSent or NumberState.Starting:
            case NumberState.WaitingForWorker when facts.Reason != NumberReason.Handover:
                return signal.Generation is null ? Ignore(facts, NumberVerdict.Late) : Open(facts, options, now);
            case NumberState.WaitingForWorker:
                return Ignore(facts, NumberVerdict.Repeated) with { Holds = true, Record = false };
            default:
                // It was told to stop and works on: told once more.
                return Ignore(facts, NumberVerdict.Illegal) with { Command = Again(facts, options, now) };
        }
    }

    private static NumberDecision Unhealthy(NumberFacts facts, NumberOptions options, DateTime now) => facts.State switch
    {
        NumberState.Connected => To(facts, NumberState.Degraded, now + options.HealthInterval) with
        {
            Reason = NumberReason.HealthReported, Health = NumberHealth.Unhealthy, Alert = NumberAlert.Degraded, Command = NumberCommand.Probe, Attempts = 1, Holds = true,
        },
        NumberState.Degraded when facts.Reason != NumberReason.HealthReported =>
            To(facts, NumberState.Degraded, facts.DueAt) with { Reason = NumberReason.HealthReported, Health = NumberHealth.Unhealthy, Holds = true },
        _ when IsLive(facts.State) => Ignore(facts, NumberVerdict.Repeated) with { Record = false },
        _ => Ignore(facts, NumberVerdict.Late) with { Record = false },
    };

    private static NumberDecision Closed(NumberFacts facts, NumberSignal signal, NumberOptions options, DateTime now)
    {
        if (IsEnd(facts.State)) return Ignore(facts, NumberVerdict.Late) with { Holds = false };
        var code = signal.Code ?? CloseReasons.Unknown;
        var action = CloseReasons.Of(code);
        if (signal.Reconnects == false && action is CloseAction.Reconnect or CloseAction.FewTimes) action = CloseAction.NewCode;
        // Not in a hand-over: whatever the old one met, the new one begins.
        if (IsHandover(facts))
            return action is CloseAction.Continue or CloseAction.Reconnect ? Ignore(facts, NumberVerdict.Late) : LetGo(facts, options, now);
        switch (action)
        {
            case CloseAction.Continue:
                return facts.State switch
                {
                    // Only a pairing ends so before the first connection.
                    NumberState.WaitingQr => To(facts, NumberState.Scanned, now + options.ScannedFor) with { Paired = true, Code = code, Holds = true },
                    NumberState.Connected or NumberState.Degraded => Lost(facts, code, 0, options, now),
                    _ => Ignore(facts, NumberVerdict.Repeated) with { Holds = true },
                };
            case CloseAction.NewCode:
                return End(facts, NumberState.LoggedOut, NumberReason.ByCode, code) with { Paired = false, Alert = NumberAlert.Lost, Holds = false };
            case CloseAction.Human:
                return End(facts, NumberState.Banned, NumberReason.ByCode, code) with { Paired = false, Alert = NumberAlert.Banned, Holds = false };
            case CloseAction.Replaced:
                return End(facts, NumberState.Replaced, NumberReason.ByCode, code) with { Alert = NumberAlert.Lost, Holds = false };
            case CloseAction.Update:
                return End(facts, NumberState.Failed, NumberReason.ByCode, code) with { Alert = NumberAlert.Lost, Holds = false };
            case CloseAction.CodesOrReconnect when !(signal.Registered ?? facts.Paired):
                return End(facts, NumberState.QrExhausted, NumberReason.CodesUsedUp, code) with { Holds = false };
            case CloseAction.FewTimes when signal.Reconnects is null && facts.Attempts + 1 > options.MaxRestarts:
                return End(facts, NumberState.LoggedOut, NumberReason.ByCode, code) with { Paired = false, Alert = NumberAlert.Lost, Command = NumberCommand.Logout };
            case CloseAction.CodesOrReconnect or CloseAction.FewTimes or CloseAction.Reconnect:
                return Lost(facts, code, action == CloseAction.FewTimes ? facts.Attempts + 1 : facts.Attempts, options, now);
            default:
                throw new ArgumentOutOfRangeException(nameof(signal), action, null);
        }
    }

    /// <summary>The connection is gone and the worker makes a new one.</summary>
    private static NumberDecision Lost(NumberFacts facts, int code, int attempts, NumberOptions options, DateTime now)
    {
        var held = facts with { Attempts = attempts };
        return facts.State switch
        {
            NumberState.Scanned => Kept(held, NumberVerdict.Applied) with { Reason = NumberReason.ByCode, Code = code, Holds = true },
            NumberState.Reconnecting => Kept(held, NumberVerdict.Applied) with { Reason = NumberReason.ByCode, Code = code, Holds = true },
            _ when IsBeforeScan(facts.State) && !facts.Paired => To(held, NumberState.Starting, now + options.QrSilence) with { Reason = NumberReason.ByCode, Code = code, Holds = true },
            _ => To(held, NumberState.Reconnecting, now + options.ReconnectWithin) with { Reason = NumberReason.ByCode, Code = code, Health = NumberHealth.Unknown, Holds = true },
        };
    }

    private static NumberDecision CodesUsedUp(NumberFacts facts)
    {
        if (IsBeforeScan(facts.State) && !IsHandover(facts)) return End(facts, NumberState.QrExhausted, NumberReason.CodesUsedUp) with { Holds = false };
        if (facts.State is NumberState.QrExhausted || IsHandover(facts)) return Ignore(facts, NumberVerdict.Repeated) with { Holds = false };
        return Ignore(facts, IsEnd(facts.State) || facts.State == NumberState.Scanned ? NumberVerdict.Late : NumberVerdict.Illegal);
    }

    private static NumberDecision LoggedOut(NumberFacts facts, NumberOptions options, DateTime now) => facts.State switch
    {
        NumberState.LoggedOut => Ignore(facts, NumberVerdict.Repeated) with { Holds = false },
        _ when IsHandover(facts) => LetGo(facts, options, now),
        NumberState.Stopped or NumberState.Banned or NumberState.Replaced or NumberState.Failed or NumberState.QrExhausted => Ignore(facts, NumberVerdict.Late) with { Holds = false, Paired = false },
        _ => End(facts, NumberState.LoggedOut, NumberReason.ByCode, CloseReasons.LoggedOut) with { Paired = false, Alert = NumberAlert.Lost, Holds = false },
    };

    private static NumberDecision SessionStopped(NumberFacts facts, NumberOptions options, DateTime now)
    {
        if (IsEnd(facts.State)) return Ignore(facts, NumberVerdict.Repeated) with { Holds = false };
        if (IsHandover(facts)) return LetGo(facts, options, now);
        // Nobody asked for it: it ends in order and starts again, or somebody else takes over.
        return To(facts, NumberState.WaitingForWorker, now + AskAtOnce) with { Reason = NumberReason.WorkerStopped, Health = NumberHealth.Unknown, Holds = false };
    }

    private static NumberDecision LetGo(NumberFacts facts, NumberOptions options, DateTime now) =>
        Begin(facts, facts.NextWorkerId!, options, now, 0, NumberCommand.Create) with { Holds = false };

    private static NumberDecision CommandFailed(NumberFacts facts, NumberSignal signal)
    {
        // A connected number that could not be probed is none the worse for it; health decides.
        return facts.State is NumberState.Validated or NumberState.CommandSent or NumberState.WaitingForWorker && !IsHandover(facts)
            ? End(facts, NumberState.Failed, NumberReason.WorkerFailed, signal.Code) with { Alert = NumberAlert.Lost }
            : Ignore(facts, NumberVerdict.Late);
    }

    /// <summary>It is connected: everything before it is over.</summary>
    private static NumberDecision Open(NumberFacts facts, NumberOptions options, DateTime now) =>
        To(facts, NumberState.Connected, HealthDue(options, now)) with
        {
            Attempts = 0, Restarts = 0, Paired = true, Health = NumberHealth.Healthy, Calm = true, Holds = true,
        };

    /// <summary>The report after the last one that may be missing, with half an interval of grace.</summary>
    private static DateTime HealthDue(NumberOptions options, DateTime now) => now + (options.HealthInterval * (options.MissedHealth + 0.5));

    /// <summary>Not zero: a worker that stops what it is told to start must not be asked as fast as it answers.</summary>
    private static readonly TimeSpan AskAtOnce = TimeSpan.FromSeconds(1);

    /// <summary>What it was told already, unless it can still be on its way.</summary>
    private static NumberCommand? Again(NumberFacts facts, NumberOptions options, DateTime now) => now - facts.StateSince < options.AnswerWithin ? null : facts.State switch
    {
        NumberState.Stopped or NumberState.Replaced or NumberState.Banned => NumberCommand.Stop,
        NumberState.LoggedOut => NumberCommand.Logout,
        _ => null,
    };

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
