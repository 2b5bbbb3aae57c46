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
    private readonly WakeSignal _signal = signal ?? new WakeSignal();

    protected TimeProvider Clock => clock;

    /// <summary>How long the loop waits before its first pass; zero by default: what fell due while the process was down comes first.</summary>
    protected virtual TimeSpan FirstAfter => TimeSpan.Zero;

    /// <summary>How long the loop waits after a pass that failed.</summary>
    protected virtual TimeSpan AfterFault => TimeSpan.FromSeconds(1);

    /// <summary>One pass; returns how long to sleep unless woken. Zero: at once.</summary>
    protected abstract Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop);

    /// <summary>There may be something to do. Never blocks; many calls make one pass.</summary>
    public void Wake() => _signal.Wake();

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
                    sleep = await PassAsync(clock.GetUtcNow().UtcDateTime, stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
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
