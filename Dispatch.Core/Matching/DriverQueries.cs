using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What screens and the API read of drivers; live pages subscribe to <c>Topics.Drivers</c>.</summary>
public sealed class DriverQueries(Database database, MetricsService metrics)
{
    private const int MaxOffers = 100;

    public async Task<DriverPage> ListAsync(DriverSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = Filter(db.Drivers, search);
        var total = await found.CountAsync(cancel);
        var sorted = (search.Sort, search.Descending) switch
        {
            (DriverSort.Name, false) => found.OrderBy(d => d.Name).ThenBy(d => d.Id),
            (DriverSort.Name, true) => found.OrderByDescending(d => d.Name).ThenByDescending(d => d.Id),
            (DriverSort.LastSeenAt, false) => found.OrderBy(d => d.LastSeenAt).ThenBy(d => d.Id),
            (DriverSort.LastSeenAt, true) => found.OrderByDescending(d => d.LastSeenAt).ThenByDescending(d => d.Id),
            (DriverSort.StatusSince, false) => found.OrderBy(d => d.StatusSince).ThenBy(d => d.Id),
            (DriverSort.StatusSince, true) => found.OrderByDescending(d => d.StatusSince).ThenByDescending(d => d.Id),
            (DriverSort.Rating, false) => found.OrderBy(d => d.Rating).ThenBy(d => d.Id),
            (DriverSort.Rating, true) => found.OrderByDescending(d => d.Rating).ThenByDescending(d => d.Id),
        };
        return new DriverPage(await Rows(db, sorted.Skip(search.Skip).Take(search.Take)).ToListAsync(cancel), total);
    }

    public async Task<DriverRow?> RowAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db, db.Drivers.Where(d => d.Id == id)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>One driver with his statistics over the frame and his newest offers; null: there is none.</summary>
    public async Task<DriverDetails?> FindAsync(long id, TimeFrame frame, CancellationToken cancel = default)
    {
        if (await RowAsync(id, cancel) is not { } row) return null;
        await using var db = database.Read();
        var offers = await (from n in db.BookingNotifications
                            join b in db.Bookings on n.BookingId equals b.Id
                            where n.DriverId == id
                            orderby n.CreatedAt descending, n.Id descending
                            select new DriverOfferRow(
                                b.Id, b.PickupAddress, b.DropAddress, b.Zone, n.CreatedAt, n.SentAt, n.SeenAt, n.RespondedAt, n.ExpiresAt, n.Response, n.Withdrawn, n.LostByMs,
                                n.Distance)).Take(MaxOffers).ToListAsync(cancel);
        return new DriverDetails(row, await metrics.GetDriverResponseStatsAsync(id, frame, cancel), offers);
    }

    /// <summary>Why a driver was not asked for a booking, per wave; empty: he was asked, or no wave went out.</summary>
    public async Task<IReadOnlyList<WhyNot>> WhyNotAsync(long bookingId, long driverId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var waves = await db.BookingEvents.Where(e => e.BookingId == bookingId && e.Data != null).OrderBy(e => e.Id).Select(e => new { e.At, e.Wave, e.Data }).ToListAsync(cancel);
        if (await db.BookingNotifications.AnyAsync(n => n.BookingId == bookingId && n.DriverId == driverId, cancel)) return [];
        var status = await db.Drivers.Where(d => d.Id == driverId).Select(d => new { d.Status, d.StatusSince }).FirstOrDefaultAsync(cancel);
        return [.. waves.Select(w =>
        {
            var stored = BookingQueries.ReadReport(w.Data)!.LeftOut.FirstOrDefault(l => l.DriverId == driverId);
            // Whoever was not available is counted with a wave and not listed; his status tells when it is older than the wave.
            var reason = stored?.Reason ?? (status is null || status.StatusSince > w.At ? Exclusion.Unknown : status.Status switch
            {
                DriverStatus.Busy => Exclusion.Busy,
                DriverStatus.Offline => Exclusion.Offline,
                DriverStatus.Paused => Exclusion.Paused,
                DriverStatus.Available => Exclusion.Unknown,
            });
            return new WhyNot(w.At, w.Wave, reason);
        })];
    }

    /// <summary>Names by id, for lists that hold ids alone; who does not exist is left out.</summary>
    public async Task<IReadOnlyDictionary<long, string>> NamesAsync(IReadOnlyCollection<long> ids, CancellationToken cancel = default)
    {
        if (ids.Count == 0) return new Dictionary<long, string>();
        await using var db = database.Read();
        return await db.Drivers.Where(d => ids.Contains(d.Id)).ToDictionaryAsync(d => d.Id, d => d.Name, cancel);
    }

    public async Task<DriverCounts> CountsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var counts = (await db.Drivers.GroupBy(d => d.Status).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(cancel)).ToDictionary(g => g.Key, g => g.Count);
        return new DriverCounts(
            counts.GetValueOrDefault(DriverStatus.Available), counts.GetValueOrDefault(DriverStatus.Busy), counts.GetValueOrDefault(DriverStatus.Paused),
            counts.GetValueOrDefault(DriverStatus.Offline));
    }

    internal static IQueryable<Driver> Filter(IQueryable<Driver> drivers, DriverSearch search)
    {
        if (search.Status is { } status) drivers = drivers.Where(d => d.Status == status);
        if (!string.IsNullOrEmpty(search.Zone)) drivers = drivers.Where(d => d.Zone == search.Zone);
        if (string.IsNullOrWhiteSpace(search.Text)) return drivers;
        if (PhoneNumbers.Read(search.Text) is { } phone) return drivers.Where(d => d.Phone.StartsWith(phone));
        var lower = search.Text.Trim().ToLowerInvariant();
        return drivers.Where(d => d.Name.ToLower().Contains(lower) || d.VehiclePlate.ToLower().Contains(lower));
    }

    private static IQueryable<DriverRow> Rows(DispatchDb db, IQueryable<Driver> drivers) =>
        drivers.Select(d => new DriverRow(
            d.Id, d.Name, d.Phone, d.Rating, d.VehicleType, d.VehiclePlate, d.Zone, d.Latitude, d.Longitude, d.Language, d.Status, d.StatusSince, d.LastSeenAt,
            d.ConsecutiveTimeouts, db.BookingNotifications.Count(n => n.DriverId == d.Id && n.Response == null && n.Withdrawn == null),
            db.Bookings.Where(b => b.DriverId == d.Id && b.Status == BookingStatus.Accepted).Select(b => (long?)b.Id).FirstOrDefault()));
}
