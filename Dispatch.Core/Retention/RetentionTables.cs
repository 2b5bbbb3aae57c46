using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Retention;

/// <summary>
/// A table whose oldest rows go. Ids grow with time, so what is old stands at the front of the key: a step reads and deletes there, and costs the same however
/// long the table is.
/// </summary>
internal sealed record RetentionTable(
    string Name, RetentionKind Kind, Func<DispatchDb, long, int, CancellationToken, Task<List<(long Id, DateTime At)>>> FrontAsync,
    Func<DispatchDb, IReadOnlyList<long>, Task<int>> DeleteAsync, Func<DispatchDb, DateTime, int, CancellationToken, Task<int>> CountAsync)
{
    public static IReadOnlyList<RetentionTable> All { get; } =
    [
        // What waits for somebody, or is still to leave, is work and not history.
        new("messages", RetentionKind.Messages,
            (db, after, take, cancel) => Rows(db.Messages.Where(m => m.Id > after && m.Status != MessageStatus.Queued && m.Status != MessageStatus.Sending && m.Status != MessageStatus.Uncertain
                && !db.PendingMessages.Any(p => p.MessageId == m.Id) && !db.Conversations.Any(c => c.Id == m.ConversationId && c.Status != ConversationStatus.Closed))
                .OrderBy(m => m.Id).Take(take).Select(m => new Front { Id = m.Id, At = m.StoredAt }), cancel),
            DeleteMessagesAsync, (db, until, most, cancel) => db.Messages.OrderBy(m => m.Id).Take(most).CountAsync(m => m.StoredAt < until, cancel)),
        new("service_messages", RetentionKind.Messages,
            (db, after, take, cancel) => Rows(db.ServiceMessages.Where(m => m.Id > after && m.Status != MessageStatus.Queued && m.Status != MessageStatus.Sending && m.Status != MessageStatus.Uncertain)
                .OrderBy(m => m.Id).Take(take).Select(m => new Front { Id = m.Id, At = m.CreatedAt }), cancel),
            (db, ids) => db.ServiceMessages.Where(m => ids.Contains(m.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.ServiceMessages.OrderBy(m => m.Id).Take(most).CountAsync(m => m.CreatedAt < until, cancel)),
        // Why somebody has what is open is asked as long as it is open.
        new("conversation_events", RetentionKind.Events,
            (db, after, take, cancel) => Rows(db.ConversationEvents.Where(e => e.Id > after && !db.Conversations.Any(c => c.Id == e.ConversationId && c.Status != ConversationStatus.Closed)).OrderBy(e => e.Id).Take(take).Select(e => new Front { Id = e.Id, At = e.At }), cancel),
            (db, ids) => db.ConversationEvents.Where(e => ids.Contains(e.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.ConversationEvents.OrderBy(e => e.Id).Take(most).CountAsync(e => e.At < until, cancel)),
        new("booking_events", RetentionKind.Events,
            (db, after, take, cancel) => Rows(db.BookingEvents.Where(e => e.Id > after).OrderBy(e => e.Id).Take(take).Select(e => new Front { Id = e.Id, At = e.At }), cancel),
            (db, ids) => db.BookingEvents.Where(e => ids.Contains(e.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.BookingEvents.OrderBy(e => e.Id).Take(most).CountAsync(e => e.At < until, cancel)),
        new("number_events", RetentionKind.Events,
            (db, after, take, cancel) => Rows(db.NumberEvents.Where(e => e.Id > after).OrderBy(e => e.Id).Take(take).Select(e => new Front { Id = e.Id, At = e.LastAt }), cancel),
            (db, ids) => db.NumberEvents.Where(e => ids.Contains(e.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.NumberEvents.OrderBy(e => e.Id).Take(most).CountAsync(e => e.LastAt < until, cancel)),
        new("booking_notifications", RetentionKind.Offers,
            (db, after, take, cancel) => Rows(db.BookingNotifications.Where(n => n.Id > after && (n.Response != null || n.Withdrawn != null)
                // Who refused is asked as long as somebody is searched for.
                && !db.Bookings.Any(b => b.Id == n.BookingId && (b.Status == BookingStatus.Pending || b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.Accepted)))
                .OrderBy(n => n.Id).Take(take).Select(n => new Front { Id = n.Id, At = n.CreatedAt }), cancel),
            (db, ids) => db.BookingNotifications.Where(n => ids.Contains(n.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.BookingNotifications.OrderBy(n => n.Id).Take(most).CountAsync(n => n.CreatedAt < until, cancel)),
        new("action_logs", RetentionKind.Logs,
            (db, after, take, cancel) => Rows(db.ActionLogs.Where(l => l.Id > after).OrderBy(l => l.Id).Take(take).Select(l => new Front { Id = l.Id, At = l.At }), cancel),
            (db, ids) => db.ActionLogs.Where(l => ids.Contains(l.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.ActionLogs.OrderBy(l => l.Id).Take(most).CountAsync(l => l.At < until, cancel)),
        // What is over and was told; an open one is work. What was put away while its cause lasts goes on being seen, and is young.
        new("alerts", RetentionKind.Logs,
            (db, after, take, cancel) => Rows(Over(db).Where(a => a.Id > after).OrderBy(a => a.Id).Take(take).Select(a => new Front { Id = a.Id, At = a.ResolvedAt > a.LastSeenAt ? a.ResolvedAt!.Value : a.LastSeenAt }), cancel),
            (db, ids) => Over(db).Where(a => ids.Contains(a.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.Alerts.OrderBy(a => a.Id).Take(most).CountAsync(a => a.ResolvedAt < until && a.LastSeenAt < until, cancel)),
        new("wait_observations", RetentionKind.Logs,
            (db, after, take, cancel) => Rows(db.WaitObservations.Where(o => o.Id > after).OrderBy(o => o.Id).Take(take).Select(o => new Front { Id = o.Id, At = o.ServedAt }), cancel),
            (db, ids) => db.WaitObservations.Where(o => ids.Contains(o.Id)).ExecuteDeleteAsync(),
            (db, until, most, cancel) => db.WaitObservations.OrderBy(o => o.Id).Take(most).CountAsync(o => o.ServedAt < until, cancel)),
    ];

    private static IQueryable<Alert> Over(DispatchDb db) => db.Alerts.Where(a => a.ResolvedAt != null && a.ClosedToldAt != null
        && !db.AlertDeliveries.Any(d => d.AlertId == a.Id && (d.Status == DeliveryStatus.Queued || d.Status == DeliveryStatus.Sending)));

    /// <summary>A list shows the last line of a conversation: it goes with the message that it repeats.</summary>
    private static async Task<int> DeleteMessagesAsync(DispatchDb db, IReadOnlyList<long> ids)
    {
        // Asked again in the statement: one may have begun to wait since it was read.
        var gone = db.Messages.Where(m => ids.Contains(m.Id) && !db.PendingMessages.Any(p => p.MessageId == m.Id)
            && !db.Conversations.Any(c => c.Id == m.ConversationId && c.Status != ConversationStatus.Closed));
        var conversations = await gone.Select(m => m.ConversationId).Distinct().ToListAsync();
        var rows = await gone.ExecuteDeleteAsync();
        await db.Conversations.Where(c => conversations.Contains(c.Id) && !db.Messages.Any(m => m.ConversationId == c.Id)).ExecuteUpdateAsync(set => set.SetProperty(c => c.LastMessagePreview, ""));
        return rows;
    }

    private static async Task<List<(long, DateTime)>> Rows(IQueryable<Front> rows, CancellationToken cancel) => [.. (await rows.ToListAsync(cancel)).Select(r => (r.Id, r.At))];

    private sealed class Front
    {
        public long Id { get; set; }
        public DateTime At { get; set; }
    }
}
