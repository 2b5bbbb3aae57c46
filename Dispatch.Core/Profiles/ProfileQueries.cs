using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>A profile as boards and the API show it.</summary>
/// <param name="Open">Open conversations.</param>
/// <param name="Waiting">Open conversations in which somebody waits for an answer.</param>
/// <param name="OldestWaiting">Since when the longest of them waits (UTC).</param>
public sealed record ProfileStatus(
    long Id, string Name, ProfileMode Mode, bool Paused, int Priority, bool Restricted, long? HolderId, string? HolderName, DateTime? HolderSince,
    DateTime? FreeSince, int Open, int Waiting, DateTime? OldestWaiting);

/// <summary>A profile somebody holds.</summary>
public sealed record HeldProfile(long ProfileId, string Name, DateTime Since, AssignmentCause Cause, int Open, int Waiting);

/// <summary>One holding in the history of a profile or a person.</summary>
/// <param name="EndedBy">The person who ended it, an admin as well as a moderator; null: Dispatch or an integration.</param>
/// <param name="SuccessorName">Who held the profile next; null: nobody yet, or still held.</param>
public sealed record HoldingRow(
    long Id, long ProfileId, string Profile, long ModeratorId, string Moderator, DateTime AssignedAt, AssignmentCause Cause, int? QueuePosition,
    DateTime? EndedAt, ReleaseCause? EndCause, string? EndedBy, string? SuccessorName);

/// <summary>A conversation that went from one person to another without his doing, and why.</summary>
public sealed record TakenRow(long ConversationId, DateTime At, ClaimCause Cause, DecisionReason Reason, long? ToId, string? To, string ContactName, string Address, string Profile)
{
    public string Title => ContactNames.Title(ContactName, Address);
}

/// <summary>A moderator on the board of profiles x moderators.</summary>
/// <param name="Position">Place in the line for profiles; null: not in it.</param>
public sealed record HolderRow(
    long Id, string Name, PresenceState State, int HeldProfiles, int OpenCount, int MaxConversations, int? Position, IReadOnlyList<long> MayServe);

/// <summary>The whole board: profiles (rows), people (columns), how many one may hold.</summary>
public sealed record RotationBoard(IReadOnlyList<ProfileStatus> Profiles, IReadOnlyList<HolderRow> People, int MaxProfiles);

/// <param name="Repaired">True: Dispatch put it right by itself.</param>
/// <param name="Key">The same finding has the same key; that of its alert is this behind <c>finding:</c>.</param>
public sealed record FindingRow(
    long Id, FindingKind Kind, long? ProfileId, long? ModeratorId, long? ConversationId, DateTime FirstSeenAt, DateTime LastSeenAt, int Count, bool Repaired,
    DateTime? ResolvedAt, string Key, string? Profile, string? Moderator);

/// <summary>Which findings to list.</summary>
public enum FindingState
{
    /// <summary>Still so: a person should look.</summary>
    Open,
    /// <summary>Dispatch put it right.</summary>
    Repaired,
    /// <summary>It was so, and is over.</summary>
    Over,
}

/// <summary>What screens and programs read about profiles, their holders and the watch over them.</summary>
public sealed class ProfileQueries(Database database, Settings.SettingsService settings)
{
    /// <summary>Null: no such profile.</summary>
    public async Task<ProfileStatus?> FindAsync(long profileId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Statuses(db, db.Profiles.Where(p => p.Id == profileId)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>What this moderator holds, the longest held first.</summary>
    public async Task<IReadOnlyList<HeldProfile>> HeldByAsync(long moderatorId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.ProfileAssignments.Where(a => a.ModeratorId == moderatorId && a.EndedAt == null).OrderBy(a => a.AssignedAt).ThenBy(a => a.Id)
            .Select(a => new HeldProfile(
                a.ProfileId, db.Profiles.Where(p => p.Id == a.ProfileId).Select(p => p.Name).First(), a.AssignedAt, a.Cause,
                db.Conversations.Count(c => c.ProfileId == a.ProfileId && c.Status != ConversationStatus.Closed),
                db.Conversations.Count(c => c.ProfileId == a.ProfileId && c.Status != ConversationStatus.Closed && c.WaitingSince != null)))
            .ToListAsync(cancel);
    }

    /// <summary>Profiles this moderator held and lost, the newest first.</summary>
    public async Task<IReadOnlyList<HoldingRow>> LostByAsync(long moderatorId, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Holdings(db, db.ProfileAssignments.Where(a => a.ModeratorId == moderatorId && a.EndedAt != null).OrderByDescending(a => a.EndedAt).Take(take))
            .ToListAsync(cancel);
    }

    /// <summary>Who held the profile, the newest first.</summary>
    public async Task<IReadOnlyList<HoldingRow>> HistoryOfAsync(long profileId, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Holdings(db, db.ProfileAssignments.Where(a => a.ProfileId == profileId).OrderByDescending(a => a.Id).Take(take)).ToListAsync(cancel);
    }

    /// <summary>Conversations that Dispatch or a colleague took from this moderator, the newest first.</summary>
    public async Task<IReadOnlyList<TakenRow>> TakenFromAsync(long moderatorId, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.ConversationEvents
            .Where(e => e.FromId == moderatorId && e.ToId != null && e.ToId != moderatorId && (e.ActorId == null || e.ActorId != moderatorId))
            .OrderByDescending(e => e.At).ThenByDescending(e => e.Id).Take(take)
            .Join(db.Conversations, e => e.ConversationId, c => c.Id, (e, c) => new { e, c })
            .Select(x => new TakenRow(
                x.e.ConversationId, x.e.At, x.e.Cause, x.e.Reason, x.e.ToId, db.Moderators.Where(m => m.Id == x.e.ToId).Select(m => m.Name).FirstOrDefault(),
                db.Contacts.Where(k => k.Id == x.c.ContactId).Select(k => k.Name).First(),
                db.Contacts.Where(k => k.Id == x.c.ContactId).Select(k => k.Address).First(), db.Profiles.Where(p => p.Id == x.c.ProfileId).Select(p => p.Name).First()))
            .ToListAsync(cancel);
    }

    /// <summary>Every exclusive profile and everybody who is enabled.</summary>
    public async Task<RotationBoard> BoardAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var profiles = await Statuses(db, db.Profiles.Where(p => p.Mode == ProfileMode.Exclusive).OrderBy(p => p.Name).ThenBy(p => p.Id)).ToListAsync(cancel);
        var restricted = profiles.Where(p => p.Restricted).Select(p => p.Id).ToList();
        var open = profiles.Where(p => !p.Restricted).Select(p => p.Id).ToList();
        var allowed = (await db.ProfileModerators.Where(x => restricted.Contains(x.ProfileId)).ToListAsync(cancel)).ToLookup(x => x.ModeratorId, x => x.ProfileId);
        var line = (await QueueLine.ReadAsync(db, cancel)).Select((e, i) => (e.ModeratorId, Place: i + 1)).ToDictionary(x => x.ModeratorId, x => x.Place);
        var people = await db.Moderators.Where(m => m.Enabled).OrderBy(m => m.Name).ThenBy(m => m.Id)
            .Select(m => new { m.Id, m.Name, m.State, m.HeldProfiles, m.OpenCount, m.MaxConversations }).ToListAsync(cancel);
        return new RotationBoard(
            profiles,
            people.ConvertAll(m => new HolderRow(
                m.Id, m.Name, m.State, m.HeldProfiles, m.OpenCount, m.MaxConversations, line.TryGetValue(m.Id, out var place) ? place : null,
                [.. open.Concat(allowed[m.Id]).Order()])),
            (await settings.RoutingAsync(cancel)).MaxProfiles);
    }

    /// <summary>What the watch found, what still is so first, then the newest.</summary>
    public async Task<(IReadOnlyList<FindingRow> Items, int Total)> FindingsAsync(
        int skip, int take, FindingState? state = null, FindingKind? kind = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = db.AssignmentFindings.Where(f => kind == null || f.Kind == kind);
        rows = state switch
        {
            FindingState.Open => rows.Where(f => f.ResolvedAt == null),
            FindingState.Repaired => rows.Where(f => f.Repaired),
            FindingState.Over => rows.Where(f => f.ResolvedAt != null && !f.Repaired),
            null => rows,
        };
        var items = await rows.OrderBy(f => f.ResolvedAt != null).ThenByDescending(f => f.LastSeenAt).ThenByDescending(f => f.Id).Skip(skip).Take(take)
            .Select(f => new FindingRow(
                f.Id, f.Kind, f.ProfileId, f.ModeratorId, f.ConversationId, f.FirstSeenAt, f.LastSeenAt, f.Count, f.Repaired, f.ResolvedAt, f.DedupeKey,
                db.Profiles.Where(p => p.Id == f.ProfileId).Select(p => p.Name).FirstOrDefault(), db.Moderators.Where(m => m.Id == f.ModeratorId).Select(m => m.Name).FirstOrDefault()))
            .ToListAsync(cancel);
        return (items, await rows.CountAsync(cancel));
    }

    private static IQueryable<ProfileStatus> Statuses(DispatchDb db, IQueryable<Profile> profiles) => profiles.Select(p => new ProfileStatus(
        p.Id, p.Name, p.Mode, p.Paused, p.Priority, p.Restricted, p.HolderId, db.Moderators.Where(m => m.Id == p.HolderId).Select(m => m.Name).FirstOrDefault(),
        p.HolderSince, p.FreeSince, db.Conversations.Count(c => c.ProfileId == p.Id && c.Status != ConversationStatus.Closed),
        db.Conversations.Count(c => c.ProfileId == p.Id && c.Status != ConversationStatus.Closed && c.WaitingSince != null),
        db.Conversations.Where(c => c.ProfileId == p.Id && c.Status != ConversationStatus.Closed).Min(c => c.WaitingSince)));

    private static IQueryable<HoldingRow> Holdings(DispatchDb db, IQueryable<ModeratorProfileAssignment> holdings) => holdings.Select(a => new HoldingRow(
        a.Id, a.ProfileId, db.Profiles.Where(p => p.Id == a.ProfileId).Select(p => p.Name).First(), a.ModeratorId,
        db.Moderators.Where(m => m.Id == a.ModeratorId).Select(m => m.Name).First(), a.AssignedAt, a.Cause, a.QueuePosition, a.EndedAt, a.EndCause,
        db.Users.Where(u => u.Id == a.EndedById).Select(u => u.DisplayName).FirstOrDefault(),
        db.ProfileAssignments.Where(n => n.ProfileId == a.ProfileId && n.Id > a.Id).OrderBy(n => n.Id)
            .Select(n => db.Moderators.Where(m => m.Id == n.ModeratorId).Select(m => m.Name).First()).FirstOrDefault()));
}
