using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.People;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Board;

/// <summary>One conversation for admins and ops: read only, with why it is where it is.</summary>
public sealed partial class ConversationPageView
{
    private ConversationRow? _row;
    private ThreadPage _thread = ThreadPage.Empty;
    private ContactCard? _contact;
    private WhyDecision? _why;
    private LockWatch? _locks;
    private Notices? _notices;
    private long _shown;

    [Parameter]
    public long Id { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private bool CanMove => IsInRole(Roles.Admin) && _row is { Status: not ConversationStatus.Closed };

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Conversation(Id)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var id = Id;
        if (_shown != id)
        {
            if (_shown != 0) Live?.Remove(Topics.Conversation(_shown));
            Live?.Add(Topics.Conversation(id));
            _shown = id;
            _thread = ThreadPage.Empty;
        }
        var row = await Queries.FindAsync(id, Stopping);
        var thread = row is null ? ThreadPage.Empty
            : _thread.Messages.Count == 0 ? await Queries.ThreadAsync(id, null, Stopping)
            : await Queries.ThreadFromAsync(id, _thread.Messages[0].Id, Stopping);
        var contact = row is null ? null : await Queries.ContactAsync(id, Stopping);
        var why = row is null ? null : await Queries.WhyAsync(id, Stopping);
        if (id != Id) return;
        (_row, _thread, _contact, _why) = (row, thread, contact, why);
        await (_locks ??= new LockWatch(Locks)).ReadAsync(Live, [row?.ContactId ?? 0], Stopping);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != Id) await ReloadAsync();
    }

    private async Task OlderAsync()
    {
        if (_thread.Messages.Count == 0) return;
        var first = _thread.Messages[0].Id;
        var older = await Queries.ThreadAsync(Id, first, Stopping);
        if (_thread.Messages.Count == 0 || _thread.Messages[0].Id != first) return;
        _thread = _thread.WithOlder(older);
    }

    private async Task MoveAsync()
    {
        if (!CanMove || _row is not { } row) return;
        Notices.Say(await Moves.AskAndMoveAsync(Dialogs, Orchestrator, Sentences, InboxWords, row, Me));
        await ReloadAsync();
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
