using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Queue;

/// <summary>My places among those who wait for profiles and for conversations, what I hold, and the conversations that wait for somebody.</summary>
public sealed partial class QueuePage
{
    private const int Shown = 100;
    private MyQueue? _queue;
    private WaitingList? _waiting;
    private ModeratorStatus? _status;
    private QueueStatus? _line;
    private MyPriorityRequest? _request;
    private int _maxProfiles;
    private IReadOnlyList<HeldProfile> _held = [];
    private IReadOnlyDictionary<long, LockInfo> _profileLocks = new Dictionary<long, LockInfo>();
    private LockWatch? _locks;
    private Notices? _notices;

    [Inject]
    public required ModeratorQueueService Line { get; set; }

    [Inject]
    public required SettingsService Settings { get; set; }

    [Inject]
    public required ProfileQueries Profiles { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

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
        if (!LockWatch.IsAll(changes)) await ReadPlacesAsync();
        _profileLocks = await Locks.GetLocksOnAsync(LockKind.Profile, [.. _held.Select(h => h.ProfileId)], Stopping);
        await (_locks ??= new LockWatch(Locks)).ReadAsync(Live, _waiting!.Items.Select(w => w.ContactId), Stopping);
    }

    private async Task ReadPlacesAsync()
    {
        _status = await Moderators.StatusAsync(Me, Stopping);
        _queue = await Moderators.QueueAsync(Me, Stopping);
        _line = await Line.GetQueueStatusAsync(Stopping);
        _maxProfiles = (await Settings.RoutingAsync(Stopping)).MaxProfiles;
        _request = await Line.LatestRequestAsync(Me, Stopping);
        var held = await Profiles.HeldByAsync(Me, Stopping);
        foreach (var gone in _held.ExceptBy(held.Select(h => h.ProfileId), h => h.ProfileId)) Live?.Remove(Topics.Profile(gone.ProfileId));
        foreach (var profile in held) Live?.Add(Topics.Profile(profile.ProfileId));
        _held = held;
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
