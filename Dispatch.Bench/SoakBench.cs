using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Gateways.Simulation;
using Microsoft.Playwright;

namespace Dispatch.Bench;

/// <summary>
/// The demo at so many times its load for so long, with people who answer and pages that are open all the time: does memory grow, does an exception
/// go unobserved, does the log know of an error?
/// </summary>
internal static class SoakBench
{
    private const int DemoContactsPerMinute = 20, DemoOpenContacts = 60;
    private static readonly TimeSpan DemoBetweenRides = TimeSpan.FromSeconds(25), Turn = TimeSpan.FromSeconds(2), Silence = TimeSpan.FromSeconds(90), Settle = TimeSpan.FromMinutes(5);
    private const double Megabyte = 1048576;
    private static readonly string[] Pages = ["/", "/conversations", "/overview", "/overview/wall", "/matchings", "/actions", "/load", "/alerts"];

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (minutes, factor) = (arguments.Number("minutes", 60), arguments.Number("factor", 10));
        Console.WriteLine($"soak: {minutes} minutes at {factor} times the demo's load; {Measured.Machine}");
        var log = new LogWatch();
        await using var database = await BenchDatabase.CreateAsync("sqlite");
        await using var server = await DispatchServer.StartAsync(database, log.Read,
            ("ASPNETCORE_ENVIRONMENT", "Development"), ("Demo__Enabled", "true"), ("Logs__Format", "Json"),
            ("Simulator__ContactsPerMinute", (DemoContactsPerMinute * factor).ToString(CultureInfo.InvariantCulture)),
            ("Simulator__MaxOpenContacts", (DemoOpenContacts * factor).ToString(CultureInfo.InvariantCulture)));
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", DispatchServer.ApiKey);
        await PrepareAsync(http, factor);
        using var stop = new CancellationTokenSource();
        var counts = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        Task[] work = [AnswerAsync(http, counts, stop.Token), RideAsync(http, factor, counts, stop.Token), ProspectAsync(http, factor, counts, stop.Token)];
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await OpenPagesAsync(playwright, server.Address);

        var samples = new List<Sample>();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromMinutes(minutes))
        {
            await Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System);
            var sample = await Sample.TakeAsync(http, server, watch.Elapsed);
            samples.Add(sample);
            Console.WriteLine($"  {sample}; {string.Join(", ", counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Value} {c.Key}"))}; log: {log}");
        }
        await stop.CancelAsync();
        await Task.WhenAll(work);
        return Report(samples, log) ? 0 : 1;
    }

    private static bool Report(List<Sample> samples, LogWatch log)
    {
        var settled = samples.Where(s => s.At >= Settle).ToList();
        if (settled.Count < 10)
        {
            Console.WriteLine("too short to say anything about memory");
            return log.IsClean;
        }
        var quarter = settled.Count / 4;
        var (first, last) = (settled[.. quarter], settled[^quarter ..]);
        Console.WriteLine(FormattableString.Invariant(
            $"heap after a collection, lowest: first quarter {first.Min(s => s.Heap):F0} MB, last quarter {last.Min(s => s.Heap):F0} MB; working set, median: {Median(first, s => s.WorkingSet):F0} MB, then {Median(last, s => s.WorkingSet):F0} MB"));
        Console.WriteLine(FormattableString.Invariant(
            $"of no file, median: {Median(first, s => s.Anonymous):F0} MB, then {Median(last, s => s.Anonymous):F0} MB; committed by the collector: {Median(first, s => s.Committed):F0} MB, then {Median(last, s => s.Committed):F0} MB; SQLite: {Median(first, s => s.Sqlite):F0} MB, then {Median(last, s => s.Sqlite):F0} MB"));
        Console.WriteLine($"log: {log}");
        foreach (var line in log.Worst.Take(20)) Console.WriteLine($"  {line}");
        return log.IsClean;
    }

    private static double Median(List<Sample> samples, Func<Sample, double> what) => samples.Select(what).Order().ElementAt(samples.Count / 2);

    private static async Task PrepareAsync(HttpClient http, int factor)
    {
        for (var i = 0; i < 6 * factor; i++)
        {
            var made = await PostAsync(http, "/api/moderators", new { name = $"Soak {i}", email = $"soak{i}@bench.test", maxConversations = 12, priority = 0 });
            await PostAsync(http, $"/api/moderators/{made!.Value.GetProperty("id").GetInt64()}/connect", new { });
        }
        for (var i = 0; i < 10 * (factor - 1); i++)
            await PostAsync(http, "/api/drivers", new
            {
                name = $"Soak {i}", phone = $"+{SimulatedDrivers.DriverPrefix}{10_000 + i}", vehicleType = "Berline", vehiclePlate = $"SK-{1000 + i}-A", zone = "Plateau", latitude = 14.67,
                longitude = -17.43, status = "Available",
            });
    }

    /// <summary>Everybody answers what was written to him, and closes what has gone silent.</summary>
    private static Task AnswerAsync(HttpClient http, ConcurrentDictionary<string, int> counts, CancellationToken stop) => EveryAsync(Turn, async () =>
    {
        foreach (var (id, waits, _) in await AssignedAsync(http, "-lastMessageAt", stop))
        {
            if (waits && await PostAsync(http, $"/api/conversations/{id}/messages", new { text = "Bonjour, je regarde cela pour vous." }) is not null) Count(counts, "answers");
        }
        var silent = TimeProvider.System.GetUtcNow().UtcDateTime - Silence;
        foreach (var (id, _, last) in await AssignedAsync(http, "lastMessageAt", stop))
        {
            if (last < silent && await PostAsync(http, $"/api/conversations/{id}/close", new { }) is not null) Count(counts, "closed");
        }
    }, stop);

    private static async Task<List<(long Id, bool Waits, DateTime Last)>> AssignedAsync(HttpClient http, string sort, CancellationToken stop)
    {
        var list = await http.GetFromJsonAsync<JsonElement>($"/api/conversations?status=Assigned&pageSize=200&sort={sort}", stop);
        return
        [
            .. list.GetProperty("items").EnumerateArray().Select(i => (
                i.GetProperty("id").GetInt64(), i.GetProperty("waitingSince").ValueKind != JsonValueKind.Null, i.GetProperty("lastMessageAt").GetDateTime().ToUniversalTime())),
        ];
    }

    private static void Count(ConcurrentDictionary<string, int> counts, string what) => counts.AddOrUpdate(what, 1, (_, n) => n + 1);

    private static Task RideAsync(HttpClient http, int factor, ConcurrentDictionary<string, int> counts, CancellationToken stop)
    {
        var number = 0;
        return EveryAsync(DemoBetweenRides / (factor - 1), async () =>
        {
            var made = await PostAsync(http, "/api/bookings", new
            {
                customerName = "Soak", customerPhone = $"+{SimulatedDrivers.CustomerPrefix}{20_000 + (++number % 50_000)}", pickupAddress = $"{number} rue 1, Plateau", dropAddress = "2 avenue 3, Médina",
                pickupTime = TimeProvider.System.GetUtcNow().AddMinutes(15), zone = "Plateau", pickupLatitude = 14.668, pickupLongitude = -17.434,
            });
            if (made is not null && await PostAsync(http, $"/api/bookings/{made.Value.GetProperty("id").GetInt64()}/match", new { }) is not null) Count(counts, "rides");
        }, stop);
    }

    private static async Task ProspectAsync(HttpClient http, int factor, ConcurrentDictionary<string, int> counts, CancellationToken stop)
    {
        var account = await PostAsync(http, "/api/accounts", new { name = "Soak", provider = "Simulator", timeZone = "Africa/Dakar", quotas = new { send_first_contact = 100_000 }, minGapSeconds = 0 });
        var (id, number) = (account!.Value.GetProperty("id").GetInt64(), 0);
        await EveryAsync(TimeSpan.FromSeconds(60) / factor, async () =>
        {
            number++;
            if (await PostAsync(http, "/api/prospects", new { name = $"Soak {number}", phone = $"+22176{2_000_000 + number}", accountId = id, language = "fr", contact = true }) is not null)
                Count(counts, "prospects");
        }, stop);
    }

    private static async Task EveryAsync(TimeSpan pause, Func<Task> work, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(pause, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await work();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private static async Task<JsonElement?> PostAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        // 409: it was closed, lost or taken in between; that is part of the traffic.
        if ((int)answer.StatusCode == 409) return null;
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default(JsonElement) : JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static async Task<IBrowser> OpenPagesAsync(IPlaywright playwright, Uri address)
    {
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu"] });
        foreach (var (person, paths) in ((string, string[])[])[("Awa Diop", Pages[.. 2]), ("Aminata Cissé", Pages[2 ..])])
        {
            var context = await browser.NewContextAsync();
            var page = await context.NewPageAsync();
            await page.GotoAsync(new Uri(address, "/account/sign-in").ToString());
            await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = person }).ClickAsync();
            foreach (var path in paths) await (await context.NewPageAsync()).GotoAsync(new Uri(address, path).ToString());
        }
        return browser;
    }

    /// <param name="Anonymous">Of the working set, what belongs to no file.</param>
    /// <param name="Heap">What was alive after the last collection.</param>
    /// <param name="Committed">What the collector holds of the system, used or not.</param>
    /// <param name="Sqlite">What SQLite keeps of the file.</param>
    private sealed record Sample(TimeSpan At, double WorkingSet, double Anonymous, double Heap, double Committed, double Sqlite)
    {
        public override string ToString() =>
            FormattableString.Invariant($"{At.TotalMinutes:F0} min: working set {WorkingSet:F0} MB (of no file {Anonymous:F0}), heap {Heap:F0} MB (committed {Committed:F0}), SQLite {Sqlite:F0} MB");

        public static async Task<Sample> TakeAsync(HttpClient http, ServerProcess server, TimeSpan at)
        {
            var lines = (await http.GetStringAsync("/metrics")).Split('\n');
            double Sum(string name) => lines.Where(l => l.StartsWith(name, StringComparison.Ordinal)).Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1) ..], CultureInfo.InvariantCulture)) / Megabyte;
            return new Sample(
                at, server.WorkingSet / Megabyte, (server.AnonymousMemory ?? 0) / Megabyte, Sum("dispatch_dotnet_gc_last_collection_heap_size"), Sum("dispatch_dotnet_gc_last_collection_memory_committed_size"),
                Sum("dispatch_database_sqlite_memory_bytes"));
        }
    }

    /// <summary>Reads the log as it is written; keeps how many lines each level had and what was worse than a warning.</summary>
    private sealed class LogWatch
    {
        private readonly ConcurrentDictionary<string, int> _levels = new(StringComparer.Ordinal);

        public ConcurrentQueue<string> Worst { get; } = [];
        public bool IsClean => Worst.IsEmpty;

        public void Read(string line)
        {
            string level;
            try
            {
                level = JsonSerializer.Deserialize<JsonElement>(line).GetProperty("LogLevel").GetString() ?? "";
            }
            catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                // What is no log line is something that nobody expected.
                level = "Unreadable";
            }
            _levels.AddOrUpdate(level, 1, (_, n) => n + 1);
            if (level is "Error" or "Critical" or "Unreadable") Worst.Enqueue(line.Length > 600 ? line[.. 600] : line);
        }

        public override string ToString() => _levels.IsEmpty ? "no line" : string.Join(", ", _levels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Value} {l.Key}"));
    }
}
