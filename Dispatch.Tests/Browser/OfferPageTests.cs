using System.Net;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The page behind a driver's link, on a phone.</summary>
public sealed partial class OfferPageTests(ChromiumFixture chromium, BrowserHost host) : MatchingBrowserTest(chromium, host)
{
    [Fact]
    public async Task Offer_Accepted_SaysOneSentenceAndHowToReachTheCustomer()
    {
        var driver = (await DriversAsync("Modou"))[0];
        var booking = await SearchedAsync("Khady");
        var phone = await PhoneAsync(booking, driver.Id);
        await Expect(phone.Locator("html")).ToHaveAttributeAsync("lang", "fr");
        await Expect(phone.GetByText("Marché Sandaga, Dakar")).ToBeVisibleAsync();
        await Expect(phone.GetByText("2,5 km")).ToBeVisibleAsync(); // from 14.69/-17.44 to the pickup
        await Expect(phone.Locator(".ring-text")).ToHaveTextAsync(Seconds);

        await phone.GetByRole(AriaRole.Button, new() { Name = "Accepter" }).ClickAsync();

        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("La course est à vous.");
        await Expect(phone.GetByRole(AriaRole.Link, new() { Name = "Appeler +221775556677" })).ToHaveAttributeAsync("href", "tel:+221775556677");
        await phone.ReloadAsync();
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("La course est à vous.");
    }

    [Fact]
    public async Task Offer_RefusedWithoutAnyScript_IsTaken()
    {
        var driver = (await DriversAsync("Cheikh"))[0];
        var booking = await SearchedAsync();
        await using var context = await (await Chromium.BrowserAsync()).NewContextAsync(new() { BaseURL = Host.Address.ToString(), Locale = "en-GB", JavaScriptEnabled = false });
        var phone = await context.NewPageAsync();
        await phone.GotoAsync(await LinkAsync(booking, driver.Id));
        await Expect(phone.Locator(".ring-text")).ToHaveTextAsync(Seconds);
        Assert.Equal("ring", await phone.Locator(".ring-left").EvaluateAsync<string>("e => getComputedStyle(e).animationName"));

        await phone.GetByRole(AriaRole.Button, new() { Name = "Refuse" }).ClickAsync();

        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("You refused this ride. Thank you for your answer.");
        await using var db = Database.Read();
        var offer = await db.BookingNotifications.FirstAsync(n => n.BookingId == booking && n.DriverId == driver.Id);
        Assert.Equal((DriverResponseKind.Rejected, NotificationMethod.Link), (offer.Response, offer.Method));
        Assert.NotNull(offer.SeenAt);
    }

    [Fact]
    public async Task Offer_TakenWhileOpen_SaysByHowMuch()
    {
        var drivers = await DriversAsync("Modou", "Ousmane");
        var booking = await SearchedAsync();
        var late = await PhoneAsync(booking, drivers[1].Id, "en-GB");
        await Expect(late.GetByRole(AriaRole.Button, new() { Name = "Accept" })).ToBeVisibleAsync();
        Assert.Equal(ResponseAction.Assigned, (await Matching.HandleDriverResponseAsync(
            booking, drivers[0].Id, new DriverResponse(DriverResponseKind.Accepted, TimeProvider.System.GetUtcNow().UtcDateTime)))!.Action);

        await late.GetByRole(AriaRole.Button, new() { Name = "Accept" }).ClickAsync();

        await Expect(late.GetByRole(AriaRole.Status)).ToHaveTextAsync(Faster);
        await Expect(late.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Offer_AtTheDeadline_TurnsIntoItsSentenceByItself()
    {
        var driver = (await DriversAsync("Modou"))[0];
        var booking = await SearchedAsync();
        await ExpireAsync(booking, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(4));
        var phone = await PhoneAsync(booking, driver.Id);
        await Expect(phone.GetByRole(AriaRole.Button, new() { Name = "Accepter" })).ToBeVisibleAsync();
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("Cette offre est terminée : le temps de réponse est passé.");
    }

    [Fact]
    public async Task Link_AfterTheDeadlineWithdrawnOrUnknown_HasItsSentenceAndNoButton()
    {
        var drivers = await DriversAsync("Modou", "Ousmane");
        var booking = await SearchedAsync();
        var link = await LinkAsync(booking, drivers[0].Id);
        await ExpireAsync(booking, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-1));
        await ShowsAsync(link, "This offer is over: the time to answer has passed.");
        // Posting to it anyway changes nothing.
        using (var http = Host.CreateClient())
        {
            using var answer = await http.PostAsync(link + "/accept", null);
            Assert.Contains("Cette offre est terminée", WebUtility.HtmlDecode(await Text(http, link)), StringComparison.Ordinal);
        }
        Assert.NotEqual(BookingStatus.Accepted, (await Get<BookingQueries>().RowAsync(booking))!.Status);

        var other = await SearchedAsync();
        var withdrawn = await LinkAsync(other, drivers[1].Id);
        await Matching.CancelMatchingAsync(other, "the customer walks");
        await ShowsAsync(withdrawn, "This ride was cancelled.");
        await ShowsAsync("/d/nonsense", "This link leads nowhere. Please open the newest message again.");

        async Task ShowsAsync(string address, string sentence)
        {
            var phone = await OpenAsync(phone: true);
            await phone.GotoAsync(address);
            await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync(sentence);
            await Expect(phone.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        }
    }

    [Theory]
    [InlineData("de-DE,de;q=0.9", "fr")]
    [InlineData("en-US,en;q=0.9,fr;q=0.8", "en")]
    [InlineData("fr-SN,en;q=0.5", "fr")]
    [InlineData("", "fr")]
    public async Task Language_OfThePage_IsFrenchUnlessEnglishIsAskedFor(string accept, string language)
    {
        using var http = Host.CreateClient();
        if (accept.Length > 0) http.DefaultRequestHeaders.Add("Accept-Language", accept);
        Assert.Contains($"<html lang=\"{language}\"", await Text(http, "/d/nothing"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WhatsApp/2.23.20.0", true)]
    [InlineData("facebookexternalhit/1.1", true)]
    [InlineData("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36", false)]
    [InlineData("", false)]
    public void Preview_OfAMessenger_IsNotTheDriverLooking(string agent, bool robot) => Assert.Equal(robot, Web.Matching.OfferEndpoints.IsRobot(agent));

    [System.Text.RegularExpressions.GeneratedRegex("^0:[0-3][0-9]$", System.Text.RegularExpressions.RegexOptions.None, 1000)]
    private static partial System.Text.RegularExpressions.Regex Seconds { get; }

    [System.Text.RegularExpressions.GeneratedRegex("^Another driver was faster: the ride was taken [0-9]+ m?s before your answer\\.$", System.Text.RegularExpressions.RegexOptions.None, 1000)]
    private static partial System.Text.RegularExpressions.Regex Faster { get; }

    private static async Task<string> Text(HttpClient http, string address) => await (await http.GetAsync(address)).Content.ReadAsStringAsync();

    private Task ExpireAsync(long booking, DateTime at) => Database.WriteAsync(session => session.Db.BookingNotifications.Where(n => n.BookingId == booking)
        .ExecuteUpdateAsync(set => set.SetProperty(n => n.ExpiresAt, at)));
}
