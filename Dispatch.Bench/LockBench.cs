using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dispatch.Bench;

/// <summary>
/// Locks taken and released per second by <see cref="ProfileLockService"/>, beside the same two statements in the same transactions by hand: the
/// write door of Dispatch without the service on top. Alternating rounds, each writer on contacts of his own.
/// </summary>
internal static class LockBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "sqlite");
        var (writers, seconds, rounds) = (arguments.Number("writers", 32), arguments.Number("seconds", 4), arguments.Number("rounds", 3));
        Console.WriteLine($"locks on {provider}: {writers} writers, {rounds} rounds of {seconds} s each; {Measured.Machine}");
        await using var store = await BenchDatabase.CreateAsync(provider);
        await using var services = await StartAsync(store);
        var (database, locks) = (services.GetRequiredService<Database>(), services.GetRequiredService<ProfileLockService>());
        await FillAsync(database, writers);

        var ratios = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var length = TimeSpan.FromSeconds(round == 0 ? 3 : seconds);
            var ours = await PairsAsync(writers, length, writer => ServiceAsync(locks, writer));
            var bare = await PairsAsync(writers, length, writer => ByHandAsync(database, writer));
            if (round == 0) continue; // warm-up
            Console.WriteLine(FormattableString.Invariant($"  Dispatch {ours.PerSecond:F0} pairs/s, {ours.Latency}"));
            Console.WriteLine(FormattableString.Invariant($"  by hand  {bare.PerSecond:F0} pairs/s, {bare.Latency}"));
            ratios.Add(ours.PerSecond / bare.PerSecond);
        }
        Console.WriteLine(FormattableString.Invariant($"ratio: {string.Join(", ", ratios.Select(r => r.ToString("F2", System.Globalization.CultureInfo.InvariantCulture)))} (median {ratios.Order().ElementAt(ratios.Count / 2):F2})"));
        return 0;
    }

    private static async Task ServiceAsync(ProfileLockService locks, long contact)
    {
        var taken = await locks.LockClientAsync(contact, 1, 1);
        if (!taken.Succeeded || !await locks.UnlockClientAsync(contact, taken.Token)) throw new InvalidOperationException($"not taken: {taken}");
    }

    private static async Task ByHandAsync(Database database, long contact)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var token = await database.WriteAsync(async session => (await session.QueryAsync(Acquire, r => r.GetInt64(0),
            ("contact", contact), ("now", now), ("until", now.AddSeconds(30))))[0]);
        if (await database.WriteAsync(session => session.ExecuteAsync(Release, ("now", now), ("contact", contact), ("token", token))) != 1)
            throw new InvalidOperationException("not released");
    }

    private const string Acquire =
        "INSERT INTO client_locks (client_id, profile_id, moderator_id, locked_at, expires_at, lock_reason, token) VALUES (@contact, 1, 1, @now, @until, 'Answering', 1) "
        + "ON CONFLICT (client_id) DO UPDATE SET moderator_id = 1, locked_at = @now, expires_at = @until, token = client_locks.token + 1 "
        + "WHERE client_locks.moderator_id IS NULL OR client_locks.expires_at <= @now RETURNING token";

    private const string Release = "UPDATE client_locks SET moderator_id = NULL, expires_at = @now WHERE client_id = @contact AND token = @token AND moderator_id IS NOT NULL";

    private static async Task<(double PerSecond, Measured Latency)> PairsAsync(int writers, TimeSpan length, Func<long, Task> pair)
    {
        var watch = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(1, writers).Select(writer => Task.Run(async () =>
        {
            var mine = new List<double>();
            while (watch.Elapsed < length)
            {
                var start = Stopwatch.GetTimestamp();
                await pair(writer);
                mine.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return mine;
        })));
        var all = times.SelectMany(t => t).ToList();
        return (all.Count / watch.Elapsed.TotalSeconds, new Measured(all));
    }

    private static async Task<ServiceProvider> StartAsync(BenchDatabase store)
    {
        var options = new DatabaseOptions { Provider = store.Provider, Path = Path.Combine(store.Folder, "dispatch.db"), ConnectionString = store.ConnectionString };
        var services = new ServiceCollection().AddLogging(b => b.SetMinimumLevel(LogLevel.Warning)).AddSingleton<DatabaseMigrator>()
            .AddDispatchData(options).AddDispatchConversations().BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        return services;
    }

    private static Task FillAsync(Database database, int contacts) => database.WriteAsync(async session =>
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var user = new Core.People.AppUser { UserName = "bench", NormalizedUserName = "BENCH", DisplayName = "Bench", CreatedAt = now };
        session.Db.Users.Add(user);
        var channel = new Core.Gateways.Channel { Key = "bench", Provider = Core.Gateways.ChannelProvider.Simulator, StatusSince = now, CreatedAt = now };
        session.Db.Channels.Add(channel);
        await session.Db.SaveChangesAsync();
        session.Db.Moderators.Add(new Core.Moderators.Moderator { Id = user.Id, Name = "Bench", StateSince = now });
        session.Db.Profiles.Add(new Core.Profiles.Profile { Name = "Bench", ChannelId = channel.Id, CreatedAt = now });
        for (var i = 1; i <= contacts; i++) session.Db.Contacts.Add(new Contact { Address = $"336{i}", CreatedAt = now });
        await session.Db.SaveChangesAsync();
    });
}
