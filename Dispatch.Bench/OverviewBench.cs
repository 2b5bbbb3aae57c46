using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Core.Outreach;
using Dispatch.Core.Overview;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Bench;

/// <summary>
/// The overview's charts over the counts of 30 days at a million messages a day, beside the same figures counted from the messages of part of one day; and how fast
/// messages are counted.
/// </summary>
internal static class OverviewBench
{
    private const int Zones = 20, Bins = 40, PerDay = 1_000_000;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (provider, messages, rounds) = (arguments.Text("provider", "sqlite"), arguments.Number("messages", 200_000), arguments.Number("rounds", 20));
        Console.WriteLine($"overview on {provider}: counts of 30 days with {PerDay} messages each, {messages} messages to count; {Measured.Machine}");
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var services = await StartAsync(database);
        var (queries, writer, now) = (services.GetRequiredService<OverviewQueries>(), services.GetRequiredService<RollupWriter>(), TimeProvider.System.GetUtcNow().UtcDateTime);
        await FillMessagesAsync(services, database, messages, now);

        var watch = Stopwatch.StartNew();
        do
        {
            while (await writer.RunOnceAsync(now))
            {
            }
        }
        while ((await queries.NowAsync(now)).CountedBehind > 0);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  counted {messages} messages in {watch.Elapsed.TotalSeconds:F1} s: {messages / watch.Elapsed.TotalSeconds:F0}/s ({PerDay / 86_400.0:F0}/s arrive at a million a day)"));

        Console.WriteLine($"  rows of counts: {await FillCountsAsync(services, now)}");
        foreach (var range in Enum.GetValues<OverviewRange>())
        {
            await queries.ChartsAsync(range, now);
            Console.WriteLine($"  charts of a {range}: {new Measured(await TimesAsync(rounds, () => queries.ChartsAsync(range, now)))}");
        }
        Console.WriteLine($"  the live figures: {new Measured(await TimesAsync(rounds, () => queries.NowAsync(now)))}");
        var raw = new Measured(await TimesAsync(Math.Max(2, rounds / 10), async () =>
        {
            await using var db = services.GetRequiredService<Database>().Read();
            return await db.Messages.Where(m => m.StoredAt >= now.AddDays(-30)).GroupBy(m => m.Direction).Select(g => new { g.Key, Count = g.Count() }).ToListAsync();
        }));
        Console.WriteLine($"  floor, two of the figures counted from the {messages} messages themselves: {raw}");
        return 0;
    }

    private static async Task<List<double>> TimesAsync<T>(int rounds, Func<Task<T>> work)
    {
        var times = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var watch = Stopwatch.StartNew();
            await work();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        return times;
    }

    private static async Task<ServiceProvider> StartAsync(BenchDatabase database)
    {
        var options = new DatabaseOptions { Provider = database.Provider, Path = Path.Combine(database.Folder, "dispatch.db"), ConnectionString = database.ConnectionString };
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton<IMessageGateway, BenchGateway>()
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).AddDispatchData(options).AddDispatchConversations().AddDispatchMatching().AddDispatchBroker()
            .AddDispatchNumbers().AddDispatchOutreach().AddDispatchOverview().AddDispatchAudit().AddSingleton<DatabaseMigrator>().BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        return services;
    }

    /// <summary>A thousand conversations, in each of which every second message is an answer.</summary>
    private static async Task FillMessagesAsync(ServiceProvider services, BenchDatabase database, int messages, DateTime now)
    {
        const int Conversations = 1000;
        await using var db = services.GetRequiredService<IDbContextFactory<DispatchDb>>().CreateDbContext();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        db.Channels.Add(new Channel { Key = "bench", Provider = ChannelProvider.Simulator, StatusSince = now, CreatedAt = now });
        await db.SaveChangesAsync();
        db.Profiles.Add(new Core.Profiles.Profile { Name = "bench", ChannelId = 1, CreatedAt = now });
        await db.SaveChangesAsync();
        db.Contacts.AddRange(Enumerable.Range(1, Conversations).Select(i => new Contact { Address = $"h{i}", Name = "History", CreatedAt = now }));
        await db.SaveChangesAsync();
        db.Conversations.AddRange(Enumerable.Range(1, Conversations).Select(i => new Conversation { ProfileId = 1, ContactId = i, Status = ConversationStatus.Closed, OpenedAt = now, ClosedAt = now, LastMessageAt = now }));
        await db.SaveChangesAsync();
        var (series, moment) = database.Provider == DatabaseProvider.Sqlite
            ? ($"WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {messages - 1})", "strftime('%Y-%m-%d %H:%M:%S', 'now', ((n - " + messages + ") / 12) || ' seconds')")
            : ($"WITH s(n) AS (SELECT generate_series(0, {messages - 1}))", "now() + ((n - " + messages + ") / 12) * interval '1 second'");
        var sql =
            "INSERT INTO messages (conversation_id, channel_id, direction, type, text, at, stored_at, status, status_at) "
            + $"{series} SELECT (n / 2) % {Conversations} + 1, 1, CASE WHEN n % 2 = 0 THEN 'In' ELSE 'Out' END, 'text', 'As people write.', {moment}, {moment}, 'Received', {moment} FROM s ORDER BY n";
        await db.Database.ExecuteSqlRawAsync(sql);
        if (database.Provider == DatabaseProvider.PostgreSql) await db.Database.ExecuteSqlRawAsync("ANALYZE");
    }

    /// <summary>Every row that 30 days of such traffic leave: all zones and all buckets of waits in every stretch of time.</summary>
    private static async Task<int> FillCountsAsync(ServiceProvider services, DateTime now)
    {
        await using var db = services.GetRequiredService<IDbContextFactory<DispatchDb>>().CreateDbContext();
        await db.Rollups.ExecuteDeleteAsync();
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        foreach (var (grain, step, count) in new[] { (RollupGrain.FiveMinutes, TimeSpan.FromMinutes(5), 864), (RollupGrain.Hour, TimeSpan.FromHours(1), 720), (RollupGrain.Day, TimeSpan.FromDays(1), 31) })
        {
            for (var i = 0; i < count; i++)
            {
                var at = RollupRules.Start(grain, now, TimeZoneInfo.Utc) - (i * step);
                foreach (var series in new[] { RollupSeries.Arrivals, RollupSeries.Opened, RollupSeries.Assignments }) Add(series, "");
                for (var bin = 0; bin < Bins; bin++) Add(RollupSeries.Waits, bin.ToString("00", CultureInfo.InvariantCulture));
                for (var zone = 0; zone < Zones; zone++)
                {
                    foreach (var series in new[] { RollupSeries.Searches, RollupSeries.Matches, RollupSeries.Timeouts }) Add(series, $"Zone {zone}");
                }

                void Add(RollupSeries series, string part) => db.Rollups.Add(new Rollup { Series = series, Grain = grain, At = at, Part = part, Amount = 1 + (PerDay / 1000) });
            }
            await db.SaveChangesAsync();
            db.ChangeTracker.Clear();
        }
        return await db.Rollups.CountAsync();
    }
}
