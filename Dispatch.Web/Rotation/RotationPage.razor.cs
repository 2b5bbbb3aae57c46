using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Dispatch.Web.Queue;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Rotation;

/// <summary>
/// Exclusive profiles and who holds them, live: an admin moves one by dragging it, or selects it and presses M, pauses it, frees a lock and decides on
/// priorities. Every wish goes through the same claims as everybody's.
/// </summary>
public sealed partial class RotationPage
{
    private const int MaxLocks = 100;
    private RotationBoard? _board;
    private IReadOnlyList<PriorityRequestRow> _requests = [];
    private IReadOnlyList<LockInfo> _locks = [];
    private int _lockCount;
    private IReadOnlyDictionary<long, LockInfo> _profileLocks = new Dictionary<long, LockInfo>();
    private IReadOnlyDictionary<long, string> _contacts = new Dictionary<long, string>();
    private Notices? _notices;
    private IAsyncDisposable? _keys;
    private long _selected;
    private bool _absent;
    private bool _asking;

    [Inject]
    public required ProfileQueries Profiles { get; set; }

    [Inject]
    public required ModeratorAssignmentService Assignments { get; set; }

    [Inject]
    public required ModeratorQueueService Line { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required RotationSentences Sentences { get; set; }

    [Inject]
    public required LockSentences LockSay { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required Shortcuts Shortcuts { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private bool CanMove => IsInRole(Roles.Admin);

    /// <summary>Who is there, waits or holds something; the others only when asked for.</summary>
    private IReadOnlyList<HolderRow> Shown =>
        [.. _board!.People.Where(p => _absent || p.State != PresenceState.Offline || p.HeldProfiles > 0)];

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board, Topics.Queue];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (_board is null || !LockWatch.IsAll(changes))
        {
            _board = await Profiles.BoardAsync(Stopping);
            _requests = await Line.OpenRequestsAsync(Stopping);
        }
        // Locks are told to their profile, of shared ones too.
        foreach (var profile in await Queries.ProfilesAsync(Stopping)) Live?.Add(Topics.Profile(profile.Id));
        (_locks, _lockCount) = await Locks.ListAsync(0, MaxLocks, cancel: Stopping);
        _profileLocks = _locks.Where(l => l.Kind == LockKind.Profile).ToDictionary(l => l.ResourceId);
        _contacts = await Queries.ContactTitlesAsync([.. _locks.Where(l => l.Kind == LockKind.Client).Select(l => l.ResourceId)], Stopping);
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

    private Task MoveSelectedAsync()
    {
        if (_board?.Profiles.FirstOrDefault(p => p.Id == _selected) is { } profile) return MoveAsync(profile);
        if (CanMove) Notices.Say(Words["SelectFirst"]);
        return Task.CompletedTask;
    }

    private Task MoveAsync(ProfileStatus profile) => OnceAsync(async () =>
    {
        _selected = profile.Id;
        if (await Dialogs.AskHolderAsync(Words, profile, _board!) is { } to) await GiveAsync(profile, to);
    });

    private Task DropAsync((long ProfileId, long PersonId) drop) => OnceAsync(async () =>
    {
        if (_board?.Profiles.FirstOrDefault(p => p.Id == drop.ProfileId) is { } profile && profile.HolderId != drop.PersonId) await GiveAsync(profile, drop.PersonId);
    });

    /// <param name="personId">0: whoever is next in the line.</param>
    private async Task GiveAsync(ProfileStatus profile, long personId)
    {
        var person = _board!.People.FirstOrDefault(p => p.Id == personId)?.Name;
        var outcome = personId == 0 ? await Assignments.ReleaseProfileAsync(profile.Id, Me, Stopping)
            : await Assignments.AssignProfileToModeratorAsync(profile.Id, personId, Me, Stopping);
        Notices.Say(Sentences.Refusal(outcome, profile.Name, person) ?? (person is null ? Words["Released", profile.Name].Value : Words["Moved", profile.Name, person]));
    }

    private Task PauseAsync(ProfileStatus profile) => OnceAsync(async () =>
    {
        var outcome = await Assignments.SetPausedAsync(profile.Id, !profile.Paused, Me, Stopping);
        Notices.Say(Sentences.Refusal(outcome, profile.Name, null) ?? Words[profile.Paused ? "Resumed" : "PausedNow", profile.Name]);
    });

    private Task FreeAsync(LockInfo held) => OnceAsync(async () =>
    {
        var title = held.Kind == LockKind.Profile ? held.ProfileName : _contacts.GetValueOrDefault(held.ResourceId) ?? "";
        if (await Dialogs.AskReasonAsync(Words, title, held.ModeratorName) is not { } reason) return;
        var outcome = await Locks.TakeOverAsync(held.Kind, held.ResourceId, Me, reason, seenToken: held.Token, cancel: Stopping);
        Notices.Say(LockSay.Refusal(outcome) ?? Words["LockFreed", title, held.ModeratorName]);
    });

    private Task DecideAsync((PriorityRequestRow Row, bool Grant) decision) => OnceAsync(async () =>
    {
        var result = await Line.DecidePriorityAsync(decision.Row.Id, decision.Grant, Me, Stopping);
        Notices.Say(Sentences.Refusal(result) ?? Words[decision.Grant ? "Granted" : "Refused", decision.Row.Name]);
    });

    /// <summary>A second press while the first is on its way does nothing. An ops person sees all and changes nothing.</summary>
    private async Task OnceAsync(Func<Task> work)
    {
        if (_asking || !CanMove) return;
        _asking = true;
        try
        {
            await work();
            await ReloadAsync();
        }
        finally
        {
            _asking = false;
            StateHasChanged();
        }
    }

    protected override async ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        if (_keys is not null) await BrowserInterop.DisposeSafelyAsync(_keys);
    }
}
