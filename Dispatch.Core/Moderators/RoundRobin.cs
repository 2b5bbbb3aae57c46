using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>A moderator's place in the round robin; 1 is next.</summary>
public sealed record QueuePlace(long ModeratorId, string Name, int Position, int Of, int Priority, DateTime QueuedAt);

/// <summary>
/// The round robin of present moderators (seed 000 QueueService), persisted: a restart finds it as it was. Who waits for a profile stands in another
/// line, <see cref="ModeratorQueueService"/>: see docs/decisions.
/// </summary>
public sealed class RoundRobin(Database database)
{
    /// <summary>Adds the moderator at the end of his priority; already there: nothing changes. True: added.</summary>
    public async Task<bool> AddToQueueAsync(WriteSession session, long moderatorId, int priority, DateTime now)
    {
        if (await session.Db.ModeratorTurns.AnyAsync(q => q.ModeratorId == moderatorId)) return false;
        var turn = (await session.Db.ModeratorTurns.MaxAsync(q => (long?)q.Turn) ?? 0) + 1;
        session.Db.ModeratorTurns.Add(new ModeratorTurn { ModeratorId = moderatorId, QueuedAt = now, Priority = priority, Turn = turn });
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // Two tabs on two nodes at the same instant; whoever lost does the whole again and finds the entry.
            throw new StaleReadException("round robin");
        }
        Announce(session, moderatorId);
        return true;
    }

    /// <summary>True: was there and is not any more.</summary>
    public async Task<bool> RemoveFromQueueAsync(WriteSession session, long moderatorId)
    {
        if (await session.Db.ModeratorTurns.Where(q => q.ModeratorId == moderatorId).ExecuteDeleteAsync() == 0) return false;
        Announce(session, moderatorId);
        return true;
    }

    /// <summary>The next in turn, moved to the end in the same transaction: two callers get two different people. Null: nobody.</summary>
    public Task<long?> GetNextInQueueAsync(CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        var next = await session.Db.ModeratorTurns.AsNoTracking()
            .OrderByDescending(q => q.Priority).ThenBy(q => q.Turn).ThenBy(q => q.ModeratorId).FirstOrDefaultAsync(cancel);
        if (next is null) return (long?)null;
        var end = await session.Db.ModeratorTurns.MaxAsync(q => q.Turn, cancel) + 1;
        var moved = await session.Db.ModeratorTurns.Where(q => q.ModeratorId == next.ModeratorId && q.Turn == next.Turn)
            .ExecuteUpdateAsync(set => set.SetProperty(q => q.Turn, end), cancel);
        if (moved == 0) throw new StaleReadException("round robin");
        Announce(session, next.ModeratorId);
        return next.ModeratorId;
    }, cancel);

    /// <summary>Everyone in the order in which they are served.</summary>
    public async Task<IReadOnlyList<QueuePlace>> GetQueueAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.ModeratorTurns.Join(db.Moderators, q => q.ModeratorId, m => m.Id, (q, m) => new { q, m.Name })
            .OrderByDescending(x => x.q.Priority).ThenBy(x => x.q.Turn).ThenBy(x => x.q.ModeratorId).ToListAsync(cancel);
        return [.. rows.Select((x, i) => new QueuePlace(x.q.ModeratorId, x.Name, i + 1, rows.Count, x.q.Priority, x.q.QueuedAt))];
    }

    /// <summary>Null: not in the queue.</summary>
    public async Task<QueuePlace?> GetPlaceAsync(long moderatorId, CancellationToken cancel = default) =>
        (await GetQueueAsync(cancel)).FirstOrDefault(p => p.ModeratorId == moderatorId);

    private static void Announce(WriteSession session, long moderatorId) =>
        session.Publish(Topics.Queue, EventNames.QueuePositionChanged, moderatorId);
}
