using System.Globalization;
using Dispatch.Core.Broker;

namespace Dispatch.Core.Numbers.Simulation;

/// <summary>What happens to a simulated number, by the last digit of its phone number, so that every state can be seen at will.</summary>
public enum Fate
{
    /// <summary>0 to 3: scanned during the second code, then healthy.</summary>
    Scans,
    /// <summary>4: loses the connection now and then (428) and comes back.</summary>
    Drops,
    /// <summary>5: scanned, and nothing more the first time: Dispatch restarts it.</summary>
    SticksAfterScan,
    /// <summary>6: nobody scans; the codes run out.</summary>
    Never,
    /// <summary>7: goes silent while it says nothing about it; a probe wakes it.</summary>
    Zombie,
    /// <summary>8: WhatsApp bans it (403).</summary>
    Banned,
    /// <summary>9: somebody unlinks it on the phone (401).</summary>
    Unlinked,
}

/// <summary>An answer and when it is due.</summary>
public sealed record DueAnswer(DateTime Due, WorkerAnswer Answer);

/// <summary>
/// The phones and WhatsApp as a simulated worker meets them: codes on the real schedule (60 s, then 20 s each, six in all), a person who scans or does not, 515 after it,
/// drops, bans. No clock and no bus of its own: commands go in with <c>now</c>, answers come out when due. Not thread-safe.
/// </summary>
/// <param name="speed">2: everything in half the time.</param>
public sealed class SimulatedPhones(double speed, int? seed = null)
{
    private static readonly string[] Greetings = ["Bonjour, vous êtes ouverts aujourd'hui ?", "Salam, c'est combien la livraison ?", "Hello, do you have this in blue?", "Bonsoir, je peux passer à quelle heure ?"];
    private static readonly string[] Replies = ["Merci beaucoup !", "D'accord, parfait.", "Super, à tout à l'heure.", "Ok thanks!"];

    private readonly Random _random = seed is { } s ? new Random(s) : new Random();
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly HashSet<long> _paired = [];
    private readonly PriorityQueue<DueAnswer, (DateTime, long)> _answers = new();
    private readonly PriorityQueue<Step, (DateTime, long)> _steps = new();
    private long _number;

    /// <summary>Which fate a phone number has.</summary>
    public static Fate FateOf(string phone) => (phone.Length > 0 ? phone[^1] : '0') switch
    {
        '4' => Fate.Drops,
        '5' => Fate.SticksAfterScan,
        '6' => Fate.Never,
        '7' => Fate.Zombie,
        '8' => Fate.Banned,
        '9' => Fate.Unlinked,
        _ => Fate.Scans,
    };

    /// <summary>What the worker says it holds.</summary>
    public IReadOnlyList<HeldNumber> Held => [.. _sessions.Values.Where(s => s.State != "closed").Select(s => new HeldNumber(s.NumberId, s.SessionId, s.State))];

    /// <summary>A command arrived; what it leads to comes out of <see cref="TakeDue"/>.</summary>
    public void Handle(WorkerCommand command, DateTime now)
    {
        if (command.NumberId is not { } id) return;
        switch (command.Action)
        {
            case WorkerAction.Create or WorkerAction.Restart:
                if (_sessions.TryGetValue(id, out var open) && open.SessionId == command.SessionId && open.State != "closed" && command.Action == WorkerAction.Create) Announce(open, now);
                else Begin(id, command.SessionId!, command.PhoneNumber ?? "", now);
                break;
            case WorkerAction.Stop or WorkerAction.Logout:
                var logout = command.Action == WorkerAction.Logout;
                if (logout) _paired.Remove(id);
                if (_sessions.Remove(id, out var ended)) ended.State = "closed";
                Say(now, 0.3, new SessionClosed(logout ? CloseReasons.LoggedOut : 0, logout ? "logged_out" : "stopped", false, _paired.Contains(id)) { NumberId = id, SessionId = command.SessionId });
                break;
            case WorkerAction.PairingCode when Find(command) is { } session:
                Say(now, 0.5, new PairingCodeIssued("DEMO" + _random.Next(1000, 10_000).ToString(CultureInfo.InvariantCulture), now + (QrSchedule.Window / speed)) { NumberId = id, SessionId = session.SessionId, At = now });
                break;
            case WorkerAction.Probe when Find(command) is { } session:
                session.Silent = false;
                Say(now, 0.3, Health(session, now));
                break;
            case WorkerAction.Probe:
                Say(now, 0.3, new CommandRefused(null, "probe", "unknown_session") { NumberId = id, SessionId = command.SessionId });
                break;
            case WorkerAction.Send: Send(command, now); break;
        }
    }

    /// <summary>Every connected number reports, but for those that have gone silent.</summary>
    public void ReportHealth(DateTime now)
    {
        foreach (var session in _sessions.Values.Where(s => s is { State: "connected", Silent: false })) Say(now, 0, Health(session, now));
    }

    /// <summary>Everything that happens until <paramref name="now"/>, in its order.</summary>
    public IReadOnlyList<WorkerAnswer> TakeDue(DateTime now)
    {
        while (_steps.TryPeek(out _, out var at) && at.Item1 <= now)
        {
            var step = _steps.Dequeue();
            // Of a session that has ended by now: its phone has nothing more to do.
            if (_sessions.GetValueOrDefault(step.Session.NumberId) == step.Session && step.Session.State != "closed") step.Do(step.Session, at.Item1);
        }
        List<WorkerAnswer> due = [];
        while (_answers.TryPeek(out var answer, out var when) && when.Item1 <= now)
        {
            _answers.Dequeue();
            due.Add(answer.Answer);
        }
        return due;
    }

    private Session? Find(WorkerCommand command) => _sessions.TryGetValue(command.NumberId!.Value, out var session) && session.SessionId == command.SessionId ? session : null;

    private void Begin(long id, string sessionId, string phone, DateTime now)
    {
        var again = _sessions.TryGetValue(id, out var before);
        if (before is not null) before.State = "closed";
        var session = _sessions[id] = new Session(id, sessionId, FateOf(phone)) { Again = again };
        Say(now, 0.2, new SessionStarting { NumberId = id, SessionId = sessionId });
        // A device that WhatsApp knows connects without a code.
        if (_paired.Contains(id)) Later(session, now, 1.5, Open);
        else Later(session, now, 1, (s, at) => ShowCode(s, 1, at));
    }

    private void ShowCode(Session session, int number, DateTime now)
    {
        if (number > QrSchedule.Codes)
        {
            session.State = "closed";
            Say(now, 0, new SessionClosed(CloseReasons.LostOrUsedUp, "qr_exhausted", false, false) { NumberId = session.NumberId, SessionId = session.SessionId });
            return;
        }
        session.State = "qr";
        var life = QrSchedule.Life(number) / speed;
        Span<byte> noise = stackalloc byte[48];
        _random.NextBytes(noise);
        Say(now, 0, new QrGenerated($"2@{Convert.ToBase64String(noise)},{session.SessionId},{number}", QrForm.Raw, number, life) { NumberId = session.NumberId, SessionId = session.SessionId, At = now });
        if (session.Fate != Fate.Never && number == 2) Later(session, now, 8, Scan);
        Later(session, now, QrSchedule.Life(number).TotalSeconds, (s, at) =>
        {
            if (s.State == "qr") ShowCode(s, number + 1, at);
        });
    }

    private void Scan(Session session, DateTime now)
    {
        session.State = "scanned";
        _paired.Add(session.NumberId);
        Say(now, 0, new SessionScanned { NumberId = session.NumberId, SessionId = session.SessionId });
        Say(now, 0.4, Closed(session, CloseReasons.RestartRequired, true));
        if (session.Fate != Fate.SticksAfterScan) Later(session, now, 3, Open);
    }

    private void Open(Session session, DateTime now)
    {
        session.State = "connected";
        Say(now, 0, new SessionConnected { NumberId = session.NumberId, SessionId = session.SessionId });
        Say(now, 0.2, Health(session, now));
        if (!session.Greeted) Later(session, now, 15, Greet);
        session.Greeted = true;
        switch (session.Fate)
        {
            case Fate.Drops: Later(session, now, 90, Drop); break;
            case Fate.Zombie: Later(session, now, 60, (s, _) => s.Silent = true); break;
            case Fate.Banned: Later(session, now, 120, (s, at) => Lose(s, CloseReasons.Forbidden, at)); break;
            case Fate.Unlinked: Later(session, now, 120, (s, at) => Lose(s, CloseReasons.LoggedOut, at)); break;
        }
    }

    private void Drop(Session session, DateTime now)
    {
        session.State = "reconnecting";
        Say(now, 0, Closed(session, CloseReasons.ClosedByServer, true));
        Later(session, now, 10, Open);
    }

    private void Lose(Session session, int code, DateTime now)
    {
        session.State = "closed";
        _paired.Remove(session.NumberId);
        Say(now, 0, Closed(session, code, false));
    }

    private void Greet(Session session, DateTime now) => Receive(session, "+22177" + _random.Next(1_000_000, 9_999_999).ToString(CultureInfo.InvariantCulture), Greetings[_random.Next(Greetings.Length)], now);

    private void Receive(Session session, string phone, string text, DateTime now)
    {
        if (session.State != "connected") return;
        var message = new WorkerMessage(NextId(), phone[1..] + "@s.whatsapp.net", phone, null, false, "text", text, now);
        Say(now, 0, new MessagesReceived([message], false, []) { NumberId = session.NumberId, SessionId = session.SessionId });
    }

    private void Send(WorkerCommand command, DateTime now)
    {
        if (Find(command) is not { State: "connected" } session)
        {
            Say(now, 0.2, new SendReported(command.Ref!, null, null, "not_connected") { NumberId = command.NumberId, SessionId = command.SessionId });
            return;
        }
        var id = NextId();
        Say(now, 0.4, new SendReported(command.Ref!, id) { NumberId = command.NumberId, SessionId = command.SessionId });
        Say(now, 2, new MessageStatusReported(id, DeliveryStatus.Delivered) { NumberId = command.NumberId, SessionId = command.SessionId, At = now });
        Say(now, 5, new MessageStatusReported(id, DeliveryStatus.Read) { NumberId = command.NumberId, SessionId = command.SessionId, At = now });
        if (_random.NextDouble() < 0.7) Later(session, now, 9, (s, at) => Receive(s, "+" + command.To!.TrimStart('+').Split('@')[0], Replies[_random.Next(Replies.Length)], at));
    }

    private void Announce(Session session, DateTime now) => Say(now, 0.2, session.State == "connected"
        ? new SessionConnected { NumberId = session.NumberId, SessionId = session.SessionId }
        : new SessionStarting { NumberId = session.NumberId, SessionId = session.SessionId });

    private SessionClosed Closed(Session session, int code, bool reconnects) =>
        new(code, null, reconnects, _paired.Contains(session.NumberId)) { NumberId = session.NumberId, SessionId = session.SessionId };

    private static HealthReported Health(Session session, DateTime now) =>
        new(session.State == "connected" ? HealthReported.HealthyStatus : "DISCONNECTED", now, now) { NumberId = session.NumberId, SessionId = session.SessionId };

    private void Say(DateTime now, double seconds, WorkerAnswer answer)
    {
        var due = now + TimeSpan.FromSeconds(seconds / speed);
        _answers.Enqueue(new DueAnswer(due, answer), (due, ++_number));
    }

    private void Later(Session session, DateTime now, double seconds, Action<Session, DateTime> what) =>
        _steps.Enqueue(new Step(session, what), (now + TimeSpan.FromSeconds(seconds / speed), ++_number));

    private string NextId() => "SIM" + Convert.ToHexString(BitConverter.GetBytes(_random.NextInt64()));

    private sealed record Step(Session Session, Action<Session, DateTime> Do);

    private sealed class Session(long numberId, string sessionId, Fate fate)
    {
        public long NumberId => numberId;
        public string SessionId => sessionId;
        public Fate Fate => Again && fate == Fate.SticksAfterScan ? Fate.Scans : fate;

        /// <summary>starting, qr, scanned, connected, reconnecting or closed.</summary>
        public string State { get; set; } = "starting";
        public bool Again { get; init; }
        public bool Silent { get; set; }
        public bool Greeted { get; set; }
    }
}
