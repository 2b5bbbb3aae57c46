using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Web.Locks;
using Dispatch.Web.Queue;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Moderators;

/// <summary>
/// Who asks for a lock of the reader's, what became of his own requests, and profiles that came or went with the reason: on every page, because the
/// decision does not wait until he looks at the right one.
/// </summary>
public sealed partial class Announcements
{
    private const int Read = 20, MaxLines = 4;
    private readonly List<Line> _lines = [];
    private IReadOnlyList<Ask> _asks = [];
    private int _last;

    private sealed record Line(int Id, string Icon, string Text, string? Reason);

    private sealed record Ask(UnlockRequestView Request, string Title, string Profile);

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ProfileQueries Profiles { get; set; }

    [Inject]
    public required ModeratorQueueService Queue { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required LockSentences Say { get; set; }

    [Inject]
    public required RotationSentences Rotation { get; set; }

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Moderator(Me)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var asked = changes.Where(c => c.Name == EventNames.UnlockRequested).Select(c => c.Id).ToHashSet();
        if (changes.Count == 0 || asked.Count > 0) await ReadRequestsAsync(asked);
        // Lost before won: in this order they happened.
        foreach (var change in changes.Where(c => c.Name == EventNames.ProfileReleased)) await SayReleasedAsync(change.Id);
        foreach (var change in changes.Where(c => c.Name == EventNames.ProfileAssigned)) await SayAssignedAsync(change.Id);
        if (changes.Any(c => c.Name == EventNames.PriorityDecided) && await Queue.LatestRequestAsync(Me, Stopping) is { DecidedAt: not null } decided)
            Add("priority_high", Rotation.Decided(decided), null);
    }

    private async Task ReadRequestsAsync(HashSet<long> changed)
    {
        var requests = await Locks.GetUnlockRequestsAsync(Me, Read, Stopping);
        var open = requests.Where(r => r.Status == UnlockStatus.Open && r.HolderId == Me).ToList();
        var ended = requests.Where(r => r.Status is not (UnlockStatus.Open or UnlockStatus.Moot) && changed.Contains(r.Id)).ToList();
        if (open.Count + ended.Count == 0)
        {
            _asks = [];
            return;
        }
        var titles = await Queries.ContactTitlesAsync([.. open.Concat(ended).Where(r => r.Kind == LockKind.Client).Select(r => r.ResourceId).Distinct()], Stopping);
        var profiles = (await Queries.ProfilesAsync(Stopping)).ToDictionary(p => p.Id, p => p.Name);
        string Title(UnlockRequestView r) => (r.Kind == LockKind.Client ? titles : profiles).GetValueOrDefault(r.ResourceId) ?? "";
        _asks = open.ConvertAll(r => new Ask(r, Title(r), profiles.GetValueOrDefault(r.ProfileId) ?? ""));
        foreach (var request in ended)
        {
            // What he decided himself he knows.
            if (request.HolderId == Me && request.Status is UnlockStatus.GivenUp or UnlockStatus.Kept && request.RequesterId != Me) continue;
            Add(request.RequesterId == Me && request.Status != UnlockStatus.Kept ? "lock_open" : "lock", Say.Ended(request, Me, Title(request)), null);
        }
    }

    private async Task SayAssignedAsync(long profileId)
    {
        var history = await Profiles.HistoryOfAsync(profileId, 2, Stopping);
        if (history is not [{ EndedAt: null } now, ..] || now.ModeratorId != Me) return;
        // Straight from somebody else: then also why not his any more.
        Add("badge", Rotation.Came(now), history is [_, { } last] && last.EndedAt == now.AssignedAt && last.ModeratorId != Me ? Rotation.Before(last) : null);
    }

    private async Task SayReleasedAsync(long profileId)
    {
        if ((await Profiles.LostByAsync(Me, Read, Stopping)).FirstOrDefault(h => h.ProfileId == profileId) is { } lost) Add("move_up", Rotation.Went(lost), Rotation.Why(lost));
    }

    private void Add(string icon, string text, string? reason)
    {
        _lines.Add(new Line(++_last, icon, text, reason));
        if (_lines.Count > MaxLines) _lines.RemoveAt(0);
    }
}
