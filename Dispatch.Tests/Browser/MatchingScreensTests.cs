using Dispatch.Core.Matching;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The board of matchings, the drivers, the figures; and all screens of matching for everybody.</summary>
public sealed class MatchingScreensTests(ChromiumFixture chromium, BrowserHost host) : MatchingBrowserTest(chromium, host)
{
    [Fact]
    public async Task Board_AnswersComeIn_CountsThemLiveAndMovesTheWonOne()
    {
        var drivers = await DriversAsync("Modou", "Ousmane", "Pape");
        var here = await SearchedAsync("Board Plateau");
        await SearchedAsync("Board Pikine", "Pikine");
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/matchings?zone=Plateau");
        var card = page.Locator("article.card");
        await Expect(card).ToHaveCountAsync(1);
        await Expect(card.Locator(".legend")).ToContainTextAsync("3 asked");
        await RespondAsync(here, drivers[2].Id, DriverResponseKind.Rejected);
        await Expect(card.Locator(".legend")).ToContainTextAsync("1 refused");
        await Expect(card.Locator(".newest")).ToContainTextAsync($"{drivers[2].Name} refused");
        await Expect(card.Locator("[role=img][aria-label^='Of 3 asked: 1 refused, 0 let pass']")).ToBeVisibleAsync();
        await RespondAsync(here, drivers[0].Id, DriverResponseKind.Accepted);
        await Expect(card).ToHaveCountAsync(0);
        await Expect(page.Locator(".just")).ToContainTextAsync(drivers[0].Name);
        await page.GetByLabel("Zone").SelectOptionAsync("");
        await Expect(page.Locator("article.card")).ToContainTextAsync("Board Pikine");
    }

    [Fact]
    public async Task Drivers_AddedPausedAndBack_SayWhatHappened()
    {
        await DriversAsync();
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/drivers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add driver" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("Zeynab Kane");
        await dialog.GetByLabel("Phone").FillAsync("77");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("8 to 15 digits");
        await dialog.GetByLabel("Phone").FillAsync("+221 70 999 88 77");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("Zeynab Kane was added.");

        await GoAsync(page, "/drivers?q=Zeynab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause Zeynab Kane" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("Zeynab Kane is paused and gets no offers.");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Paused");
        await Notices(page).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Available");

        await page.GetByRole(AriaRole.Link, new() { Name = "Zeynab Kane" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Zeynab Kane");
        await Expect(page.Locator(".tiles")).ToContainTextAsync("Acceptance");
    }

    [Fact]
    public async Task Import_WithAPreview_TakesWhatIsRightAndShowsWhatIsNot()
    {
        await DriversAsync();
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/drivers/import");
        const string csv = "name,phone,zone,rating\nDame Diouf,+221 70 111 00 01,Yoff,4.5\nSans Numéro,12,Yoff,4\nLamine Sy,00221701110002,Yoff,9\n";
        await page.GetByLabel("CSV file").SetInputFilesAsync(new FilePayload { Name = "drivers.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(csv) });
        await Expect(page.Locator(".sums")).ToContainTextAsync("1 driver is new");
        await Expect(page.Locator(".sums")).ToContainTextAsync("2 errors; their lines are left out");
        await Expect(page.Locator("table").First).ToContainTextAsync("8 to 15 digits");
        Assert.Empty((await Get<DriverQueries>().ListAsync(new DriverSearch("Dame Diouf"))).Items);
        await page.GetByRole(AriaRole.Button, new() { Name = "Import 1 driver" }).ClickAsync();
        await Expect(page.GetByText("Imported: 1 new, 0 changed.")).ToBeVisibleAsync();
        Assert.Single((await Get<DriverQueries>().ListAsync(new DriverSearch("Dame Diouf"))).Items);

        var file = await page.RunAndWaitForDownloadAsync(async () =>
        {
            await GoAsync(page, "/drivers?q=Dame");
            await page.GetByRole(AriaRole.Link, new() { Name = "Export CSV" }).ClickAsync();
        });
        var text = await File.ReadAllTextAsync(await file.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Contains("Dame Diouf", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Screens_OfAModerator_AreNeitherInTheMenuNorOpen()
    {
        var page = await SignInAsync(Awa);
        await Expect(page.Locator("nav.frame-nav")).Not.ToContainTextAsync("Bookings");
        await page.GotoAsync("/bookings");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Bookings" })).ToHaveCountAsync(0);
        Assert.NotEqual(200, (await page.APIRequest.GetAsync(new Uri(Host.Address, "/drivers/export.csv").ToString(), new() { MaxRedirects = 0 })).Status);
    }

    [Fact]
    public async Task Pages_CheckedByAxeInBothThemesAndOnAPhone_HaveNothingSerious()
    {
        var (problems, wide) = (new List<string>(), new List<string>());
        var addresses = await PrepareAsync();
        var admin = await SignInAsync(Admin);
        foreach (var address in addresses)
        {
            await GoAsync(admin, address);
            await AccessTests.CheckAsync(admin, address, problems);
        }
        var phone = await SignInAsync(Admin, phone: true, locale: "fr-FR");
        foreach (var address in addresses)
        {
            await GoAsync(phone, address);
            await AccessTests.CheckWidthAsync(phone, address, wide);
        }
        var drivers = await DriversAsync("Modou", "Ousmane");
        var open = await SearchedAsync();
        await AccessTests.CheckAsync(await PhoneAsync(open, drivers[0].Id), "open offer", problems);
        await AccessTests.CheckAsync(await PhoneAsync(open, drivers[1].Id), "open offer", problems);
        await RespondAsync(open, drivers[0].Id, DriverResponseKind.Accepted);
        foreach (var driver in drivers)
        {
            var offer = await PhoneAsync(open, driver.Id);
            await AccessTests.CheckAsync(offer, "answered offer", problems);
            await AccessTests.CheckWidthAsync(offer, "answered offer", wide);
        }
        Assert.True(problems.Count + wide.Count == 0, string.Join('\n', problems.Concat(wide)));
    }

    /// <summary>Every screen of matching with something on it.</summary>
    private async Task<string[]> PrepareAsync()
    {
        var drivers = await DriversAsync("Modou-Abdoulaye de Saint-Louis", "Ousmane", "Pape");
        var won = await SearchedAsync("Marième-Bernadette de la Fontaine");
        await RespondAsync(won, drivers[2].Id, DriverResponseKind.Rejected);
        await RespondAsync(won, drivers[0].Id, DriverResponseKind.Accepted);
        await Matching.CompleteAsync(won);
        var open = await SearchedAsync("Souleymane");
        await RespondAsync(open, drivers[2].Id, DriverResponseKind.Rejected);
        var week = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        return
        [
            "/bookings?status=all", "/bookings/new", $"/bookings/{won}", $"/bookings/{open}", "/matchings", "/drivers", $"/drivers/{drivers[0].Id}", "/drivers/import", "/matching",
            $"/matching/report?kind=week&day={week}", $"/matching/report?day={week}", "/bookings/999999", "/drivers/999999", "/templates", "/templates?text=AdminBookingTimeout",
        ];
    }

    private Task RespondAsync(long booking, long driver, DriverResponseKind kind) =>
        Matching.HandleDriverResponseAsync(booking, driver, new DriverResponse(kind, TimeProvider.System.GetUtcNow().UtcDateTime));
}
