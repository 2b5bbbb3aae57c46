using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>
/// What the screens read. Everything is filtered, sorted and cut in SQL, one statement per question whatever the number of rows,
/// and each starts from an index (named beside it), so that a long history costs nothing.
/// </summary>
public sealed partial class ConversationQueries(Database database)
{
    public const int MaxPageSize = 200;

    /// <summary>More than one person can own (capacity is at most 200), less than a browser minds.</summary>
    private const int MaxMine = 500;

    /// <summary>A moderator's open conversations: the unanswered first, the longest waiting on top, then the newest.</summary>
    /// <param name="search">Part of the contact's name or number or of the last line.</param>
    public async Task<IReadOnlyList<ConversationRow>> MineAsync(
        long moderatorId, InboxFilter filter = InboxFilter.All, string? search = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        // ix_conversations_owner_id: only what the person has, however long the history.
        var mine = db.Conversations.Where(c => c.OwnerId == moderatorId);
        mine = filter switch
        {
            InboxFilter.All => mine,
            InboxFilter.Unread => mine.Where(c => c.UnreadCount > 0),
            InboxFilter.Waiting => mine.Where(c => c.WaitingSince != null),
        };
        return await Rows(db, Matching(db, mine, search)
            .OrderBy(c => c.WaitingSince == null).ThenBy(c => c.WaitingSince).ThenByDescending(c => c.LastMessageAt).ThenByDescending(c => c.Id)
            .Take(MaxMine)).ToListAsync(cancel);
    }

    /// <summary>What waits for somebody, oldest first.</summary>
    /// <param name="servedBy">Only profiles this moderator may serve; null: all.</param>
    public async Task<WaitingList> WaitingAsync(long? servedBy, int skip, int take, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        // ix_pending_messages_received_at_id, in order: the first message of each conversation stands for it.
        var first = db.PendingMessages.Where(p => !db.PendingMessages.Any(x => x.ConversationId == p.ConversationId && x.Id < p.Id));
        if (servedBy is { } id)
        {
            first = first.Where(p => !db.Profiles.Any(f => f.Id == p.ProfileId && f.Restricted)
                || db.ProfileModerators.Any(m => m.ProfileId == p.ProfileId && m.ModeratorId == id));
        }
        var total = await first.CountAsync(cancel);
        var rows = await (
            from p in first
            join c in db.Conversations on p.ConversationId equals c.Id
            join contact in db.Contacts on c.ContactId equals contact.Id
            join profile in db.Profiles on c.ProfileId equals profile.Id
            orderby p.ReceivedAt, p.Id
            select new WaitingRow(
                c.Id, contact.Name, contact.Address, c.ProfileId, profile.Name, c.LastMessagePreview,
                db.PendingMessages.Count(x => x.ConversationId == c.Id), c.OwnerVersion, p.Reason, p.ReceivedAt, c.ContactId))
            .Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, MaxPageSize)).ToListAsync(cancel);
        return new WaitingList(rows, total);
    }

    /// <summary>How long the line is and since when its first waits.</summary>
    public async Task<WaitingCounts> WaitingCountsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        // ix_conversations_status_closed_at and the first entry of ix_pending_messages_received_at_id.
        var waiting = await db.Conversations.CountAsync(c => c.Status == ConversationStatus.Pending, cancel);
        var oldest = await db.PendingMessages.OrderBy(p => p.ReceivedAt).ThenBy(p => p.Id).Select(p => (DateTime?)p.ReceivedAt).FirstOrDefaultAsync(cancel);
        return new WaitingCounts(waiting, oldest);
    }

    /// <summary>
    /// Every conversation. Open ones of a state or a moderator by their last message (they are few), closed ones by their end,
    /// and everything by when it was opened, which an index gives; the newest first.
    /// </summary>
    public async Task<ConversationPage> AllAsync(ConversationFilter filter, int skip, int take, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = Matching(db, Filtered(db, filter), filter.Search);
        var total = await found.CountAsync(cancel);
        var sorted = filter switch
        {
            { Status: ConversationStatus.Closed } => found.OrderByDescending(c => c.ClosedAt).ThenByDescending(c => c.Id),
            { Status: null, ModeratorId: null } => found.OrderByDescending(c => c.Id),
            _ => found.OrderByDescending(c => c.LastMessageAt).ThenByDescending(c => c.Id),
        };
        var rows = await Rows(db, sorted.Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, MaxPageSize))).ToListAsync(cancel);
        return new ConversationPage(rows, total);
    }

    public async Task<IReadOnlyList<NamedId>> ProfilesAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Profiles.OrderBy(p => p.Name).ThenBy(p => p.Id).Select(p => new NamedId(p.Id, p.Name)).ToListAsync(cancel);
    }

    /// <summary>How these contacts are called; who does not exist is left out.</summary>
    public async Task<IReadOnlyDictionary<long, string>> ContactTitlesAsync(IReadOnlyCollection<long> contactIds, CancellationToken cancel = default)
    {
        if (contactIds.Count == 0) return new Dictionary<long, string>();
        await using var db = database.Read();
        return await db.Contacts.Where(k => contactIds.Contains(k.Id)).Select(k => new { k.Id, k.Name, k.Address })
            .ToDictionaryAsync(k => k.Id, k => ContactNames.Title(k.Name, k.Address), cancel);
    }

    private static IQueryable<Conversation> Filtered(DispatchDb db, ConversationFilter filter)
    {
        var query = db.Conversations.AsQueryable();
        if (filter.Status is { } status) query = query.Where(c => c.Status == status);
        else if (filter.Open == true) query = query.Where(c => c.Status != ConversationStatus.Closed);
        else if (filter.Open == false) query = query.Where(c => c.Status == ConversationStatus.Closed);
        if (filter.ProfileId is { } profile) query = query.Where(c => c.ProfileId == profile);
        if (filter.ModeratorId is { } moderator) query = query.Where(c => c.OwnerId == moderator);
        return query;
    }

    private static IQueryable<Conversation> Matching(DispatchDb db, IQueryable<Conversation> query, string? search)
    {
        if (search?.Trim() is not { Length: > 0 } text) return query;
        var upper = text.ToUpperInvariant();
        // People type numbers with blanks and a plus; addresses are bare digits.
        var digits = new string([.. text.Where(char.IsAsciiDigit)]);
        if (digits.Length < 3) digits = text;
#pragma warning disable CA1304, CA1311, MA0011 // translated to SQL UPPER, which knows no culture
        // The plain comparison beside UPPER: SQLite's knows only ASCII, so an accented letter matches as it was typed.
        return query.Where(c => c.LastMessagePreview.ToUpper().Contains(upper) || c.LastMessagePreview.Contains(text)
            || db.Contacts.Any(k => k.Id == c.ContactId
                && (k.Name.ToUpper().Contains(upper) || k.Name.Contains(text) || k.Address.Contains(digits))));
#pragma warning restore CA1304, CA1311, MA0011
    }

    private static IQueryable<ConversationRow> Rows(DispatchDb db, IQueryable<Conversation> query) =>
        query.Select(c => new ConversationRow
        {
            Id = c.Id,
            ContactId = c.ContactId,
            ContactName = db.Contacts.Where(k => k.Id == c.ContactId).Select(k => k.Name).First(),
            Address = db.Contacts.Where(k => k.Id == c.ContactId).Select(k => k.Address).First(),
            ProfileId = c.ProfileId,
            ProfileName = db.Profiles.Where(p => p.Id == c.ProfileId).Select(p => p.Name).First(),
            Status = c.Status,
            OwnerId = c.OwnerId,
            OwnerName = db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault(),
            OwnerSince = c.OwnerSince,
            OwnerVersion = c.OwnerVersion,
            OpenedAt = c.OpenedAt,
            LastMessageAt = c.LastMessageAt,
            Preview = c.LastMessagePreview,
            LastDirection = c.LastMessageDirection,
            Unread = c.UnreadCount,
            WaitingSince = c.WaitingSince,
        });
}
