using Dispatch.Core.Moderators;

namespace Dispatch.Core.Profiles;

/// <summary>An exclusive profile (or one that still has a holder and should not) as rotation sees it.</summary>
/// <param name="InRotation">Exclusive and not paused.</param>
/// <param name="Allowed">Who may serve it; null: everybody.</param>
/// <param name="LockedForId">Somebody is giving it to this person at the moment; null: it is not locked.</param>
public sealed record RotatingProfile(
    long Id, string Name, bool InRotation, bool Paused, int Priority, long? HolderId, long HolderVersion, DateTime? HolderSince, DateTime? FreeSince,
    long? AvoidId, IReadOnlySet<long>? Allowed, long? LockedForId = null)
{
    public bool MayServe(long moderatorId) => Allowed?.Contains(moderatorId) != false;
}

/// <summary>Somebody in the line for profiles.</summary>
/// <param name="Held">Profiles held already: whoever has none comes first.</param>
/// <param name="FirstEstimateAt">When he was first told an expected wait in this wait; null: not yet.</param>
public sealed record LineEntry(long ModeratorId, string Name, int Priority, int Held, DateTime QueuedAt, int Position, DateTime? FirstEstimateAt = null);

/// <summary>A holder's presence, as far as it matters for keeping a profile.</summary>
public sealed record HolderFacts(long Id, bool Enabled, PresenceState State, DateTime StateSince);

/// <summary>One change of holder that the rules ask for.</summary>
/// <param name="Why">Why the holder loses it; null: it was free.</param>
/// <param name="To">Null: nobody in the line may serve it, so it stays free.</param>
public sealed record RotationMove(RotatingProfile Profile, ReleaseCause? Why, LineEntry? To);

/// <summary>Pure: who holds which exclusive profile. Total on any input and independent of its order.</summary>
public static class RotationRules
{
    /// <summary>
    /// The order of the line: priority (highest), then who holds fewer profiles, then who has waited longest, then the id. Two who connected in the same
    /// instant are in the order of their ids, on whichever node they arrived.
    /// </summary>
    public static int Compare(LineEntry a, LineEntry b)
    {
        var order = b.Priority.CompareTo(a.Priority);
        if (order == 0) order = a.Held.CompareTo(b.Held);
        if (order == 0) order = a.QueuedAt.CompareTo(b.QueuedAt);
        return order == 0 ? a.ModeratorId.CompareTo(b.ModeratorId) : order;
    }

    /// <summary>Why the profile cannot stay with its holder; null: it can, or nobody holds it.</summary>
    /// <param name="holder">Null: no such person any more.</param>
    public static ReleaseCause? WhyFreed(RotatingProfile profile, HolderFacts? holder, TimeSpan awayGrace, DateTime now)
    {
        if (profile.HolderId is null) return null;
        if (!profile.InRotation) return profile.Paused ? ReleaseCause.Paused : ReleaseCause.ModeChanged;
        if (holder is not { Enabled: true }) return ReleaseCause.Disabled;
        if (!profile.MayServe(holder.Id)) return ReleaseCause.NotAllowed;
        return holder.State switch
        {
            PresenceState.Offline => ReleaseCause.Left,
            PresenceState.Away when holder.StateSince + awayGrace <= now => ReleaseCause.Away,
            PresenceState.Away or PresenceState.Online => null,
        };
    }

    /// <summary>
    /// Frees what cannot stay and gives every free profile to the first in the line who may serve it: profiles by priority, then the longest free. Whoever
    /// receives one goes behind those who hold fewer, until he holds <paramref name="maxProfiles"/>.
    /// </summary>
    public static IReadOnlyList<RotationMove> Plan(
        IReadOnlyCollection<RotatingProfile> profiles, IReadOnlyDictionary<long, HolderFacts> holders, IReadOnlyCollection<LineEntry> line, int maxProfiles,
        TimeSpan awayGrace, DateTime now)
    {
        var waiting = new SortedSet<LineEntry>(line.Where(e => e.Held < maxProfiles), Comparer<LineEntry>.Create(Compare));
        var moves = new List<RotationMove>();
        foreach (var profile in profiles.OrderByDescending(p => p.Priority).ThenBy(p => p.FreeSince ?? DateTime.MinValue).ThenBy(p => p.Id))
        {
            var why = WhyFreed(profile, profile.HolderId is { } id ? holders.GetValueOrDefault(id) : null, awayGrace, now);
            if (profile.HolderId is not null && why is null) continue;
            var next = profile.InRotation ? Next(profile, waiting) : null;
            if (next is not null)
            {
                waiting.Remove(next);
                if (next.Held + 1 < maxProfiles) waiting.Add(next with { Held = next.Held + 1 });
            }
            if (next is not null || why is not null) moves.Add(new RotationMove(profile, why, next));
        }
        return moves;
    }

    /// <summary>The first in the line who may serve the profile and is not the one who just gave it back.</summary>
    public static LineEntry? Next(RotatingProfile profile, IEnumerable<LineEntry> inOrder) =>
        inOrder.FirstOrDefault(e => profile.MayServe(e.ModeratorId) && e.ModeratorId != profile.AvoidId && e.ModeratorId != profile.HolderId
            && (profile.LockedForId is not { } locked || locked == e.ModeratorId));

    /// <summary>
    /// Somebody in the line holds none while a colleague holds two or more (a difference of <paramref name="difference"/>): the colleague's longest held
    /// profile in which nobody waits goes over, unless it changed hands within <paramref name="again"/>. One at a time; the next sweep sees the result.
    /// </summary>
    /// <param name="busy">Profiles in which a contact waits for an answer or somebody is writing.</param>
    public static RotationMove? PlanRebalance(
        IReadOnlyCollection<RotatingProfile> profiles, IReadOnlyCollection<LineEntry> line, IReadOnlySet<long> busy, int difference, TimeSpan again, DateTime now)
    {
        var held = profiles.Where(p => p is { InRotation: true, HolderId: not null }).GroupBy(p => p.HolderId!.Value).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var entry in line.Order(Comparer<LineEntry>.Create(Compare)))
        {
            var from = held.Where(h => h.Key != entry.ModeratorId && h.Value.Count - entry.Held >= difference)
                .OrderByDescending(h => h.Value.Count).ThenBy(h => h.Key)
                .SelectMany(h => h.Value.OrderBy(p => p.HolderSince).ThenBy(p => p.Id))
                .FirstOrDefault(p => p.MayServe(entry.ModeratorId) && p.AvoidId != entry.ModeratorId && !busy.Contains(p.Id) && p.HolderSince + again <= now && p.LockedForId is null);
            if (from is not null) return new RotationMove(from, ReleaseCause.Rebalance, entry);
        }
        return null;
    }
}
