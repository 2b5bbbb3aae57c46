using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Bench;

/// <summary>The inbound rate with a long history in the database beside that of an empty one, in the same run.</summary>
internal static class GrowthBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "sqlite");
        var conversations = arguments.Number("conversations", 100_000);
        var messages = arguments.Number("messages", 1_000_000);
        var posts = arguments.Number("posts", 30_000);
        Console.WriteLine($"growth on {provider}: empty against {messages} messages in {conversations} conversations, {posts} posts a round; {Measured.Machine}");
        await using var emptyDatabase = await BenchDatabase.CreateAsync(provider);
        await using var fullDatabase = await BenchDatabase.CreateAsync(provider);
        await using var empty = await DispatchServer.StartAsync(emptyDatabase);
        await DispatchServer.PrepareAsync(empty, 40, 100_000);
        await using (var preparing = await DispatchServer.StartAsync(fullDatabase)) await DispatchServer.PrepareAsync(preparing, 40, 100_000);
        await FillAsync(fullDatabase, conversations, messages);
        await using var full = await DispatchServer.StartAsync(fullDatabase);
        await ReconnectAsync(full);

        var ratios = new List<double>();
        for (var round = 0; round <= 4; round++)
        {
            var name = $"g{round}";
            var count = round == 0 ? posts / 10 : posts;
            // Alternating, so that the machine's moods hit both.
            var small = await PostAsync(empty, name, count);
            var large = await PostAsync(full, name, count);
            if (round == 0) continue;
            InboundBench.Print("empty", small);
            InboundBench.Print("full ", large);
            ratios.Add(large.PerSecond / small.PerSecond);
        }
        Console.WriteLine(FormattableString.Invariant($"full to empty: {string.Join(", ", ratios.Select(r => r.ToString("F2", System.Globalization.CultureInfo.InvariantCulture)))} (median {ratios.Order().ElementAt(ratios.Count / 2):F2})"));
        return 0;
    }

    private static Task<LoadResult> PostAsync(ServerProcess server, string run, int count) =>
        LoadGenerator.RunAsync(new Uri(server.Address, $"/webhooks/whapi/{DispatchServer.Channel}"), DispatchServer.Headers, 64, count,
            i => InboundBench.Payload(run, i, 10));

    private static async Task ReconnectAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", DispatchServer.ApiKey);
        var list = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(await http.GetStringAsync("/api/moderators?pageSize=200"));
        foreach (var person in list.GetProperty("items").EnumerateArray())
        {
            using var answer = await http.PostAsync($"/api/moderators/{person.GetProperty("id").GetInt64()}/connect", null);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>History by plain SQL: closed and open conversations, each with the same number of messages.</summary>
    internal static async Task FillAsync(BenchDatabase database, int conversations, int messages)
    {
        var services = new ServiceCollection().AddLogging()
            .AddDispatchData(new DatabaseOptions { Provider = database.Provider, Path = Path.Combine(database.Folder, "dispatch.db"), ConnectionString = database.ConnectionString })
            .BuildServiceProvider();
        await using var _ = services;
        await using var db = services.GetRequiredService<IDbContextFactory<DispatchDb>>().CreateDbContext();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        var perConversation = messages / conversations;
        var (series, digits, now) = database.Provider == DatabaseProvider.Sqlite
            ? ("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {0})", "'h' || {1}", "'2026-01-01 00:00:00'")
            : ("WITH s(n) AS (SELECT generate_series(1::bigint, {0}::bigint))", "'h' || {1}", "timestamptz '2026-01-01 00:00:00Z'");
        string Series(int n) => series.Replace("{0}", n.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        string Text(string n) => digits.Replace("{1}", n, StringComparison.Ordinal);
        string[] statements =
        [
            $"INSERT INTO contacts (address, name, created_at) {Into(database, Series(conversations), $"SELECT {Text("n")}, 'History', {now} FROM s")}",
            $"INSERT INTO conversations (profile_id, contact_id, status, owner_version, opened_at, closed_at, last_message_at, last_message_preview, last_message_direction, unread_count) "
                + Into(database, "", $"SELECT 1, id, 'Closed', 1, {now}, {now}, {now}, 'history', 'In', 0 FROM contacts"),
            $"INSERT INTO messages (conversation_id, channel_id, provider_message_id, direction, type, text, at, stored_at, status, status_at) "
                + Into(database, Series(perConversation), $"SELECT c.id, 1, 'h' || c.id || '.' || s.n, 'In', 'text', 'An older message of about this length, as people write them.', {now}, {now}, 'Received', {now} FROM conversations c CROSS JOIN s"),
        ];
        foreach (var statement in statements) await db.Database.ExecuteSqlRawAsync(statement);
        if (database.Provider == DatabaseProvider.PostgreSql) await db.Database.ExecuteSqlRawAsync("ANALYZE");
        Console.WriteLine($"  filled: {await db.Messages.CountAsync()} messages in {await db.Conversations.CountAsync()} conversations");
    }

    // SQLite takes the WITH after INSERT INTO (...), PostgreSQL too.
    private static string Into(BenchDatabase _, string with, string select) => $"{with} {select}";
}
