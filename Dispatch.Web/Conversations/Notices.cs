namespace Dispatch.Web.Conversations;

/// <summary>One sentence to the person in front of the screen, with at most one thing to do about it.</summary>
/// <param name="Count">How many things of its kind it stands for; 0: it is not counted.</param>
public sealed record NoticeLine(long Id, string Text, string? ActionLabel, Func<Task>? Action, int Count = 0);

/// <summary>The sentences of one page, newest last. They go by themselves; the page's live region reads them out.</summary>
public sealed class Notices(TimeProvider clock) : IDisposable
{
    private const int MaxShown = 4, MaxApart = 2;
    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(12);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<NoticeLine> _lines = [];
    private long _lastId;

    public IReadOnlyList<NoticeLine> Lines => _lines;

    public event Action? Changed;

    public void Say(string? text, string? actionLabel = null, Func<Task>? action = null) => Add(text, actionLabel, action, 0);

    /// <summary>One more of the same kind. Up to two stand for themselves; more are one line that counts, so that a rush does not cover the page.</summary>
    /// <param name="together">The sentence for all of them.</param>
    public void SayCounted(string text, string actionLabel, Func<Task> action, Func<int, string> together)
    {
        var count = _lines.Sum(l => l.Count) + 1;
        if (count <= MaxApart)
        {
            Add(text, actionLabel, action, 1);
            return;
        }
        _lines.RemoveAll(l => l.Count > 0);
        Add(together(count), null, null, count);
    }

    public void Remove(NoticeLine line)
    {
        if (_lines.Remove(line)) Changed?.Invoke();
    }

    private void Add(string? text, string? actionLabel, Func<Task>? action, int count)
    {
        if (string.IsNullOrEmpty(text) || _stop.IsCancellationRequested) return;
        var line = new NoticeLine(++_lastId, text, actionLabel, action, count);
        _lines.Add(line);
        if (_lines.Count > MaxShown) _lines.RemoveAt(0);
        Changed?.Invoke();
        _ = ExpireAsync(line);
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
