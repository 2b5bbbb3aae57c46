using Microsoft.Playwright;

namespace Dispatch.Bench;

/// <summary>Memory of the server per open inbox, beside a page with nothing on it.</summary>
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
        // The first circuits pay for what all share (compiled code, caches), of either kind.
        await MeasureAsync("warm-up", context, server, "/", 5);
        await MeasureAsync("warm-up", context, server, "/empty", 5);
        var empty = await MeasureAsync("empty page", context, server, "/empty", count);
        var inbox = await MeasureAsync("inbox", context, server, "/", count);
        Console.WriteLine(FormattableString.Invariant($"  an inbox costs {inbox - empty:F2} MB more than a circuit with nothing on it"));
        return 0;
    }

    /// <summary>Growth of the server's working set per page that is open and interactive, in MB.</summary>
    private static async Task<double> MeasureAsync(string what, IBrowserContext context, ServerProcess server, string path, int count)
    {
        var before = server.WorkingSet;
        await OpenAsync(context, new Uri(server.Address, path), count);
        var each = (server.WorkingSet - before) / 1048576.0 / count;
        Console.WriteLine(FormattableString.Invariant($"  {what}: {each:F2} MB working set per circuit, {count} open ({before / 1048576} MB before)"));
        return each;
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
