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
            if (!await db.Nodes.AnyAsync(n => n.Name != self && n.State != NodeState.Down, cancel)) return [];
        }
        return await database.WriteAsync(async session =>
        {
            var lost = await NodeStore.LoseAsync(session, self, lostAfter, now);
            foreach (var node in lost.Order(StringComparer.Ordinal)) await FollowAllAsync(session, await presence.ForgetNodeAsync(session, node, options.Value.GracePeriod, now), now);
            return lost;
        }, cancel);
    }
}
