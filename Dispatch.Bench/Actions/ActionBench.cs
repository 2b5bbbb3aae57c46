using System.Globalization;
using Npgsql;

namespace Dispatch.Bench.Actions;

/// <summary>
/// Actions stored and executed per second, and how long after they are due they start, beside graphile-worker, pg-boss and Quartz.NET doing nothing on the same server, and beside
/// hand-written SQL. Rounds alternate; the first is not counted.
/// </summary>
internal static class ActionBench
{
    private const int WarmUp = 600;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "postgresql");
        if (arguments.Text("only") == "growth") return await ClaimGrowthBench.RunAsync(provider, arguments.Number("pending", 1_000_000));
        var (jobs, paced, rounds) = (arguments.Number("jobs", 4000), arguments.Number("latency", 300), arguments.Number("rounds", 3));
        Console.WriteLine($"actions on {provider}: {rounds} rounds, {jobs} jobs times a share, {InFlight.Width} in flight, {paced} for the latency; {Measured.Machine}");
        await using var store = await BenchDatabase.CreateAsync(provider);
        var dispatch = await DispatchPeer.StartAsync(store, (((jobs * 4) + 10) * (rounds + 1)) + (4 * paced) + WarmUp + 10);
        var peers = new List<IActionPeer> { dispatch };
        if (store.ConnectionString is { } address) await AddAsync(peers, address, arguments.Text("peers", "all"));
        else peers.AddRange([await SqliteByHand.StartAsync(dispatch.Database, 1), await SqliteByHand.StartAsync(dispatch.Database, 500)]);
        try
        {
            await MeasureAsync(peers, jobs, paced, rounds, store.ConnectionString);
        }
        finally
        {
            foreach (var peer in peers.AsEnumerable().Reverse()) await peer.DisposeAsync();
        }
        return 0;
    }

    /// <summary>Each in a database of its own on the one server.</summary>
    private static async Task AddAsync(List<IActionPeer> peers, string address, string which)
    {
        async Task<string> DatabaseAsync(string name)
        {
            await using var connection = new NpgsqlConnection(address);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
            await command.ExecuteNonQueryAsync();
            return new NpgsqlConnectionStringBuilder(address) { Database = name }.ToString();
        }

        static string Url(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) is var b
            ? string.Create(CultureInfo.InvariantCulture, $"postgres://{b.Username}@{b.Host}:{b.Port}/{b.Database}") : "";
        var byHand = await DatabaseAsync("by_hand");
        peers.AddRange([await PostgresByHand.StartAsync(byHand, 1), await PostgresByHand.StartAsync(byHand, 500)]);
        if (which == "none") return;
        if (await NodePeer.StartAsync("graphile-worker", "graphile.js", Url(await DatabaseAsync("graphile"))) is { } graphile) peers.Add(graphile);
        if (await NodePeer.StartAsync("pg-boss", "boss.js", Url(await DatabaseAsync("boss"))) is { } boss) peers.Add(boss);
        peers.Add(await QuartzPeer.StartAsync(await DatabaseAsync("quartz")));
    }

    private static async Task MeasureAsync(List<IActionPeer> peers, int jobs, int paced, int rounds, string? server)
    {
        var stored = peers.ToDictionary(p => p, _ => new List<double>());
        var executed = peers.ToDictionary(p => p, _ => new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var peer in peers)
            {
                var count = (int)(jobs * peer.Share / (round == 0 ? 4 : 1));
                var (enqueue, execute) = (count / await peer.EnqueueAsync(count), count / await peer.ExecuteAsync(count));
                if (round == 0) continue; // warm-up
                stored[peer].Add(enqueue);
                executed[peer].Add(execute);
            }
        }
        foreach (var peer in peers)
        {
            // The first are not counted here either: what only runs one at a time was not warm from the rounds, and while the runtime compiles it anew the machine has a core less.
            await peer.LatencyAsync(WarmUp, TimeSpan.Zero);
            // What the rounds before left to be written and vacuumed would be in the first one's latency only.
            if (server is not null) await SettleAsync(server);
            var (now, timers) = (new Measured(await peer.LatencyAsync(paced, TimeSpan.Zero)), new Measured(await peer.LatencyAsync(paced, TimeSpan.FromSeconds(1))));
            Console.WriteLine(FormattableString.Invariant(
                $"  {peer.Name,-22} stored {Spread(stored[peer])}/s, executed {Spread(executed[peer])}/s, due to start: at once p50 {now.At(0.5):F1} p99 {now.At(0.99):F1} ms, planned p50 {timers.At(0.5):F1} p99 {timers.At(0.99):F1} ms"));
        }
        Compare("stored", peers, stored);
        Compare("executed", peers, executed);
    }

    private static async Task SettleAsync(string address)
    {
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("CHECKPOINT", connection);
        await command.ExecuteNonQueryAsync();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
    }

    private static void Compare(string what, List<IActionPeer> peers, Dictionary<IActionPeer, List<double>> rates)
    {
        foreach (var peer in peers.Skip(1))
            Console.WriteLine(FormattableString.Invariant($"  {what}: Dispatch to {peer.Name} {Median(rates[peers[0]].Zip(rates[peer], (a, b) => a / b)):F2} (median of the rounds)"));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2 : 0;

    private static string Spread(List<double> rates) => FormattableString.Invariant($"{rates.Min():F0} to {rates.Max():F0}");
}
