using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>One conversation: its head, its messages, its contact, its decisions.</summary>
public sealed partial class ConversationQueries
{
    public const int ThreadPageSize = 50;

    /// <summary>A thread on a screen holds at most this many messages; older ones are a page away in the past conversations.</summary>
    private const int MaxThread = 1000;
    private const int MaxEvents = 200;
    private const int MaxPast = 20;

    /// <summary>The head of a conversation for admins and ops; null: there is none.</summary>
    public async Task<ConversationRow?> FindAsync(long conversationId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db, db.Conversations.Where(c => c.Id == conversationId)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>
    /// The head for a moderator, who sees what is his: what he has, what he had when it was closed, and what waits for somebody on a
    /// profile he may serve. Null: not his, or none.
    /// </summary>
    public async Task<ConversationRow?> FindForAsync(long conversationId, long moderatorId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db, db.Conversations.Where(c => c.Id == conversationId
                && (c.OwnerId == moderatorId
                    || (c.Status == ConversationStatus.Closed && c.LastOwnerId == moderatorId)
                    || (c.Status == ConversationStatus.Pending
                        && (!db.Profiles.Any(p => p.Id == c.ProfileId && p.Restricted)
                            || db.ProfileModerators.Any(m => m.ProfileId == c.ProfileId && m.ModeratorId == moderatorId))))))
            .FirstOrDefaultAsync(cancel);
    }

    /// <summary>A page of a thread, oldest first within it.</summary>
    /// <param name="beforeId">Older than this message; null: the newest.</param>
    public async Task<ThreadPage> ThreadAsync(long conversationId, long? beforeId = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        // ix_messages_conversation_id_id, backwards.
        var query = db.Messages.Where(m => m.ConversationId == conversationId);
        if (beforeId is { } before) query = query.Where(m => m.Id < before);
        var messages = await Messages(db, query.OrderByDescending(m => m.Id).Take(ThreadPageSize + 1)).ToListAsync(cancel);
        var hasOlder = messages.Count > ThreadPageSize;
        if (hasOlder) messages.RemoveAt(messages.Count - 1);
        messages.Reverse();
        DateTime? until = beforeId is null || messages.Count == 0 ? null : messages[^1].StoredAt;
        var events = await EventsAsync(db, conversationId, hasOlder ? messages[0].StoredAt : null, until, cancel);
        return new ThreadPage(messages, events, hasOlder);
    }

    /// <summary>The stretch on the screen again, with what came since: every message from this one on.</summary>
    public async Task<ThreadPage> ThreadFromAsync(long conversationId, long fromId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var messages = await Messages(db, db.Messages.Where(m => m.ConversationId == conversationId && m.Id >= fromId)
            .OrderByDescending(m => m.Id).Take(MaxThread)).ToListAsync(cancel);
        messages.Reverse();
        var firstId = messages.Count > 0 ? messages[0].Id : fromId;
        var hasOlder = await db.Messages.AnyAsync(m => m.ConversationId == conversationId && m.Id < firstId, cancel);
        var events = await EventsAsync(db, conversationId, hasOlder && messages.Count > 0 ? messages[0].StoredAt : null, null, cancel);
        return new ThreadPage(messages, events, hasOlder);
    }

    /// <summary>The contact of a conversation and the other conversations with him, newest first.</summary>
    public async Task<ContactCard?> ContactAsync(long conversationId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var contact = await db.Contacts.Where(k => k.Id == db.Conversations.Where(c => c.Id == conversationId).Select(c => c.ContactId).First())
            .FirstOrDefaultAsync(cancel);
        if (contact is null) return null;
        // ix_conversations_contact_id_profile_id_id
        var all = db.Conversations.Where(c => c.ContactId == contact.Id);
        var total = await all.CountAsync(cancel);
        var past = await all.Where(c => c.Id != conversationId).OrderByDescending(c => c.Id).Take(MaxPast)
            .Select(c => new PastConversation(
                c.Id, db.Profiles.Where(p => p.Id == c.ProfileId).Select(p => p.Name).First(), c.Status, c.OpenedAt, c.ClosedAt, c.LastMessagePreview,
                c.OwnerId ?? c.LastOwnerId, db.Moderators.Where(m => m.Id == (c.OwnerId ?? c.LastOwnerId)).Select(m => m.Name).FirstOrDefault()))
            .ToListAsync(cancel);
        return new ContactCard(contact.Id, contact.Name, contact.Address, contact.CreatedAt, total, past);
    }

    /// <summary>The latest decision about who has it ("why did I get this"); null: none was made yet.</summary>
    public async Task<WhyDecision?> WhyAsync(long conversationId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        // ix_conversation_events_conversation_id_id, backwards.
        var latest = await db.ConversationEvents
            .Where(e => e.ConversationId == conversationId
                && (e.Kind == ConversationEventKind.Assigned || e.Kind == ConversationEventKind.Parked || e.Kind == ConversationEventKind.Returned
                    || (e.Kind == ConversationEventKind.Reopened && e.ToId != null)))
            .OrderByDescending(e => e.Id).Take(1)
            .Select(e => new { e.Id, e.Candidates }).FirstOrDefaultAsync(cancel);
        if (latest is null) return null;
        var shown = await Events(db, db.ConversationEvents.Where(e => e.Id == latest.Id)).FirstAsync(cancel);
        return new WhyDecision(shown, ConversationClaims.FromJson(latest.Candidates));
    }

    /// <summary>What happened last to who has it, for the sentence to whoever lost it.</summary>
    public async Task<ThreadEvent?> LastChangeAsync(long conversationId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Events(db, db.ConversationEvents
            .Where(e => e.ConversationId == conversationId && e.Kind != ConversationEventKind.NoteAdded && e.Kind != ConversationEventKind.Parked)
            .OrderByDescending(e => e.Id).Take(1)).FirstOrDefaultAsync(cancel);
    }

    private static async Task<List<ThreadEvent>> EventsAsync(
        DispatchDb db, long conversationId, DateTime? from, DateTime? until, CancellationToken cancel)
    {
        var query = db.ConversationEvents.Where(e => e.ConversationId == conversationId);
        if (from is not null) query = query.Where(e => e.At >= from);
        if (until is not null) query = query.Where(e => e.At <= until);
        var events = await Events(db, query.OrderByDescending(e => e.Id).Take(MaxEvents)).ToListAsync(cancel);
        events.Reverse();
        return events;
    }

    private static IQueryable<ThreadMessage> Messages(DispatchDb db, IQueryable<Message> query) =>
        query.Select(m => new ThreadMessage(
            m.Id, m.Direction, m.Type, m.Text, m.At, m.StoredAt, m.Status, m.StatusAt, m.Error,
            db.Moderators.Where(p => p.Id == m.SenderId).Select(p => p.Name).FirstOrDefault(),
            m.EffectKey != null && m.SenderId == null && m.EffectKey.StartsWith(SentElsewhere.KeyPrefix)));

    private static IQueryable<ThreadEvent> Events(DispatchDb db, IQueryable<ConversationEvent> query) =>
        query.Select(e => new ThreadEvent(
            e.Id, e.At, e.Kind, e.Cause, e.Reason,
            e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(),
            e.FromId, db.Moderators.Where(m => m.Id == e.FromId).Select(m => m.Name).FirstOrDefault(),
            e.ToId, db.Moderators.Where(m => m.Id == e.ToId).Select(m => m.Name).FirstOrDefault(), e.Note));
}
