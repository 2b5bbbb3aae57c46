using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dispatch.Web.Conversations;

/// <summary>A conversation's messages and what happened to it. Give it a key per conversation: the browser side follows one element.</summary>
public sealed partial class ThreadLog
{
    private IReadOnlyList<ThreadItem> _items = [];
    private long? _firstUnread;
    private ElementReference _log;
    private ElementReference _jump;
    private bool _loadingOlder;

    [Parameter, EditorRequired]
    public ThreadPage Page { get; set; } = ThreadPage.Empty;

    [Parameter, EditorRequired]
    public string Contact { get; set; } = "";

    /// <summary>How many inbound messages were unread when the thread was opened.</summary>
    [Parameter]
    public int Unread { get; set; }

    [Parameter]
    public EventCallback OnOlder { get; set; }

    /// <summary>Not set: nothing can be sent again here.</summary>
    [Parameter]
    public EventCallback<ThreadMessage> OnRetry { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    protected override void OnParametersSet() => Build();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        try
        {
            var zone = Time.Zone;
            if (!(await Time.GetZoneAsync()).Equals(zone))
            {
                Build();
                StateHasChanged();
            }
            await Browser.CallAsync("inbox", "follow", _log, _jump);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // the browser is gone
        }
    }

    private void Build()
    {
        _firstUnread ??= ThreadItems.FirstUnread(Page.Messages, Unread);
        _items = ThreadItems.Build(Page, _firstUnread, Time.ToLocal);
    }

    private async Task OlderAsync()
    {
        _loadingOlder = true;
        await OnOlder.InvokeAsync();
        _loadingOlder = false;
    }

    private string DayText(DateOnly day)
    {
        var today = DateOnly.FromDateTime(Time.ToLocal(Time.UtcNow));
        if (day == today) return Words["Today"];
        if (day == today.AddDays(-1)) return Words["Yesterday"];
        var culture = CultureInfo.CurrentCulture;
        return day.ToString(day.Year == today.Year ? culture.DateTimeFormat.MonthDayPattern : culture.DateTimeFormat.LongDatePattern, culture);
    }

    private static string Icon(ThreadEvent e) => e.Kind switch
    {
        ConversationEventKind.Opened => "forum",
        ConversationEventKind.Assigned => "arrow_forward",
        ConversationEventKind.Parked => "hourglass_top",
        ConversationEventKind.Returned => "undo",
        ConversationEventKind.Closed => "check_circle",
        ConversationEventKind.Reopened => "replay",
        ConversationEventKind.NoteAdded => "sticky_note_2",
    };
}
