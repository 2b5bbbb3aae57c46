using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Board;

/// <summary>Who has what, live. An admin selects a conversation and presses M, or its Move button.</summary>
public sealed partial class BoardPage
{
    private IReadOnlyList<BoardCard>? _cards;
    private WaitingCounts? _counts;
    private LockWatch? _locks;
    private Notices? _notices;
    private IAsyncDisposable? _keys;
    private long? _selected;
    private bool _asking;

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required Sentences Sentences { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required Shortcuts Shortcuts { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private bool CanMove => IsInRole(Roles.Admin);

    /// <summary>Everything that happens in the house is on this page.</summary>
    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board, Topics.Waiting];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (_cards is null || !LockWatch.IsAll(changes))
        {
            _cards = await Queries.BoardAsync(Stopping);
            _counts = await Queries.WaitingCountsAsync(Stopping);
        }
        await (_locks ??= new LockWatch(Locks)).ReadAsync(Live, _cards.SelectMany(c => c.Conversations).Select(c => c.ContactId), Stopping);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        try
        {
            _keys = await Shortcuts.RegisterAsync([new Shortcut("m", Words["Key_Move"], () => InvokeAsync(MoveSelectedAsync))]);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // the browser is gone
        }
    }

    private void Select(long id) => _selected = id;

    private Task MoveSelectedAsync()
    {
        var row = _cards?.SelectMany(c => c.Conversations).FirstOrDefault(c => c.Id == _selected);
        if (row is null)
        {
            if (CanMove) Notices.Say(Words["SelectFirst"]);
            return Task.CompletedTask;
        }
        return MoveAsync(row);
    }

    private async Task MoveAsync(ConversationRow row)
    {
        if (!CanMove || _asking) return;
        _asking = true;
        try
        {
            _selected = row.Id;
            Notices.Say(await Moves.AskAndMoveAsync(Dialogs, Orchestrator, Sentences, InboxWords, row, Me));
            await ReloadAsync();
            StateHasChanged();
        }
        finally
        {
            _asking = false;
        }
    }

    protected override async ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        if (_keys is not null) await _keys.DisposeAsync();
    }
}
