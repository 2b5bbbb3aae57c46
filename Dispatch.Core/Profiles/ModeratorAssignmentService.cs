using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
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
    DispatcherOrchestrator dispatcher, PendingDrain drain, SettingsService settings, TimeProvider clock)
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
            if (profile.HolderId == moderatorId) return new HoldOutcome(HoldResult.Unchanged, moderatorId, HeldSince: profile.HolderSince);
            var entry = (await QueueLine.ReadAsync(session.Db)).Find(e => e.ModeratorId == moderatorId);
            return await claims.ApplyAsync(
                session,
                new HoldClaim(
                    profileId, profile.HolderVersion, profile.HolderId, moderatorId, actorId is null ? AssignmentCause.Api : AssignmentCause.Admin,
                    profile.HolderId is null ? null : ReleaseCause.Admin) { ActorId = actorId, Entry = entry },
                rules.MaxProfiles, now);
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
        return (await ProfileRotation.ReadAsync(db, cancel)).Profiles.FirstOrDefault(p => p.Id == id) is { } profile ? RotationRules.Next(profile, line) : null;
    }

    private async Task<HoldOutcome> FreeAsync(
        long profileId, long? onlyFrom, long? actorId, ReleaseCause cause, bool onlyIfSomebodyIsNext, CancellationToken cancel)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var outcome = await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var state = await ProfileRotation.ReadAsync(session.Db);
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
            // In one step to the next one, so that nobody finds it free in between.
            var next = profile.InRotation ? RotationRules.Next(profile, state.Line.Where(e => e.Held < rules.MaxProfiles)) : null;
            if (next is null && onlyIfSomebodyIsNext) return new HoldOutcome(HoldResult.Unchanged, from);
            return await claims.ApplyAsync(
                session,
                new HoldClaim(profileId, profile.HolderVersion, from, next?.ModeratorId, AssignmentCause.Queue, cause)
                    { ActorId = actorId, Entry = next, AvoidId = from },
                rules.MaxProfiles, now);
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
