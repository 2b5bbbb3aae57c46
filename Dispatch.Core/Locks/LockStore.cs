using System.Data.Common;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Locks;

/// <summary>The steps of a lock inside a transaction that somebody else began: one guarded statement each, then what it means for the screens.</summary>
internal static class LockStore
{
    public static async Task<LockOutcome> AcquireAsync(
        WriteSession session, LockKind kind, long resourceId, long profileId, long moderatorId, TimeSpan duration, Enum why, DateTime now)
    {
        if (duration < LockOptions.Shortest || duration > LockOptions.Longest) return new LockOutcome(LockResult.BadDuration);
        var rows = await session.QueryAsync(LockSql.For(session.Dialect.Provider, kind).Acquire,
            r => new LockOutcome(LockResult.Taken, r.GetInt64(0), Utc(r, 1), Utc(r, 2)),
            ("moderator", moderatorId), ("key", resourceId), ("profile", profileId), ("yes", true), ("now", now), ("until", now + duration), ("why", why));
        if (rows is not [var taken]) return await WhyNotAsync(session, kind, resourceId, profileId, moderatorId, now);
        Announce(session, kind, resourceId, profileId);
        return taken;
    }

    /// <summary>Longer from now on; only the hold that is named. What typing does, and what sending does with a token.</summary>
    public static async Task<LockOutcome> ExtendAsync(
        WriteSession session, LockKind kind, long resourceId, long moderatorId, long token, TimeSpan duration, DateTime now)
    {
        if (duration < LockOptions.Shortest || duration > LockOptions.Longest) return new LockOutcome(LockResult.BadDuration);
        var rows = await session.QueryAsync(LockSql.For(session.Dialect.Provider, kind).Extend, r => (Profile: r.GetInt64(0), LockedAt: Utc(r, 1), ExpiresAt: Utc(r, 2)),
            ("until", now + duration), ("key", resourceId), ("token", token), ("moderator", moderatorId), ("now", now));
        if (rows is not [var longer]) return new LockOutcome(LockResult.Ended, Held: await FindAsync(session.Db, kind, resourceId, now));
        Announce(session, kind, resourceId, longer.Profile);
        return new LockOutcome(LockResult.Taken, token, longer.LockedAt, longer.ExpiresAt);
    }

    /// <summary>True: this hold was there and is not any more.</summary>
    public static async Task<bool> ReleaseAsync(WriteSession session, LockKind kind, long resourceId, long token, DateTime now)
    {
        if (await session.QueryAsync(LockSql.For(session.Dialect.Provider, kind).Release, r => r.GetInt64(0), ("now", now), ("key", resourceId), ("token", token))
            is not [var profile]) return false;
        Announce(session, kind, resourceId, profile);
        return true;
    }

    /// <summary>To somebody else (null: to nobody) as a new hold, if the hold is still the one that was seen.</summary>
    public static async Task<LockOutcome> MoveAsync(
        WriteSession session, LockKind kind, long resourceId, long seenToken, long? toId, long profileId, TimeSpan duration, Enum why, DateTime now)
    {
        var sql = LockSql.For(session.Dialect.Provider, kind);
        var before = await ProfileAsync(session.Db, kind, resourceId);
        var rows = toId is null
            ? await session.ExecuteAsync(sql.ForceFree, ("now", now), ("key", resourceId), ("token", seenToken))
            : kind == LockKind.Client
                ? await session.ExecuteAsync(sql.Move, ("to", toId), ("profile", profileId), ("now", now), ("until", now + duration), ("why", why), ("key", resourceId), ("token", seenToken))
                : await session.ExecuteAsync(sql.Move, ("to", toId), ("now", now), ("until", now + duration), ("why", why), ("key", resourceId), ("token", seenToken));
        if (rows == 0) return new LockOutcome(LockResult.Ended, Held: await FindAsync(session.Db, kind, resourceId, now));
        Announce(session, kind, resourceId, before);
        if (before != profileId) Announce(session, kind, resourceId, profileId);
        return toId is null ? new LockOutcome(LockResult.Released) : new LockOutcome(LockResult.Taken, seenToken + 1, now, now + duration);
    }

    /// <summary>Who has it at <paramref name="now"/>; null: nobody.</summary>
    public static async Task<LockInfo?> FindAsync(DispatchDb db, LockKind kind, long resourceId, DateTime now, CancellationToken cancel = default)
    {
        if (kind == LockKind.Client)
        {
            var client = await db.LockedClients.FirstOrDefaultAsync(l => l.ClientId == resourceId && l.ExpiresAt > now, cancel);
            return client is null ? null : Info(client);
        }
        return await (from l in db.ProfileLocks
                      join m in db.Moderators on l.ModeratorId equals m.Id
                      join p in db.Profiles on l.ProfileId equals p.Id
                      where l.ProfileId == resourceId && l.ExpiresAt > now
                      select new LockInfo(kind, l.ProfileId, l.ProfileId, p.Name, m.Id, m.Name, l.LockedAt, l.ExpiresAt, l.LockType.ToString(), l.Token))
            .FirstOrDefaultAsync(cancel);
    }

    public static LockInfo Info(LockedClient l) => new(
        LockKind.Client, l.ClientId, l.ProfileId, l.ProfileName, l.ModeratorId, l.ModeratorName, l.LockedAt, l.ExpiresAt, l.LockReason.ToString(), l.Token);

    /// <summary>Look again: at the profile, at the contact under whichever profile it is open, and at what the board says.</summary>
    public static void Announce(WriteSession session, LockKind kind, long resourceId, long profileId)
    {
        session.Publish(Topics.Profile(profileId), EventNames.ProfileLockStatusChanged, resourceId);
        if (kind == LockKind.Client) session.Publish(Topics.Contact(resourceId), EventNames.ProfileLockStatusChanged, resourceId);
    }

    private static async Task<LockOutcome> WhyNotAsync(
        WriteSession session, LockKind kind, long resourceId, long profileId, long moderatorId, DateTime now)
    {
        var db = session.Db;
        if (!await db.Profiles.AnyAsync(p => p.Id == profileId)) return new LockOutcome(LockResult.ProfileNotFound);
        if (kind == LockKind.Client && !await db.Contacts.AnyAsync(c => c.Id == resourceId)) return new LockOutcome(LockResult.ContactNotFound);
        if (!await db.Moderators.AnyAsync(m => m.Id == moderatorId && m.Enabled)) return new LockOutcome(LockResult.ModeratorNotFound);
        if (!await MayServeAsync(db, kind, resourceId, profileId, moderatorId)) return new LockOutcome(LockResult.NotAllowed);
        // Nobody has it any more: it was released between the statement and this look, on another node.
        if (await FindAsync(db, kind, resourceId, now) is not { } held) throw new StaleReadException("lock");
        await LogAsync(session, held, profileId, moderatorId, now);
        return new LockOutcome(LockResult.HeldByOther, Held: held);
    }

    /// <summary>Somebody wanted what another holds: on record once per hold and loser.</summary>
    public static Task LogAsync(WriteSession session, LockInfo held, long profileId, long loserId, DateTime now) => held.ModeratorId == loserId
        ? Task.CompletedTask
        : ConflictResolutionService.LogConflictAsync(session, new Conflict(
            held.Kind == LockKind.Client ? ConflictKind.Client : ConflictKind.Profile, held.ResourceId, ConflictRule.Lock, held.ModeratorId, loserId, held.Token)
            { ProfileId = profileId, Participants = [held.ModeratorId, loserId] }, now);

    /// <summary>Enabled, and allowed on the profile or the owner of the conversation in question.</summary>
    public static Task<bool> MayServeAsync(DispatchDb db, LockKind kind, long resourceId, long profileId, long moderatorId) =>
        db.Moderators.AnyAsync(m => m.Id == moderatorId && m.Enabled && db.Profiles.Any(p => p.Id == profileId
            && (!p.Restricted || db.ProfileModerators.Any(a => a.ProfileId == p.Id && a.ModeratorId == m.Id)
                || (kind == LockKind.Client && db.Conversations.Any(c => c.ContactId == resourceId && c.ProfileId == p.Id && c.OwnerId == m.Id)))));

    private static Task<long> ProfileAsync(DispatchDb db, LockKind kind, long resourceId) => kind == LockKind.Profile
        ? Task.FromResult(resourceId)
        : db.ClientLocks.Where(l => l.ClientId == resourceId).Select(l => l.ProfileId).FirstOrDefaultAsync();

    private static DateTime Utc(DbDataReader row, int column) => DateTime.SpecifyKind(row.GetDateTime(column), DateTimeKind.Utc);
}
