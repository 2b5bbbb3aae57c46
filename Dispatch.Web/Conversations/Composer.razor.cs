using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dispatch.Web.Conversations;

/// <summary>
/// Where an answer is written. The text lives in the browser (see js/inbox.js) and comes here only to be sent, so typing costs no
/// round trip and survives a lost circuit.
/// </summary>
public sealed partial class Composer : IDisposable
{
    private ElementReference _box;
    private ElementReference _button;
    private DotNetObjectReference<Composer>? _self;
    private long _shown;

    [Parameter, EditorRequired]
    public long ConversationId { get; set; }

    [Parameter, EditorRequired]
    public string Contact { get; set; } = "";

    /// <summary>Why the last answer was not taken; the text is still there.</summary>
    [Parameter]
    public string? Problem { get; set; }

    /// <summary>Who answers this contact elsewhere and what to do about it; null: nobody.</summary>
    [Parameter]
    public RenderFragment? Held { get; set; }

    /// <summary>Somebody types in the conversation; at most every few seconds.</summary>
    [Parameter]
    public Func<long, Task>? OnTyping { get; set; }

    /// <summary>Text and effect key; true: taken.</summary>
    [Parameter, EditorRequired]
    public Func<long, string, string, Task<bool>> OnSend { get; set; } = null!;

    [Inject]
    public required BrowserInterop Browser { get; set; }

    /// <summary>The name under which the browser keeps what was not sent yet.</summary>
    public static string DraftKey(long conversationId) => "conversation." + conversationId.ToString(CultureInfo.InvariantCulture);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_shown == ConversationId) return;
        _shown = ConversationId;
        _self ??= DotNetObjectReference.Create(this);
        try
        {
            await Browser.CallAsync("inbox", "compose", _box, _button, _self, DraftKey(ConversationId));
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // the browser is gone
        }
    }

    /// <summary>Called by the browser. The same key twice is one message.</summary>
    [JSInvokable]
    public Task<bool> SendAsync(string text, string effectKey) => OnSend(_shown, text, effectKey);

    /// <summary>Called by the browser.</summary>
    [JSInvokable]
    public Task TypingAsync() => OnTyping?.Invoke(_shown) ?? Task.CompletedTask;

    public void Dispose() => _self?.Dispose();
}
