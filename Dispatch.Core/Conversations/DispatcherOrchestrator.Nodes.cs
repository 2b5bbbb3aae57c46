using Dispatch.Core.Data;
using Dispatch.Core.Nodes;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

// Processes that come and go.
public sealed partial class DispatcherOrchestrator
{
    /// <summary>
    /// Nodes that nobody heard for <paramref name="lostAfter"/>: marked and their open pages forgotten in one transaction, so that of several nodes that look one does it, and does all of it.
    /// Each person gets the grace period to come back on another node. Returns the nodes' names.
    /// </summary>
    public async Task<IReadOnlyList<string>> SettleLostNodesAsync(string self, TimeSpan lostAfter, DateTime now, CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            // Most of the time there is nobody else.
            if (!await db.Nodes.AnyAsync(n => n.Name != self && ((n.State != NodeState.Down && n.State != NodeState.Stopped) || db.ModeratorConnections.Any(c => c.Node == n.Name)), cancel)) return [];
        }
        return await database.WriteAsync(async session =>
        {
            var lost = await NodeStore.LoseAsync(session, self, lostAfter, now);
            // Also what a node left behind that ended in order, or that came up under one that was given up already: nobody else would ever let go of it.
            var left = await session.Db.Nodes.Where(n => n.Name != self && (n.State == NodeState.Down || n.State == NodeState.Stopped) && session.Db.ModeratorConnections.Any(c => c.Node == n.Name)).Select(n => n.Name).ToListAsync();
            foreach (var node in lost.Union(left, StringComparer.Ordinal).Order(StringComparer.Ordinal)) await FollowAllAsync(session, await presence.ForgetNodeAsync(session, node, options.Value.GracePeriod, now), now);
            return lost;
        }, cancel);
    }

    /// <summary>This process ends in order: nobody has to wait until it is missed, and what is still open on it gets the grace period, and its leases are free at once. Not if another one took its name.</summary>
    public Task EndNodeAsync(string self, string instance, DateTime now, CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        // Another process has the name, and with it the leases.
        if (await session.ExecuteAsync(NodeStore.End, ("name", self), ("instance", instance)) == 0) return;
        await session.Db.Leases.Where(l => l.Holder == self).ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, DateTime.UnixEpoch));
        await FollowAllAsync(session, await presence.ForgetNodeAsync(session, self, options.Value.GracePeriod, now), now);
    }, cancel);
}
