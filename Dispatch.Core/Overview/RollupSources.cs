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

    /// <summary>Up to <paramref name="take"/> rows after <paramref name="from"/> and not after <paramref name="to"/>.</summary>
    public abstract Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel);

    /// <summary>Arrivals, and how long a contact had waited when he was answered: from the first of his messages that had no answer.</summary>
    private sealed class Messages() : RollupSource("messages")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.Messages.MaxAsync(m => (long?)m.Id, cancel) ?? 0;

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
                        m.StoredAt,
                        Asked = db.Messages.Where(q => q.ConversationId == m.ConversationId && q.Id < m.Id && q.Direction == MessageDirection.In
                                && q.Id > (db.Messages.Where(o => o.ConversationId == m.ConversationId && o.Id < m.Id && o.Direction == MessageDirection.Out)
                                    .OrderByDescending(o => o.Id).Select(o => (long?)o.Id).FirstOrDefault() ?? 0))
                            .OrderBy(q => q.Id).Select(q => (DateTime?)q.StoredAt).FirstOrDefault(),
                    }).ToListAsync(cancel);
                things.AddRange(answers.Where(a => a.Asked is not null)
                    .Select(a => new Counted(RollupSeries.Waits, a.StoredAt, RollupRules.WaitPart(a.StoredAt - a.Asked!.Value))));
            }
            return new RollupBatch(things, last, rows.Count);
        }
    }

    private sealed class Conversations() : RollupSource("conversation_events")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.ConversationEvents.MaxAsync(e => (long?)e.Id, cancel) ?? 0;

        public override async Task<RollupBatch> ReadAsync(DispatchDb db, long from, long to, int take, CancellationToken cancel)
        {
            var rows = await db.ConversationEvents.Where(e => e.Id > from && e.Id <= to).OrderBy(e => e.Id).Take(take).Select(e => new { e.Id, e.Kind, e.At }).ToListAsync(cancel);
            return new RollupBatch(
                [.. rows.Where(r => r.Kind is ConversationEventKind.Opened or ConversationEventKind.Assigned)
                    .Select(r => new Counted(r.Kind == ConversationEventKind.Opened ? RollupSeries.Opened : RollupSeries.Assignments, r.At))],
                rows.Count == 0 ? from : rows[^1].Id, rows.Count);
        }
    }

    private sealed class Bookings() : RollupSource("booking_events")
    {
        public override async Task<long> LastIdAsync(DispatchDb db, CancellationToken cancel) => await db.BookingEvents.MaxAsync(e => (long?)e.Id, cancel) ?? 0;

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
