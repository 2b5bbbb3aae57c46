using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

public enum ConversationSort { LastMessageAt, OpenedAt, WaitingSince, Id }

/// <summary>Which conversations an integration asks for; null: all.</summary>
/// <param name="Text">Part of the contact's name, of the address or of the last line; upper and lower case are the same.</param>
public sealed record ConversationSearch(
    long? ProfileId = null, ConversationStatus? Status = null, long? ModeratorId = null, string? Text = null,
    ConversationSort Sort = ConversationSort.Id, bool Descending = true, int Skip = 0, int Take = 50);

public sealed record ContactRecord(long Id, string Name, string Address);

public sealed record ConversationRecord(
    long Id, long ProfileId, ContactRecord Contact, ConversationStatus Status, long? OwnerId, string? OwnerName, DateTime? OwnerSince, long OwnerVersion,
    DateTime OpenedAt, DateTime? ClosedAt, DateTime LastMessageAt, string LastMessage, int Unread, DateTime? WaitingSince);

public sealed record MessageRecord(
    long Id, MessageDirection Direction, string Type, string Text, string? ProviderMessageId, DateTime At, MessageStatus Status, DateTime StatusAt,
    string? Error, long? SenderId, string? EffectKey);

/// <summary>Why a conversation is where it is: who or what moved it, and what was considered.</summary>
public sealed record DecisionRecord(
    DateTime At, ConversationEventKind Kind, ClaimCause Cause, DecisionReason Reason, long? ActorId, long? FromId, long? ToId, long OwnerVersion,
    string? Note, IReadOnlyList<Candidate> Candidates);

/// <param name="Messages">Oldest first.</param>
/// <param name="HasEarlier">There are older ones; ask with the first one's id.</param>
public sealed record ConversationDetails(
    ConversationRecord Conversation, IReadOnlyList<MessageRecord> Messages, bool HasEarlier, IReadOnlyList<DecisionRecord> Decisions);

public sealed record PendingRecord(
    long Id, long ConversationId, long ProfileId, ContactRecord Contact, long MessageId, string Type, string Text, DateTime ReceivedAt, DecisionReason Reason);

/// <summary>Conversations as programs read them (the API). Filtered, sorted and cut by the database.</summary>
public sealed class ConversationLookup(Database database)
{
    /// <summary>How many messages and decisions one answer holds.</summary>
    public const int MaxMessages = 1000, MaxDecisions = 200;

    public async Task<(IReadOnlyList<ConversationRecord> Items, int Total)> ListAsync(ConversationSearch filter, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = db.Conversations.Join(db.Contacts, c => c.ContactId, p => p.Id, (c, p) => new Row { Conversation = c, Contact = p });
        if (filter.ProfileId is { } profile) rows = rows.Where(r => r.Conversation.ProfileId == profile);
        if (filter.Status is { } status) rows = rows.Where(r => r.Conversation.Status == status);
        if (filter.ModeratorId is { } moderator) rows = rows.Where(r => r.Conversation.OwnerId == moderator);
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            // Lowered on both sides by the database, so that it means the same on all three.
            var text = filter.Text.Trim();
            rows = rows.Where(r => r.Contact.Name.ToLower().Contains(text.ToLower()) || r.Contact.Address.Contains(text)
                || r.Conversation.LastMessagePreview.ToLower().Contains(text.ToLower()));
        }
        var total = await rows.CountAsync(cancel);
        var items = await Records(db, Sorted(rows, filter).Skip(filter.Skip).Take(filter.Take)).ToListAsync(cancel);
        return (items, total);
    }

    /// <summary>Null: no such conversation.</summary>
    public async Task<ConversationRecord?> FindAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await OneAsync(db, id, cancel);
    }

    /// <param name="before">Only messages older than this message id.</param>
    public async Task<ConversationDetails?> ReadAsync(long id, long? before = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if (await OneAsync(db, id, cancel) is not { } conversation) return null;
        var messages = await db.Messages.Where(m => m.ConversationId == id && (before == null || m.Id < before))
            .OrderByDescending(m => m.Id).Take(MaxMessages + 1)
            .Select(m => new MessageRecord(
                m.Id, m.Direction, m.Type, m.Text, m.ProviderMessageId, m.At, m.Status, m.StatusAt, m.Error, m.SenderId, m.EffectKey))
            .ToListAsync(cancel);
        var hasEarlier = messages.Count > MaxMessages;
        if (hasEarlier) messages.RemoveAt(MaxMessages);
        messages.Reverse();
        var events = await db.ConversationEvents.Where(e => e.ConversationId == id).OrderByDescending(e => e.Id).Take(MaxDecisions).ToListAsync(cancel);
        events.Reverse();
        return new ConversationDetails(conversation, messages, hasEarlier, events.ConvertAll(e => new DecisionRecord(
            e.At, e.Kind, e.Cause, e.Reason, e.ActorId, e.FromId, e.ToId, e.OwnerVersion, e.Note, ConversationClaims.FromJson(e.Candidates))));
    }

    /// <summary>Everything that waits for somebody, the longest waiting first.</summary>
    public async Task<(IReadOnlyList<PendingRecord> Items, int Total)> ListPendingAsync(int skip, int take, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var items = await (from p in db.PendingMessages
                           join c in db.Conversations on p.ConversationId equals c.Id
                           join contact in db.Contacts on c.ContactId equals contact.Id
                           join m in db.Messages on p.MessageId equals m.Id
                           orderby p.ReceivedAt, p.Id
                           select new PendingRecord(
                               p.Id, p.ConversationId, p.ProfileId, new ContactRecord(contact.Id, contact.Name, contact.Address), p.MessageId, m.Type,
                               m.Text, p.ReceivedAt, p.Reason))
            .Skip(skip).Take(take).ToListAsync(cancel);
        return (items, await db.PendingMessages.CountAsync(cancel));
    }

    private static IOrderedQueryable<Row> Sorted(IQueryable<Row> rows, ConversationSearch filter) => (filter.Sort, filter.Descending) switch
    {
        (ConversationSort.LastMessageAt, true) => rows.OrderByDescending(r => r.Conversation.LastMessageAt).ThenByDescending(r => r.Conversation.Id),
        (ConversationSort.LastMessageAt, false) => rows.OrderBy(r => r.Conversation.LastMessageAt).ThenBy(r => r.Conversation.Id),
        (ConversationSort.OpenedAt, true) => rows.OrderByDescending(r => r.Conversation.OpenedAt).ThenByDescending(r => r.Conversation.Id),
        (ConversationSort.OpenedAt, false) => rows.OrderBy(r => r.Conversation.OpenedAt).ThenBy(r => r.Conversation.Id),
        // Who does not wait comes last either way; the databases do not agree on where null sorts.
        (ConversationSort.WaitingSince, true) => rows.OrderBy(r => r.Conversation.WaitingSince == null).ThenByDescending(r => r.Conversation.WaitingSince).ThenByDescending(r => r.Conversation.Id),
        (ConversationSort.WaitingSince, false) => rows.OrderBy(r => r.Conversation.WaitingSince == null).ThenBy(r => r.Conversation.WaitingSince).ThenBy(r => r.Conversation.Id),
        (ConversationSort.Id, true) => rows.OrderByDescending(r => r.Conversation.Id),
        (ConversationSort.Id, false) => rows.OrderBy(r => r.Conversation.Id),
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter.Sort, "sort"),
    };

    private static Task<ConversationRecord?> OneAsync(DispatchDb db, long id, CancellationToken cancel) =>
        Records(db, db.Conversations.Where(c => c.Id == id).Join(db.Contacts, c => c.ContactId, p => p.Id, (c, p) => new Row { Conversation = c, Contact = p }))
            .FirstOrDefaultAsync(cancel);

    private static IQueryable<ConversationRecord> Records(DispatchDb db, IQueryable<Row> rows) => rows.Select(r => new ConversationRecord(
        r.Conversation.Id, r.Conversation.ProfileId, new ContactRecord(r.Contact.Id, r.Contact.Name, r.Contact.Address), r.Conversation.Status,
        r.Conversation.OwnerId, db.Moderators.Where(m => m.Id == r.Conversation.OwnerId).Select(m => m.Name).FirstOrDefault(), r.Conversation.OwnerSince,
        r.Conversation.OwnerVersion, r.Conversation.OpenedAt, r.Conversation.ClosedAt, r.Conversation.LastMessageAt, r.Conversation.LastMessagePreview,
        r.Conversation.UnreadCount, r.Conversation.WaitingSince));

    private sealed class Row
    {
        public required Conversation Conversation { get; init; }
        public required Contact Contact { get; init; }
    }
}
