using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Nodes;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Alerts;

/// <summary>Reads what the rules look at: a fixed number of queries over what is open now.</summary>
public sealed class AlertFactsReader(Database database, OutreachQueries outreach)
{
    /// <summary>A lock or an account more than these would say nothing new.</summary>
    private const int Most = 20;

    /// <summary>Who was not heard of for longer than this was taken away on purpose.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    public async Task<AlertFacts> ReadAsync(DateTime now, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var people = await db.Moderators.Where(m => m.Enabled && m.State == PresenceState.Online)
            .GroupBy(m => 1).Select(g => new { Online = g.Count(), Full = g.Count(m => m.OpenCount >= m.MaxConversations) }).SingleOrDefaultAsync(cancel);
        var waiting = await db.PendingMessages.GroupBy(p => 1).Select(g => new { Conversations = g.Select(p => p.ConversationId).Distinct().Count(), Oldest = g.Min(p => p.ReceivedAt) })
            .SingleOrDefaultAsync(cancel);
        var contacts = await db.ClientLocks.Where(l => l.ModeratorId != null && l.ExpiresAt > now).OrderBy(l => l.LockedAt).Take(Most)
            .Select(l => new HeldFact("Client", l.ClientId, l.ModeratorId!.Value, l.LockedAt)).ToListAsync(cancel);
        var profiles = await db.ProfileLocks.Where(l => l.ModeratorId != null && l.ExpiresAt > now).OrderBy(l => l.LockedAt).Take(Most)
            .Select(l => new HeldFact("Profile", l.ProfileId, l.ModeratorId!.Value, l.LockedAt)).ToListAsync(cancel);
        return new AlertFacts(
            people?.Online ?? 0, people?.Full ?? 0, waiting?.Conversations ?? 0, waiting?.Oldest, [.. contacts, .. profiles], await outreach.LateAsync(Most, cancel), await NodesAsync(db, now, cancel));
    }

    /// <summary>The registry is the one place that knows who is there; the history of health says how they were.</summary>
    private static async Task<IReadOnlyList<NodeFact>> NodesAsync(DispatchDb db, DateTime now, CancellationToken cancel)
    {
        var since = now - Remembered;
        return await db.Nodes.Where(n => n.SeenAt >= since).OrderBy(n => n.Name).Select(n => new NodeFact(n.Name, n.SeenAt, n.State == NodeState.Stopped)).ToListAsync(cancel);
    }
}
