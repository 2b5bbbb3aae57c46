using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>A moderator's line of the load report.</summary>
/// <param name="State">Effective presence.</param>
public sealed record LoadReportRow(
    long Id, string Name, PresenceState State, int Score, int OpenCount, int MaxConversations, int Waiting, DateTime? OldestWaiting, int HeldProfiles, bool Overloaded);

/// <summary>How the work is spread at one instant (UTC).</summary>
/// <param name="Unassigned">Open conversations that nobody has.</param>
/// <param name="MovesLastHour">Conversations that Dispatch moved to even the load out, in the last hour.</param>
public sealed record LoadReport(
    DateTime At, IReadOnlyList<LoadReportRow> Moderators, int Present, int OpenConversations, int Seats, int Unassigned, DateTime? OldestUnassigned,
    int Difference, int Threshold, bool Unbalanced, int ProfilesInRotation, int ProfilesFree, int InLine, int MovesLastHour);

/// <summary>What a rebalancing did.</summary>
/// <param name="Lost">Not quiet any more, or somebody was faster, when the move was made.</param>
public sealed record RebalanceResult(int Moved, int Lost, int ProfilesMoved);

/// <summary>
/// Evens out the load of those present by <see cref="LoadRules"/>. A move is decided on what was read and happens only if the conversation is still quiet:
/// the claim's transaction asks again, in the statement that locks the conversation.
/// </summary>
public sealed class LoadBalancingService(
    Database database, ConversationClaims claims, ProfileClaims holdings, ProfileRotation rotation, ProfileConversations conversations, SettingsService settings,
    TimeProvider clock)
{
    private const int MaxMoves = 50;

    /// <summary>Locks the conversation if it is (still) quiet; zero rows: it is not, or not as it was seen.</summary>
    private const string StillQuiet =
        "UPDATE conversations SET owner_version = owner_version WHERE id = @id AND owner_version = @seen AND owner_id = @owner AND waiting_since IS NULL "
        + "AND owner_since <= @floor AND NOT EXISTS (SELECT 1 FROM typing_activity t WHERE t.conversation_id = @id AND t.at > @typing) "
        + "AND NOT EXISTS (SELECT 1 FROM client_locks l WHERE l.client_id = conversations.contact_id AND l.moderator_id IS NOT NULL AND l.expires_at > @now)";

    internal static IReadOnlyList<string> Statements { get; } = [StillQuiet];

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Everybody enabled, the most available first.</summary>
    public async Task<IReadOnlyList<ModeratorScore>> CalculateModeratorScoresAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return LoadRules.Scores(await LoadsAsync(db, Now, cancel));
    }

    /// <summary>The two ends of the load among those present.</summary>
    public async Task<Imbalance> DetectImbalanceAsync(CancellationToken cancel = default)
    {
        var rules = await settings.RoutingAsync(cancel);
        await using var db = database.Read();
        return LoadRules.Detect(await LoadsAsync(db, Now, cancel), rules.Imbalance);
    }

    /// <summary>Moves quiet conversations until the load is even or nothing may move; also for an admin who asks, whatever the setting says.</summary>
    public async Task<RebalanceResult> RedistributeClientsAsync(CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        IReadOnlyList<LoadMove> plan;
        await using (var db = database.Read())
        {
            var loads = await LoadsAsync(db, now, cancel);
            if (!LoadRules.Detect(loads, rules.Imbalance).Unbalanced) return new RebalanceResult(0, 0, 0);
            plan = LoadRules.Plan(loads, await MovableAsync(db, rules, now, cancel), rules.Imbalance, rules.MoveAgainAfter, MaxMoves, now);
        }
        var moved = 0;
        foreach (var move in plan)
        {
            if (await database.WriteAsync(session => MoveAsync(session, move, rules, now), cancel)) moved++;
        }
        return new RebalanceResult(moved, plan.Count - moved, 0);
    }

    /// <summary>The sweep: conversations of shared profiles, and one exclusive profile from who holds several to who waits with none.</summary>
    public async Task<RebalanceResult> RebalanceActiveAssignmentsAsync(CancellationToken cancel = default)
    {
        var rules = await settings.RoutingAsync(cancel);
        if (!rules.Rebalance) return new RebalanceResult(0, 0, 0);
        var clients = await RedistributeClientsAsync(cancel);
        return clients with { ProfilesMoved = await RebalanceProfilesAsync(rules, cancel) };
    }

    /// <summary>Who would get a conversation of this contact on this profile now, and why: who has it already, the holder of an exclusive profile, or the least busy.</summary>
    /// <param name="clientId">The contact.</param>
    public async Task<Decision> GetOptimalAssignmentAsync(long clientId, long profileId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if (await db.Profiles.FirstOrDefaultAsync(p => p.Id == profileId, cancel) is not { } profile || profile.Paused)
            return Decision.Nobody(DecisionReason.ProfilePaused);
        var loads = await LoadsAsync(db, Now, cancel);
        var owner = await db.Conversations.Where(c => c.ContactId == clientId && c.ProfileId == profileId && c.Status == ConversationStatus.Assigned)
            .Select(c => c.OwnerId).FirstOrDefaultAsync(cancel);
        if (owner is not null) return new Decision(owner, DecisionReason.OwnerKept, Candidates(loads.Where(l => l.Id == owner), owner, null));
        if (profile.Mode == ProfileMode.Exclusive)
        {
            if (loads.FirstOrDefault(l => l.Id == profile.HolderId) is not { } holder) return Decision.Nobody(DecisionReason.ProfileFree);
            return holder is { Present: true, Free: > 0 } ? new Decision(holder.Id, DecisionReason.ProfileHolder, Candidates([holder], holder.Id, null))
                : Decision.Nobody(DecisionReason.HolderFull, Candidates([holder], null, null));
        }
        var allowed = await AllowedAsync(db, profile, cancel);
        var best = LoadRules.LeastBusy(loads, allowed, await LineAsync(db, cancel));
        return best is null ? Decision.Nobody(DecisionReason.EveryoneAtCapacity, Candidates(loads, null, allowed))
            : new Decision(best.Id, DecisionReason.RoundRobin, Candidates(loads, best.Id, allowed));
    }

    /// <summary>The least busy person present who may serve the profile, places in the line and locks taken into account. Null: nobody has room.</summary>
    public async Task<ModeratorLoad?> FindLeastBusyAsync(long profileId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if (await db.Profiles.FirstOrDefaultAsync(p => p.Id == profileId, cancel) is not { } profile) return null;
        return LoadRules.LeastBusy(await LoadsAsync(db, Now, cancel), await AllowedAsync(db, profile, cancel), await LineAsync(db, cancel));
    }

    public async Task<LoadReport> GenerateLoadReportAsync(CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        await using var db = database.Read();
        var loads = await LoadsAsync(db, now, cancel);
        var states = await db.Moderators.Select(m => new { m.Id, m.State }).ToDictionaryAsync(m => m.Id, m => m.State, cancel);
        var imbalance = LoadRules.Detect(loads, rules.Imbalance);
        var rotating = await QueueLine.RotationOfAsync(db, cancel);
        var pending = db.Conversations.Where(c => c.Status == ConversationStatus.Pending);
        var since = now - TimeSpan.FromHours(1);
        return new LoadReport(
            now,
            [.. loads.Select(l => (Load: l, LoadRules.Score(l).Score)).OrderByDescending(x => x.Load.Present).ThenByDescending(x => x.Load.OpenCount).ThenBy(x => x.Load.Id)
                .Select(x => new LoadReportRow(
                    x.Load.Id, x.Load.Name, states[x.Load.Id], x.Score, x.Load.OpenCount, x.Load.MaxConversations, x.Load.Waiting, x.Load.OldestWaiting,
                    x.Load.HeldProfiles, ActivityRules.WhyOverloaded(x.Load, rules.InactiveAfter, now) is not null))],
            loads.Count(l => l.Present), loads.Sum(l => l.OpenCount), loads.Where(l => l.Present).Sum(l => l.MaxConversations),
            await pending.CountAsync(cancel), await pending.MinAsync(c => c.WaitingSince, cancel), imbalance.Difference, rules.Imbalance, imbalance.Unbalanced,
            rotating.Total, rotating.TotalFree, await db.ModeratorQueue.CountAsync(cancel),
            // ix_conversation_events_to_id_at: the newest moves of each person.
            await db.ConversationEvents.CountAsync(e => e.ToId != null && e.At > since && e.Cause == ClaimCause.Rebalance, cancel));
    }

    /// <summary>Everybody enabled with what they have to do.</summary>
    internal static async Task<List<ModeratorLoad>> LoadsAsync(DispatchDb db, DateTime now, CancellationToken cancel = default)
    {
        // ix_conversations_owner_id_last_message_at holds owned conversations only.
        var waiting = await db.Conversations.Where(c => c.OwnerId != null && c.WaitingSince != null).GroupBy(c => c.OwnerId!.Value)
            .Select(g => new { Owner = g.Key, Count = g.Count(), Oldest = g.Min(c => c.WaitingSince) }).ToDictionaryAsync(x => x.Owner, cancel);
        var locked = await db.ClientLocks.Where(l => l.ModeratorId != null && l.ExpiresAt > now).GroupBy(l => l.ModeratorId!.Value)
            .Select(g => new { Id = g.Key, Count = g.Count() }).ToDictionaryAsync(x => x.Id, x => x.Count, cancel);
        var people = await db.Moderators.Where(m => m.Enabled).OrderBy(m => m.Id)
            .Select(m => new { m.Id, m.Name, m.State, m.OpenCount, m.MaxConversations, m.HeldProfiles }).ToListAsync(cancel);
        return people.ConvertAll(m =>
        {
            var unanswered = waiting.GetValueOrDefault(m.Id);
            return new ModeratorLoad(
                m.Id, m.Name, m.State == PresenceState.Online, m.OpenCount, m.MaxConversations, unanswered?.Count ?? 0, unanswered?.Oldest, m.HeldProfiles,
                locked.GetValueOrDefault(m.Id));
        });
    }

    private async Task<bool> MoveAsync(WriteSession session, LoadMove move, RoutingSettings rules, DateTime now)
    {
        if (await session.ExecuteAsync(
                StillQuiet, ("id", move.Seen.Id), ("seen", move.Seen.OwnerVersion), ("owner", move.From), ("floor", now - rules.MoveAgainAfter),
                ("typing", now - rules.TypingCountsFor), ("now", now)) == 0) return false;
        var outcome = await claims.ApplyAsync(session, new Claim(move.Seen, ClaimCause.Rebalance, move.To, DecisionReason.Rebalanced), now);
        return outcome.Result == ClaimResult.Done;
    }

    private async Task<int> RebalanceProfilesAsync(RoutingSettings rules, CancellationToken cancel)
    {
        var now = Now;
        var moved = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var state = await ProfileRotation.ReadAsync(session.Db, now);
            if (state.Line.Count == 0) return 0;
            var typing = now - rules.TypingCountsFor;
            var busy = await session.Db.Conversations
                .Where(c => c.Status != ConversationStatus.Closed && session.Db.Profiles.Any(p => p.Id == c.ProfileId && p.Mode == ProfileMode.Exclusive)
                    && (c.WaitingSince != null || session.Db.TypingActivity.Any(t => t.ConversationId == c.Id && t.At > typing)))
                .Select(c => c.ProfileId).Distinct().ToListAsync();
            if (RotationRules.PlanRebalance(state.Profiles, state.Line, busy.ToHashSet(), rules.Imbalance, rules.MoveAgainAfter, now) is not { } move) return 0;
            var outcome = await holdings.ApplyAsync(
                session,
                new HoldClaim(move.Profile.Id, move.Profile.HolderVersion, move.Profile.HolderId, move.To!.ModeratorId, AssignmentCause.Rebalance, move.Why) { Entry = move.To },
                rules.MaxProfiles, now);
            return outcome.Result == HoldResult.Done ? 1 : 0;
        }, cancel);
        if (moved == 0) return 0;
        await conversations.FollowHoldersAsync(now, cancel);
        rotation.Wake();
        return moved;
    }

    private static async Task<List<MovableConversation>> MovableAsync(DispatchDb db, RoutingSettings rules, DateTime now, CancellationToken cancel)
    {
        var typing = now - rules.TypingCountsFor;
        var rows = await db.Conversations
            .Where(c => c.OwnerId != null && c.Status == ConversationStatus.Assigned && c.WaitingSince == null && c.OwnerSince != null
                && db.Profiles.Any(p => p.Id == c.ProfileId && p.Mode == ProfileMode.Shared && !p.Paused)
                && !db.TypingActivity.Any(t => t.ConversationId == c.Id && t.At > typing)
                && !db.ClientLocks.Any(l => l.ClientId == c.ContactId && l.ModeratorId != null && l.ExpiresAt > now))
            .Select(c => new { c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion, c.OwnerSince, c.LastMessageAt }).ToListAsync(cancel);
        var allowed = (await db.ProfileModerators.Where(x => db.Profiles.Any(p => p.Id == x.ProfileId && p.Restricted)).ToListAsync(cancel))
            .GroupBy(x => x.ProfileId).ToDictionary(g => g.Key, g => (IReadOnlySet<long>)g.Select(x => x.ModeratorId).ToHashSet());
        var closed = await db.Profiles.Where(p => p.Restricted && !db.ProfileModerators.Any(x => x.ProfileId == p.Id)).Select(p => p.Id).ToListAsync(cancel);
        foreach (var id in closed) allowed[id] = new HashSet<long>();
        return rows.ConvertAll(c => new MovableConversation(
            new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion), c.OwnerSince!.Value, true, c.LastMessageAt, allowed.GetValueOrDefault(c.ProfileId)));
    }

    private static async Task<IReadOnlySet<long>?> AllowedAsync(DispatchDb db, Profile profile, CancellationToken cancel) =>
        profile.Mode == ProfileMode.Exclusive ? new HashSet<long>(profile.HolderId is { } holder ? [holder] : [])
        : !profile.Restricted ? null
        : (await db.ProfileModerators.Where(x => x.ProfileId == profile.Id).Select(x => x.ModeratorId).ToListAsync(cancel)).ToHashSet();

    private static async Task<Dictionary<long, int>> LineAsync(DispatchDb db, CancellationToken cancel) =>
        (await QueueLine.ReadAsync(db, cancel)).Select((e, i) => (e.ModeratorId, i)).ToDictionary(x => x.ModeratorId, x => x.i + 1);

    private static List<Candidate> Candidates(IEnumerable<ModeratorLoad> loads, long? chosen, IReadOnlySet<long>? allowed) =>
    [
        .. loads.OrderByDescending(l => l.Id == chosen).ThenByDescending(l => LoadRules.Score(l).Score).ThenBy(l => l.Id).Take(Decision.MaxStoredCandidates + 1)
            .Select(l => new Candidate(
                l.Id, l.Name,
                l.Id == chosen ? Verdict.Chosen : allowed?.Contains(l.Id) == false ? Verdict.NotAllowed : !l.Present ? Verdict.NotPresent
                : l.Free == 0 ? Verdict.AtCapacity : Verdict.MoreBusy,
                l.OpenCount, l.MaxConversations)),
    ];
}
