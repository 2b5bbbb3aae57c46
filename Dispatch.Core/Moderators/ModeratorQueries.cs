using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>A moderator's own presence and load.</summary>
public sealed record ModeratorStatus(
    long Id, string Name, bool Enabled, PresenceState State, DateTime StateSince, PresenceState Choice, int OpenCount, int MaxConversations)
{
    public bool IsFull => OpenCount >= MaxConversations;
}

/// <summary>What the header and the queue page say to one moderator.</summary>
/// <param name="Position">1: next; null: not in the queue (away or offline).</param>
/// <param name="Before">Who is served first, in order.</param>
/// <param name="IsFull">Has as many conversations as allowed: in the queue, but passed over.</param>
/// <param name="Wait">Null: unknown, not in the queue, or full.</param>
public sealed record MyQueue(int? Position, int Of, IReadOnlyList<QueuePlace> Before, bool IsFull, WaitEstimate? Wait);

/// <summary>What moderators read about themselves.</summary>
public sealed class ModeratorQueries(Database database, RoundRobin queue, TimeProvider clock)
{
    /// <summary>The newest events that are looked at; a bound, so that a day without automatic assignments does not read the history.</summary>
    private const int EventsRead = 400;

    /// <summary>Null: not a moderator.</summary>
    public async Task<ModeratorStatus?> StatusAsync(long moderatorId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Moderators.Where(m => m.Id == moderatorId)
            .Select(m => new ModeratorStatus(m.Id, m.Name, m.Enabled, m.State, m.StateSince, m.Choice, m.OpenCount, m.MaxConversations))
            .FirstOrDefaultAsync(cancel);
    }

    public async Task<MyQueue> QueueAsync(long moderatorId, CancellationToken cancel = default)
    {
        var places = await queue.GetQueueAsync(cancel);
        if (places.FirstOrDefault(p => p.ModeratorId == moderatorId) is not { } mine) return new MyQueue(null, places.Count, [], false, null);
        // Place 1 with no free seat receives nothing: a figure would be a lie.
        var full = await StatusAsync(moderatorId, cancel) is { IsFull: true };
        var wait = full ? null : WaitEstimator.Estimate(await RecentAssignmentsAsync(cancel), mine.Position, clock.GetUtcNow().UtcDateTime);
        return new MyQueue(mine.Position, mine.Of, [.. places.TakeWhile(p => p.ModeratorId != moderatorId)], full, wait);
    }

    /// <summary>When conversations were lately given out by the queue itself. Reads the end of the primary key.</summary>
    private async Task<List<DateTime>> RecentAssignmentsAsync(CancellationToken cancel)
    {
        await using var db = database.Read();
        return await db.ConversationEvents.OrderByDescending(e => e.Id).Take(EventsRead)
            .Where(e => e.Kind == ConversationEventKind.Assigned && (e.Cause == ClaimCause.Inbound || e.Cause == ClaimCause.Drain))
            .Select(e => e.At).ToListAsync(cancel);
    }
}
