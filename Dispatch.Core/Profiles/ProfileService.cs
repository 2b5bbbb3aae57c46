using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

public enum ProfileResult
{
    Done,
    NotFound,
    /// <summary>Empty, or longer than <see cref="ProfileService.MaxName"/>.</summary>
    BadName,
    ChannelNotFound,
    /// <summary>The channel has a profile already; there is one per channel.</summary>
    ChannelTaken,
    /// <summary>One of the moderators does not exist.</summary>
    ModeratorNotFound,
    /// <summary>Outside -<see cref="ProfileService.MaxPriority"/> to <see cref="ProfileService.MaxPriority"/>.</summary>
    BadPriority,
}

public sealed record ProfileOutcome(ProfileResult Result, long Id = 0);

/// <param name="ModeratorIds">Who may serve it; of meaning only when <paramref name="Restricted"/>.</param>
public sealed record ProfileView(
    long Id, string Name, long ChannelId, string ChannelKey, ChannelProvider Provider, ProfileMode Mode, bool Restricted,
    IReadOnlyList<long> ModeratorIds, DateTime CreatedAt, bool Paused, int Priority, long? HolderId);

/// <summary>A moderator to choose from.</summary>
public sealed record ModeratorName(long Id, string Name, bool Enabled);

/// <summary>The identities that moderators speak as. Who holds an exclusive one is <see cref="ModeratorAssignmentService"/>'s business.</summary>
public sealed class ProfileService(Database database, ChannelDirectory directory, PendingDrain drain, ProfileRotation rotation, TimeProvider clock)
{
    public const int MaxName = 120, MaxPriority = 100;

    public async Task<ProfileOutcome> CreateAsync(
        string name, string channelKey, ProfileMode mode = ProfileMode.Shared, long? actorId = null, CancellationToken cancel = default)
    {
        if (!IsName(name)) return new ProfileOutcome(ProfileResult.BadName);
        var now = clock.GetUtcNow().UtcDateTime;
        try
        {
            return await database.WriteAsync(async session =>
            {
                if (await session.Db.Channels.Where(c => c.Key == channelKey).Select(c => (long?)c.Id).FirstOrDefaultAsync() is not { } channel)
                    return new ProfileOutcome(ProfileResult.ChannelNotFound);
                var profile = new Profile { Name = name.Trim(), ChannelId = channel, Mode = mode, CreatedAt = now };
                session.Db.Profiles.Add(profile);
                await session.Db.SaveChangesAsync();
                await AuditAsync(session, AuditKind.ProfileAdded, profile.Id, actorId, now, null, $"{profile.Name}, {mode}");
                Changed(session, profile.Id);
                return new ProfileOutcome(ProfileResult.Done, profile.Id);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new ProfileOutcome(ProfileResult.ChannelTaken);
        }
    }

    public async Task<ProfileOutcome> UpdateAsync(long id, string name, ProfileMode mode, long? actorId = null, CancellationToken cancel = default)
    {
        if (!IsName(name)) return new ProfileOutcome(ProfileResult.BadName, id);
        var (clean, now) = (name.Trim(), clock.GetUtcNow().UtcDateTime);
        return await database.WriteAsync(async session =>
        {
            var before = await session.Db.Profiles.Where(p => p.Id == id).Select(p => new { p.Name, p.Mode }).FirstOrDefaultAsync();
            var rows = await session.Db.Profiles.Where(p => p.Id == id)
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.Name, clean).SetProperty(p => p.Mode, mode));
            if (rows > 0)
            {
                if (before is not null && (before.Name != clean || before.Mode != mode))
                    await AuditAsync(session, AuditKind.ProfileChanged, id, actorId, now, $"{before.Name}, {before.Mode}", $"{clean}, {mode}");
                Changed(session, id);
            }
            return new ProfileOutcome(rows > 0 ? ProfileResult.Done : ProfileResult.NotFound, id);
        }, cancel);
    }

    /// <summary>Profiles of a higher priority are handed out first, and so is what waits on them.</summary>
    /// <param name="priority">-<see cref="MaxPriority"/> to <see cref="MaxPriority"/>; outside: <see cref="ProfileResult.BadPriority"/>.</param>
    public async Task<ProfileOutcome> SetPriorityAsync(long id, int priority, long? actorId = null, CancellationToken cancel = default)
    {
        if (priority is < -MaxPriority or > MaxPriority) return new ProfileOutcome(ProfileResult.BadPriority, id);
        var now = clock.GetUtcNow().UtcDateTime;
        return await database.WriteAsync(async session =>
        {
            var before = await session.Db.Profiles.Where(p => p.Id == id).Select(p => p.Priority).FirstOrDefaultAsync();
            var rows = await session.Db.Profiles.Where(p => p.Id == id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Priority, priority));
            if (rows > 0)
            {
                if (before != priority)
                    await AuditAsync(session, AuditKind.ProfilePriorityChanged, id, actorId, now, before.ToString(CultureInfo.InvariantCulture), priority.ToString(CultureInfo.InvariantCulture));
                Changed(session, id);
            }
            return new ProfileOutcome(rows > 0 ? ProfileResult.Done : ProfileResult.NotFound, id);
        }, cancel);
    }

    /// <summary>Who may serve the profile. Conversations that others have already stay with them; only new work follows the new list.</summary>
    /// <param name="restricted">False: everyone may, and the list is kept for later.</param>
    public async Task<ProfileOutcome> SetAccessAsync(
        long id, bool restricted, IReadOnlyCollection<long> moderatorIds, long? actorId = null, CancellationToken cancel = default)
    {
        var wanted = moderatorIds.Distinct().Order().ToList();
        var now = clock.GetUtcNow().UtcDateTime;
        return await database.WriteAsync(async session =>
        {
            // Moderators are never deleted, so what is true here stays true.
            if (await session.Db.Moderators.CountAsync(m => wanted.Contains(m.Id)) != wanted.Count)
                return new ProfileOutcome(ProfileResult.ModeratorNotFound, id);
            // The update locks the row: two admins who save at once are served one after the other.
            var was = await session.Db.Profiles.Where(p => p.Id == id).Select(p => p.Restricted).FirstOrDefaultAsync();
            var rows = await session.Db.Profiles.Where(p => p.Id == id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Restricted, restricted));
            if (rows == 0) return new ProfileOutcome(ProfileResult.NotFound, id);
            var known = await session.Db.ProfileModerators.Where(p => p.ProfileId == id).Select(p => p.ModeratorId).OrderBy(m => m).ToListAsync();
            if (was != restricted || !known.SequenceEqual(wanted))
                await AuditAsync(session, AuditKind.ProfileAccessChanged, id, actorId, now, Access(was, known), Access(restricted, wanted));
            await session.Db.ProfileModerators.Where(p => p.ProfileId == id).ExecuteDeleteAsync();
            session.Db.ProfileModerators.AddRange(wanted.Select(m => new ProfileModerator { ProfileId = id, ModeratorId = m }));
            await session.Db.SaveChangesAsync();
            Changed(session, id);
            // Somebody may now take what waits.
            session.AfterCommit(drain.Wake);
            return new ProfileOutcome(ProfileResult.Done, id);
        }, cancel);
    }

    public async Task<IReadOnlyList<ProfileView>> ListAsync(CancellationToken cancel = default) => (await PageAsync(0, int.MaxValue, cancel)).Items;

    /// <summary>Profiles by name, with how many there are in all.</summary>
    public async Task<(IReadOnlyList<ProfileView> Items, int Total)> PageAsync(int skip, int take, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Profiles.Join(db.Channels, p => p.ChannelId, c => c.Id, (p, c) => new { Profile = p, c.Key, c.Provider })
            .OrderBy(x => x.Profile.Name).ThenBy(x => x.Profile.Id).Skip(skip).Take(take).ToListAsync(cancel);
        var ids = rows.ConvertAll(r => r.Profile.Id);
        var allowed = (await db.ProfileModerators.Where(p => ids.Contains(p.ProfileId)).ToListAsync(cancel)).ToLookup(p => p.ProfileId, p => p.ModeratorId);
        var items = rows.ConvertAll(r => new ProfileView(
            r.Profile.Id, r.Profile.Name, r.Profile.ChannelId, r.Key, r.Provider, r.Profile.Mode, r.Profile.Restricted,
            [.. allowed[r.Profile.Id].Order()], r.Profile.CreatedAt, r.Profile.Paused, r.Profile.Priority, r.Profile.HolderId));
        return (items, await db.Profiles.CountAsync(cancel));
    }

    /// <summary>Everyone a restricted profile can be given to, by name.</summary>
    public async Task<IReadOnlyList<ModeratorName>> ListModeratorsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Moderators.OrderBy(m => m.Name).ThenBy(m => m.Id).Select(m => new ModeratorName(m.Id, m.Name, m.Enabled)).ToListAsync(cancel);
    }

    /// <summary>The ids of who may serve it; <c>*</c>: everybody.</summary>
    private static string Access(bool restricted, IEnumerable<long> moderators) => restricted ? string.Join(' ', moderators.Select(m => $"#{m}")) : "*";

    private static async Task AuditAsync(WriteSession session, AuditKind kind, long id, long? actorId, DateTime now, string? before, string? after) => await AuditLog.AddAsync(
        session, new AuditEntry
        {
            At = now, ActorId = actorId, Kind = kind, Subject = AuditSubject.Profile, SubjectId = id, Name = await session.Db.Profiles.Where(p => p.Id == id).Select(p => p.Name).FirstAsync(),
            Before = before, After = after,
        });

    private static bool IsName(string? name) => !string.IsNullOrWhiteSpace(name) && name.Trim().Length <= MaxName;

    private void Changed(WriteSession session, long profileId)
    {
        session.Publish(Topics.Board, EventNames.Changed, profileId);
        session.AfterCommit(directory.Invalidate);
        // Another mode, another priority or other people who may serve it.
        session.AfterCommit(rotation.Wake);
    }
}
