using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Locks;

/// <summary>Asking for somebody's lock: given up, kept with a reason, lost by silence, or overruled. Each ends in one guarded step out of <see cref="UnlockStatus.Open"/>.</summary>
public sealed partial class ProfileLockService
{
    /// <summary>
    /// Asks the holder to let go. He has <see cref="LockOptions.UnlockAnswer"/> to say no; then the lock is the asker's. One request at a time.
    /// </summary>
    /// <param name="profileId">As which profile the asker wants to answer; for a profile the profile itself.</param>
    /// <param name="reason">Shown to the holder.</param>
    public Task<UnlockOutcome> RequestUnlockAsync(
        LockKind kind, long resourceId, long requesterId, string reason, long? profileId = null, CancellationToken cancel = default)
    {
        if (Clean(reason) is not { } why) return Task.FromResult(new UnlockOutcome(UnlockResult.BadReason));
        var now = Now;
        return database.WriteAsync(async session =>
        {
            if (await LockStore.FindAsync(session.Db, kind, resourceId, now) is not { } held) return new UnlockOutcome(UnlockResult.NotLocked);
            if (held.ModeratorId == requesterId) return new UnlockOutcome(UnlockResult.AlreadyYours, Token: held.Token);
            var profile = kind == LockKind.Profile ? resourceId : profileId ?? held.ProfileId;
            if (!await LockStore.MayServeAsync(session.Db, kind, resourceId, profile, requesterId)) return new UnlockOutcome(UnlockResult.NotAllowed, Held: held);
            if (await OpenRequestAsync(session.Db, kind, resourceId) is { } earlier)
            {
                if (earlier.Token == held.Token)
                    return new UnlockOutcome(UnlockResult.AlreadyAsked, earlier.Id, earlier.DueAt, Held: held, AskedByName: await NameAsync(session.Db, earlier.RequesterId));
                // It was about a hold that is gone.
                await DecideAsync(session, earlier, UnlockStatus.Moot, null, null, now);
            }
            var request = new UnlockRequest
            {
                Kind = kind, ResourceId = resourceId, ProfileId = profile, Token = held.Token, HolderId = held.ModeratorId, RequesterId = requesterId,
                Reason = why, RequestedAt = now, DueAt = now + Options.UnlockAnswer, Status = UnlockStatus.Open,
            };
            await AddAsync(session, request);
            Tell(session, request);
            return new UnlockOutcome(UnlockResult.Asked, request.Id, request.DueAt, Held: held);
        }, cancel);
    }

    /// <summary>The holder's answer. Keeping needs a reason, which the asker is told.</summary>
    public Task<UnlockOutcome> AnswerUnlockAsync(long requestId, long holderId, bool giveUp, string? reason = null, CancellationToken cancel = default)
    {
        var why = Clean(reason);
        if (!giveUp && why is null) return Task.FromResult(new UnlockOutcome(UnlockResult.BadReason, requestId));
        var now = Now;
        return database.WriteAsync(async session =>
        {
            var request = await session.Db.UnlockRequests.AsNoTracking().FirstOrDefaultAsync(r => r.Id == requestId);
            if (request is null) return new UnlockOutcome(UnlockResult.NotFound, requestId);
            if (request.HolderId != holderId) return new UnlockOutcome(UnlockResult.NotHolder, requestId);
            // The sweep is a racer like any other: who is late is late, even if it did not come by yet.
            if (request.DueAt <= now) return new UnlockOutcome(UnlockResult.TooLate, requestId);
            return giveUp
                ? await HandOverAsync(session, request, UnlockStatus.GivenUp, holderId, why, now)
                : await DecideAsync(session, request, UnlockStatus.Kept, holderId, why, now)
                    ? new UnlockOutcome(UnlockResult.Kept, requestId)
                    : new UnlockOutcome(UnlockResult.TooLate, requestId);
        }, cancel);
    }

    /// <summary>
    /// An admin (or an integration, <paramref name="actorId"/> null) decides at once: the lock goes to the moderator named, or to nobody. The former
    /// holder's token is worth nothing from then on.
    /// </summary>
    /// <param name="seenToken">Only that very hold; null: whatever is held now.</param>
    public Task<UnlockOutcome> TakeOverAsync(
        LockKind kind, long resourceId, long? actorId, string reason, long? toModeratorId = null, long? profileId = null, long? seenToken = null,
        CancellationToken cancel = default)
    {
        if (Clean(reason) is not { } why) return Task.FromResult(new UnlockOutcome(UnlockResult.BadReason));
        var now = Now;
        return database.WriteAsync(async session =>
        {
            if (await LockStore.FindAsync(session.Db, kind, resourceId, now) is not { } held || (seenToken is { } seen && seen != held.Token))
                return new UnlockOutcome(UnlockResult.NotLocked);
            if (held.ModeratorId == toModeratorId) return new UnlockOutcome(UnlockResult.AlreadyYours, Token: held.Token, Held: held);
            var profile = kind == LockKind.Profile ? resourceId : profileId ?? held.ProfileId;
            if (toModeratorId is { } to && !await LockStore.MayServeAsync(session.Db, kind, resourceId, profile, to)) return new UnlockOutcome(UnlockResult.NotAllowed, Held: held);
            var moved = await LockStore.MoveAsync(session, kind, resourceId, held.Token, toModeratorId, profile, Usual(kind), Why(kind), now);
            // Somebody was faster on another node: look again.
            if (!moved.Succeeded) throw new StaleReadException("lock");
            if (await OpenRequestAsync(session.Db, kind, resourceId) is { } open) await DecideAsync(session, open, UnlockStatus.Moot, actorId, why, now);
            var record = new UnlockRequest
            {
                Kind = kind, ResourceId = resourceId, ProfileId = profile, Token = held.Token, HolderId = held.ModeratorId, RequesterId = toModeratorId,
                Reason = why, RequestedAt = now, DueAt = now, Status = UnlockStatus.TakenOver, DecidedById = actorId, DecidedAt = now, Answer = why,
            };
            await AddAsync(session, record);
            Tell(session, record);
            return new UnlockOutcome(UnlockResult.Moved, record.Id, Token: moved.Token);
        }, cancel);
    }

    /// <summary>
    /// Decides requests whose time is over, and those whose lock ended by itself: the asker has it now. Returns how many. Each is a transaction of its
    /// own and a racer against the answer, the release and the next taker.
    /// </summary>
    public async Task<int> ResolveUnlockRequestsAsync(DateTime now, CancellationToken cancel = default)
    {
        List<UnlockRequest> open;
        await using (var db = database.Read())
        {
            open = await db.UnlockRequests.Where(r => r.Status == UnlockStatus.Open).OrderBy(r => r.Id).ToListAsync(cancel);
        }
        var decided = 0;
        foreach (var request in open)
        {
            decided += await database.WriteAsync(async session =>
            {
                var held = await LockStore.FindAsync(session.Db, request.Kind, request.ResourceId, now);
                if (request.DueAt > now && held?.Token == request.Token) return 0;
                var status = held is not null && request.DueAt <= now ? UnlockStatus.LostBySilence : UnlockStatus.RanOut;
                return (await HandOverAsync(session, request, status, null, null, now)).Result == UnlockResult.TooLate ? 0 : 1;
            }, cancel);
        }
        return decided;
    }

    /// <summary>The requests that concern a moderator, as asker or as holder; open ones first, then the newest.</summary>
    public async Task<IReadOnlyList<UnlockRequestView>> GetUnlockRequestsAsync(long moderatorId, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await (from r in db.UnlockRequests
                      where r.HolderId == moderatorId || r.RequesterId == moderatorId
                      orderby r.Status == UnlockStatus.Open descending, r.Id descending
                      select new UnlockRequestView(
                          r.Id, r.Kind, r.ResourceId, r.ProfileId, r.HolderId, db.Moderators.Where(m => m.Id == r.HolderId).Select(m => m.Name).First(),
                          r.RequesterId, db.Moderators.Where(m => m.Id == r.RequesterId).Select(m => m.Name).FirstOrDefault(), r.Reason, r.RequestedAt,
                          r.DueAt, r.Status, r.DecidedAt, r.Answer))
            .Take(take).ToListAsync(cancel);
    }

    /// <summary>
    /// Ends the holds of a moderator in somebody else's transaction: all of them (he left), or the one on a contact that he answered as a profile (the
    /// conversation went to somebody else). What he asked for is no longer asked.
    /// </summary>
    public async Task<int> ReleaseAllAsync(WriteSession session, long moderatorId, DateTime now, long? profileId = null, long? clientId = null)
    {
        var held = await session.Db.Set<HeldLock>()
            .Where(l => l.ModeratorId == moderatorId && l.ExpiresAt > now
                && (clientId == null || (l.Kind == LockKind.Client && l.ResourceId == clientId && l.ProfileId == profileId)))
            .OrderBy(l => l.Kind).ThenBy(l => l.ResourceId).ToListAsync();
        if (clientId is null)
        {
            var asked = await session.Db.UnlockRequests.AsNoTracking().Where(r => r.RequesterId == moderatorId && r.Status == UnlockStatus.Open).ToListAsync();
            foreach (var request in asked) await DecideAsync(session, request, UnlockStatus.Moot, null, null, now);
        }
        var released = 0;
        foreach (var hold in held)
        {
            if (await UnlockAsync(session, hold.Kind, hold.ResourceId, hold.Token, now)) released++;
        }
        return released;
    }

    /// <summary>Releases; whoever asked for it has it at once.</summary>
    private async Task<bool> UnlockAsync(WriteSession session, LockKind kind, long resourceId, long token, DateTime now)
    {
        if (!await LockStore.ReleaseAsync(session, kind, resourceId, token, now)) return false;
        if (await session.QueryAsync(LockSql.Asked, r => r.GetInt64(0), ("kind", kind), ("key", resourceId)) is []) return true;
        if (await OpenRequestAsync(session.Db, kind, resourceId) is { } asked && asked.Token == token)
            await HandOverAsync(session, asked, UnlockStatus.GivenUp, asked.HolderId, null, now);
        return true;
    }

    private async Task<UnlockOutcome> HandOverAsync(
        WriteSession session, UnlockRequest request, UnlockStatus status, long? decidedById, string? answer, DateTime now)
    {
        // The request first: whoever moves it out of Open is the only one who may move the lock for it.
        if (!await DecideAsync(session, request, status, decidedById, answer, now)) return new UnlockOutcome(UnlockResult.TooLate, request.Id);
        var moved = await LockStore.MoveAsync(
            session, request.Kind, request.ResourceId, request.Token, request.RequesterId, request.ProfileId, Usual(request.Kind), Why(request.Kind), now);
        if (moved.Succeeded) return new UnlockOutcome(UnlockResult.Moved, request.Id, Token: moved.Token);
        await session.Db.UnlockRequests.Where(r => r.Id == request.Id).ExecuteUpdateAsync(set => set.SetProperty(r => r.Status, UnlockStatus.Moot));
        return new UnlockOutcome(UnlockResult.NotLocked, request.Id, Held: moved.Held);
    }

    /// <summary>True: this call took it out of <see cref="UnlockStatus.Open"/>.</summary>
    private static async Task<bool> DecideAsync(
        WriteSession session, UnlockRequest request, UnlockStatus status, long? decidedById, string? answer, DateTime now)
    {
        var rows = await session.Db.UnlockRequests.Where(r => r.Id == request.Id && r.Status == UnlockStatus.Open)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Status, status).SetProperty(r => r.DecidedById, decidedById)
                .SetProperty(r => r.DecidedAt, now).SetProperty(r => r.Answer, answer));
        if (rows == 0) return false;
        Tell(session, request);
        return true;
    }

    private static async Task AddAsync(WriteSession session, UnlockRequest request)
    {
        session.Db.UnlockRequests.Add(request);
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // Somebody else asked on another node at the same instant; done again, the look above finds it.
            throw new StaleReadException("unlock request");
        }
    }

    private static void Tell(WriteSession session, UnlockRequest request)
    {
        session.Publish(Topics.Moderator(request.HolderId), EventNames.UnlockRequested, request.Id);
        if (request.RequesterId is { } asker) session.Publish(Topics.Moderator(asker), EventNames.UnlockRequested, request.Id);
    }

    private static Task<UnlockRequest?> OpenRequestAsync(DispatchDb db, LockKind kind, long resourceId) =>
        db.UnlockRequests.AsNoTracking().FirstOrDefaultAsync(r => r.Kind == kind && r.ResourceId == resourceId && r.Status == UnlockStatus.Open);

    private static Task<string?> NameAsync(DispatchDb db, long? moderatorId) =>
        db.Moderators.Where(m => m.Id == moderatorId).Select(m => m.Name).FirstOrDefaultAsync();

    private static Enum Why(LockKind kind) => kind == LockKind.Client ? ClientLockReason.Unlocked : ProfileLockType.Manual;

    /// <summary>Null: nothing is left, or too much.</summary>
    private static string? Clean(string? reason) =>
        reason is not null && OutsideText.Mend(reason).Trim() is { Length: > 0 and <= LockConfiguration.ReasonLength } clean ? clean : null;
}
