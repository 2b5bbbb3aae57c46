using Dispatch.Core.Data;
using Dispatch.Core.Overview;
using Dispatch.Core.Reporting;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The overview, the wall, reports, the trails, settings that delete, and a person's data.</summary>
public sealed class OpsScreensTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    private static readonly string[] s_pages = ["/overview", "/overview?range=30d", "/overview/wall", "/reports", "/reports?kind=week", "/audit", "/audit?trail=conversations", "/audit?of=driver", "/settings", "/privacy", "/ops/health", "/alerts?state=all", "/load"];

    [Fact]
    public async Task Overview_SomebodyWaitsAndIsAnswered_FollowsAndLeadsToTheList()
    {
        var contact = NewContact("Bineta");
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/overview");
        var waiting = page.Locator(".tile").Filter(new() { HasText = "Conversations waiting" });
        await Expect(waiting.Locator(".figure")).ToHaveTextAsync("0");
        await Expect(page.Locator(".problems")).ToContainTextAsync("No moderator is online.");

        await PostAsync($"/api/moderators/{await ModeratorAsync(Awa)}/connect", new { });
        await WriteAsync(contact, "Bonjour");
        await PostAsync($"/api/conversations/{await IdAsync(contact)}/transfer", new { actorId = await ModeratorAsync(Awa), note = "later" });
        await Expect(waiting.Locator(".figure")).ToHaveTextAsync("1");
        await Expect(page.Locator(".tile").Filter(new() { HasText = "Moderators online" }).Locator(".figure")).ToHaveTextAsync("1");

        // Counted within seconds, and said in a table as well as in a drawing.
        await Eventually(async () => (await ChartsAsync()).Total.Arrivals > 0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Last hour" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/overview?range=1h");
        var chart = page.Locator("figure.chart").First;
        await Expect(chart.Locator("polyline")).Not.ToHaveCountAsync(0);
        await chart.Locator("summary").ClickAsync();
        await Expect(chart.Locator("tbody tr")).ToHaveCountAsync(12);

        await waiting.ClickAsync();
        await Expect(page).ToHaveURLAsync("/waiting");
    }

    [Fact]
    public async Task Wall_InALightBrowser_IsDarkWithoutMenuAndTurns()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/overview/wall");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator(".frame-nav")).ToHaveCountAsync(0);
        await Expect(page.Locator(".tile")).ToHaveCountAsync(8);
        await page.GetByRole(AriaRole.Button, new() { Name = "Next page" }).ClickAsync();
        await Expect(page.Locator("h2").First).ToHaveTextAsync("Last hour");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop turning" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Turn pages" })).ToBeVisibleAsync();
        await page.GotoAsync("/overview/wall?theme=light");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
    }

    [Fact]
    public async Task Overview_Moderator_IsNotShownAnyOfIt()
    {
        var page = await SignInAsync(Awa);
        foreach (var address in new[] { "/overview", "/overview/wall", "/reports", "/audit", "/privacy" })
        {
            await page.GotoAsync(address);
            await Expect(page.Locator(".tile, .filters, #privacy-q, .frames")).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task Audit_SettingChangedOnItsPage_IsThereWithWhoAndFromWhatToWhat()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/settings");
        await page.Locator("#setting-routing-maxProfiles").FillAsync("7");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator(".save [role=status]")).ToHaveTextAsync("Saved. It holds from now on.");

        await GoAsync(page, "/audit?what=settingchanged");
        var row = page.Locator("tbody tr").First;
        await Expect(row).ToContainTextAsync("Profiles one person may hold");
        await Expect(row).ToContainTextAsync("→ 7");
        await Expect(row).ToContainTextAsync(Admin);
        await page.GetByLabel("What").SelectOptionAsync(new SelectOptionValue { Label = "Person disabled" });
        await Expect(page.Locator(".empty")).ToBeVisibleAsync();
        var csv = await page.EvaluateAsync<string>("async () => (await fetch('/audit/export.csv?what=settingchanged')).text()");
        Assert.Contains("SettingChanged,Setting,,routing.maxProfiles", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retention_ThatWouldDelete_AsksWithTheFigures()
    {
        var contact = NewContact("Oumar");
        await PostAsync($"/api/moderators/{await ModeratorAsync(Awa)}/connect", new { });
        await WriteAsync(contact, "Bonjour");
        var conversation = await IdAsync(contact);
        var old = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-90);
        await using (var db = Host.Services.GetRequiredService<Database>().Read())
            await db.Messages.Where(m => m.ConversationId == conversation).ExecuteUpdateAsync(set => set.SetProperty(m => m.StoredAt, old));
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/settings");
        await page.Locator("#setting-retention-messages").FillAsync("60");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would go" }).ClickAsync();
        await Expect(page.Locator(".preview tbody tr").First).ToContainTextAsync("60 days");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Alertdialog);
        await Expect(dialog).ToContainTextAsync("Messages: 1");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        Assert.Equal(0, (await Host.Services.GetRequiredService<SettingsService>().ListAsync()).Single(s => s.Definition.Key == "retention.messages").Value);
        // What is configured elsewhere is shown, and no secret with it.
        await Expect(page.Locator(".configuration")).ToContainTextAsync("Api:Keys:0");
        await Expect(page.Locator(".configuration")).Not.ToContainTextAsync(Support.AppProcess.ApiKey);
    }

    [Fact]
    public async Task Privacy_PersonExportedAndErased_IsForgottenWithProof()
    {
        var contact = NewContact("Ndeye");
        await PostAsync($"/api/moderators/{await ModeratorAsync(Awa)}/connect", new { });
        await WriteAsync(contact, "my address is 12 rue X");
        var id = await IdAsync(contact);
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/privacy");
        await page.Locator("#privacy-q").FillAsync(contact.Number);
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        var row = page.Locator(".found li");
        await Expect(row).ToContainTextAsync(contact.Name);
        var href = await row.GetByRole(AriaRole.Link, new() { Name = "Export" }).GetAttributeAsync("href");
        Assert.Contains("12 rue X", await page.EvaluateAsync<string>("async (href) => (await fetch(href)).text()", href), StringComparison.Ordinal);

        await EraseAsync(page, row);
        await Expect(page.GetByText("A conversation is still open. Close it first.")).ToBeVisibleAsync();
        await PostAsync($"/api/conversations/{id}/close", new { });
        await EraseAsync(page, row);
        await Expect(page.Locator(".message")).ToContainTextAsync("SHA-256");
        await Expect(row).ToHaveCountAsync(0);
        await GoAsync(page, "/audit?what=contacterased");
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync("SHA-256");
        await GoAsync(page, $"/conversations/{id}");
        await Expect(page.Locator("main")).Not.ToContainTextAsync("12 rue X");
    }

    [Fact]
    public async Task Report_OfAWeek_SaysWhatChangedAndComesAsCsv()
    {
        var now = new ReportFigures(1200, 300, 280, 12, 95, 600, 3600, 2, 50, 40, 10, 4, 1, 80, 3);
        var body = System.Text.Json.JsonSerializer.Serialize(
            new ReportBody(now, now with { Messages = 1000, Timeouts = 5 }, [new ReportPerson(1, "Awa Diop", 40, 39, 80, 1)]), new System.Text.Json.JsonSerializerOptions(System.Text.Json.JsonSerializerDefaults.Web));
        await using (var db = Host.Services.GetRequiredService<Database>().Read())
        {
            db.Reports.RemoveRange(await db.Reports.Where(r => r.Kind == ReportKind.Weekly).ToListAsync());
            db.Reports.Add(new StoredReport { Kind = ReportKind.Weekly, FirstDay = 20260302, CreatedAt = new DateTime(2026, 3, 9, 0, 20, 0, DateTimeKind.Utc), Body = body });
            await db.SaveChangesAsync();
        }
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/reports?kind=week");
        await Expect(page.Locator("h1")).ToContainTextAsync("Week from Monday, March 2, 2026");
        await Expect(page.Locator(".panel").First).ToContainTextAsync("Messages in: 1,200, 20 % more than the week before (1,000).");
        await Expect(page.Locator(".panel").First).ToContainTextAsync("Bookings timed out: 10, 100 % more than the week before (5). That is worse.");
        await Expect(page.Locator(".panel").Nth(2)).ToContainTextAsync("Awa Diop");
        var href = await page.GetByRole(AriaRole.Link, new() { Name = "Download as CSV" }).GetAttributeAsync("href");
        Assert.Contains("weekBefore,,timeouts,5", await page.EvaluateAsync<string>("async (href) => (await fetch(href)).text()", href), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_CheckedByAxeAndOnAPhone_AreFine()
    {
        var (problems, wide) = (new List<string>(), new List<string>());
        var page = await SignInAsync(Admin);
        foreach (var address in s_pages)
        {
            await GoAsync(page, address);
            await AccessTests.CheckAsync(page, address, problems);
        }
        var phone = await SignInAsync(Admin, phone: true, locale: "fr-FR");
        foreach (var address in s_pages)
        {
            await GoAsync(phone, address);
            await AccessTests.CheckWidthAsync(phone, address, wide);
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(wide.Count == 0, string.Join('\n', wide));
    }

    private Task<OverviewCharts> ChartsAsync() => Host.Services.GetRequiredService<OverviewQueries>().ChartsAsync(OverviewRange.Hour, TimeProvider.System.GetUtcNow().UtcDateTime);

    private static Task Eventually(Func<Task<bool>> condition) => Support.Eventually.Async(condition, TimeSpan.FromSeconds(40));

    private static async Task EraseAsync(IPage page, ILocator row)
    {
        await row.GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alertdialog)).ToBeHiddenAsync();
    }
}
