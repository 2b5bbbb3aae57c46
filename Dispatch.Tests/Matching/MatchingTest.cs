using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Compliance;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Matching;

/// <summary>What tests of matching share: drivers and bookings made by hand, the loops asked by the test, the invariants read from the rows.</summary>
public abstract class MatchingTest(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private int _phone = 77_000_000;

    protected MatchingService Matching => Node.Matching;
    protected BookingService Bookings => Node.Get<BookingService>();
    protected DriverService Drivers => Node.Get<DriverService>();

    protected async Task<long> DriverAsync(string? zone = null, double? latitude = null, double? longitude = null, DriverStatus status = DriverStatus.Available)
    {
        var number = Interlocked.Increment(ref _phone);
        var outcome = await Drivers.CreateAsync(new NewDriver
        {
            Name = $"Driver {number}", Phone = $"+221 {number}", VehicleType = "Berline", VehiclePlate = $"DK-{number}", Zone = zone, Latitude = latitude, Longitude = longitude,
            Rating = 4.5, Status = status,
        });
        Assert.Equal(DriverResult.Done, outcome.Result);
        return outcome.Id;
    }

    protected async Task<long[]> DriversAsync(int count)
    {
        var ids = new long[count];
        for (var i = 0; i < count; i++) ids[i] = await DriverAsync();
        return ids;
    }

    protected async Task<long> BookingAsync(string? zone = null, Action<Booking>? change = null, DateTime? startAt = null, string language = "fr")
    {
        var outcome = await Bookings.CreateAsync(new NewBooking
        {
            CustomerName = "Awa", CustomerPhone = $"+33 6 {Interlocked.Increment(ref _phone)}", PickupAddress = "Sandaga", DropAddress = "Almadies", PickupTime = Clock.Now.AddHours(1),
            Zone = zone, StartAt = startAt, Language = language, PickupLatitude = 14.67, PickupLongitude = -17.43,
        });
        Assert.Equal(BookingResult.Done, outcome.Result);
        if (change is not null)
        {
            await using var db = Store.Open();
            var booking = await db.Bookings.FirstAsync(b => b.Id == outcome.Id);
            change(booking);
            await db.SaveChangesAsync();
        }
        return outcome.Id;
    }

    /// <summary>A booking whose search has begun.</summary>
    protected async Task<long> SearchedAsync(string? zone = null)
    {
        var id = await BookingAsync(zone);
        Assert.True((await Matching.StartMatchingAsync(id)).Success);
        return id;
    }

    protected Task<ResponseResult?> AcceptAsync(long booking, long driver, DispatcherFixture? node = null) => RespondAsync(booking, driver, DriverResponseKind.Accepted, node);

    protected Task<ResponseResult?> RejectAsync(long booking, long driver, DispatcherFixture? node = null) => RespondAsync(booking, driver, DriverResponseKind.Rejected, node);

    private Task<ResponseResult?> RespondAsync(long booking, long driver, DriverResponseKind kind, DispatcherFixture? node) =>
        (node ?? Node).Matching.HandleDriverResponseAsync(booking, driver, new DriverResponse(kind, Clock.Now)).InTime(TimeSpan.FromSeconds(60));

    /// <summary>What the loops would do now: due times, then messages.</summary>
    protected async Task RunLoopsAsync()
    {
        await Node.Get<TimeoutManager>().RunOnceAsync(Clock.Now).InTime();
        await SendAllAsync();
    }

    protected Task<int> SendAllAsync() => Node.Get<ServiceMessageSender>().RunOnceAsync(Clock.Now).InTime();

    protected Task<Booking> ReadBookingAsync(long id) => Node.ReadAsync(db => db.Bookings.FirstAsync(b => b.Id == id));
    protected Task<Driver> ReadDriverAsync(long id) => Node.ReadAsync(db => db.Drivers.FirstAsync(d => d.Id == id));
    protected Task<BookingNotification> OfferAsync(long booking, long driver) => Node.ReadAsync(db => db.BookingNotifications.FirstAsync(n => n.BookingId == booking && n.DriverId == driver));
    protected Task<List<BookingNotification>> OffersAsync(long booking) => Node.ReadAsync(db => db.BookingNotifications.Where(n => n.BookingId == booking).OrderBy(n => n.Id).ToListAsync());
    protected Task<MatchingMetrics> MetricsAsync(long booking) => Node.ReadAsync(db => db.MatchingMetrics.FirstAsync(m => m.BookingId == booking));
    protected Task<List<ServiceMessage>> MessagesAsync(long booking) => Node.ReadAsync(db => db.ServiceMessages.Where(m => m.BookingId == booking).OrderBy(m => m.Id).ToListAsync());
    protected async Task<int> CountAsync(long booking, TemplateKey key) => (await MessagesAsync(booking)).Count(m => m.Kind == key.ToString());

    protected async Task AssertSoundAsync()
    {
        await using var db = Store.Open();
        Assert.Empty(await MatchingConsistency.ViolationsAsync(db));
        Assert.Empty(Node.Logs.Errors);
    }
}

/// <summary>What must hold of bookings at every commit. One line per violation.</summary>
public static class MatchingConsistency
{
    public static async Task<IReadOnlyList<string>> ViolationsAsync(DispatchDb db)
    {
        var found = new List<string>();
        var bookings = await db.Bookings.AsNoTracking().ToListAsync();
        var drivers = await db.Drivers.AsNoTracking().ToDictionaryAsync(d => d.Id);
        var offers = await db.BookingNotifications.AsNoTracking().ToListAsync();
        var metrics = await db.MatchingMetrics.AsNoTracking().ToDictionaryAsync(m => m.BookingId);
        var byBooking = bookings.ToDictionary(b => b.Id);

        foreach (var twice in bookings.Where(b => b.Status == BookingStatus.Accepted).GroupBy(b => b.DriverId).Where(g => g.Count() > 1))
            found.Add($"driver {twice.Key} has {twice.Count()} rides");
        foreach (var b in bookings.Where(b => b.Status == BookingStatus.Accepted && drivers[b.DriverId!.Value].Status != DriverStatus.Busy))
            found.Add($"driver {b.DriverId} has booking {b.Id} and is {drivers[b.DriverId!.Value].Status}");
        var active = bookings.Where(b => b.Status == BookingStatus.Accepted).Select(b => b.DriverId!.Value).ToHashSet();
        foreach (var d in drivers.Values.Where(d => d.Status == DriverStatus.Busy && !active.Contains(d.Id))) found.Add($"driver {d.Id} is busy with nothing");
        foreach (var same in offers.GroupBy(o => (o.BookingId, o.DriverId)).Where(g => g.Count() > 1)) found.Add($"offer {same.Key} exists {same.Count()} times");
        foreach (var o in offers.Where(o => o.Response is null && o.Withdrawn is null))
        {
            if (byBooking[o.BookingId].Status != BookingStatus.Pending) found.Add($"offer {o.BookingId}/{o.DriverId} is open, the booking is {byBooking[o.BookingId].Status}");
            if (drivers[o.DriverId].Status == DriverStatus.Busy) found.Add($"offer {o.BookingId}/{o.DriverId} is open, the driver is busy");
            if (o.ExpiresAt > byBooking[o.BookingId].MatchingDeadline) found.Add($"offer {o.BookingId}/{o.DriverId} outlives its booking");
        }
        foreach (var o in offers.Where(o => o.Response is not null && o.Withdrawn is not null)) found.Add($"offer {o.BookingId}/{o.DriverId} is {o.Response} and {o.Withdrawn}");
        foreach (var won in offers.Where(o => o.Response == DriverResponseKind.Accepted).GroupBy(o => (o.BookingId, o.Round)).Where(g => g.Count() > 1))
            found.Add($"booking {won.Key} was accepted {won.Count()} times");
        // Who gave the ride to somebody by hand after a search had failed did not make it succeed.
        var byHand = await db.BookingEvents.AsNoTracking().Where(e => e.Kind == BookingEventKind.AssignedByHand).Select(e => e.BookingId).ToHashSetAsync();
        foreach (var b in bookings.Where(b => metrics.TryGetValue(b.Id, out var m) && Final(b.Status) is { } final && m.FinalStatus != final
                     && !(byHand.Contains(b.Id) && m.FinalStatus is MatchingFinalStatus.Timeout or MatchingFinalStatus.Failed)))
            found.Add($"booking {b.Id} is {b.Status}, its metrics say {metrics[b.Id].FinalStatus}");
        foreach (var b in bookings.Where(b => metrics.TryGetValue(b.Id, out var m) && m.TotalDriversNotified != offers.Count(o => o.BookingId == b.Id)))
            found.Add($"booking {b.Id} has {offers.Count(o => o.BookingId == b.Id)} offers, its metrics say {metrics[b.Id].TotalDriversNotified}");
        var lost = await db.ServiceMessages.AsNoTracking().Where(m => m.Kind == "DriverTaken").GroupBy(m => new { m.BookingId, m.DriverId }).Where(g => g.Count() > 1).CountAsync();
        if (lost > 0) found.Add($"{lost} drivers were told twice that a booking is taken");
        return found;
    }

    private static MatchingFinalStatus? Final(BookingStatus status) => status switch
    {
        BookingStatus.Accepted or BookingStatus.Completed => MatchingFinalStatus.Matched,
        BookingStatus.TimedOut => MatchingFinalStatus.Timeout,
        BookingStatus.Failed => MatchingFinalStatus.Failed,
        _ => null,
    };
}
