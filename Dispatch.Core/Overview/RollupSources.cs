using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Overview;

/// <summary>What one step read: everything it counted, and the last id that it saw.</summary>
internal sealed record RollupBatch(IReadOnlyList<Counted> Things, long Last, int Rows);

/// <summary>A table of events that only grows, read by its key from the last id on: a step costs what it reads and never more, however long the table is.</summary>
internal abstract class RollupSource(string name)
{
    public static IReadOnlyList<RollupSource> All { get; } = [new Messages(), new Conversations(), new Bookings()];

    public string Name => name;

    /// <summary>The highest id of all; 0: no rows.</summary>
    public abstract Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel);

    /// <summary>When the first row after this one happened; null: there is none.</summary>
    public abstract Task<DateTime?> NextAtAsync(DispatchDb db, long after, CancellationToken cancel);

    /// <summary>Up to <paramref name="take"/> rows after <paramref name="from"/> and not after <paramref name="to"/>.</summary>
    public abstract Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel);

    /// <summary>Arrivals, and how long a contact had waited when he was answered: from the first of his messages that had no answer.</summary>
    private sealed class Messages() : RollupSource("messages")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.Messages.MaxAsync(m => (long?)m.Id, cancel) ?? 0;

        public override Task<DateTime?> NextAtAsync(DispatchDb db, long after, CancellationToken cancel) =>
            db.Messages.Where(r => r.Id > after).OrderBy(r => r.Id).Select(r => (DateTime?)r.StoredAt).FirstOrDefaultAsync(cancel);

        public override async Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel)
        {
            var rows = await db.Messages.Where(m => m.Id > from && m.Id <= to).OrderBy(m => m.Id).Take(take)
                .Select(m => new { m.Id, m.Direction, m.StoredAt }).ToListAsync(cancel);
            if (rows.Count == 0) return new RollupBatch([], from, 0);
            var last = rows[^1].Id;
            var things = rows.Where(r => r.Direction == MessageDirection.In).Select(r => new Counted(RollupSeries.Arrivals, r.StoredAt)).ToList();
            if (things.Count < rows.Count)
            {
                // ix_messages_conversation_id_id, backwards from each answer to the one before it.
                var answers = await db.Messages.Where(m => m.Id > from && m.Id <= last && m.Direction == MessageDirection.Out)
                    .Select(m => new
                    {
                        m.StoredAt, m.SenderId,
                        Asked = db.Messages.Where(q => q.ConversationId == m.ConversationId && q.Id < m.Id && q.Direction == MessageDirection.In
                                && q.Id > (db.Messages.Where(o => o.ConversationId == m.ConversationId && o.Id < m.Id && o.Direction == MessageDirection.Out)
                                    .OrderByDescending(o => o.Id).Select(o => (long?)o.Id).FirstOrDefault() ?? 0))
                            .OrderBy(q => q.Id).Select(q => (DateTime?)q.StoredAt).FirstOrDefault(),
                    }).ToListAsync(cancel);
                foreach (var answer in answers.Where(a => a.Asked is not null))
                {
                    var wait = answer.StoredAt - answer.Asked!.Value;
                    things.Add(new Counted(RollupSeries.Waits, answer.StoredAt, RollupRules.WaitPart(wait)));
                    if (answer.SenderId is { } sender) things.Add(new Counted(RollupSeries.AnswersBy, answer.StoredAt, RollupRules.PersonPart(sender, wait)));
                }
            }
            return new RollupBatch(things, last, rows.Count);
        }
    }

    private sealed class Conversations() : RollupSource("conversation_events")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.ConversationEvents.MaxAsync(e => (long?)e.Id, cancel) ?? 0;

        public override Task<DateTime?> NextAtAsync(DispatchDb db, long after, CancellationToken cancel) =>
            db.ConversationEvents.Where(r => r.Id > after).OrderBy(r => r.Id).Select(r => (DateTime?)r.At).FirstOrDefaultAsync(cancel);

        public override async Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel)
        {
            var rows = await db.ConversationEvents.Where(e => e.Id > from && e.Id <= to).OrderBy(e => e.Id).Take(take).Select(e => new Happened
            {
                Id = e.Id, Kind = e.Kind, At = e.At, Cause = e.Cause, FromId = e.FromId, ToId = e.ToId,
                OpenedAt = e.Kind == ConversationEventKind.Closed ? db.Conversations.Where(c => c.Id == e.ConversationId).Select(c => (DateTime?)c.OpenedAt).FirstOrDefault() : null,
            }).ToListAsync(cancel);
            return new RollupBatch([.. rows.SelectMany(Count)], rows.Count == 0 ? from : rows[^1].Id, rows.Count);
        }

        private static IEnumerable<Counted> Count(Happened e)
        {
            if (e.Kind == ConversationEventKind.Opened) yield return new Counted(RollupSeries.Opened, e.At);
            if (e.Kind == ConversationEventKind.Closed)
            {
                yield return new Counted(RollupSeries.Closed, e.At);
                if (e.OpenedAt is { } opened) yield return new Counted(RollupSeries.Resolutions, e.At, RollupRules.WaitPart(e.At - opened));
            }
            if (e.Kind == ConversationEventKind.Assigned)
            {
                yield return new Counted(RollupSeries.Assignments, e.At);
                if (e.ToId is { } to) yield return new Counted(RollupSeries.ReceivedBy, e.At, RollupRules.PersonPart(to));
                if (e.FromId is not null && e.FromId != e.ToId) yield return new Counted(RollupSeries.Reassigned, e.At);
            }
            if (e.Cause == ClaimCause.Inactivity && e.FromId is { } from) yield return new Counted(RollupSeries.MissedBy, e.At, RollupRules.PersonPart(from));
        }

        private sealed class Happened
        {
            public long Id { get; set; }
            public ConversationEventKind Kind { get; set; }
            public DateTime At { get; set; }
            public ClaimCause Cause { get; set; }
            public long? FromId { get; set; }
            public long? ToId { get; set; }
            public DateTime? OpenedAt { get; set; }
        }
    }

    private sealed class Bookings() : RollupSource("booking_events")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.BookingEvents.MaxAsync(e => (long?)e.Id, cancel) ?? 0;

        public override Task<DateTime?> NextAtAsync(DispatchDb db, long after, CancellationToken cancel) =>
            db.BookingEvents.Where(r => r.Id > after).OrderBy(r => r.Id).Select(r => (DateTime?)r.At).FirstOrDefaultAsync(cancel);

        public override async Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel)
        {
            var rows = await db.BookingEvents.Where(e => e.Id > from && e.Id <= to).OrderBy(e => e.Id).Take(take)
                .Select(e => new { e.Id, e.Kind, e.At, Zone = db.Bookings.Where(b => b.Id == e.BookingId).Select(b => b.Zone).FirstOrDefault() }).ToListAsync(cancel);
            return new RollupBatch(
                [.. rows.Select(r => (Series: SeriesOf(r.Kind), r.At, Zone: r.Zone ?? "")).Where(r => r.Series is not null).Select(r => new Counted(r.Series!.Value, r.At, r.Zone))],
                rows.Count == 0 ? from : rows[^1].Id, rows.Count);
        }

        private static RollupSeries? SeriesOf(BookingEventKind kind) => kind switch
        {
            BookingEventKind.SearchStarted => RollupSeries.Searches,
            BookingEventKind.Assigned or BookingEventKind.AssignedByHand => RollupSeries.Matches,
            BookingEventKind.TimedOut => RollupSeries.Timeouts,
            _ => null,
        };
    }
}
