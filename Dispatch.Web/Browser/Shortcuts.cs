using Microsoft.JSInterop;

namespace Dispatch.Web.Browser;

/// <summary>A key and what it does, as the help dialog lists it.</summary>
/// <param name="Key">As the browser names it: <c>j</c>, <c>?</c>, <c>Escape</c>, <c>Ctrl+k</c>, <c>Alt+ArrowDown</c>. Letters in lower case.</param>
/// <param name="WhileTyping">Also when the cursor is in a field.</param>
public sealed record Shortcut(string Key, string Description, Func<Task> Action, bool WhileTyping = false);

/// <summary>The keys of the page in view. A component registers its own and lets go of them when it is disposed.</summary>
public sealed class Shortcuts(BrowserInterop browser) : IAsyncDisposable
{
    private readonly List<Shortcut> _all = [];
    private DotNetObjectReference<Shortcuts>? _self;

    /// <summary>In the order of registration, the newest of each key: what <c>?</c> shows.</summary>
    public IReadOnlyList<Shortcut> Active => [.. _all.GroupBy(s => s.Key, StringComparer.Ordinal).Select(g => g.Last())];

    /// <summary>Call from <c>OnAfterRenderAsync(firstRender)</c>. Where two components want a key, the newer one has it until disposed.</summary>
    public async Task<IAsyncDisposable> RegisterAsync(params IReadOnlyList<Shortcut> shortcuts)
    {
        if (_self is null)
        {
            _self = DotNetObjectReference.Create(this);
            await browser.CallAsync("keys", "start", _self);
        }
        foreach (var shortcut in shortcuts)
        {
            _all.Add(shortcut);
            await browser.CallAsync("keys", "add", shortcut.Key, shortcut.WhileTyping);
        }
        return new Registration(this, shortcuts);
    }

    [JSInvokable]
    public Task OnKeyAsync(string key) =>
        _all.FindLast(s => string.Equals(s.Key, key, StringComparison.Ordinal))?.Action() ?? Task.CompletedTask;

    private async ValueTask RemoveAsync(IReadOnlyList<Shortcut> shortcuts)
    {
        foreach (var shortcut in shortcuts) _all.Remove(shortcut);
        try
        {
            foreach (var key in shortcuts.Select(s => s.Key))
            {
                if (_all.FindLast(s => string.Equals(s.Key, key, StringComparison.Ordinal)) is { } older)
                    await browser.CallAsync("keys", "add", key, older.WhileTyping);
                else
                    await browser.CallAsync("keys", "remove", key);
            }
        }
        catch (JSDisconnectedException)
        {
            // the page is gone and its listener with it
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_self is null) return;
        try
        {
            await browser.CallAsync("keys", "stop");
        }
        catch (JSDisconnectedException)
        {
            // the page is gone and its listener with it
        }
        _self.Dispose();
    }

    private sealed class Registration(Shortcuts owner, IReadOnlyList<Shortcut> shortcuts) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => owner.RemoveAsync(shortcuts);
    }
}
