namespace Dispatch.Core.Numbers;

/// <summary>Where a number is on its way to being connected (issue 5, section 2). Words: <c>State_{name}</c>.</summary>
public enum NumberState
{
    /// <summary>The client asked; an admin has to validate or reject.</summary>
    Registered,
    /// <summary>A session was made and its command lies in the outbox.</summary>
    Validated,
    /// <summary>The broker confirmed the command; the worker has not answered yet.</summary>
    CommandSent,
    /// <summary>Nobody is there to act on it: see <see cref="NumberReason"/>.</summary>
    WaitingForWorker,
    /// <summary>The worker opened a socket; no code yet.</summary>
    Starting,
    /// <summary>A code can be scanned: <see cref="WhatsAppNumber.QrNumber"/> of six, until <see cref="WhatsAppNumber.QrExpiresAt"/>.</summary>
    WaitingQr,
    /// <summary>The phone scanned; WhatsApp closes with 515 and the worker connects anew.</summary>
    Scanned,
    Connected,
    /// <summary>Said to be connected, but it does not look so.</summary>
    Degraded,
    /// <summary>The connection was lost and the worker is making a new one.</summary>
    Reconnecting,
    /// <summary>End: all codes ran out before anybody scanned.</summary>
    QrExhausted,
    /// <summary>End: WhatsApp or somebody ended the session; a new scan is needed.</summary>
    LoggedOut,
    /// <summary>End: WhatsApp refuses the number.</summary>
    Banned,
    /// <summary>End: another process connected with the same session (440).</summary>
    Replaced,
    /// <summary>End: an admin stopped it.</summary>
    Stopped,
    /// <summary>End: an admin refused the client.</summary>
    Rejected,
    /// <summary>End: it did not work; <see cref="WhatsAppNumber.Reason"/> and <see cref="WhatsAppNumber.Code"/> say why.</summary>
    Failed,
}

/// <summary>What can happen to a number: what an admin does, what the system finds, what a worker tells. Words: <c>Event_{name}</c>.</summary>
public enum NumberTrigger
{
    // admin
    Validate, Reject, Restart, Logout, Stop, Move,
    // system
    /// <summary>The broker confirmed the newest command.</summary>
    CommandPublished,
    /// <summary>Nobody consumes the worker's queue, or the broker is away.</summary>
    CommandReturned,
    /// <summary><see cref="WhatsAppNumber.DueAt"/> has passed.</summary>
    DeadlinePassed,
    /// <summary>Its worker is gone and its lease has run out.</summary>
    WorkerLost,
    // worker
    Starting, QrGenerated, PairingCode, Scanned, Connected, Healthy, Unhealthy,
    /// <summary>The socket closed; <see cref="NumberSignal.Code"/> is the reason of facts 3.</summary>
    Closed,
    /// <summary>The worker reports all codes used up.</summary>
    CodesUsedUp,
    LoggedOut,
    /// <summary>The worker closed the session and let go of it.</summary>
    SessionStopped,
    /// <summary>The worker could not do what it was told.</summary>
    CommandFailed,
}

/// <summary>Why a number is where it is. Words: <c>Reason_{name}</c>; with <see cref="ByCode"/> the words are <c>Code_{code}</c>.</summary>
public enum NumberReason
{
    None,
    /// <summary>The broker has not taken the command yet.</summary>
    BrokerAway,
    /// <summary>No process listens on the worker's queue.</summary>
    NobodyListens,
    /// <summary>Asked several times, no answer.</summary>
    NoAnswer,
    /// <summary>It answered once, then neither code nor connection came.</summary>
    WorkerSilent,
    /// <summary>The other worker has to let go first.</summary>
    Handover,
    /// <summary>The worker's lease ran out.</summary>
    WorkerLost,
    /// <summary>The worker stopped by itself and is asked again.</summary>
    WorkerStopped,
    /// <summary>Three health reports are missing.</summary>
    HealthMissed,
    /// <summary>The worker itself reports trouble.</summary>
    HealthReported,
    /// <summary>Scanned, and not connected after all its time.</summary>
    ScannedTooLong,
    ReconnectTooLong,
    /// <summary>The codes ran out.</summary>
    CodesUsedUp,
    /// <summary>An admin asked for it.</summary>
    ByAdmin,
    /// <summary>WhatsApp said why: <see cref="WhatsAppNumber.Code"/>.</summary>
    ByCode,
    /// <summary>The worker could not do it.</summary>
    WorkerFailed,
}

/// <summary>The one next button of a number (issue 5, section 2). Words: <c>Button_{name}</c>.</summary>
public enum NumberButton { None, Validate, ShowCode, NewCode, Restart, Move }

/// <summary>As the worker reports it, or <see cref="Missing"/> when it does not.</summary>
public enum NumberHealth { Unknown, Healthy, Unhealthy, Missing }

/// <summary>What became of something that happened. Words: <c>Verdict_{name}</c>.</summary>
public enum NumberVerdict
{
    /// <summary>The number's state or its facts changed.</summary>
    Applied,
    /// <summary>It says what is known already.</summary>
    Repeated,
    /// <summary>Of an earlier session: recorded and ignored.</summary>
    OldGeneration,
    /// <summary>Overtaken by something newer of the same session: recorded and ignored.</summary>
    Late,
    /// <summary>Must not happen in this state: recorded and shown.</summary>
    Illegal,
    /// <summary>From a worker that does not hold the number: recorded and ignored.</summary>
    ForeignWorker,
}

/// <summary>Who said it. Words: <c>Source_{name}</c>.</summary>
public enum NumberSource { Admin, Api, Worker, Deadline, Relay, System }

public enum ClientStatus { AwaitingValidation, Validated, Rejected }

/// <summary><see cref="Draining"/>: keeps what it has until it is moved, gets nothing new. <see cref="Down"/>: no heartbeat.</summary>
public enum WorkerState { Up, Draining, Down }
