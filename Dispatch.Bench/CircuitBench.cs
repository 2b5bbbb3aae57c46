using Microsoft.Playwright;

namespace Dispatch.Bench;

/// <summary>Memory of the server per open inbox.</summary>
internal static class CircuitBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var count = arguments.Number("count", 100);
        Console.WriteLine($"circuits: {count} pages from one browser; {Measured.Machine}");
        await using var database = await BenchDatabase.CreateAsync("sqlite");
        await using var server = await DispatchServer.StartAsync(database, ("ASPNETCORE_ENVIRONMENT", "Development"), ("Demo__Enabled", "true"));
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var context = await browser.NewContextAsync();
        var first = await context.NewPageAsync();
        await first.GotoAsync(new Uri(server.Address, "/account/sign-in").ToString());
        await first.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Awa Diop" }).ClickAsync();
        // The first circuits pay for what all share (compiled code, caches).
        await OpenAsync(context, server.Address, 5);
        var before = server.WorkingSet;
        await OpenAsync(context, server.Address, count);
        Console.WriteLine(FormattableString.Invariant(
            $"  inbox: {(server.WorkingSet - before) / 1048576.0 / count:F2} MB working set per circuit ({before / 1048576} MB before)"));
        return 0;
    }

    private static async Task OpenAsync(IBrowserContext context, Uri address, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var page = await context.NewPageAsync();
            await page.GotoAsync(address.ToString());
            await page.Locator("main input:visible").First.WaitForAsync();
        }
    }
}
