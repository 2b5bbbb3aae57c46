using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What time decides. A timeout is a racer like any other: it claims what is due by the guarded update and may lose.</summary>
public sealed partial class MatchingService
{
    private const int OffersPerPass = 5000;

    /// <summary>The time of one offer is over (the loop does many at once, <see cref="ExpireOffersAsync"/>). False: it was not open, or its time is not over.</summary>
    public async Task<bool> HandleDriverTimeoutAsync(long bookingId, long driverId, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var expired = await database.WriteAsync(async session =>
        {
            var due = await session.Db.BookingNotifications.AsNoTracking()
                .Where(n => n.BookingId == bookingId && n.DriverId == driverId && n.Response == null && n.Withdrawn == null && n.ExpiresAt <= frame.Now)
                .Select(n => new DueOffer(n.Id, n.BookingId, n.DriverId, n.SeenAt != null && n.SentAt != null)).ToListAsync();
            return await ExpireAsync(session, frame, due);
        }, cancel);
        foreach (var booking in expired) await EscalateAsync(booking, cancel);
        return expired.Count > 0;
    }

    /// <summary>Every offer whose time is over, in passes; then what that leaves without an open offer goes on to its next wave. Returns how many offers.</summary>
    public async Task<int> ExpireOffersAsync(DateTime now, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel) with { Now = now };
        var total = 0;
        for (;;)
        {
            List<DueOffer> due;
            await using (var db = database.Read())
            {
                due = await db.BookingNotifications.Where(n => n.Response == null && n.Withdrawn == null && n.ExpiresAt <= now)
                    .OrderBy(n => n.ExpiresAt).Take(OffersPerPass)
                    .Select(n => new DueOffer(n.Id, n.BookingId, n.DriverId, n.SeenAt != null && n.SentAt != null)).ToListAsync(cancel);
            }
            if (due.Count == 0) return total;
            var bookings = await database.WriteAsync(session => ExpireAsync(session, frame, due), cancel);
            total += due.Count;
            foreach (var booking in bookings) await EscalateAsync(booking, cancel);
            if (due.Count < OffersPerPass) return total;
        }
    }

    /// <summary>Goes the usual way of an offer's end once, with an id that no row has, so that it is compiled: not the rarer ways of a silent driver and of a wave after the last offer.</summary>
    internal async Task WarmUpAsync(DateTime now, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel) with { Now = now };
        await database.WriteAsync(session => ExpireAsync(session, frame, [new DueOffer(-1, -1, -1, Seen: true)]), cancel);
        await EscalateAsync(-1, cancel);
    }

    /// <summary>The search is over without a driver: the customer gets the choices, admins the alert. False: it was decided otherwise, or its time is not over.</summary>
    public async Task<bool> HandleBookingTimeoutAsync(long bookingId, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        return await HandleBookingTimeoutAsync(bookingId, frame, cancel);
    }

    internal Task<bool> HandleBookingTimeoutAsync(long bookingId, MatchingFrame frame, CancellationToken cancel) => database.WriteAsync(async session =>
    {
        if (await BookingClaims.TimeOutAsync(session, bookingId, frame.Now) is not { } won) return false;
        var booking = (await ReadAsync(session, bookingId))!;
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.TimedOut, frame.Now);
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.CustomerAsked, frame.Now, note: nameof(BookingQuestion.Choice));
        await drivers.NotifyOtherDriversBookingTakenAsync(session, frame, booking, won.Told, TemplateKey.DriverOfferExpired);
        await clients.NotifySearchFailedAsync(session, frame, booking);
        session.AfterCommit(asked.Invalidate);
        await admins.AlertBookingTimeoutAsync(session, frame, booking);
        return true;
    }, cancel);

    /// <summary>
    /// The last open offer ended without a winner: a wider wave at once to whoever became available or has not refused. With nobody left the booking stays
    /// open until its time is over. False: there are open offers, or somebody else did it.
    /// </summary>
    public async Task<bool> EscalateAsync(long bookingId, CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            // Cheap and mostly the end of it: the guard below decides.
            if (!await NeedsWave(db).AnyAsync(b => b.Id == bookingId, cancel)) return false;
        }
        var frame = await frames.GetAsync(cancel);
        return await database.WriteAsync(async session =>
        {
            var booking = await NeedsWave(session.Db).AsNoTracking().FirstOrDefaultAsync(b => b.Id == bookingId);
            if (booking is null) return false;
            var notified = await session.Db.BookingNotifications.CountAsync(n => n.BookingId == bookingId);
            if (!await NextWaveAsync(session, booking, frame, MatchingRules.Widen(booking.MaxDistance, frame.Settings), Following(booking, frame))) return false;
            var wave = await drivers.BroadcastToAvailableDriversAsync(session, frame, booking, BookingEventKind.Escalated);
            if (wave.DriverIds.Count == 0) await NobodyLeftAsync(session, frame, booking, wave.Available);
            else
            {
                if (notified > 0) await admins.AlertLowDriverAvailabilityAsync(session, frame, booking.Zone, wave.Available);
                var seen = await session.Db.BookingNotifications.CountAsync(n => n.BookingId == bookingId && n.SeenAt != null);
                await clients.NotifySearchProgressAsync(session, frame, booking, Math.Max(notified, wave.DriverIds.Count), seen);
            }
            BookingClaims.Publish(session, bookingId);
            session.AfterCommit(() => sender.Enqueue(wave.MessageIds));
            session.AfterCommit(timeouts.Wake);
            return true;
        }, cancel);
    }

    /// <summary>The next ring of a policy that asks in waves, whether or not offers are open.</summary>
    internal Task<bool> AskNextWaveAsync(long bookingId, MatchingFrame frame, CancellationToken cancel) => database.WriteAsync(async session =>
    {
        var booking = await ReadAsync(session, bookingId);
        if (booking is not { Status: BookingStatus.Pending, NextWaveAt: { } due } || due > frame.Now) return false;
        if (!await NextWaveAsync(session, booking, frame, booking.MaxDistance, Following(booking, frame))) return false;
        var wave = await drivers.BroadcastToAvailableDriversAsync(session, frame, booking, BookingEventKind.WaveSent);
        // Everybody was asked: what is left is up to answers and time.
        if (!wave.More) await session.Db.Bookings.Where(b => b.Id == bookingId).ExecuteUpdateAsync(set => set.SetProperty(b => b.NextWaveAt, (DateTime?)null));
        BookingClaims.Publish(session, bookingId);
        session.AfterCommit(() => sender.Enqueue(wave.MessageIds));
        return true;
    }, cancel);

    /// <summary>A driver became available: every open booking that has not asked him asks him now. Returns how many did.</summary>
    public async Task<int> OfferOpenBookingsAsync(long driverId, CancellationToken cancel = default)
    {
        List<long> open;
        await using (var db = database.Read())
        {
            if (!await db.Drivers.AnyAsync(d => d.Id == driverId && d.Status == DriverStatus.Available, cancel)) return 0;
            open = await db.Bookings.Where(b => b.Status == BookingStatus.Pending && b.MatchingStartedAt != null)
                .OrderBy(b => b.MatchingDeadline).Select(b => b.Id).ToListAsync(cancel);
        }
        var count = 0;
        foreach (var id in open)
        {
            var frame = await frames.GetAsync(cancel);
            if (await database.WriteAsync(session => OfferLateAsync(session, frame, id, driverId), cancel)) count++;
        }
        return count;
    }

    private async Task<bool> OfferLateAsync(WriteSession session, MatchingFrame frame, long bookingId, long driverId)
    {
        // The booking first, as everywhere; nobody wins it from here to the commit.
        var rows = await session.Db.Bookings.Where(b => b.Id == bookingId && b.Status == BookingStatus.Pending && b.MatchingStartedAt != null && b.MatchingDeadline > frame.Now)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.ExhaustedWave, 0));
        if (rows == 0) return false;
        var booking = (await ReadAsync(session, bookingId))!;
        if (await drivers.AskLateAsync(session, frame, booking, driverId) is not { } late) return false;
        session.AfterCommit(() => sender.Enqueue(late.MessageIds));
        session.AfterCommit(timeouts.Wake);
        return true;
    }

    /// <summary>Pending, searched, nobody being asked, and its last wave not known to be the last: normally seen at once, after a crash by the sweep.</summary>
    internal static IQueryable<Booking> NeedsWave(DispatchDb db) => db.Bookings.Where(b =>
        b.Status == BookingStatus.Pending && b.MatchingStartedAt != null && b.ExhaustedWave < b.Wave
        && !db.BookingNotifications.Any(n => n.BookingId == b.Id && n.Response == null && n.Withdrawn == null));

    private static DateTime? Following(Booking booking, MatchingFrame frame) =>
        booking.WavePolicy == WavePolicy.AllAtOnce ? null : frame.Now + frame.Settings.WaveInterval;

    /// <summary>Drivers who saw it and let it pass come first, locked in order, because an accept locks its driver before its offers.</summary>
    private async Task<IReadOnlyList<long>> ExpireAsync(WriteSession session, MatchingFrame frame, List<DueOffer> due)
    {
        if (due.Count == 0) return [];
        var watching = due.Where(d => d.Seen).Select(d => d.DriverId).Distinct().Order().ToList();
        await LockDriversAsync(session, watching);
        var expired = new List<(long Booking, long Driver, bool Silent)>(due.Count);
        foreach (var chunk in due.Select(d => d.Id).Order().Chunk(500))
        {
            var (within, arguments) = BulkRows.In("id", chunk);
            if (session.Dialect.Provider == DatabaseProvider.PostgreSql)
                await session.QueryAsync($"SELECT id FROM booking_notifications WHERE {within} ORDER BY id FOR UPDATE", r => r.GetInt64(0), arguments);
            (string, object?)[] all = [("now", frame.Now), .. arguments];
            expired.AddRange(await session.QueryAsync(ExpireText(session.Dialect, within), r => (r.GetInt64(0), r.GetInt64(1), !r.IsDBNull(2) && !r.IsDBNull(3)), all));
        }
        await CountSilenceAsync(session, frame, [.. expired.Where(e => e.Silent).Select(e => e.Driver)]);
        var bookings = expired.ConvertAll(e => e.Booking).Distinct().Order().ToList();
        foreach (var booking in bookings)
        {
            BookingClaims.Publish(session, booking, EventNames.OfferChanged);
            LogTimeouts(booking, expired.Count(e => e.Booking == booking));
        }
        return bookings;
    }

    private async Task CountSilenceAsync(WriteSession session, MatchingFrame frame, IReadOnlyList<long> driverIds)
    {
        foreach (var (driverId, times) in driverIds.CountBy(d => d).OrderBy(d => d.Key))
        {
            await session.Db.Drivers.Where(d => d.Id == driverId).ExecuteUpdateAsync(set => set.SetProperty(d => d.ConsecutiveTimeouts, d => d.ConsecutiveTimeouts + times));
            var driver = await session.Db.Drivers.AsNoTracking().FirstAsync(d => d.Id == driverId);
            if (driver.Status != DriverStatus.Available || !MatchingRules.Pauses(driver.ConsecutiveTimeouts, frame.Settings)) continue;
            var paused = await session.Db.Drivers.Where(d => d.Id == driverId && d.Status == DriverStatus.Available)
                .ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, DriverStatus.Paused).SetProperty(d => d.StatusSince, frame.Now));
            if (paused == 0) continue;
            await drivers.TellAsync(session, frame, driver, TemplateKey.DriverPaused, $"paused:{driverId}:{frame.Now.Ticks}",
                ("count", driver.ConsecutiveTimeouts.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            session.Publish(Topics.Drivers, EventNames.DriverChanged, driverId);
        }
    }

    private static async Task LockDriversAsync(WriteSession session, IReadOnlyList<long> driverIds)
    {
        if (session.Dialect.Provider != DatabaseProvider.PostgreSql) return;
        foreach (var chunk in driverIds.Chunk(500))
        {
            var (within, arguments) = BulkRows.In("id", chunk);
            await session.QueryAsync($"SELECT id FROM drivers WHERE {within} ORDER BY id FOR UPDATE", r => r.GetInt64(0), arguments);
        }
    }

    internal static string ExpireText(SqlDialect dialect, string within) => dialect.Update(
        "booking_notifications",
        "response = CASE WHEN sent_at IS NULL THEN NULL ELSE 'Timeout' END, withdrawn = CASE WHEN sent_at IS NULL THEN 'Undelivered' ELSE NULL END, closed_at = @now",
        $"{within} AND response IS NULL AND withdrawn IS NULL AND expires_at <= @now", ["booking_id", "driver_id", "sent_at", "seen_at"]);

    private sealed record DueOffer(long Id, long BookingId, long DriverId, bool Seen);
}
