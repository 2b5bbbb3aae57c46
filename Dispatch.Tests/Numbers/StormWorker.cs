using System.Collections.Concurrent;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;

namespace Dispatch.Tests.Numbers;

/// <summary>WhatsApp's side of the storm: who has a socket open for which number. Two at once is what must never be (440).</summary>
internal sealed class OpenSockets
{
    private readonly ConcurrentDictionary<long, string> _open = new();

    public ConcurrentQueue<string> Fights { get; } = new();

    public void Open(long number, string worker)
    {
        if (_open.GetOrAdd(number, worker) is var other && other != worker) Fights.Enqueue($"number {number}: {worker} opened while {other} was open");
    }

    public void Close(long number, string worker) => _open.TryRemove(new KeyValuePair<long, string>(number, worker));

    public string? HolderOf(long number) => _open.GetValueOrDefault(number);
}

/// <summary>
/// A worker that is killed and comes back, as the reference worker does it: what it was told and what it has to say lie on its disk (here: in this object), its sockets
/// die with its process, it closes them when nobody hears it for three quarters of the lease, and a command is acted on once.
/// </summary>
internal sealed class StormWorker(IWorkerBus bus, WorkerRoute route, OpenSockets sockets, TimeSpan lease)
{
    private sealed class Held
    {
        public required string SessionId { get; init; }
        public string State { get; set; } = "closed";
        public bool Wanted { get; set; }
        public bool Paired { get; set; }
        public bool Opening { get; set; }
    }

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(300), Look = TimeSpan.FromMilliseconds(50);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Held> _numbers = [];
    private readonly HashSet<string> _superseded = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Id, WorkerAnswer Answer)> _toSay = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private CancellationTokenSource? _process;
    private Task _running = Task.CompletedTask;
    private Thread? _watch;

    public string Id => route.WorkerId;
    public bool Runs => _process is not null;

    /// <summary>How often each command was acted on.</summary>
    public ConcurrentDictionary<string, int> Acts { get; } = new(StringComparer.Ordinal);

    public void Start()
    {
        var process = new CancellationTokenSource();
        _process = process;
        lock (_lock) _heardAt = TimeProvider.System.GetUtcNow();
        _running = Task.Run(() => RunAsync(process.Token));
        // A thread and not a task: a connection that hangs, or a pool without a thread to spare, must not make it hold on for longer than its lease.
        _watch = new Thread(() =>
        {
            while (!process.Token.WaitHandle.WaitOne(Look)) LetGoWhenUnheard();
        }) { IsBackground = true, Name = $"lease of {Id}" };
        _watch.Start();
    }

    /// <summary>The process is gone, and its sockets with it.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        _process = null;
        lock (_lock)
        {
            process.Cancel();
            CloseAll();
        }
        await _running;
        _watch?.Join();
        process.Dispose();
    }

    /// <summary>The session it has open and connected for the number; null: none.</summary>
    public string? ConnectedSession(long number)
    {
        lock (_lock) return _numbers.GetValueOrDefault(number) is { State: "connected" } held ? held.SessionId : null;
    }

    private async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var port = await bus.ConnectWorkerAsync(route, stop);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var tasks = new[] { ReadAsync(port, end.Token), SayAsync(port, end.Token), LiveAsync(port, end.Token) };
                await Task.WhenAny(tasks);
                await end.CancelAsync();
                await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                // The broker is away, or this process was killed.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private DateTimeOffset _heardAt;

    private void LetGoWhenUnheard()
    {
        lock (_lock)
        {
            if (TimeProvider.System.GetUtcNow() - _heardAt > lease * 0.75) CloseAll();
        }
    }

    private void CloseAll()
    {
        foreach (var (number, held) in _numbers)
        {
            held.State = "closed";
            held.Opening = false;
            sockets.Close(number, Id);
        }
    }

    private async Task ReadAsync(IWorkerPort port, CancellationToken stop)
    {
        await foreach (var delivery in port.ReadAsync(stop))
        {
            if (delivery.Command is { } command)
            {
                lock (_lock)
                {
                    if (stop.IsCancellationRequested) return;
                    if (_known.Add(delivery.Message.MessageId!)) Act(command, delivery.Message.MessageId!, stop);
                    else if (_numbers.GetValueOrDefault(command.NumberId!.Value) is { } held && held.SessionId == command.SessionId) Announce(command.NumberId!.Value, held);
                }
            }
            await delivery.AckAsync();
        }
    }

    private void Act(WorkerCommand command, string id, CancellationToken stop)
    {
        Acts.AddOrUpdate(id, 1, (_, n) => n + 1);
        var number = command.NumberId!.Value;
        var held = _numbers.GetValueOrDefault(number);
        switch (command.Action)
        {
            case WorkerAction.Create or WorkerAction.Restart:
                if (held?.SessionId == command.SessionId && held is { Wanted: true })
                {
                    Announce(number, held);
                    Begin(number, held, stop);
                    return;
                }
                if (_superseded.Contains(command.SessionId!))
                {
                    Say(new CommandRefused(id, "create", "stale_session") { NumberId = number, SessionId = command.SessionId });
                    return;
                }
                if (held is not null)
                {
                    _superseded.Add(held.SessionId);
                    sockets.Close(number, Id);
                }
                held = _numbers[number] = new Held { SessionId = command.SessionId!, Wanted = true, Paired = held?.Paired ?? false };
                Begin(number, held, stop);
                break;
            case WorkerAction.Stop or WorkerAction.Logout:
                // To be still is obeyed also under a session that never arrived here: commands come in order, so it was said later than what is held.
                if (held is not null && held.SessionId != command.SessionId && _superseded.Contains(command.SessionId!)) return;
                if (held is not null)
                {
                    (held.Wanted, held.State, held.Opening) = (false, "closed", false);
                    sockets.Close(number, Id);
                    _superseded.Add(held.SessionId);
                }
                _superseded.Add(command.SessionId!);
                Say(new SessionClosed(0, "stopped", false, held?.Paired) { NumberId = number, SessionId = command.SessionId });
                break;
            case WorkerAction.Probe when held is not null:
                Announce(number, held);
                break;
            case WorkerAction.Probe:
                Say(new CommandRefused(id, "probe", "unknown_session") { NumberId = number, SessionId = command.SessionId });
                break;
        }
    }

    private void Announce(long number, Held held) => Say(
        held.State == "connected" ? new SessionConnected { NumberId = number, SessionId = held.SessionId }
        : held.Wanted ? new SessionStarting { NumberId = number, SessionId = held.SessionId }
        : new SessionClosed(0, "stopped", false, held.Paired) { NumberId = number, SessionId = held.SessionId });

    /// <summary>Opens the socket and lets the phone do its part; whatever ends the process or the session meanwhile ends this too.</summary>
    private void Begin(long number, Held held, CancellationToken stop)
    {
        if (held.Opening || held.State == "connected") return;
        held.Opening = true;
        held.State = "starting";
        sockets.Open(number, Id);
        Say(new SessionStarting { NumberId = number, SessionId = held.SessionId });
        _ = Task.Run(async () =>
        {
            async Task<bool> Step(int ms, Action what)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(ms / 2, ms)), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                lock (_lock)
                {
                    if (stop.IsCancellationRequested || !held.Opening || _numbers.GetValueOrDefault(number) != held) return false;
                    what();
                    return true;
                }
            }
            if (!held.Paired)
            {
                if (!await Step(60, () => Say(new QrGenerated($"1@{held.SessionId}-{Guid.NewGuid():N}", QrForm.Raw, 1, TimeSpan.FromSeconds(5)) { NumberId = number, SessionId = held.SessionId }))) return;
                if (!await Step(200, () =>
                    {
                        (held.State, held.Paired) = ("scanned", true);
                        Say(new SessionScanned { NumberId = number, SessionId = held.SessionId });
                        Say(new SessionClosed(CloseReasons.RestartRequired, null, true, true) { NumberId = number, SessionId = held.SessionId });
                    })) return;
            }
            await Step(100, () =>
            {
                (held.State, held.Opening) = ("connected", false);
                Say(new SessionConnected { NumberId = number, SessionId = held.SessionId });
            });
        }, CancellationToken.None);
    }

    private void Say(WorkerAnswer answer) => _toSay.AddLast((Guid.NewGuid().ToString("N"), answer with { WorkerId = Id, At = TimeProvider.System.GetUtcNow().UtcDateTime }));

    /// <summary>From its disk, in order; gone from there when the broker has it. A kill in between says it again under the same id.</summary>
    private async Task SayAsync(IWorkerPort port, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            LinkedListNode<(string Id, WorkerAnswer Answer)>? first;
            lock (_lock) first = _toSay.First;
            if (first is null)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, stop);
                continue;
            }
            await port.AnswerAsync(WorkerAnswerWriter.Write(first.Value.Answer, first.Value.Id), first.Value.Answer is HealthReported);
            lock (_lock) _toSay.Remove(first);
        }
    }

    private async Task LiveAsync(IWorkerPort port, CancellationToken stop)
    {
        var started = true;
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            HeldNumber[] list;
            lock (_lock) list = [.. _numbers.Where(n => n.Value.Wanted).Select(n => new HeldNumber(n.Key, n.Value.SessionId, n.Value.State))];
            var at = TimeProvider.System.GetUtcNow();
            await port.AnswerAsync(new WorkerAlive(started, 100, "storm", false, list));
            lock (_lock)
            {
                if (stop.IsCancellationRequested) return;
                _heardAt = at;
                // What it held before, once what was said to it meanwhile has been read: a number may have been given to somebody else.
                if (i >= 3) foreach (var (number, held) in _numbers.Where(n => n.Value is { Wanted: true, State: "closed" }).ToList()) Begin(number, held, stop);
                if (i % 6 == 0)
                {
                    foreach (var (number, held) in _numbers.Where(n => n.Value.State == "connected"))
                        Say(new HealthReported(HealthReported.HealthyStatus) { NumberId = number, SessionId = held.SessionId });
                }
            }
            started = false;
            await Task.Delay(Beat, TimeProvider.System, stop);
        }
    }
}
