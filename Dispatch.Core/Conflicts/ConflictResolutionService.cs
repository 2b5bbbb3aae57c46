using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conflicts;

/// <summary>
/// When several want the same (seed 001): in which order they are served, who may approach whom, what happened and how it was settled. It decides
/// nothing that a guarded statement did not decide; it says it.
/// </summary>
public sealed partial class ConflictResolutionService(Database database, ProfileLockService locks, IOptions<ConflictOptions> options, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Moderators who connect at the same moment, in the order in which they are served: by the time at which their connection was stored, then by
    /// id. The order comes from rows, so it is the same on whichever thread or node it is asked. Recorded when there are two or more.
    /// </summary>
    public Task<CollisionOrder> HandleConnectionCollisionAsync(IReadOnlyCollection<long> moderatorIds, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => HandleConnectionCollisionAsync(session, moderatorIds, now), cancel);
    }

    /// <inheritdoc cref="HandleConnectionCollisionAsync(IReadOnlyCollection{long},CancellationToken)"/>
    public static async Task<CollisionOrder> HandleConnectionCollisionAsync(WriteSession session, IReadOnlyCollection<long> moderatorIds, DateTime now)
    {
        var named = moderatorIds.Distinct().ToList();
        var connected = await session.Db.ModeratorConnections.Where(c => named.Contains(c.ModeratorId))
            .GroupBy(c => c.ModeratorId).Select(g => new { Id = g.Key, At = g.Min(c => c.ConnectedAt) }).ToListAsync();
        var order = ConflictRules.PrioritizeByTimestamp(connected.Select(c => new Contender(c.Id, c.At)));
        var rule = order.Count > 1 ? ConflictRules.Decided(order[0], order[1]) : ConflictRule.Timestamp;
        if (order.Count > 1)
        {
            await ConflictStore.AddAsync(session, new Conflict(ConflictKind.Connection, 0, rule, order[0].ModeratorId, null)
            {
                Participants = [.. order.Select(c => c.ModeratorId)], Resolution = ConflictResolution.Automatic, Duration = now - order[0].At,
            }, now);
            session.Publish(Topics.Board, EventNames.ConflictLogged, 0);
        }
        return new CollisionOrder(order, [.. named.Except(order.Select(c => c.ModeratorId))], rule);
    }

    /// <inheritdoc cref="ConflictRules.PrioritizeByTimestamp"/>
    public static IReadOnlyList<Contender> PrioritizeByTimestamp(IEnumerable<Contender> contenders) => ConflictRules.PrioritizeByTimestamp(contenders);

    /// <inheritdoc cref="ConflictRules.PrioritizeById"/>
    public static IReadOnlyList<Contender> PrioritizeById(IEnumerable<Contender> contenders) => ConflictRules.PrioritizeById(contenders);

    /// <summary>Records a conflict. False: the same loser at the same hold is on record already.</summary>
    public Task<bool> LogConflictAsync(Conflict conflict, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => LogConflictAsync(session, conflict, now), cancel);
    }

    /// <inheritdoc cref="LogConflictAsync(Conflict,CancellationToken)"/>
    public static async Task<bool> LogConflictAsync(WriteSession session, Conflict conflict, DateTime now)
    {
        if (!await ConflictStore.AddAsync(session, conflict, now)) return false;
        session.Publish(Topics.Board, EventNames.ConflictLogged, conflict.ResourceId);
        if (conflict.WinnerId is { } winner) session.Publish(Topics.Moderator(winner), EventNames.ConflictLogged, conflict.ResourceId);
        if (conflict.LoserId is { } loser) session.Publish(Topics.Moderator(loser), EventNames.ConflictLogged, conflict.ResourceId);
        return true;
    }

    /// <summary>
    /// Whether the contact may be approached as the profile, as things stand: no open conversation with it, and no approach by any of our profiles within
    /// <see cref="ConflictOptions.ApproachAgainAfter"/>. Starting a conversation asks again, in the statements that start it.
    /// </summary>
    public async Task<InitiationOutcome> PreventDoubleInitiationAsync(long clientId, long profileId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await ApproachStore.LookAsync(db, clientId, profileId, options.Value.ApproachAgainAfter, Now, cancel);
    }

    /// <summary>Takes the right to approach the contact, in the transaction that starts the conversation. False: somebody did, a short time ago.</summary>
    internal Task<bool> ClaimApproachAsync(WriteSession session, long clientId, long profileId, long moderatorId, DateTime now) =>
        ApproachStore.ClaimAsync(session, clientId, profileId, moderatorId, options.Value.ApproachAgainAfter, now);

    /// <summary>Why the contact may not be approached, inside a transaction.</summary>
    internal Task<InitiationOutcome> LookAsync(WriteSession session, long clientId, long profileId, DateTime now) =>
        ApproachStore.LookAsync(session.Db, clientId, profileId, options.Value.ApproachAgainAfter, now);

    /// <summary>One (contact, profile) pair has at most one open conversation and that has at most one owner.</summary>
    public async Task<PairAssignment> ValidateUniqueClientProfileAssignmentAsync(long clientId, long profileId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var open = await db.Conversations.Where(c => c.ContactId == clientId && c.ProfileId == profileId && c.Status != Conversations.ConversationStatus.Closed)
            .OrderBy(c => c.Id)
            .Select(c => new { c.Id, c.OwnerId, Owner = db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault() })
            .Take(2).ToListAsync(cancel);
        return open is [] ? new PairAssignment(true, null, null, null) : new PairAssignment(open.Count == 1, open[0].Id, open[0].OwnerId, open[0].Owner);
    }
}
