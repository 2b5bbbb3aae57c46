using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Bookings and drivers in browsers. Every test has drivers of its own: those of earlier tests are sent home and their bookings ended.</summary>
public abstract class MatchingBrowserTest(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    private static int s_driver = 100;

    protected ChromiumFixture Chromium { get; } = chromium;
    protected MatchingService Matching => Get<MatchingService>();
    protected BookingService Bookings => Get<BookingService>();
    protected DriverService Drivers => Get<DriverService>();
    protected Database Database => Get<Database>();

    protected T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    /// <summary>So many drivers at work, and nobody else.</summary>
    protected async Task<(long Id, string Name)[]> DriversAsync(params string[] names)
    {
        foreach (var open in (await Get<BookingQueries>().ListAsync(new BookingSearch(Open: true, Take: 200))).Items) await Matching.CancelMatchingAsync(open.Id, "next test");
        await Database.WriteAsync(session => session.Db.Drivers.ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, DriverStatus.Offline)));
        var made = new List<(long, string)>();
        foreach (var name in names)
        {
            var number = Interlocked.Increment(ref s_driver);
            var outcome = await Drivers.CreateAsync(new NewDriver
            {
                Name = $"{name} {number}", Phone = $"+22178000{number:0000}", VehicleType = "Berline", VehiclePlate = $"DK-{number}-A", Zone = "Plateau", Latitude = 14.69, Longitude = -17.44,
                Rating = 4.6,
            });
            Assert.Equal(DriverResult.Done, outcome.Result);
            made.Add((outcome.Id, $"{name} {number}"));
        }
        return [.. made];
    }

    /// <summary>A booking whose search has begun.</summary>
    protected async Task<long> SearchedAsync(string customer = "Awa", string zone = "Plateau")
    {
        var made = await Bookings.CreateAsync(new NewBooking
        {
            CustomerName = customer, CustomerPhone = "+221 77 555 66 77", PickupAddress = "Marché Sandaga, Dakar", DropAddress = "Aéroport Blaise Diagne", Zone = zone, Price = 12_500,
            PickupTime = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(20), PickupLatitude = 14.67, PickupLongitude = -17.43, DropLatitude = 14.74, DropLongitude = -17.07,
        });
        Assert.True((await Matching.StartMatchingAsync(made.Id)).Success);
        return made.Id;
    }

    /// <summary>What the driver's message holds.</summary>
    protected async Task<string> LinkAsync(long booking, long driver)
    {
        await using var db = Database.Read();
        var offer = await db.BookingNotifications.FirstAsync(n => n.BookingId == booking && n.DriverId == driver);
        return "/d/" + Get<OfferTokens>().Make(new OfferRef(booking, driver, offer.Round, offer.Wave));
    }

    /// <summary>A driver's phone, showing his offer.</summary>
    protected async Task<IPage> PhoneAsync(long booking, long driver, string locale = "fr-FR")
    {
        var page = await OpenAsync(locale: locale, phone: true);
        await page.GotoAsync(await LinkAsync(booking, driver));
        return page;
    }
}
