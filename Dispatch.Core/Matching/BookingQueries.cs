using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What screens and the API read of bookings. Read-only; live pages subscribe to <c>Topics.Bookings</c> or <c>Topics.Booking(id)</c> and ask again.</summary>
public sealed class BookingQueries(Database database)
{
    private const int MaxOnBoard = 200, MaxMatched = 12, MaxMessages = 500;

    public async Task<BookingPage> ListAsync(BookingSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = Filter(db, search);
        var total = await found.CountAsync(cancel);
        var sorted = (search.Sort, search.Descending) switch
        {
            (BookingSort.PickupTime, false) => found.OrderBy(b => b.PickupTime).ThenBy(b => b.Id),
            (BookingSort.PickupTime, true) => found.OrderByDescending(b => b.PickupTime).ThenByDescending(b => b.Id),
            (BookingSort.CreatedAt, false) => found.OrderBy(b => b.CreatedAt).ThenBy(b => b.Id),
            (BookingSort.CreatedAt, true) => found.OrderByDescending(b => b.CreatedAt).ThenByDescending(b => b.Id),
            (BookingSort.Id, false) => found.OrderBy(b => b.Id),
            (BookingSort.Id, true) => found.OrderByDescending(b => b.Id),
        };
        return new BookingPage(await Rows(db, sorted.Skip(search.Skip).Take(search.Take)).ToListAsync(cancel), total);
    }

    /// <summary>Null: there is no such booking.</summary>
    public async Task<BookingRow?> RowAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db, db.Bookings.Where(b => b.Id == id)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>Everything about one booking; null: there is none.</summary>
    public async Task<BookingDetails?> FindAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var booking = await db.Bookings.FirstOrDefaultAsync(b => b.Id == id, cancel);
        if (booking is null) return null;
        var driver = await db.Drivers.Where(d => d.Id == booking.DriverId).Select(d => new { d.Name, d.Phone }).FirstOrDefaultAsync(cancel);
        var offers = await (from n in db.BookingNotifications
                            join d in db.Drivers on n.DriverId equals d.Id
                            where n.BookingId == id
                            orderby n.Id
                            select new OfferRow(
                                d.Id, d.Name, n.Round, n.Wave, n.Asked, n.CreatedAt, n.SentAt, n.DeliveredAt, n.SeenAt, n.RespondedAt, n.ExpiresAt, n.Response, n.Withdrawn,
                                n.ClosedAt, n.Method, n.LostByMs, n.Distance)).ToListAsync(cancel);
        var messages = await db.ServiceMessages.Where(m => m.BookingId == id).OrderByDescending(m => m.Id).Take(MaxMessages)
            .Select(m => new BookingMessageRow(
                m.Id, m.Audience, m.Direction, m.Kind, m.Address, m.Text, m.Status, m.CreatedAt, m.SentAt, m.Error, m.DriverId,
                db.Drivers.Where(d => d.Id == m.DriverId).Select(d => d.Name).FirstOrDefault())).ToListAsync(cancel);
        messages.Reverse();
        var metrics = await db.MatchingMetrics.FirstOrDefaultAsync(m => m.BookingId == id, cancel);
        return new BookingDetails(booking, driver?.Name, driver?.Phone, offers, await EventsAsync(db, id, cancel), messages, metrics, NextSteps(booking, offers));
    }

    /// <summary>Every booking that is searched right now, the one that ends first on top, and who was matched just now.</summary>
    /// <param name="zone">Null: all zones.</param>
    /// <param name="matchedSince">UTC.</param>
    public async Task<MatchingBoard> BoardAsync(string? zone, DateTime matchedSince, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var bookings = await db.Bookings
            .Where(b => b.Status == BookingStatus.Pending && b.MatchingStartedAt != null && (zone == null || b.Zone == zone))
            .OrderBy(b => b.MatchingDeadline).ThenBy(b => b.Id).Take(MaxOnBoard).ToListAsync(cancel);
        var ids = bookings.ConvertAll(b => b.Id);
        var counts = (await db.BookingNotifications.Where(n => ids.Contains(n.BookingId)).GroupBy(n => n.BookingId).Select(g => new
        {
            g.Key,
            Notified = g.Count(),
            Delivered = g.Sum(n => n.DeliveredAt != null || n.SeenAt != null ? 1 : 0),
            Seen = g.Sum(n => n.SeenAt != null ? 1 : 0),
            Rejected = g.Sum(n => n.Response == DriverResponseKind.Rejected ? 1 : 0),
            TimedOut = g.Sum(n => n.Response == DriverResponseKind.Timeout ? 1 : 0),
            Silent = g.Sum(n => n.Response == null && n.Withdrawn == null ? 1 : 0),
            Nearest = g.Min(n => n.Distance),
            Newest = g.Max(n => n.RespondedAt),
        }).ToListAsync(cancel)).ToDictionary(c => c.Key);
        var newest = (await (from n in db.BookingNotifications
                             join d in db.Drivers on n.DriverId equals d.Id
                             where ids.Contains(n.BookingId) && n.RespondedAt != null
                                 && n.RespondedAt == db.BookingNotifications.Where(o => o.BookingId == n.BookingId).Max(o => o.RespondedAt)
                             orderby n.Id
                             select new { n.BookingId, Answer = new NewestAnswer(d.Name, n.Response, n.LostByMs, n.RespondedAt!.Value) }).ToListAsync(cancel))
            .GroupBy(n => n.BookingId).ToDictionary(g => g.Key, g => g.Last().Answer);
        var open = bookings.ConvertAll(b =>
        {
            var c = counts.GetValueOrDefault(b.Id);
            return new OpenMatching(
                b.Id, b.CustomerName, b.PickupAddress, b.DropAddress, b.Zone, b.PickupTime, b.MatchingStartedAt!.Value, b.MatchingDeadline!.Value, b.Round, b.Wave,
                c?.Notified ?? 0, c?.Delivered ?? 0, c?.Seen ?? 0, c?.Rejected ?? 0, c?.TimedOut ?? 0, c?.Silent ?? 0, c?.Nearest, newest.GetValueOrDefault(b.Id));
        });
        var matched = await (from b in db.Bookings
                             join d in db.Drivers on b.DriverId equals d.Id
                             where b.Status == BookingStatus.Accepted && b.AcceptedAt >= matchedSince && (zone == null || b.Zone == zone)
                             orderby b.AcceptedAt descending
                             select new JustMatched(b.Id, b.PickupAddress, b.DropAddress, b.Zone, d.Name, b.AcceptedAt!.Value,
                                 db.MatchingMetrics.Where(m => m.BookingId == b.Id).Select(m => m.TimeToMatch).FirstOrDefault())).Take(MaxMatched).ToListAsync(cancel);
        return new MatchingBoard(open, matched);
    }

    /// <summary>Zones of bookings that are not over and of drivers, for filters.</summary>
    public async Task<IReadOnlyList<string>> ZonesAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var ofDrivers = await db.Drivers.Where(d => d.Zone != null).Select(d => d.Zone!).Distinct().ToListAsync(cancel);
        var ofBookings = await db.Bookings
            .Where(b => b.Zone != null && (b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.Pending || b.Status == BookingStatus.Accepted))
            .Select(b => b.Zone!).Distinct().ToListAsync(cancel);
        return [.. ofDrivers.Union(ofBookings, StringComparer.Ordinal).Order(StringComparer.CurrentCulture)];
    }

    /// <param name="today">UTC: since when timed out bookings count.</param>
    public async Task<BookingCounts> CountsAsync(DateTime today, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var open = (await db.Bookings.Where(b => b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.Pending || b.Status == BookingStatus.Accepted)
            .GroupBy(b => b.Status).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(cancel)).ToDictionary(g => g.Key, g => g.Count);
        var lost = await db.MatchingMetrics.CountAsync(m => m.StartedAt >= today && m.FinalStatus == MatchingFinalStatus.Timeout, cancel);
        return new BookingCounts(
            open.GetValueOrDefault(BookingStatus.Scheduled), open.GetValueOrDefault(BookingStatus.Pending), open.GetValueOrDefault(BookingStatus.Accepted), lost);
    }

    private static IQueryable<Booking> Filter(DispatchDb db, BookingSearch search)
    {
        var found = db.Bookings.AsQueryable();
        if (search.Status is { } status) found = found.Where(b => b.Status == status);
        else if (search.Open == true) found = found.Where(b => b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.Pending || b.Status == BookingStatus.Accepted);
        else if (search.Open == false) found = found.Where(b => b.Status != BookingStatus.Scheduled && b.Status != BookingStatus.Pending && b.Status != BookingStatus.Accepted);
        if (!string.IsNullOrEmpty(search.Zone)) found = found.Where(b => b.Zone == search.Zone);
        if (search.DriverId is { } driver) found = found.Where(b => b.DriverId == driver);
        if (search.From is { } from) found = found.Where(b => b.PickupTime >= from);
        if (search.To is { } to) found = found.Where(b => b.PickupTime < to);
        if (string.IsNullOrWhiteSpace(search.Text)) return found;
        var text = search.Text.Trim();
        // The number on a driver's phone leads to its booking.
        if (long.TryParse(text.TrimStart('#'), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && text.Length < PhoneNumbers.MinDigits)
            return found.Where(b => b.Id == id);
        if (PhoneNumbers.Read(text) is { } phone) return found.Where(b => b.CustomerPhone.StartsWith(phone));
        var lower = text.ToLowerInvariant();
        return found.Where(b => b.CustomerName.ToLower().Contains(lower) || b.PickupAddress.ToLower().Contains(lower) || b.DropAddress.ToLower().Contains(lower));
    }

    private static IQueryable<BookingRow> Rows(DispatchDb db, IQueryable<Booking> bookings) =>
        bookings.Select(b => new BookingRow(
            b.Id, b.CustomerName, b.CustomerPhone, b.PickupAddress, b.DropAddress, b.Zone, b.PickupTime, b.Price, b.Status, b.StatusAt, b.Version, b.DriverId,
            db.Drivers.Where(d => d.Id == b.DriverId).Select(d => d.Name).FirstOrDefault(), b.Wave, b.StartAt, b.MatchingDeadline, b.CreatedAt, b.Reason));

    private static async Task<List<BookingEventRow>> EventsAsync(DispatchDb db, long id, CancellationToken cancel)
    {
        var rows = await db.BookingEvents.Where(e => e.BookingId == id).OrderBy(e => e.Id).Select(e => new
        {
            Event = e,
            Driver = db.Drivers.Where(d => d.Id == e.DriverId).Select(d => d.Name).FirstOrDefault(),
            Actor = db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(),
        }).ToListAsync(cancel);
        return rows.ConvertAll(r => new BookingEventRow(
            r.Event.Id, r.Event.At, r.Event.Kind, r.Event.Round, r.Event.Wave, r.Event.DriverId, r.Driver, r.Event.ActorId, r.Actor, r.Event.Note, ReadReport(r.Event.Data)));
    }

    internal static WaveReport? ReadReport(string? json) => json is null ? null : JsonSerializer.Deserialize<WaveReport>(json, MatchingJson.Options);

    private static List<NextStep> NextSteps(Booking booking, List<OfferRow> offers)
    {
        var steps = new List<NextStep>();
        if (booking is { Status: BookingStatus.Scheduled, StartAt: { } start }) steps.Add(new NextStep(NextStepKind.SearchStarts, start));
        if (booking is { Status: BookingStatus.Pending, MatchingDeadline: { } deadline })
        {
            if (booking.NextWaveAt is { } wave) steps.Add(new NextStep(NextStepKind.NextWave, wave));
            steps.AddRange(offers.Where(o => o.IsOpen).OrderBy(o => o.ExpiresAt).Take(3).Select(o => new NextStep(NextStepKind.OfferExpires, o.ExpiresAt, o.DriverId)));
            steps.Add(new NextStep(NextStepKind.SearchEnds, deadline));
        }
        steps.Sort((a, b) => a.At.CompareTo(b.At));
        return steps;
    }
}
