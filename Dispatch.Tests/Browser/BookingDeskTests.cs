using Dispatch.Core.Matching;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The booking desk and the page of a booking, with drivers on phones.</summary>
public sealed class BookingDeskTests(ChromiumFixture chromium, BrowserHost host) : MatchingBrowserTest(chromium, host)
{
    [Fact]
    public async Task Booking_MadeAndAcceptedOnAPhone_IsSeenMatchedWithoutAReload()
    {
        var drivers = await DriversAsync("Modou", "Ousmane");
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/bookings/new");
        await FillAsync(page, "Ndeye Fall");
        await page.GetByRole(AriaRole.Button, new() { Name = "Book and search" }).ClickAsync();

        await Expect(page.Locator("h1")).ToContainTextAsync("Ndeye Fall");
        await Expect(page.Locator(".state")).ToContainTextAsync("Searching");
        await Expect(page.Locator(".ring").First).ToBeVisibleAsync();
        await Expect(page.Locator(".line")).ToContainTextAsync("The search began: 2 drivers asked");
        await page.EvaluateAsync("() => { window.stillHere = true; }");
        var booking = long.Parse(new Uri(page.Url).Segments[^1], System.Globalization.CultureInfo.InvariantCulture);

        var phone = await PhoneAsync(booking, drivers[0].Id);
        // His look is on the desk before he answers.
        await Expect(page.Locator("tr", new() { HasText = drivers[0].Name }).Locator(".answer")).ToContainTextAsync("can answer until");
        await Expect(page.Locator("tr", new() { HasText = drivers[0].Name }).Locator("td[data-label=Seen]")).Not.ToBeEmptyAsync();
        await phone.GetByRole(AriaRole.Button, new() { Name = "Accepter" }).ClickAsync();
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("La course est à vous.");

        await Expect(page.Locator(".state")).ToContainTextAsync("Driver found");
        await Expect(page.Locator(".line")).ToContainTextAsync($"{drivers[0].Name} accepted and has the ride");
        await Expect(page.Locator(".line")).ToContainTextAsync("“Driver found” to the customer");
        await Expect(page.Locator("tr", new() { HasText = drivers[1].Name }).Locator(".answer")).ToContainTextAsync("taken by somebody else");
        await Expect(page.Locator(".ring")).ToHaveCountAsync(0);
        Assert.True(await page.EvaluateAsync<bool>("() => window.stillHere === true"));
    }

    [Fact]
    public async Task NewBooking_WithMistakes_SaysThemBesideTheFieldsAndLosesNothing()
    {
        await DriversAsync();
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/bookings/new");
        await FillAsync(page, "Coumba");
        await page.GetByLabel("Customer’s phone").FillAsync("077 12");
        await page.GetByLabel("Pickup address").FocusAsync();
        await Expect(page.Locator(".field", new() { Has = page.Locator("#customerPhone") }).GetByRole(AriaRole.Alert)).ToContainTextAsync("8 to 15 digits");
        await page.GetByLabel("Drop address").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Book and search" }).ClickAsync();

        await Expect(page.Locator("#customerPhone")).ToBeFocusedAsync();
        await Expect(page.Locator(".field", new() { Has = page.Locator("#dropAddress") }).GetByRole(AriaRole.Alert)).ToHaveTextAsync("Needed.");
        await Expect(page.Locator("#customerName")).ToHaveValueAsync("Coumba");

        await page.GetByLabel("Customer’s phone").FillAsync("+221 77 123 45 67");
        await page.GetByLabel("Drop address").FillAsync("Almadies");
        await Expect(page.GetByText("Will be written to as +221771234567")).ToBeVisibleAsync();
        await page.GetByLabel("When somebody starts it").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Book", Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync("Coumba");
        await Expect(page.Locator(".state")).ToContainTextAsync("Open");
        await Expect(page.Locator(".line")).ToContainTextAsync($"The booking was made · by {Admin}");
    }

    [Fact]
    public async Task Cancel_WithAReason_EndsTheSearchAndTellsTheDriver()
    {
        var driver = (await DriversAsync("Modou"))[0];
        var booking = await SearchedAsync("Bineta");
        var phone = await PhoneAsync(booking, driver.Id);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/bookings/{booking}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel booking" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel it" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("Say why");
        await dialog.GetByLabel("Reason").FillAsync("La cliente a trouvé un taxi");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel it" }).ClickAsync();

        await Expect(Notices(page)).ToContainTextAsync("The booking is cancelled, and everybody concerned is told.");
        await Expect(page.Locator(".state")).ToContainTextAsync("Cancelled");
        await Expect(page.Locator(".line")).ToContainTextAsync("Reason: La cliente a trouvé un taxi");
        await phone.GetByRole(AriaRole.Button, new() { Name = "Accepter" }).ClickAsync();
        await Expect(phone.GetByRole(AriaRole.Status)).ToHaveTextAsync("Cette course a été annulée.");
    }

    [Fact]
    public async Task Assign_WhileADriverAccepts_SaysWhoWasFaster()
    {
        var drivers = await DriversAsync("Modou", "Ousmane");
        var booking = await SearchedAsync("Sokhna");
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/bookings/{booking}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Assign by hand" }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = drivers[1].Name }).CheckAsync();
        Assert.Equal(ResponseAction.Assigned, (await Matching.HandleDriverResponseAsync(
            booking, drivers[0].Id, new DriverResponse(DriverResponseKind.Accepted, TimeProvider.System.GetUtcNow().UtcDateTime)))!.Action);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Assign by hand" }).ClickAsync();

        await Expect(Notices(page)).ToContainTextAsync($"That came too late: {drivers[0].Name} has the ride since");
        await Expect(page.Locator(".state")).ToContainTextAsync("Driver found");
    }

    [Fact]
    public async Task Retry_AfterATimeout_AsksAgain()
    {
        await DriversAsync("Modou");
        var booking = await SearchedAsync("Aminata");
        Assert.True(await Matching.FailAsync(booking, "of this test"));
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/bookings/{booking}");
        await Expect(page.Locator(".state")).ToContainTextAsync("Failed");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search again" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("The search began: 1 driver was asked.");
        await Expect(page.Locator(".state")).ToContainTextAsync("Searching");
        await page.GetByRole(AriaRole.Button, new() { Name = "Widen" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Widen" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("The search goes on in the new radius.");
    }

    [Fact]
    public async Task List_FilteredByItsAddress_ShowsWhatFitsLive()
    {
        await DriversAsync("Modou");
        var (here, there) = (await SearchedAsync("Mareme Plateau", "Plateau"), await SearchedAsync("Mareme Pikine", "Pikine"));
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/bookings?zone=Pikine");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Mareme Pikine");
        await page.GetByLabel("Zone").SelectOptionAsync("");
        await Expect(page).ToHaveURLAsync(new Uri(Host.Address, "/bookings").ToString());
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Searchbox).FillAsync("mareme pla");
        await page.GetByRole(AriaRole.Searchbox).PressAsync("Enter");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync(["Mareme Plateau"]);
        await Matching.CancelMatchingAsync(here, "of this test");
        await Expect(page.GetByText("No booking fits these filters.")).ToBeVisibleAsync();
        await Matching.CancelMatchingAsync(there, "of this test");
    }

    private static async Task FillAsync(IPage page, string customer)
    {
        await Expect(page.Locator("#pickupTime")).Not.ToHaveValueAsync("");
        await page.GetByLabel("Customer’s name").FillAsync(customer);
        await page.GetByLabel("Customer’s phone").FillAsync("+221 77 111 22 33");
        await page.GetByLabel("Pickup address").FillAsync("Marché Sandaga");
        await page.GetByLabel("Drop address").FillAsync("Almadies");
        await page.GetByLabel("Zone", new() { Exact = true }).FillAsync("Plateau");
    }
}
