using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Dispatch.Bench;

/// <summary>How long each page takes to its first byte, to its heading and until nothing on it loads any more, beside 100 inboxes that are open on the same server.</summary>
internal static class PagesBench
{
    private static readonly string[] Pages =
    [
        "/", "/board", "/conversations", "/conversations/1", "/queue", "/waiting", "/rotation", "/load", "/history", "/conflicts", "/findings", "/clients", "/matchings", "/bookings", "/bookings/1", "/bookings/new",
        "/drivers", "/drivers/1", "/matching", "/matching/report", "/numbers", "/workers", "/prospects", "/prospects/1", "/sequences", "/actions", "/actions/log", "/accounts", "/overview", "/overview/wall", "/alerts",
        "/ops/health", "/reports", "/audit", "/settings", "/people", "/profiles", "/templates", "/privacy", "/dead-letters",
    ];

    /// <summary>Notes when the heading was there and when the page last began to have nothing that loads. Its loading state says so by <c>aria-busy</c>.</summary>
    private const string Watch =
        """
        (() => {
          const look = () => {
            const main = document.querySelector("main");
            if (!main?.querySelector("h1, h2")) return;
            window.shownAt ??= performance.now();
            if (main.querySelector("[aria-busy=true]")) window.readyAt = undefined;
            else window.readyAt ??= performance.now();
          };
          new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
        })();
        """;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (count, times) = (arguments.Number("count", 100), arguments.Number("times", 5));
        Console.WriteLine($"pages: {times} visits of each beside {count} open inboxes, one browser on the same machine; {Measured.Machine}");
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
        for (var i = 0; i < count; i++)
        {
            var inbox = await context.NewPageAsync();
            await inbox.GotoAsync(server.Address.ToString());
            await inbox.Locator("main input:visible").First.WaitForAsync();
        }
        var visitor = await context.NewPageAsync();
        await visitor.AddInitScriptAsync(Watch);
        var all = (Byte: new List<double>(), Shown: new List<double>(), Ready: new List<double>());
        foreach (var path in Pages)
        {
            var (bytes, shown, ready) = (new List<double>(), new List<double>(), new List<double>());
            for (var visit = 0; visit <= times; visit++)
            {
                var seen = await VisitAsync(visitor, new Uri(server.Address, path));
                // The first one has code compiled and caches filled.
                if (visit == 0) continue;
                bytes.Add(seen.Byte);
                shown.Add(seen.Shown);
                ready.Add(seen.Ready);
            }
            all.Byte.AddRange(bytes);
            all.Shown.AddRange(shown);
            all.Ready.AddRange(ready);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {path,-18} first byte {Spread(bytes)}, heading {Spread(shown)}, loaded {Spread(ready)} ms"));
        }
        Console.WriteLine($"  all: first byte {new Measured(all.Byte)}; heading {new Measured(all.Shown)}; loaded {new Measured(all.Ready)}");
        return 0;
    }

    private static async Task<(double Byte, double Shown, double Ready)> VisitAsync(IPage page, Uri address)
    {
        await page.GotoAsync(address.ToString());
        // Quiet for a moment, or something between two loading states would count as the end.
        await page.WaitForFunctionAsync("() => window.readyAt !== undefined && performance.now() - window.readyAt > 300", null, new PageWaitForFunctionOptions { Timeout = 30_000 });
        var times = await page.EvaluateAsync<JsonElement>("() => [performance.getEntriesByType('navigation')[0].responseStart, window.shownAt, window.readyAt]");
        return (times[0].GetDouble(), times[1].GetDouble(), times[2].GetDouble());
    }

    private static string Spread(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{values.Order().ElementAt(values.Count / 2):F0} ({values.Max():F0})");
}
