using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Web.Browser;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Conversations;

/// <summary>The moderator's workplace: the list, the thread, the contact. What it shows stands in its address.</summary>
public sealed partial class InboxPage
{
    /// <summary>A wait past this is marked.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromMinutes(5);

    private const int MaxExplained = 2;
    private InboxModel? _model;
    private InboxView? _shown;
    private IAsyncDisposable? _keys;
    private DotNetObjectReference<InboxPage>? _self;
    private Notices? _notices;
    private string? _problem;
    private bool _visible = true;
    private bool _hover;
    private bool _panel;
    private bool _sound;
    private bool _busy;

    [SupplyParameterFromQuery(Name = "c")]
    public long? OpenId { get; set; }

    [SupplyParameterFromQuery(Name = "filter")]
    public string? Filter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Search { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ModeratorActivityService Activity { get; set; }

    [Inject]
    public required Sentences Sentences { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required Shortcuts Shortcuts { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private InboxView View => InboxView.Of(OpenId, Filter, Search);
    private Notices Notices => _notices ??= new Notices(Clock);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Moderator(Me), Topics.Waiting];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        _model ??= new InboxModel(Queries, Me);
        if (changes.Count == 0)
        {
            await ShowAsync(View);
            await ReadOpenAsync();
            return;
        }
        var open = View.Open is { } id ? Topics.Conversation(id) : null;
        if (changes.Any(LockWatch.Concerns)) await RereadLocksAsync();
        var others = changes.Where(c => !IsOnlyForOthers(c)).ToList();
        if (others.Any(c => c.Topic != open)) await ReadListAsync();
        if (others.Any(c => c.Topic == open || c.Id == View.Open)) await ReadOpenAsync();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && View != _shown) await ShowAsync(View);
    }

    /// <summary>Another address: the list when its filter changed, the thread when another one is open.</summary>
    private async Task ShowAsync(InboxView view)
    {
        var before = _shown;
        _shown = view;
        if (before?.Open != view.Open)
        {
            _problem = null;
            _panel = false;
            // Subscribe first, then read: what happens in between is signalled.
            if (before?.Open is { } old) Live?.Remove(Topics.Conversation(old));
            if (view.Open is { } id) Live?.Add(Topics.Conversation(id));
            await _model!.OpenAsync(view.Open, Stopping);
            StateHasChanged();
            await MarkReadAsync();
            await FollowLockAsync();
        }
        if (before is null || before.Filter != view.Filter || before.Search != view.Search) await ReadListAsync();
    }

    private async Task ReadListAsync()
    {
        var change = await _model!.ReadListAsync(View, _hover, Stopping);
        foreach (var row in change.Gone) Notices.Say(Sentences.Gone(await Queries.LastChangeAsync(row.Id, Stopping), row.Title, Me));
        await ReadLocksAsync();
        var arrived = change.Arrived.Where(r => !_mineByWish.Remove(r.Id)).ToList();
        if (arrived.Count == 0) return;
        foreach (var row in arrived)
            Notices.SayCounted(await ArrivalAsync(row, arrived.Count), Words["Read"], () => GoAsync(row.Id), count => Plural.Of(Words, "Arrived", count));
        if (_sound) await Browser.BeepAsync();
    }

    /// <summary>One or two come with their reason when they were somebody else's before; a rush is only counted.</summary>
    private async Task<string> ArrivalAsync(ConversationRow row, int together) =>
        (together > MaxExplained ? null : Sentences.Came(await Queries.LastChangeAsync(row.Id, Stopping), row.Title)) ?? Words["ArrivedOne", row.Title];

    private async Task ReadOpenAsync()
    {
        await _model!.ReadOpenAsync(Stopping);
        await MarkReadAsync();
        await FollowLockAsync();
    }

    private async Task MarkReadAsync()
    {
        if (_visible && _model is { IsMine: true, Open: { Unread: > 0, Id: var id } }) await Orchestrator.MarkReadAsync(id, Me, Stopping);
    }

    private async Task HoverAsync(bool over)
    {
        _hover = over;
        if (!over && _model is not null) await ReadListAsync();
    }

    private Task SearchAsync(string text) => NavigateAsync(View.With(search: text.Trim()), replace: true);

    private Task GoAsync(long? id) => NavigateAsync(View.With(open: id ?? 0), replace: false);

    private Task NavigateAsync(InboxView view, bool replace)
    {
        Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = replace });
        return Task.CompletedTask;
    }

    private async Task OlderAsync() => await _model!.ReadOlderAsync(Stopping);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        try
        {
            _self = DotNetObjectReference.Create(this);
            _visible = await Browser.CallAsync<bool>("inbox", "watchVisibility", _self);
            _sound = await Browser.CallAsync<bool>("inbox", "hasSound");
            _keys = await Shortcuts.RegisterAsync(Keys());
            StateHasChanged();
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // the browser is gone
        }
    }

    /// <summary>Called by the browser: this tab came to the front or went behind others.</summary>
    [JSInvokable]
    public async Task OnVisibilityAsync(bool visible)
    {
        _visible = visible;
        await MarkReadAsync();
    }

    private IReadOnlyList<Shortcut> Keys() =>
    [
        new("j", Words["Key_Next"], () => StepAsync(1)),
        new("k", Words["Key_Previous"], () => StepAsync(-1)),
        new("Alt+j", Words["Key_Next"], () => StepAsync(1), WhileTyping: true),
        new("Alt+k", Words["Key_Previous"], () => StepAsync(-1), WhileTyping: true),
        new("r", Words["Key_Reply"], () => Browser.FocusAsync("#composer").AsTask()),
        new("Alt+e", Words["Key_Close"], () => InvokeAsync(CloseAsync), WhileTyping: true),
        new("/", Words["Key_Search"], () => Browser.FocusAsync("#inbox-search").AsTask()),
    ];

    private Task StepAsync(int step) => _model?.Neighbour(step) is { } id ? InvokeAsync(() => GoAsync(id)) : Task.CompletedTask;

    private async Task ToggleSoundAsync()
    {
        _sound = !_sound;
        await Browser.CallAsync("inbox", "setSound", _sound);
        if (_sound) await Browser.BeepAsync();
    }

    protected override async ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        // A page that dies leaves the lock to its time; one that is left in order ends it now.
        if (_lock is not null) await _lock.LeaveAsync(CancellationToken.None);
        try
        {
            if (_keys is not null) await _keys.DisposeAsync();
            if (_self is not null) await Browser.CallAsync("inbox", "unwatchVisibility");
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // the browser is gone
        }
        _self?.Dispose();
    }
}
