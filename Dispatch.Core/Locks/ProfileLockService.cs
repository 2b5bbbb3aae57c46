using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Locks;

/// <summary>
/// Temporary locks of profiles and contacts (seed 001). Every hold has a holder, an end and a fencing token; it ends by itself, and whoever shows
/// an old token is refused at that moment. The methods that take a <see cref="WriteSession"/> are for use inside somebody else's transaction.
/// </summary>
public sealed partial class ProfileLockService(Database database, IOptions<LockOptions> options, TimeProvider clock)
{
    private LockOptions Options => options.Value;
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Takes the profile for the moderator, by default for as long as an assignment needs (<see cref="LockOptions.ProfileLock"/>). The holder's own
    /// lock lasts longer and keeps its token.
    /// </summary>
    public Task<LockOutcome> LockProfileAsync(
        long profileId, long moderatorId, TimeSpan? duration = null, ProfileLockType type = ProfileLockType.Assignment, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => LockProfileAsync(session, profileId, moderatorId, now, duration, type), cancel);
    }

    /// <inheritdoc cref="LockProfileAsync(long,long,TimeSpan?,ProfileLockType,CancellationToken)"/>
    public Task<LockOutcome> LockProfileAsync(
        WriteSession session, long profileId, long moderatorId, DateTime now, TimeSpan? duration = null, ProfileLockType type = ProfileLockType.Assignment) =>
        LockStore.AcquireAsync(session, LockKind.Profile, profileId, profileId, moderatorId, duration ?? Options.ProfileLock, type, now);

    /// <summary>Ends this hold of the profile. False: it had ended already.</summary>
    public Task<bool> UnlockProfileAsync(long profileId, long token, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => UnlockAsync(session, LockKind.Profile, profileId, token, now), cancel);
    }

    /// <summary>Anybody has it, or (when given) this moderator has.</summary>
    public async Task<bool> IsProfileLockedAsync(long profileId, long? byModeratorId = null, CancellationToken cancel = default) =>
        await GetLockInfoAsync(LockKind.Profile, profileId, cancel) is { } held && (byModeratorId is null || held.ModeratorId == byModeratorId);

    /// <summary>
    /// Takes the contact for the moderator who answers as the profile, by default for <see cref="LockOptions.ClientLock"/>. The lock is the contact's,
    /// whichever profile: somebody who answers it as another profile is refused.
    /// </summary>
    public Task<LockOutcome> LockClientAsync(
        long clientId, long profileId, long moderatorId, TimeSpan? duration = null, ClientLockReason reason = ClientLockReason.Answering,
        CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => LockClientAsync(session, clientId, profileId, moderatorId, now, duration, reason), cancel);
    }

    /// <inheritdoc cref="LockClientAsync(long,long,long,TimeSpan?,ClientLockReason,CancellationToken)"/>
    public Task<LockOutcome> LockClientAsync(
        WriteSession session, long clientId, long profileId, long moderatorId, DateTime now, TimeSpan? duration = null,
        ClientLockReason reason = ClientLockReason.Answering) =>
        LockStore.AcquireAsync(session, LockKind.Client, clientId, profileId, moderatorId, duration ?? Options.ClientLock, reason, now);

    /// <summary>Ends this hold of the contact. False: it had ended already.</summary>
    public Task<bool> UnlockClientAsync(long clientId, long token, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => UnlockAsync(session, LockKind.Client, clientId, token, now), cancel);
    }

    /// <summary>Anybody has the contact; with a profile: somebody who answers as that profile.</summary>
    public async Task<bool> IsClientLockedAsync(long clientId, long? profileId = null, CancellationToken cancel = default) =>
        await GetLockInfoAsync(LockKind.Client, clientId, cancel) is { } held && (profileId is null || held.ProfileId == profileId);

    /// <summary>
    /// The hold lasts the given time (null: the usual one) from now, or as long as it already does. <see cref="LockResult.Ended"/>: it is not the
    /// caller's any more, and <see cref="LockOutcome.Held"/> says whose it is.
    /// </summary>
    public Task<LockOutcome> ExtendLockAsync(
        LockKind kind, long resourceId, long moderatorId, long token, TimeSpan? duration = null, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(session => LockStore.ExtendAsync(session, kind, resourceId, moderatorId, token, duration ?? Usual(kind), now), cancel);
    }

    /// <summary>
    /// What sending asks, inside the transaction that stores the answer: with a token, that very hold has to last; without one the lock is taken when
    /// it is free or the sender's own.
    /// </summary>
    internal Task<LockOutcome> PassAsync(WriteSession session, long clientId, long profileId, long moderatorId, long? token, DateTime now) => token is { } shown
        ? LockStore.ExtendAsync(session, LockKind.Client, clientId, moderatorId, shown, Options.ClientLock, now)
        : LockClientAsync(session, clientId, profileId, moderatorId, now, reason: ClientLockReason.Sending);

    /// <summary>Who has it, since when and until when; null: nobody.</summary>
    public async Task<LockInfo?> GetLockInfoAsync(LockKind kind, long resourceId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await LockStore.FindAsync(db, kind, resourceId, Now, cancel);
    }

    /// <summary>The contacts that are locked now, of one moderator or of all; read from the view <c>locked_clients</c>. The first to end comes first.</summary>
    public async Task<IReadOnlyList<LockedClient>> GetLockedClientsAsync(long? moderatorId = null, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        return await db.LockedClients.Where(l => l.ExpiresAt > now && (moderatorId == null || l.ModeratorId == moderatorId))
            .OrderBy(l => l.ExpiresAt).ThenBy(l => l.ClientId).ToListAsync(cancel);
    }

    /// <summary>Every lock that is held now, the first to end first, with how many there are in all.</summary>
    public async Task<(IReadOnlyList<LockInfo> Items, int Total)> ListAsync(
        int skip, int take, LockKind? kind = null, long? moderatorId = null, long? profileId = null, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        var held = db.Set<HeldLock>().Where(l => l.ExpiresAt > now && (kind == null || l.Kind == kind)
            && (moderatorId == null || l.ModeratorId == moderatorId) && (profileId == null || l.ProfileId == profileId));
        var rows = await held.OrderBy(l => l.ExpiresAt).ThenBy(l => l.Kind).ThenBy(l => l.ResourceId).Skip(skip).Take(take).ToListAsync(cancel);
        return (rows.ConvertAll(Info), await held.CountAsync(cancel));
    }

    /// <summary>Who has which of these profiles or contacts now, by its id; what nobody has is not in it.</summary>
    public async Task<IReadOnlyDictionary<long, LockInfo>> GetLocksOnAsync(LockKind kind, IReadOnlyCollection<long> resourceIds, CancellationToken cancel = default)
    {
        if (resourceIds.Count == 0) return new Dictionary<long, LockInfo>();
        var now = Now;
        await using var db = database.Read();
        var rows = await db.Set<HeldLock>().Where(l => l.Kind == kind && l.ExpiresAt > now && resourceIds.Contains(l.ResourceId)).ToListAsync(cancel);
        return rows.ToDictionary(l => l.ResourceId, Info);
    }

    /// <summary>What concerns a moderator: the own locks, those on contacts whom he has an open conversation with, and those of profiles.</summary>
    public async Task<IReadOnlyList<LockInfo>> GetLocksForAsync(long moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        var rows = await db.Set<HeldLock>()
            .Where(l => l.ExpiresAt > now && (l.ModeratorId == moderatorId || l.Kind == LockKind.Profile
                || db.Conversations.Any(c => c.ContactId == l.ResourceId && c.OwnerId == moderatorId)))
            .OrderBy(l => l.ExpiresAt).ThenBy(l => l.Kind).ThenBy(l => l.ResourceId).Take(MaxTidied).ToListAsync(cancel);
        return rows.ConvertAll(Info);
    }

    /// <summary>
    /// Forgets holders whose time is over and tells the screens. Nothing depends on it: a lock that ended is free whether this ran or not. Returns how
    /// many there were.
    /// </summary>
    public async Task<int> CleanExpiredLocksAsync(DateTime now, CancellationToken cancel = default)
    {
        List<LockInfo> ended;
        await using (var db = database.Read())
        {
            ended = (await db.Set<HeldLock>().Where(l => l.ExpiresAt <= now).OrderBy(l => l.ExpiresAt).ThenBy(l => l.ResourceId).Take(MaxTidied).ToListAsync(cancel))
                .ConvertAll(Info);
        }
        if (ended.Count == 0) return 0;
        return await database.WriteAsync(async session =>
        {
            var tidied = 0;
            // By what is locked: two nodes that tidy at once meet in one order.
            foreach (var hold in ended.OrderBy(l => l.Kind).ThenBy(l => l.ResourceId))
            {
                if (await session.ExecuteAsync(LockSql.For(session.Dialect.Provider, hold.Kind).Tidy, ("key", hold.ResourceId), ("token", hold.Token), ("now", now)) == 0) continue;
                LockStore.Announce(session, hold.Kind, hold.ResourceId, hold.ProfileId);
                tidied++;
            }
            return tidied;
        }, cancel);
    }

    /// <summary>A pass tidies at most this many; the next pass is a second away.</summary>
    private const int MaxTidied = 500;

    private static LockInfo Info(HeldLock l) =>
        new(l.Kind, l.ResourceId, l.ProfileId, l.ProfileName, l.ModeratorId, l.ModeratorName, l.LockedAt, l.ExpiresAt, l.Why, l.Token);

    private TimeSpan Usual(LockKind kind) => kind == LockKind.Client ? Options.ClientLock : Options.ProfileLock;
}
