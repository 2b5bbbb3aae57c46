using Dispatch.Core.Audit;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>What one of several who connected at the same moment was given.</summary>
/// <param name="ProfileIds">Empty: none was left that he may serve; he waits at <paramref name="Position"/>.</param>
public sealed record ConnectionOutcome(long ModeratorId, IReadOnlyList<long> ProfileIds, int? Position);

/// <summary>
/// Who holds which exclusive profile, by hand and by rotation, and who gets which client (seed 001). Every change goes through the one claim of profiles
/// (<see cref="ProfileClaims"/>) or the one claim of conversations.
/// </summary>
public sealed partial class ModeratorAssignmentService(
    Database database, ProfileClaims claims, ProfileConversations conversations, ProfileRotation rotation, ModeratorQueueService queue,
    LoadBalancingService load, ProfileLockService locks, DispatcherOrchestrator dispatcher, PendingDrain drain, SettingsService settings, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Gives the profile to this person, also when a colleague holds it (then both are told). Its conversations follow.</summary>
    /// <param name="actorId">The admin who wants it; null: an integration.</param>
    public async Task<HoldOutcome> AssignProfileToModeratorAsync(long profileId, long moderatorId, long? actorId, CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var outcome = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            if (await session.Db.Profiles.AsNoTracking().FirstOrDefaultAsync(p => p.Id == profileId) is not { } profile)
                return new HoldOutcome(HoldResult.NotFound);
            if (profile.Mode != ProfileMode.Exclusive) return new HoldOutcome(HoldResult.NotExclusive);
            // Moderators are never deleted, so one who is there now is there when the profile names him.
            if (!await session.Db.Moderators.AnyAsync(m => m.Id == moderatorId)) return new HoldOutcome(HoldResult.Disabled);
            if (profile.HolderId == moderatorId) return new HoldOutcome(HoldResult.Unchanged, moderatorId, HeldSince: profile.HolderSince);
            // Locked for this person while it is given to him: who locked it for somebody else at this moment wins.
            var locked = await locks.LockProfileAsync(session, profileId, moderatorId, now, rules.ProfileLock);
            if (locked.Result == LockResult.HeldByOther)
                return new HoldOutcome(HoldResult.Locked, locked.Held?.ModeratorId, locked.Held?.ModeratorName, locked.Held?.LockedAt);
            var entry = (await QueueLine.ReadAsync(session.Db)).Find(e => e.ModeratorId == moderatorId);
            var given = await claims.ApplyAsync(
                session,
                new HoldClaim(
                    profileId, profile.HolderVersion, profile.HolderId, moderatorId, actorId is null ? AssignmentCause.Api : AssignmentCause.Admin,
                    profile.HolderId is null ? null : ReleaseCause.Admin) { ActorId = actorId, Entry = entry },
                rules.MaxProfiles, now);
            if (locked.Succeeded) await LockStore.ReleaseAsync(session, LockKind.Profile, profileId, locked.Token, now);
            return given;
        }, cancel);
        if (outcome.Result == HoldResult.Done) await FollowAsync(now, cancel);
        return outcome;
    }

    /// <summary>The holder gives the profile back: it goes at once to the next in the line, and is not offered to him again meanwhile.</summary>
    public Task<HoldOutcome> GiveBackAsync(long profileId, long moderatorId, CancellationToken cancel = default) =>
        FreeAsync(profileId, moderatorId, moderatorId, ReleaseCause.GivenBack, onlyIfSomebodyIsNext: false, cancel);

    /// <summary>An admin (or an integration: null) takes the profile from whoever holds it; it goes to the next in the line.</summary>
    public Task<HoldOutcome> ReleaseProfileAsync(long profileId, long? actorId, CancellationToken cancel = default) =>
        FreeAsync(profileId, null, actorId, ReleaseCause.Admin, onlyIfSomebodyIsNext: false, cancel);

    /// <summary>Stops a profile (nobody holds it, its new messages wait) or lets it go on.</summary>
    /// <returns><see cref="HoldResult.Done"/>, <see cref="HoldResult.Unchanged"/> or <see cref="HoldResult.NotFound"/>.</returns>
    public async Task<HoldOutcome> SetPausedAsync(long profileId, bool paused, long? actorId, CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var outcome = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            if (await session.Db.Profiles.AsNoTracking().FirstOrDefaultAsync(p => p.Id == profileId) is not { } profile)
                return new HoldOutcome(HoldResult.NotFound);
            if (profile.Paused == paused) return new HoldOutcome(HoldResult.Unchanged);
            await session.Db.Profiles.Where(p => p.Id == profileId).ExecuteUpdateAsync(set => set.SetProperty(p => p.Paused, paused));
            await AuditLog.AddAsync(session, new AuditEntry
            {
                At = now, ActorId = actorId, Kind = paused ? AuditKind.ProfilePaused : AuditKind.ProfileResumed, Subject = AuditSubject.Profile, SubjectId = profileId, Name = profile.Name,
            });
            session.Publish(Topics.Profile(profileId), EventNames.ProfileChanged, profileId);
            session.Publish(Topics.Board, EventNames.ProfileChanged, profileId);
            if (!paused || profile.HolderId is null) return new HoldOutcome(HoldResult.Done);
            return await claims.ApplyAsync(
                session, new HoldClaim(profileId, profile.HolderVersion, profile.HolderId, null, AssignmentCause.Admin, ReleaseCause.Paused) { ActorId = actorId },
                rules.MaxProfiles, now);
        }, cancel);
        if (outcome.Result == HoldResult.Done) await FollowAsync(now, cancel);
        return outcome;
    }

    /// <summary>Gives the open conversation of this contact on this profile to this person, as a supervisor would.</summary>
    /// <param name="clientId">The contact.</param>
    public async Task<ClaimOutcome> AssignClientToModeratorAsync(
        long clientId, long profileId, long moderatorId, long? actorId, CancellationToken cancel = default)
    {
        long? conversation;
        await using (var db = database.Read())
        {
            conversation = await db.Conversations.Where(c => c.ContactId == clientId && c.ProfileId == profileId && c.Status != ConversationStatus.Closed)
                .Select(c => (long?)c.Id).FirstOrDefaultAsync(cancel);
        }
        return conversation is { } id
            ? await dispatcher.TransferAsync(id, actorId, moderatorId, supervisor: true, cancel: cancel)
            : new ClaimOutcome(ClaimResult.NotFound);
    }

    /// <summary>Hands out what waits: profiles by priority, within one the longest waiting first. Runs by itself; returns how many conversations found somebody.</summary>
    public Task<int> ProcessUnassignedMessagesAsync(CancellationToken cancel = default) => drain.RunOnceAsync(Now, cancel);

    /// <inheritdoc cref="ModeratorQueueService.AddToQueueAsync"/>
    public Task<QueueResult> AddModeratorToQueueAsync(long moderatorId, CancellationToken cancel = default) => queue.AddToQueueAsync(moderatorId, null, cancel);

    /// <inheritdoc cref="ModeratorQueueService.RemoveFromQueueAsync"/>
    public Task<QueueResult> RemoveModeratorFromQueueAsync(long moderatorId, CancellationToken cancel = default) => queue.RemoveFromQueueAsync(moderatorId, cancel);

    /// <summary>Who would receive the next free profile. Null: nobody waits. It takes nobody out: that is done by the claim that serves him.</summary>
    /// <param name="profileId">Only who may serve this profile; null: any.</param>
    public async Task<LineEntry?> GetNextModeratorFromQueueAsync(long? profileId = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var line = await QueueLine.ReadAsync(db, cancel);
        if (profileId is not { } id) return line.FirstOrDefault();
        return (await ProfileRotation.ReadAsync(db, Now, cancel)).Profiles.FirstOrDefault(p => p.Id == id) is { } profile ? RotationRules.Next(profile, line) : null;
    }

    /// <summary>Who has the least to do among those present who may serve the profile; places in the line and locks count. Null: nobody has room.</summary>
    public Task<ModeratorLoad?> FindLeastBusyModeratorAsync(long profileId, CancellationToken cancel = default) => load.FindLeastBusyAsync(profileId, cancel);

    /// <summary>Keeps the profile for this person while it is being given to him: by default for the setting's 500 ms. Rotation gives it to nobody else meanwhile.</summary>
    public async Task<LockOutcome> LockProfileForAssignmentAsync(
        long profileId, long moderatorId, TimeSpan? duration = null, CancellationToken cancel = default) =>
        await locks.LockProfileAsync(profileId, moderatorId, duration ?? (await settings.RoutingAsync(cancel)).ProfileLock, cancel: cancel);

    /// <summary>Ends that lock. False: it had ended already.</summary>
    public Task<bool> UnlockProfileAsync(long profileId, long token, CancellationToken cancel = default) => locks.UnlockProfileAsync(profileId, token, cancel);

    /// <summary>
    /// Moderators who connected at the same moment and what is free: served in the order of their connections' times, then their ids, whichever node each
    /// of them arrived at. Profiles they may not serve, that are held or not exclusive are left alone.
    /// </summary>
    public async Task<IReadOnlyList<ConnectionOutcome>> HandleSimultaneousConnectionsAsync(
        IReadOnlyCollection<long> moderatorIds, IReadOnlyCollection<long> availableProfiles, CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var outcomes = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            await QueueLine.SettleAsync(session, rules.MaxProfiles, now);
            var order = await ConflictResolutionService.HandleConnectionCollisionAsync(session, moderatorIds, now);
            var since = order.Order.ToDictionary(c => c.ModeratorId, c => c.At);
            var state = await ProfileRotation.ReadAsync(session.Db, now);
            var line = state.Line.Where(e => since.ContainsKey(e.ModeratorId)).Select(e => e with { QueuedAt = since[e.ModeratorId] }).ToList();
            var free = state.Profiles.Where(p => p.HolderId is null && availableProfiles.Contains(p.Id)).ToList();
            var given = new List<(long Moderator, long Profile)>();
            var plan = RotationRules.Plan(free, state.Holders, line, rules.MaxProfiles, rules.AwayGrace, now);
            await ProfileClaims.LockAllAsync(session, plan);
            foreach (var move in plan)
            {
                var claim = new HoldClaim(move.Profile.Id, move.Profile.HolderVersion, null, move.To!.ModeratorId, AssignmentCause.Queue, null) { Entry = move.To };
                if ((await claims.ApplyAsync(session, claim, rules.MaxProfiles, now)).Result == HoldResult.Done) given.Add((move.To.ModeratorId, move.Profile.Id));
            }
            await QueueLine.SettleAsync(session, rules.MaxProfiles, now);
            await QueueLine.ReorderAsync(session, now);
            var places = (await QueueLine.ReadAsync(session.Db)).Select((e, i) => (e.ModeratorId, Place: i + 1)).ToDictionary(x => x.ModeratorId, x => x.Place);
            return order.Order.Select(c => new ConnectionOutcome(
                c.ModeratorId, [.. given.Where(g => g.Moderator == c.ModeratorId).Select(g => g.Profile)],
                places.TryGetValue(c.ModeratorId, out var place) ? place : null)).ToList();
        }, cancel);
        await FollowAsync(now, cancel);
        return outcomes;
    }

    /// <inheritdoc cref="LoadBalancingService.RebalanceActiveAssignmentsAsync"/>
    public Task<RebalanceResult> RebalanceModeratorLoadAsync(CancellationToken cancel = default) => load.RebalanceActiveAssignmentsAsync(cancel);

    /// <summary>Conversations of exclusive profiles that are not with the holder go to him, and profiles whose holder cannot keep them go on. Returns how many of both.</summary>
    public async Task<int> ResolveAttributionConflictsAsync(CancellationToken cancel = default)
    {
        var now = Now;
        var before = await conversations.FollowHoldersAsync(now, cancel);
        return before + (await rotation.RunOnceAsync(now, cancel)).Changed.Count;
    }

    /// <summary>Somebody waits for this holder's answer and he gives no sign of life: the profile goes to the next in the line, if there is one.</summary>
    /// <param name="silentSince">Still silent since then, asked again in the transaction that takes it.</param>
    internal Task<HoldOutcome> FreeForInactivityAsync(long profileId, long moderatorId, DateTime silentSince, CancellationToken cancel) =>
        FreeAsync(profileId, moderatorId, null, ReleaseCause.Inactive, onlyIfSomebodyIsNext: true, cancel, silentSince);

    private async Task<HoldOutcome> FreeAsync(
        long profileId, long? onlyFrom, long? actorId, ReleaseCause cause, bool onlyIfSomebodyIsNext, CancellationToken cancel,
        DateTime? silentSince = null)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var outcome = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var state = await ProfileRotation.ReadAsync(session.Db, now);
            if (state.Profiles.FirstOrDefault(p => p.Id == profileId) is not { } profile)
            {
                return new HoldOutcome(await session.Db.Profiles.AnyAsync(p => p.Id == profileId) ? HoldResult.NotExclusive : HoldResult.NotFound);
            }
            if (profile.HolderId is not { } from) return new HoldOutcome(HoldResult.Unchanged);
            if (onlyFrom is { } asked && asked != from)
            {
                var name = await session.Db.Moderators.Where(m => m.Id == from).Select(m => m.Name).FirstOrDefaultAsync();
                return new HoldOutcome(HoldResult.NotHolder, from, name, profile.HolderSince);
            }
            if (silentSince is { } since && await session.Db.Moderators.AnyAsync(m => m.Id == from && m.LastActivityAt > since))
                return new HoldOutcome(HoldResult.Unchanged, from);
            // In one step to the next one, so that nobody finds it free in between. Who left a moment ago may still be in the line: then the one behind him.
            var line = profile.InRotation ? state.Line.Where(e => e.Held < rules.MaxProfiles).ToList() : [];
            HoldOutcome freed;
            do
            {
                var next = RotationRules.Next(profile, line);
                if (next is null && onlyIfSomebodyIsNext) return new HoldOutcome(HoldResult.Unchanged, from);
                freed = await claims.ApplyAsync(
                    session,
                    new HoldClaim(profileId, profile.HolderVersion, from, next?.ModeratorId, AssignmentCause.Queue, cause)
                        { ActorId = actorId, Entry = next, AvoidId = from },
                    rules.MaxProfiles, now);
                if (next is not null) line.Remove(next);
            }
            while (freed.Result is HoldResult.NotPresent or HoldResult.AtLimit or HoldResult.NotAllowed or HoldResult.Disabled);
            // Whoever lost work for inactivity waits again with his next sign of life; his row is locked by the claim already.
            if (freed.Result == HoldResult.Done && cause == ReleaseCause.Inactive)
            {
                await session.Db.Moderators.Where(m => m.Id == from && m.QueueStanding == QueueStanding.Waiting)
                    .ExecuteUpdateAsync(set => set.SetProperty(m => m.QueueStanding, QueueStanding.Inactive));
            }
            return freed;
        }, cancel);
        if (outcome.Result == HoldResult.Done) await FollowAsync(now, cancel);
        return outcome;
    }

    /// <summary>After a change of holder: its conversations, the line, and what waits.</summary>
    private async Task FollowAsync(DateTime now, CancellationToken cancel)
    {
        await conversations.FollowHoldersAsync(now, cancel);
        rotation.Wake();
        drain.Wake();
    }
}
