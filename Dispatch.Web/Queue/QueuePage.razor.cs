using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Queue;

/// <summary>My place among those who wait for work, and the conversations that wait for somebody.</summary>
public sealed partial class QueuePage
{
    private const int Shown = 100;
    private MyQueue? _queue;
    private WaitingList? _waiting;
    private ModeratorStatus? _status;
    private Notices? _notices;

    [Inject]
    public required ModeratorQueries Moderators { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required Sentences Sentences { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Queue, Topics.Waiting, Topics.Moderator(Me)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        _status = await Moderators.StatusAsync(Me, Stopping);
        _queue = await Moderators.QueueAsync(Me, Stopping);
        _waiting = await Queries.WaitingAsync(Me, 0, Shown, Stopping);
    }

    private async Task TakeAsync(WaitingRow row)
    {
        var outcome = await Orchestrator.TakeAsync(row.Id, Me, row.OwnerVersion, cancel: Stopping);
        if (outcome.Succeeded) Navigation.NavigateTo(InboxView.Of(row.Id, null, null).Url);
        else Notices.Say(Sentences.Refusal(outcome, row.Title));
    }

    private static string FirstName(string name) => name.Split(' ', 2)[0];

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
