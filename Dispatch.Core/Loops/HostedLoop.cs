using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Loops;

/// <summary>
/// The frame of every hosted loop: pass, sleep, pass again. A pass that fails is logged and tried again; it never ends the loop, and with it the work that
/// only the loop does. What a pass does lies in the loop's own <c>RunOnceAsync(now)</c>, which tests call.
/// </summary>
/// <param name="signal">Shared with those who wake the loop without knowing it; null: the loop has its own.</param>
public abstract partial class HostedLoop(TimeProvider clock, ILogger logger, WakeSignal? signal = null) : BackgroundService
{
    // One meter for the process: loops come and go with their host, and its instruments are the same for all of them.
    private static readonly Meter Meter = new("Dispatch.Loops");
    private static readonly Histogram<double> Passes = Meter.CreateHistogram<double>("dispatch.loop.pass.duration", "s", "How long a pass of a hosted loop took");
    private static readonly Counter<long> Faults = Meter.CreateCounter<long>("dispatch.loop.faults", description: "Passes of hosted loops that failed");

    private static readonly ConcurrentDictionary<HostedLoop, byte> Running = new();

    static HostedLoop()
    {
        Meter.CreateObservableGauge(
            "dispatch.loop.age", () => Running.Keys.Select(l => new Measurement<double>(l.View().Age.TotalSeconds, l.Tag)), "s",
            "Since the last pass of a hosted loop that was well ended, or since its start");
        Meter.CreateObservableGauge(
            "dispatch.loop.late", () => Running.Keys.Select(l => new Measurement<double>(l.View().Late.TotalSeconds, l.Tag)), "s",
            "How long a hosted loop has been overdue: in one pass, past the end of its sleep, failing, or stopped; 0: it is well");
    }

    private readonly WakeSignal _signal = signal ?? new WakeSignal();

    protected TimeProvider Clock => clock;

    /// <summary>End of the last pass that did not fail; null: none yet.</summary>
    public DateTime? LastPassAt { get; private set; }

    /// <summary>When the passes that failed in a row began to; null: the last one was well.</summary>
    public DateTime? FailingSince { get; private set; }

    /// <summary>By the timestamps of the clock, which nobody can set back; 0: not yet.</summary>
    private long _startedAt, _endedAt, _failingAt, _busyAt, _dueAt;
    private bool _stopped;

    /// <summary>How the loop is now, from memory.</summary>
    public LoopView View()
    {
        var (started, ended, failing, busy, due) = (
            Interlocked.Read(ref _startedAt), Interlocked.Read(ref _endedAt), Interlocked.Read(ref _failingAt), Interlocked.Read(ref _busyAt), Interlocked.Read(ref _dueAt));
        if (started == 0) return new LoopView(GetType().Name, LoopState.NotStarted, TimeSpan.Zero, TimeSpan.Zero);
        var age = clock.GetElapsedTime(ended == 0 ? started : ended);
        if (Volatile.Read(ref _stopped)) return new LoopView(GetType().Name, LoopState.Stopped, age, age);
        if (failing != 0) return new LoopView(GetType().Name, LoopState.Failing, age, clock.GetElapsedTime(failing));
        if (busy != 0) return new LoopView(GetType().Name, LoopState.InPass, age, clock.GetElapsedTime(busy));
        var late = due == 0 ? TimeSpan.Zero : clock.GetElapsedTime(due);
        return new LoopView(GetType().Name, LoopState.Sleeping, age, late > TimeSpan.Zero ? late : TimeSpan.Zero);
    }

    /// <summary>How long the loop waits before its first pass; zero by default: what fell due while the process was down comes first.</summary>
    protected virtual TimeSpan FirstAfter => TimeSpan.Zero;

    /// <summary>How long the loop waits after a pass that failed.</summary>
    protected virtual TimeSpan AfterFault => TimeSpan.FromSeconds(1);

    /// <summary>One pass; returns how long to sleep unless woken. Zero: at once.</summary>
    protected abstract Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop);

    /// <summary>There may be something to do. Never blocks; many calls make one pass.</summary>
    public void Wake() => _signal.Wake();

    private KeyValuePair<string, object?> Tag => new("loop", GetType().Name);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sleep = FirstAfter;
        Begin();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                Interlocked.Exchange(ref _dueAt, clock.GetTimestamp() + (long)(sleep.TotalSeconds * clock.TimestampFrequency));
                if (sleep > TimeSpan.Zero) await _signal.WaitAsync(sleep, clock, stoppingToken);
                try
                {
                    var start = clock.GetTimestamp();
                    Interlocked.Exchange(ref _busyAt, start);
                    sleep = await PassAsync(clock.GetUtcNow().UtcDateTime, stoppingToken);
                    (LastPassAt, FailingSince) = (clock.GetUtcNow().UtcDateTime, null);
                    Interlocked.Exchange(ref _endedAt, clock.GetTimestamp());
                    Interlocked.Exchange(ref _failingAt, 0);
                    Interlocked.Exchange(ref _busyAt, 0);
                    Passes.Record(clock.GetElapsedTime(start).TotalSeconds, Tag);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    FailingSince ??= clock.GetUtcNow().UtcDateTime;
                    Interlocked.CompareExchange(ref _failingAt, clock.GetTimestamp(), 0);
                    Interlocked.Exchange(ref _busyAt, 0);
                    Faults.Add(1, Tag);
                    LogPassFailed(e, GetType().Name, AfterFault.TotalSeconds);
                    // Not by the signal: a fault that lasts must not be retried as fast as others wake the loop.
                    await Task.Delay(AfterFault, clock, stoppingToken);
                    sleep = TimeSpan.Zero;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping
        }
        finally
        {
            // A loop that ended is known as one until its host goes: nobody else would notice.
            Volatile.Write(ref _stopped, true);
        }
    }

    private void Begin()
    {
        Volatile.Write(ref _stopped, false);
        Interlocked.Exchange(ref _endedAt, 0);
        Interlocked.Exchange(ref _failingAt, 0);
        Interlocked.Exchange(ref _busyAt, 0);
        // Never 0, which says that it was not started.
        Interlocked.Exchange(ref _startedAt, Math.Max(1, clock.GetTimestamp()));
        Running.TryAdd(this, 0);
    }

    public override void Dispose()
    {
        Running.TryRemove(this, out _);
        base.Dispose();
        _signal.Dispose();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A pass of {Loop} failed; trying again in {Seconds} s")]
    private partial void LogPassFailed(Exception exception, string loop, double seconds);
}
