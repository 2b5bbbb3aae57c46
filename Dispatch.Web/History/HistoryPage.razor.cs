using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Profiles;
using Dispatch.Web.Locks;
using Dispatch.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.History;

/// <summary>What was taken from me and why, and what two of us wanted at once, with the choices where one is left.</summary>
public sealed partial class HistoryPage
{
    private const int Shown = 50;
    private IReadOnlyList<ConflictRecord> _conflicts = [];
    private IReadOnlyDictionary<long, string> _contacts = new Dictionary<long, string>();
    private IReadOnlyDictionary<long, string> _profiles = new Dictionary<long, string>();
    private IReadOnlyList<Item>? _taken;

    private sealed record Item(string Key, DateTime At, string Icon, string Text, string Why);

    [Inject]
    public required ProfileQueries Profiles { get; set; }

    [Inject]
    public required ConflictResolutionService Conflicts { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Moderator(Me)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (changes.Count > 0 && changes.All(c => c.Name is EventNames.QueuePositionChanged or EventNames.MessageReceived or EventNames.MessageStatus)) return;
        var conflicts = (await Conflicts.ListAsync(0, Shown, moderatorId: Me, cancel: Stopping)).Items;
        _profiles = (await Queries.ProfilesAsync(Stopping)).ToDictionary(p => p.Id, p => p.Name);
        var taken = await Profiles.TakenFromAsync(Me, Shown, Stopping);
        var lost = await Profiles.LostByAsync(Me, Shown, Stopping);
        var asked = (await Locks.GetUnlockRequestsAsync(Me, Shown, Stopping))
            .Where(r => r.HolderId == Me && r.DecidedAt is not null && r.Status is UnlockStatus.LostBySilence or UnlockStatus.RanOut or UnlockStatus.TakenOver or UnlockStatus.GivenUp)
            .ToList();
        _contacts = await Queries.ContactTitlesAsync(
            [.. conflicts.Where(c => c.Kind is ConflictKind.Client or ConflictKind.Initiation).Select(c => c.ResourceId)
                .Concat(asked.Where(r => r.Kind == LockKind.Client).Select(r => r.ResourceId)).Distinct()], Stopping);
        // What can still be chosen stands on top.
        _conflicts = [.. conflicts.OrderBy(c => !(IsOpen(c) && c.LoserId == Me)).ThenByDescending(c => c.Id)];
        _taken =
        [
            .. taken.Select(t => new Item("c" + t.ConversationId + "." + t.At.Ticks, t.At, "forum", Words["TakenConversation", t.Title, t.To ?? LockWords["Somebody"], t.Profile], Rotation.Taken(t)))
                .Concat(lost.Where(l => l.EndCause is not null and not ReleaseCause.Left and not ReleaseCause.GivenBack)
                    .Select(l => new Item("p" + l.Id, l.EndedAt!.Value, "badge", Rotation.Went(l), Rotation.Why(l))))
                .Concat(asked.Select(r => new Item("u" + r.Id, r.DecidedAt!.Value, "lock_open", Say.Ended(r, Me, TitleOf(r.Kind, r.ResourceId)), LockWords["TheirReason", r.Reason])))
                .OrderByDescending(i => i.At).Take(Shown),
        ];
    }

    /// <summary>How it was settled and how long it took; nothing while it is open.</summary>
    private string Ending(ConflictRecord conflict) => IsOpen(conflict) ? ""
        : " " + Say.Resolution(conflict.Resolution) + (conflict.DurationMs is { } lasted ? " " + LockWords["Lasted", RelativeTime.Length(TimeSpan.FromMilliseconds(lasted), Text)] : "");

    private static bool IsOpen(ConflictRecord conflict) => conflict.Resolution == ConflictResolution.None;

    private static LockKind? KindOf(ConflictRecord conflict) => conflict.Kind switch
    {
        ConflictKind.Client => LockKind.Client,
        ConflictKind.Profile => LockKind.Profile,
        _ => null,
    };

    private string Title(ConflictRecord conflict) => conflict.Kind switch
    {
        ConflictKind.Client or ConflictKind.Initiation => _contacts.GetValueOrDefault(conflict.ResourceId) ?? "",
        ConflictKind.Profile => _profiles.GetValueOrDefault(conflict.ResourceId) ?? "",
        _ => "",
    };

    private string TitleOf(LockKind kind, long id) => (kind == LockKind.Client ? _contacts : _profiles).GetValueOrDefault(id) ?? "";

    private async Task AcceptAsync(ConflictRecord conflict)
    {
        await Conflicts.ResolveAsync(conflict.Id, Me, ConflictChoice.Accept, cancel: Stopping);
        await ReloadAsync();
    }
}
