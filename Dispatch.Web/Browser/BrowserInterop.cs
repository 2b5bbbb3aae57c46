using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dispatch.Web.Browser;

/// <summary>The door to the scripts in <c>wwwroot/js</c>; each module is fetched when first used. Only for interactive pages.</summary>
public sealed class BrowserInterop(IJSRuntime js) : IAsyncDisposable
{
    private readonly Dictionary<string, Task<IJSObjectReference>> _modules = new(StringComparer.Ordinal);

    /// <summary>IANA name of the browser's zone, such as <c>Africa/Dakar</c>.</summary>
    public ValueTask<string> ZoneAsync() => CallAsync<string>("page", "zone");

    public ValueTask SetTitleAsync(string title) => CallAsync("page", "title", title);

    /// <summary>Focuses the first element that matches; nothing happens when there is none.</summary>
    public ValueTask FocusAsync(string selector) => CallAsync("page", "focus", selector);

    public ValueTask ScrollToEndAsync(string selector) => CallAsync("page", "scrollToEnd", selector);

    /// <summary>False when the browser does not allow it (plain http from another machine).</summary>
    public ValueTask<bool> CopyAsync(string text) => CallAsync<bool>("page", "copy", text);

    /// <summary>Is this tab in front.</summary>
    public ValueTask<bool> IsVisibleAsync() => CallAsync<bool>("page", "visible");

    public ValueTask BeepAsync() => CallAsync("page", "beep");

    /// <param name="theme"><c>light</c> or <c>dark</c>.</param>
    public ValueTask SetThemeAsync(string theme) => CallAsync("theme", "set", theme);

    public ValueTask ToggleThemeAsync() => CallAsync("theme", "toggle");

    public ValueTask<string> ReadDraftAsync(string key) => CallAsync<string>("drafts", "read", key);

    /// <summary>An empty text removes the draft.</summary>
    public ValueTask WriteDraftAsync(string key, string text) => CallAsync("drafts", "write", key, text);

    /// <summary>The browser saves every keystroke in <paramref name="element"/> under <paramref name="key"/>, also while the circuit is lost.</summary>
    public ValueTask WatchDraftAsync(ElementReference element, string key) => CallAsync("drafts", "watch", element, key);

    public async ValueTask CallAsync(string module, string function, params object?[] arguments) =>
        await (await ModuleAsync(module)).InvokeVoidAsync(function, arguments);

    public async ValueTask<T> CallAsync<T>(string module, string function, params object?[] arguments) =>
        await (await ModuleAsync(module)).InvokeAsync<T>(function, arguments);

    private Task<IJSObjectReference> ModuleAsync(string name)
    {
        // A failed import (the circuit was going) must not be remembered for ever.
        if (!_modules.TryGetValue(name, out var module) || module.IsFaulted || module.IsCanceled)
            _modules[name] = module = js.InvokeAsync<IJSObjectReference>("import", $"./js/{name}.js").AsTask();
        return module;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var module in _modules.Values.Where(m => m.IsCompletedSuccessfully)) await DisposeSafelyAsync(await module);
    }

    /// <summary>The browser is often gone by the time a circuit is put away; then there is nothing left to tell it.</summary>
    public static async ValueTask DisposeSafelyAsync(IAsyncDisposable reference)
    {
        try
        {
            await reference.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // nothing to do
        }
    }
}
