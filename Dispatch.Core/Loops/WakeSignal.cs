namespace Dispatch.Core.Loops;

/// <summary>"There may be something to do": shortens the sleep of a loop. Of use only to be quick; the rows are what counts.</summary>
public class WakeSignal : IDisposable
{
    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>Never blocks; many calls make one look.</summary>
    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // already awake
        }
        catch (ObjectDisposedException)
        {
            // stopping
        }
    }

    /// <summary>Until woken, or until <paramref name="sleep"/> has passed by the clock, in whole milliseconds: a timer cuts the rest off, and a look that comes too early is made twice.</summary>
    public async Task WaitAsync(TimeSpan sleep, TimeProvider clock, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(sleep.TotalMilliseconds)), clock, end.Token), _wake.WaitAsync(end.Token));
        await end.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        _wake.Dispose();
        GC.SuppressFinalize(this);
    }
}
