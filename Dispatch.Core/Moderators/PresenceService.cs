using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>What a change of connection or choice did to the effective presence.</summary>
public sealed record PresenceChange(long ModeratorId, PresenceState Before, PresenceState After)
{
    public bool CameOnline => Before != PresenceState.Online && After == PresenceState.Online;
    public bool LeftOnline => Before == PresenceState.Online && After != PresenceState.Online;
}

/// <summary>
/// Keeps connections and choice, and derives the effective presence from them in the same transaction. It moves no conversation:
/// <see cref="Conversations.DispatcherOrchestrator"/> does, inside the same transaction, by what is returned here.
/// </summary>
public sealed class PresenceService
{
    /// <summary>A circuit or an integration is there. The same moderator in two tabs has two connections and one presence.</summary>
    /// <returns>Null: no such moderator, or disabled.</returns>
    public async Task<PresenceChange?> ConnectAsync(WriteSession session, long moderatorId, string connectionId, string node, DateTime now)
    {
        if (!await session.Db.Moderators.AnyAsync(m => m.Id == moderatorId && m.Enabled)) return null;
        if (!await session.Db.ModeratorConnections.AnyAsync(c => c.ConnectionId == connectionId))
        {
            session.Db.ModeratorConnections.Add(
                new ModeratorConnection { ConnectionId = connectionId, ModeratorId = moderatorId, Node = node, ConnectedAt = now });
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // An integration said connect twice at once; done again, the read above finds the connection.
                throw new StaleReadException("connection");
            }
        }
        return await DeriveAsync(session, moderatorId, null, TimeSpan.Zero, now);
    }

    /// <summary>A connection ended. The last one starts the grace period (zero: gone at once).</summary>
    public async Task<PresenceChange?> DisconnectAsync(WriteSession session, string connectionId, TimeSpan grace, DateTime now)
    {
        var moderatorId = await session.Db.ModeratorConnections.Where(c => c.ConnectionId == connectionId).Select(c => (long?)c.ModeratorId).FirstOrDefaultAsync();
        if (moderatorId is null) return null;
        await session.Db.ModeratorConnections.Where(c => c.ConnectionId == connectionId).ExecuteDeleteAsync();
        return await DeriveAsync(session, moderatorId.Value, null, grace, now);
    }

    /// <summary>Ends every connection of a person at once (sign-out everywhere, disabled, an integration's word).</summary>
    public async Task<PresenceChange?> DisconnectAllAsync(WriteSession session, long moderatorId, DateTime now)
    {
        await session.Db.ModeratorConnections.Where(c => c.ModeratorId == moderatorId).ExecuteDeleteAsync();
        return await DeriveAsync(session, moderatorId, null, TimeSpan.Zero, now, endGrace: true);
    }

    /// <summary>The person's own choice; it wins over the connection.</summary>
    public Task<PresenceChange?> ChooseAsync(WriteSession session, long moderatorId, PresenceState choice, DateTime now) =>
        DeriveAsync(session, moderatorId, choice, TimeSpan.Zero, now);

    /// <summary>Connections of a process that is no more (its previous run): each person gets the grace period to come back.</summary>
    public async Task<IReadOnlyList<PresenceChange>> ForgetNodeAsync(WriteSession session, string node, TimeSpan grace, DateTime now)
    {
        var people = await session.Db.ModeratorConnections.Where(c => c.Node == node).Select(c => c.ModeratorId).Distinct().ToListAsync();
        await session.Db.ModeratorConnections.Where(c => c.Node == node).ExecuteDeleteAsync();
        return await DeriveAllAsync(session, people, grace, now);
    }

    /// <summary>People whose grace period is over.</summary>
    public async Task<IReadOnlyList<PresenceChange>> EndGraceAsync(WriteSession session, DateTime now)
    {
        var due = await session.Db.Moderators.Where(m => m.GraceUntil != null && m.GraceUntil <= now).Select(m => m.Id).ToListAsync();
        return await DeriveAllAsync(session, due, TimeSpan.Zero, now);
    }

    private static async Task<IReadOnlyList<PresenceChange>> DeriveAllAsync(WriteSession session, List<long> people, TimeSpan grace, DateTime now)
    {
        var changes = new List<PresenceChange>();
        foreach (var id in people.Order())
        {
            if (await DeriveAsync(session, id, null, grace, now) is { } change) changes.Add(change);
        }
        return changes;
    }

    private static async Task<PresenceChange?> DeriveAsync(
        WriteSession session, long moderatorId, PresenceState? newChoice, TimeSpan grace, DateTime now, bool endGrace = false)
    {
        // The row is locked by this first update: two signals about one person are served one after the other on every provider.
        if (await session.Db.Moderators.Where(m => m.Id == moderatorId)
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.LastActivityAt, now)) == 0) return null;
        var person = await session.Db.Moderators.AsNoTracking().FirstAsync(m => m.Id == moderatorId);
        var connected = await session.Db.ModeratorConnections.AnyAsync(c => c.ModeratorId == moderatorId);
        var choice = newChoice ?? person.Choice;
        // Grace begins with the loss of the last connection and is not prolonged by later signals.
        var graceUntil = connected || endGrace || person.State == PresenceState.Offline ? null
            : person.GraceUntil ?? (grace > TimeSpan.Zero ? now + grace : (DateTime?)null);
        if (graceUntil <= now) graceUntil = null;
        var state = PresenceRules.Effective(person.Enabled, choice, connected, graceUntil, now);
        var since = state == person.State ? person.StateSince : now;
        await session.Db.Moderators.Where(m => m.Id == moderatorId).ExecuteUpdateAsync(set => set
            .SetProperty(m => m.Choice, choice).SetProperty(m => m.GraceUntil, graceUntil)
            .SetProperty(m => m.State, state).SetProperty(m => m.StateSince, since));
        if (state != person.State || choice != person.Choice)
        {
            session.Publish(Topics.Moderator(moderatorId), EventNames.PresenceChanged, moderatorId);
            session.Publish(Topics.Board, EventNames.PresenceChanged, moderatorId);
        }
        return new PresenceChange(moderatorId, person.State, state);
    }
}
