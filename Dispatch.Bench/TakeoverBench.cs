using System.Diagnostics;
using System.Globalization;
using Dispatch.Bench.Mixed;
using Npgsql;

namespace Dispatch.Bench;

/// <summary>A node that holds something is killed and not started again for a while: how long until another has it, for each kind of lease.</summary>
internal static class TakeoverBench
{
    private static readonly string[] Singles = ["alerts", "rollups", "reports", "retention", "assignment-monitoring", "legacy:old"];
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        Console.WriteLine($"takeover: three nodes, the holder is killed; {Measured.Machine}");
        // A gateway that thinks for long: whoever is killed has actions in hand.
        await using var cluster = await Cluster.StartAsync(thinks: () => TimeSpan.FromSeconds(1.5));
        await NodesBench.PrepareAsync(cluster);
        using var http = Cluster.Client(cluster.Address);
        using var enough = new CancellationTokenSource();
        var plans = PlanAsync(new FrontDoor(http, new LoadBook()), enough.Token);
        await ExecuteAsync(cluster, "INSERT INTO workers (id, capacity, created_at, held, mode, pairing_codes, state, state_since) VALUES ('old', 10, now(), 0, 'Legacy', false, 'Down', now())");
        var (found, never) = (new Dictionary<string, List<double>>(StringComparer.Ordinal), false);
        for (var round = 0; round < arguments.Number("rounds", 6); round++)
        {
            await UntilAsync(async () => (await HoldersAsync(cluster)).Count == Singles.Length, TimeSpan.FromMinutes(3));
            var holders = await HoldersAsync(cluster);
            // Whoever holds what was measured least.
            var victim = cluster.Nodes.Single(n => n.Name == holders.MinBy(h => found.GetValueOrDefault(h.Key)?.Count ?? 0).Value);
            await ExecuteAsync(cluster, $"INSERT INTO moderator_connections (connection_id, moderator_id, node, connected_at) SELECT 'round-{round}', min(id), '{victim.Name}', now() FROM moderators");
            // After a while in its term, as deaths come.
            await Task.Delay(TimeSpan.FromMilliseconds(new Random(round).Next(4000)), TimeProvider.System);
            await UntilAsync(async () => plans.IsFaulted || await CountAsync(cluster, InHand(victim.Name)) > 0, Most);
            if (plans.IsFaulted) await plans;
            await victim.KillAsync();
            var died = Stopwatch.GetTimestamp();
            var open = holders.Where(h => h.Value == victim.Name).Select(h => h.Key).Append("actions in hand").Append("node given up").Append("open pages").ToList();
            while (open.Count > 0 && Stopwatch.GetElapsedTime(died) < Most)
            {
                var now = await HoldersAsync(cluster);
                foreach (var kind in open.ToList())
                {
                    var over = kind switch
                    {
                        "actions in hand" => await CountAsync(cluster, InHand(victim.Name)) == 0,
                        "node given up" => await CountAsync(cluster, $"SELECT count(*) FROM nodes WHERE name = '{victim.Name}' AND state = 'Down'") == 1,
                        "open pages" => await CountAsync(cluster, $"SELECT count(*) FROM moderator_connections WHERE node = '{victim.Name}'") == 0,
                        _ => now.TryGetValue(kind, out var holder) && holder != victim.Name,
                    };
                    if (!over) continue;
                    if (!found.TryGetValue(kind, out var times)) found[kind] = times = [];
                    times.Add(Stopwatch.GetElapsedTime(died).TotalSeconds);
                    open.Remove(kind);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
            never |= open.Count > 0;
            foreach (var kind in open) Console.WriteLine($"  {kind}: nobody took it over in {Most.TotalSeconds:F0} s");
            await victim.StartAsync();
        }
        await enough.CancelAsync();
        await plans;
        foreach (var (kind, times) in found.OrderBy(f => f.Key, StringComparer.Ordinal))
            Console.WriteLine(FormattableString.Invariant($"  {kind}: {string.Join(", ", times.Select(t => t.ToString("F1", CultureInfo.InvariantCulture)))} s (most {times.Max():F1} s)"));
        return !never && found.Values.All(t => t.Max() <= 15) ? 0 : 1;
    }

    private static string InHand(string node) => $"SELECT count(*) FROM outreach_actions WHERE status IN ('Claimed','Sending') AND lease_owner LIKE 'outreach/{node}/%'";

    /// <summary>
    /// One after the other, each to somebody else: what is in doubt with one person holds up nobody but him. A little ahead, so that each node is as likely to take it: what is due at once, the node
    /// that stored it takes.
    /// </summary>
    private static async Task PlanAsync(FrontDoor door, CancellationToken enough)
    {
        await door.MakeAsync("/api/channels", new { key = "out", provider = "Whapi", token = "a-token-of-the-gateway" });
        var account = await door.MakeAsync("/api/accounts", new { name = "Account", provider = "whapi", channel = "out", quotas = new { send_followup = 100_000 }, minGapSeconds = 0 });
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var prospect = await door.MakeAsync("/api/prospects", new { name = "P", phone = string.Create(CultureInfo.InvariantCulture, $"33670{i:000000}"), accountId = account, language = "en" });
            await door.PostAsync("/api/actions", new { kind = "send_followup_A1", prospectId = prospect, content = $"a {i}", effectKey = $"take:{i}", scheduledAt = TimeProvider.System.GetUtcNow().AddSeconds(2) });
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Who holds what, of the leases that one node has at a time.</summary>
    private static async Task<Dictionary<string, string>> HoldersAsync(Cluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT name, holder FROM leases WHERE expires_at > now()", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
        {
            if (Singles.Contains(reader.GetString(0))) holders[reader.GetString(0)] = reader.GetString(1);
        }
        return holders;
    }

    private static async Task<long> CountAsync(Cluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(cluster.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(Cluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(cluster.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static Task UntilAsync(Func<Task<bool>> condition, TimeSpan most) => Servers.Installed.UntilAsync(condition, most);
}
