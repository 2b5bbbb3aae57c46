namespace Dispatch.Web.Conversations;

/// <summary>One sentence to the person in front of the screen, with at most one thing to do about it.</summary>
public sealed record NoticeLine(long Id, string Text, string? ActionLabel, Func<Task>? Action);

/// <summary>The sentences of one page, newest last. They go by themselves; the page's live region reads them out.</summary>
public sealed class Notices(TimeProvider clock) : IDisposable
{
    private const int MaxShown = 4;
    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(12);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<NoticeLine> _lines = [];
    private long _lastId;

    public IReadOnlyList<NoticeLine> Lines => _lines;

    public event Action? Changed;

    public void Say(string? text, string? actionLabel = null, Func<Task>? action = null)
    {
        if (string.IsNullOrEmpty(text) || _stop.IsCancellationRequested) return;
        var line = new NoticeLine(++_lastId, text, actionLabel, action);
        _lines.Add(line);
        if (_lines.Count > MaxShown) _lines.RemoveAt(0);
        Changed?.Invoke();
        _ = ExpireAsync(line);
    }

    public void Remove(NoticeLine line)
    {
        if (_lines.Remove(line)) Changed?.Invoke();
    }

    private async Task ExpireAsync(NoticeLine line)
    {
        await Task.Delay(Shown, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!_stop.IsCancellationRequested) Remove(line);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
