using System.Globalization;
using Npgsql;

namespace Dispatch.Bench.Actions;

/// <summary>
/// Actions stored and executed per second, and how long after they are due they start, beside graphile-worker, pg-boss and Quartz.NET doing nothing on the same server, and beside
/// hand-written SQL. Rounds alternate; the first is not counted.
/// </summary>
internal static class ActionBench
{
    private const int WarmUp = 600, TurnUp = 100;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "postgresql");
        if (arguments.Text("only") == "growth") return await ClaimGrowthBench.RunAsync(provider, arguments.Number("pending", 1_000_000));
        var (jobs, paced, rounds) = (arguments.Number("jobs", 4000), arguments.Number("latency", 300), arguments.Number("rounds", 3));
        Console.WriteLine($"actions on {provider}: {rounds} rounds, {jobs} jobs times a share, {InFlight.Width} in flight, {paced} for the latency; {Measured.Machine}");
        await using var store = await BenchDatabase.CreateAsync(provider);
        var dispatch = await DispatchPeer.StartAsync(store, (((jobs * 4) + 10) * (rounds + 1)) + (((2 * paced) + TurnUp) * (rounds + 1)) + WarmUp + 10);
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
        var (now, planned) = await LatencyAsync(peers, paced, rounds, server);
        foreach (var peer in peers)
            Console.WriteLine($"  {peer.Name,-22} stored {Spread(stored[peer])}/s, executed {Spread(executed[peer])}/s, due to start: at once {Quantiles(now[peer])}, planned {Quantiles(planned[peer])}");
        Compare("stored", peers, stored);
        Compare("executed", peers, executed);
        Compare("p99 at once", peers, Last(now));
        Compare("p99 planned", peers, Last(planned));
    }

    /// <summary>In turns as well, and by the median of the rounds: a disk that stalls for a moment would be in the figures of one.</summary>
    private static async Task<(Dictionary<IActionPeer, List<Measured>> Now, Dictionary<IActionPeer, List<Measured>> Planned)> LatencyAsync(
        List<IActionPeer> peers, int paced, int rounds, string? server)
    {
        var (now, planned) = (peers.ToDictionary(p => p, _ => new List<Measured>()), peers.ToDictionary(p => p, _ => new List<Measured>()));
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var peer in peers)
            {
                // What was done before would still be written and vacuumed during the next one's turn.
                if (server is not null) await SettleAsync(server);
                // The first are not counted here either: what only runs one at a time was not warm from the rounds, and while the runtime compiles it anew the machine has a core less.
                // In each turn some more: after a checkpoint every page is written whole once.
                await peer.LatencyAsync(round == 0 ? WarmUp : TurnUp, TimeSpan.Zero);
                var (atOnce, later) = (await peer.LatencyAsync(paced, TimeSpan.Zero), await peer.LatencyAsync(paced, TimeSpan.FromSeconds(1)));
                if (round == 0) continue;
                now[peer].Add(new Measured(atOnce));
                planned[peer].Add(new Measured(later));
            }
        }
        return (now, planned);
    }

    private static string Quantiles(List<Measured> rounds) => FormattableString.Invariant(
        $"p50 {Median(rounds.Select(m => m.At(0.5))):F1} p99 {Median(rounds.Select(m => m.At(0.99))):F1} ({rounds.Min(m => m.At(0.99)):F1} to {rounds.Max(m => m.At(0.99)):F1}) ms");

    private static Dictionary<IActionPeer, List<double>> Last(Dictionary<IActionPeer, List<Measured>> rounds) => rounds.ToDictionary(r => r.Key, r => r.Value.ConvertAll(m => m.At(0.99)));

    private static async Task SettleAsync(string address)
    {
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("CHECKPOINT", connection);
        await command.ExecuteNonQueryAsync();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
    }

    private static void Compare(string what, List<IActionPeer> peers, Dictionary<IActionPeer, List<double>> figures)
    {
        foreach (var peer in peers.Skip(1))
            Console.WriteLine(FormattableString.Invariant($"  {what}: Dispatch to {peer.Name} {Median(figures[peers[0]].Zip(figures[peer], (a, b) => a / b)):F2} (median of the rounds)"));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2 : 0;

    private static string Spread(List<double> rates) => FormattableString.Invariant($"{rates.Min():F0} to {rates.Max():F0}");
}
