using System.Diagnostics;
using System.Globalization;
using Dispatch.Bench.Mixed;

namespace Dispatch.Bench;

/// <summary>Inbound messages a second and their latency with one, two and three nodes on one PostgreSQL, and who uses the processors meanwhile.</summary>
internal static class NodesBench
{
    private const int PerContact = 10;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var messages = arguments.Number("messages", 12_000);
        var connections = arguments.Number("connections", 48);
        var rounds = arguments.Number("rounds", 3);
        Console.WriteLine($"nodes: {messages} messages a round, {connections} connections in all, broker {arguments.Text("broker", "yes")}; {Measured.Machine}");
        for (var nodes = 1; nodes <= 3; nodes++)
        {
            await using var cluster = await Cluster.StartAsync(nodes, arguments.Text("broker", "yes") == "yes");
            await PrepareAsync(cluster);
            // The runtime compiles hot code a second time, and the caches fill.
            await RoundAsync(cluster, [.. cluster.Nodes.Select(n => n.Address)], connections, messages / 2, "w");
            for (var round = 1; round <= rounds; round++) Print($"{nodes} node{(nodes > 1 ? "s" : "")}, direct", await RoundAsync(cluster, [.. cluster.Nodes.Select(n => n.Address)], connections, messages, $"d{round}"));
            if (nodes < 3) continue;
            for (var round = 1; round <= rounds; round++) Print("3 nodes, nginx", await RoundAsync(cluster, [cluster.Address], connections, messages, $"n{round}"));
        }
        return 0;
    }

    private static void Print(string what, (LoadResult Load, string Used) round)
    {
        InboundBench.Print(what, round.Load);
        Console.WriteLine($"    {round.Used}");
    }

    public static async Task PrepareAsync(Cluster cluster, int capacity = 100_000)
    {
        using var http = Cluster.Client(cluster.Nodes[0].Address);
        var door = new FrontDoor(http, new LoadBook());
        await door.MakeAsync("/api/channels", new { key = DispatchServer.Channel, provider = "Whapi", token = "a-token-of-the-gateway" });
        await door.MakeAsync("/api/profiles", new { name = "Bench", channel = DispatchServer.Channel, mode = "Shared" });
        for (var i = 0; i < 20; i++)
        {
            var made = await door.MakeAsync("/api/moderators", new { name = $"Bench {i}", email = $"bench{i}@bench.test", maxConversations = Math.Min(capacity, 10_000), priority = 0 });
            await door.PostAsync($"/api/moderators/{made}/connect");
        }
    }

    private static async Task<(LoadResult Load, string Used)> RoundAsync(Cluster cluster, IReadOnlyList<Uri> targets, int connections, int messages, string name)
    {
        var headers = $"X-Webhook-Secret: {Cluster.WebhookSecret}\r\n";
        var (before, stored) = (Processors.Now(cluster), await StoredAsync(cluster));
        var watch = Stopwatch.StartNew();
        var loads = await Task.WhenAll(targets.Select((t, i) => LoadGenerator.RunAsync(
            new Uri(t, $"/webhooks/whapi/{DispatchServer.Channel}"), headers, connections / targets.Count, messages / targets.Count, n => InboundBench.Payload($"{name}{i}", n, PerContact))));
        var took = watch.Elapsed;
        var after = Processors.Now(cluster);
        var now = await StoredAsync(cluster);
        var used = FormattableString.Invariant(
            $"{after.Since(before, took)}; a message: PostgreSQL {(after.Database - before.Database) * 1000 / messages:F2} ms, nodes {(after.Nodes - before.Nodes) * 1000 / messages:F2} ms of processor, {(now.Wal - stored.Wal) / messages} bytes of log, {(now.Size - stored.Size) / messages} bytes stored");
        var statuses = loads.SelectMany(l => l.ByStatus).GroupBy(s => s.Key).ToDictionary(g => g.Key, g => g.Sum(s => s.Value));
        return (new LoadResult(loads.Sum(l => l.Sent), statuses, took, new Measured(loads.SelectMany(l => l.Latency.All))), used);
    }

    /// <summary>Bytes of the write-ahead log and of the database.</summary>
    private static async Task<(long Wal, long Size)> StoredAsync(Cluster cluster)
    {
        await using var connection = new Npgsql.NpgsqlConnection(cluster.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, pg_database_size(current_database())", connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>Processor time used so far, from the system's own books.</summary>
    private sealed record Processors(double Nodes, double Database, double Broker, double Proxy, double Load)
    {
        private const double TicksPerSecond = 100;

        public static Processors Now(Cluster cluster)
        {
            double nodes = cluster.Nodes.Sum(n => n.Used.TotalSeconds), database = 0, broker = 0, proxy = 0;
            foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                try
                {
                    var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                    var end = stat.LastIndexOf(')');
                    var fields = stat[(end + 2)..].Split(' ');
                    var seconds = (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
                    switch (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end])
                    {
                        case "postgres": database += seconds; break;
                        case "beam.smp": broker += seconds; break;
                        case "nginx": proxy += seconds; break;
                    }
                }
                catch (IOException)
                {
                    // it ended meanwhile
                }
            }
            using var own = Process.GetCurrentProcess();
            return new Processors(nodes, database, broker, proxy, own.TotalProcessorTime.TotalSeconds);
        }

        public string Since(Processors before, TimeSpan took)
        {
            string Share(double now, double then) => string.Create(CultureInfo.InvariantCulture, $"{(now - then) / took.TotalSeconds / Environment.ProcessorCount:P0}");
            return $"nodes {Share(Nodes, before.Nodes)}, PostgreSQL {Share(Database, before.Database)}, RabbitMQ {Share(Broker, before.Broker)}, nginx {Share(Proxy, before.Proxy)}, load {Share(Load, before.Load)} of all";
        }
    }
}
