using Dispatch.Core.Conversations;

namespace Dispatch.Core.Moderators;

/// <summary>One moderator's load at one instant.</summary>
/// <param name="Waiting">Own conversations in which a contact waits for an answer.</param>
/// <param name="OldestWaiting">Since when the longest of them waits (UTC).</param>
/// <param name="HeldProfiles">Exclusive profiles held.</param>
/// <param name="Locked">Clients locked for this person at the moment.</param>
public sealed record ModeratorLoad(
    long Id, string Name, bool Present, int OpenCount, int MaxConversations, int Waiting, DateTime? OldestWaiting, int HeldProfiles, int Locked = 0)
{
    public int Free => Math.Max(0, MaxConversations - OpenCount);
}

/// <summary>How available somebody is.</summary>
/// <param name="Score">100: nothing to do; 0: takes nothing more (full or not there).</param>
public sealed record ModeratorScore(long Id, string Name, int Score, int OpenCount, int MaxConversations, int Waiting);

/// <summary>The two ends of the load.</summary>
/// <param name="Difference">Open conversations between the busiest and the least busy who are present.</param>
public sealed record Imbalance(bool Unbalanced, int Difference, long? BusiestId, long? LeastBusyId);

/// <summary>A conversation that might move.</summary>
/// <param name="OwnerSince">When it last changed hands (UTC).</param>
/// <param name="Quiet">Nothing unanswered, nobody typing, no lock.</param>
/// <param name="LastMessageAt">The one that has been silent for longest goes first.</param>
/// <param name="Allowed">Who may serve its profile; null: everybody.</param>
public sealed record MovableConversation(
    SeenConversation Seen, DateTime OwnerSince, bool Quiet, DateTime LastMessageAt, IReadOnlySet<long>? Allowed);

/// <summary>One move that would even the load out.</summary>
public sealed record LoadMove(SeenConversation Seen, long From, long To);

/// <summary>Pure: who is how busy, whether that is fair, and what to move. Total on any input and independent of its order.</summary>
public static class LoadRules
{
    /// <summary>
    /// Availability from 0 to 100: the free share of the seats, less a tenth for every contact who waits for this person's answer and a twentieth for
    /// every client locked for him (he is writing).
    /// </summary>
    public static ModeratorScore Score(ModeratorLoad load)
    {
        var free = load.MaxConversations <= 0 ? 0 : 100.0 * load.Free / load.MaxConversations;
        var score = load.Present && load.Free > 0 ? Math.Clamp(free - (10 * load.Waiting) - (5 * load.Locked), 1, 100) : 0;
        return new ModeratorScore(load.Id, load.Name, (int)Math.Round(score), load.OpenCount, load.MaxConversations, load.Waiting);
    }

    /// <summary>The most available first, then who has less open, then the id.</summary>
    public static IReadOnlyList<ModeratorScore> Scores(IEnumerable<ModeratorLoad> loads) =>
        [.. loads.Select(Score).OrderByDescending(s => s.Score).ThenBy(s => s.OpenCount).ThenBy(s => s.Id)];

    /// <summary>Unbalanced from a difference of <paramref name="threshold"/> open conversations on (seed 001: 2), among those present.</summary>
    public static Imbalance Detect(IEnumerable<ModeratorLoad> loads, int threshold)
    {
        ModeratorLoad? busiest = null, least = null;
        foreach (var load in loads.Where(l => l.Present).OrderBy(l => l.Id))
        {
            if (busiest is null || load.OpenCount > busiest.OpenCount) busiest = load;
            if (least is null || load.OpenCount < least.OpenCount) least = load;
        }
        var difference = busiest is null ? 0 : busiest.OpenCount - least!.OpenCount;
        return new Imbalance(difference >= threshold, difference, busiest?.Id, least?.Id);
    }

    /// <summary>
    /// Moves, one after the other, from the busiest who has something movable to the least busy who may take it, while they differ by
    /// <paramref name="threshold"/> or more. A conversation moves only if it is quiet and did not change hands within <paramref name="again"/>, so none
    /// ping-pongs; each at most once per plan.
    /// </summary>
    /// <param name="maxMoves">So that a sweep stays short; the next one goes on.</param>
    public static IReadOnlyList<LoadMove> Plan(
        IReadOnlyCollection<ModeratorLoad> loads, IReadOnlyCollection<MovableConversation> conversations, int threshold, TimeSpan again, int maxMoves, DateTime now)
    {
        var open = loads.Where(l => l.Present).ToDictionary(l => l.Id, l => l.OpenCount);
        var room = loads.Where(l => l.Present).ToDictionary(l => l.Id, l => l.Free);
        var movable = conversations
            .Where(c => c is { Quiet: true, Seen: { OwnerId: not null, Status: ConversationStatus.Assigned } } && c.OwnerSince + again <= now && open.ContainsKey(c.Seen.OwnerId.Value))
            .GroupBy(c => c.Seen.OwnerId!.Value)
            .ToDictionary(g => g.Key, g => g.OrderBy(c => c.LastMessageAt).ThenBy(c => c.Seen.Id).ToList());
        var moves = new List<LoadMove>();
        while (moves.Count < maxMoves && Next(open, room, movable, threshold) is { } move)
        {
            moves.Add(move);
            movable[move.From].RemoveAll(c => c.Seen.Id == move.Seen.Id);
            open[move.From]--;
            room[move.From]++;
            open[move.To]++;
            room[move.To]--;
        }
        return moves;
    }

    /// <summary>Who should get a conversation now: the most available who is present, may serve it and has room; of two alike who waits in the line for longer.</summary>
    /// <param name="linePlace">Places in the line for profiles; who is in it has less to do than he wants.</param>
    public static ModeratorLoad? LeastBusy(IEnumerable<ModeratorLoad> loads, IReadOnlySet<long>? allowed, IReadOnlyDictionary<long, int> linePlace) =>
        loads.Where(l => l is { Present: true, Free: > 0 } && allowed?.Contains(l.Id) != false)
            .OrderByDescending(l => Score(l).Score).ThenBy(l => l.OpenCount).ThenBy(l => linePlace.GetValueOrDefault(l.Id, int.MaxValue)).ThenBy(l => l.Id)
            .FirstOrDefault();

    private static LoadMove? Next(
        Dictionary<long, int> open, Dictionary<long, int> room, Dictionary<long, List<MovableConversation>> movable, int threshold)
    {
        foreach (var (from, load) in open.OrderByDescending(o => o.Value).ThenBy(o => o.Key))
        {
            foreach (var conversation in movable.GetValueOrDefault(from) ?? [])
            {
                long? best = null;
                foreach (var (to, other) in open)
                {
                    if (to == from || room[to] <= 0 || load - other < threshold || conversation.Allowed?.Contains(to) == false) continue;
                    if (best is not { } b || other < open[b] || (other == open[b] && to < b)) best = to;
                }
                if (best is { } target) return new LoadMove(conversation.Seen, from, target);
            }
        }
        return null;
    }
}
