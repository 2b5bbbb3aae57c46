namespace Dispatch.Core.Matching;

/// <summary>An earlier due time was committed: the loop looks again. Of use only to be quick; the rows are what counts.</summary>
public sealed class TimeoutSignal : IDisposable
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

    /// <summary>Until woken, or until <paramref name="due"/> has passed by the clock.</summary>
    public async Task WaitAsync(TimeSpan due, TimeProvider clock, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.Delay(due, clock, end.Token), _wake.WaitAsync(end.Token));
        await end.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    public void Dispose() => _wake.Dispose();
}
