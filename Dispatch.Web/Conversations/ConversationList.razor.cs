using Dispatch.Core.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Conversations;

/// <summary>The left pane: search, filters, the rows.</summary>
public sealed partial class ConversationList : IDisposable
{
    private static readonly TimeSpan TypingPause = TimeSpan.FromMilliseconds(250);
    private CancellationTokenSource? _typing;

    /// <summary>Null: not read yet.</summary>
    [Parameter, EditorRequired]
    public List<ConversationRow>? Rows { get; set; }

    [Parameter, EditorRequired]
    public IReadOnlyList<WaitingRow> Waiting { get; set; } = [];

    [Parameter, EditorRequired]
    public InboxView View { get; set; } = null!;

    [Parameter]
    public int WaitingCount { get; set; }

    [Parameter]
    public int UnreadCount { get; set; }

    [Parameter]
    public int Unanswered { get; set; }

    [Parameter]
    public int Total { get; set; }

    /// <summary>Who answers whom now; null: not known yet.</summary>
    [Parameter]
    public LockWatch? Locks { get; set; }

    [Parameter]
    public long Me { get; set; }

    [Parameter]
    public bool Sound { get; set; }

    [Parameter]
    public EventCallback OnSound { get; set; }

    [Parameter]
    public EventCallback<string> OnSearch { get; set; }

    [Parameter]
    public EventCallback<bool> OnHover { get; set; }

    [Parameter]
    public EventCallback<WaitingRow> OnTake { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    private IEnumerable<(string Key, string Label)> Filters =>
    [
        (InboxView.All, Words["Filter_all", Total]),
        (InboxView.Unread, Words["Filter_unread", UnreadCount]),
        (InboxView.Unanswered, Words["Filter_waiting", Unanswered]),
        (InboxView.Line, Words["Filter_line", WaitingCount]),
    ];

    private async Task SearchLater(ChangeEventArgs e)
    {
        if (_typing is not null) await _typing.CancelAsync();
        _typing?.Dispose();
        var typing = _typing = new CancellationTokenSource();
        await Task.Delay(TypingPause, Clock, typing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (ReferenceEquals(typing, _typing)) await OnSearch.InvokeAsync(e.Value as string ?? "");
    }

    public void Dispose()
    {
        _typing?.Cancel();
        _typing?.Dispose();
        _typing = null;
    }
}
