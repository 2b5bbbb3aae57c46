using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Layout;

/// <summary>Online, Away or Offline: what colleagues and assignment go by, and since when.</summary>
public sealed partial class PresenceSwitch
{
    private static readonly PresenceState[] Choices = [PresenceState.Online, PresenceState.Away, PresenceState.Offline];
    private ModeratorStatus? _status;
    private int _chosen;
    private bool _busy;

    [Inject]
    public required ModeratorQueries Queries { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Moderator(Me)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        // The topic also carries every message; only presence matters here.
        if (changes.Count == 0 || changes.Any(c => c.Name == EventNames.PresenceChanged)) _status = await Queries.StatusAsync(Me, Stopping);
    }

    private async Task ChooseAsync(PresenceState choice)
    {
        _busy = true;
        try
        {
            await Orchestrator.ChoosePresenceAsync(Me, choice, Stopping);
            _status = await Queries.StatusAsync(Me, Stopping);
        }
        finally
        {
            _busy = false;
        }
        // A new key draws the menu closed; the focus goes back to where it was opened.
        _chosen++;
        StateHasChanged();
        await Browser.FocusAsync("#presence-switch > summary");
    }
}
