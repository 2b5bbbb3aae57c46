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

    private readonly WakeSignal _signal = signal ?? new WakeSignal();

    protected TimeProvider Clock => clock;

    /// <summary>End of the last pass that did not fail; null: none yet.</summary>
    public DateTime? LastPassAt { get; private set; }

    /// <summary>When the passes that failed in a row began to; null: the last one was well.</summary>
    public DateTime? FailingSince { get; private set; }

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
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (sleep > TimeSpan.Zero) await _signal.WaitAsync(sleep, clock, stoppingToken);
                try
                {
                    var start = clock.GetTimestamp();
                    sleep = await PassAsync(clock.GetUtcNow().UtcDateTime, stoppingToken);
                    (LastPassAt, FailingSince) = (clock.GetUtcNow().UtcDateTime, null);
                    Passes.Record(clock.GetElapsedTime(start).TotalSeconds, Tag);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    FailingSince ??= clock.GetUtcNow().UtcDateTime;
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
    }

    public override void Dispose()
    {
        base.Dispose();
        _signal.Dispose();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A pass of {Loop} failed; trying again in {Seconds} s")]
    private partial void LogPassFailed(Exception exception, string loop, double seconds);
}
