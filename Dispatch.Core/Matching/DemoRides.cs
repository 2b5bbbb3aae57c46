using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways.Simulation;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Matching;

/// <summary>Rides for the demo: drivers, and every half minute somebody who wants a ride, so that the boards live. Of effect with <c>Demo:Enabled</c>.</summary>
public sealed class DemoRides(
    Database database, DriverService drivers, BookingService bookings, MatchingService matching, IOptions<SimulatorOptions> options, TimeProvider clock, ILogger<DemoRides> logger)
    : HostedLoop(clock, logger)
{
    private const int MaxOpen = 8;
    private static readonly TimeSpan BetweenRides = TimeSpan.FromSeconds(25), RideTakes = TimeSpan.FromSeconds(90);
    private static readonly (string Zone, double Latitude, double Longitude)[] Zones =
        [("Plateau", 14.668, -17.434), ("Médina", 14.681, -17.449), ("Almadies", 14.745, -17.514), ("Ouakam", 14.724, -17.490), ("Parcelles", 14.765, -17.440)];

    private static readonly string[] Names =
        ["Modou Fall", "Abdou Diouf", "Cheikh Gueye", "Mamadou Sy", "Oumar Kane", "Ibou Thiam", "Lamine Faye", "Samba Ka", "Alioune Seck", "Babacar Mbaye", "Pape Sow", "Serigne Lo",
         "Malick Niang", "Aliou Cissé", "Khadim Dieng", "Moussa Sarr", "Daouda Ba", "Souleymane Diallo", "Amadou Wade", "Boubacar Camara"];

    private static readonly string[] Customers = ["Ndeye Diagne", "Sophie Martin", "Awa Sène", "Coumba Ndour", "Pierre Lambert", "Astou Mbow", "Claire Dubois", "Bineta Sall"];
    private bool _seeded;
    private readonly Random _random = options.Value.Seed is { } seed ? new Random(seed) : new Random();

    /// <summary>Makes the drivers who are missing; a demo that was changed by its user stays as changed.</summary>
    public async Task SeedAsync(CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            if (await db.Drivers.AnyAsync(cancel)) return;
        }
        for (var i = 0; i < Names.Length; i++)
        {
            var zone = Zones[i % Zones.Length];
            await drivers.CreateAsync(new NewDriver
            {
                Name = Names[i], Phone = $"+{SimulatedDrivers.DriverPrefix}{i.ToString("00000", CultureInfo.InvariantCulture)}", VehicleType = i % 3 == 0 ? "Van" : "Berline",
                VehiclePlate = $"DK-{1200 + (i * 37)}-{(char)('A' + (i % 26))}", Zone = zone.Zone, Latitude = zone.Latitude + Near(), Longitude = zone.Longitude + Near(),
                Rating = Math.Round(3.6 + (_random.NextDouble() * 1.4), 1), Status = i % 7 == 6 ? DriverStatus.Offline : DriverStatus.Available,
            }, cancel: cancel);
        }
    }

    /// <summary>Ends rides that took their time, and begins one more when few are open.</summary>
    public async Task RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        List<long> done;
        int open;
        await using (var db = database.Read())
        {
            var since = now - RideTakes;
            done = await db.Bookings.Where(b => b.Status == BookingStatus.Accepted && b.AcceptedAt < since && b.CustomerPhone.StartsWith(SimulatedDrivers.CustomerPrefix))
                .Select(b => b.Id).ToListAsync(cancel);
            open = await db.Bookings.CountAsync(b => b.Status == BookingStatus.Pending, cancel);
        }
        foreach (var id in done) await matching.CompleteAsync(id, cancel: cancel);
        if (open >= MaxOpen) return;
        var (from, to) = (Zones[_random.Next(Zones.Length)], Zones[_random.Next(Zones.Length)]);
        var made = await bookings.CreateAsync(new NewBooking
        {
            CustomerName = Customers[_random.Next(Customers.Length)], CustomerPhone = $"+{SimulatedDrivers.CustomerPrefix}{_random.Next(10_000, 99_999)}",
            PickupAddress = $"{_random.Next(1, 90)} rue {_random.Next(1, 40)}, {from.Zone}", DropAddress = $"{_random.Next(1, 90)} avenue {_random.Next(1, 20)}, {to.Zone}",
            PickupTime = now.AddMinutes(15), Zone = from.Zone, PickupLatitude = from.Latitude + Near(), PickupLongitude = from.Longitude + Near(), DropLatitude = to.Latitude,
            DropLongitude = to.Longitude, Price = 1500 + (_random.Next(12) * 250),
        }, cancel: cancel);
        await matching.StartMatchingAsync(made.Id, cancel: cancel);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (!options.Value.Enabled) return BetweenRides;
        if (!_seeded) await SeedAsync(stop);
        _seeded = true;
        await RunOnceAsync(now, stop);
        return BetweenRides / options.Value.Speed;
    }

    private double Near() => (_random.NextDouble() - 0.5) * 0.02;
}
