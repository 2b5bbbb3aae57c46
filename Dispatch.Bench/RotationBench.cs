using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Channel = Dispatch.Core.Gateways.Channel;

namespace Dispatch.Bench;

/// <summary>
/// From a profile freed to its next moderator being told (the event his page waits for), and how long it takes to number everybody anew and tell them.
/// The loops run as in the application.
/// </summary>
internal static class RotationBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "sqlite");
        var rounds = arguments.Number("rounds", 200);
        Console.WriteLine($"rotation on {provider}: {Measured.Machine}");
        foreach (var waiting in new[] { 10, 500 })
        {
            await using var database = await BenchDatabase.CreateAsync(provider);
            await using var team = await Team.StartAsync(database, waiting);
            await team.PassOnAsync(20, leave: false);
            Console.WriteLine($"  {waiting,3} waiting, given back until the next is told: {await team.PassOnAsync(rounds, leave: false)}");
            Console.WriteLine($"  {waiting,3} waiting, holder left until the next is told: {await team.PassOnAsync(rounds / 2, leave: true)}");
            await team.RenumberAsync(5);
            Console.WriteLine($"  {waiting,3} places recomputed, stored and pushed:       {await team.RenumberAsync(40)}");
        }
        return 0;
    }

    private sealed class Team : IAsyncDisposable
    {
        private readonly ServiceProvider _services;
        private readonly List<long> _people = [];
        private long _profile;
        private int _priority;

        private Team(ServiceProvider services) => _services = services;

        private DispatcherOrchestrator Dispatcher => _services.GetRequiredService<DispatcherOrchestrator>();
        private ModeratorAssignmentService Assignments => _services.GetRequiredService<ModeratorAssignmentService>();
        private ModeratorQueueService Line => _services.GetRequiredService<ModeratorQueueService>();
        private Database Database => _services.GetRequiredService<Database>();

        public static async Task<Team> StartAsync(BenchDatabase database, int waiting)
        {
            var options = new DatabaseOptions
                { Provider = database.Provider, Path = Path.Combine(database.Folder, "dispatch.db"), ConnectionString = database.ConnectionString };
            var services = new ServiceCollection().AddLogging().AddDispatchData(options).AddDispatchConversations().BuildServiceProvider();
            var team = new Team(services);
            await using (var db = await services.GetRequiredService<IDbContextFactory<DispatchDb>>().CreateDbContextAsync()) await db.MigrateWithViewsAsync();
            await team.PrepareAsync(waiting);
            return team;
        }

        private async Task PrepareAsync(int waiting)
        {
            var now = TimeProvider.System.GetUtcNow().UtcDateTime;
            await using (var db = Database.Read())
            {
                var channel = new Channel { Key = "bench", Provider = ChannelProvider.Simulator, StatusSince = now, CreatedAt = now };
                db.Channels.Add(channel);
                var users = Enumerable.Range(0, waiting + 1)
                    .Select(i => new AppUser { UserName = $"m{i}", NormalizedUserName = $"M{i}", DisplayName = $"M{i}", CreatedAt = now }).ToList();
                db.Users.AddRange(users);
                await db.SaveChangesAsync();
                db.Moderators.AddRange(users.Select(u => new Moderator { Id = u.Id, Name = u.DisplayName, StateSince = now }));
                var profile = new Profile { Name = "bench", ChannelId = channel.Id, Mode = ProfileMode.Exclusive, CreatedAt = now };
                db.Profiles.Add(profile);
                await db.SaveChangesAsync();
                _profile = profile.Id;
                _people.AddRange(users.Select(u => u.Id));
            }
            foreach (var id in _people) await Dispatcher.HandleUserConnectedAsync(id, $"c{id}", "bench");
            await _services.GetRequiredService<ProfileRotation>().StartAsync(CancellationToken.None);
            while ((await Line.GetQueueStatusAsync()).Line.Count(l => l.Position > 0) < _people.Count) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        public async Task<Measured> PassOnAsync(int rounds, bool leave)
        {
            var live = _services.GetRequiredService<LiveHub>();
            var times = new List<double>(rounds);
            for (var i = 0; i < rounds; i++)
            {
                var holder = await HolderAsync();
                var next = (await Assignments.GetNextModeratorFromQueueAsync(_profile))!.ModeratorId;
                using var page = live.Subscribe(Topics.Moderator(next));
                var told = ToldAsync(page);
                var start = Stopwatch.GetTimestamp();
                if (leave) await Dispatcher.HandleUserLeftAsync(holder);
                else await Assignments.GiveBackAsync(_profile, holder);
                await told.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
                times.Add(await told - Stopwatch.GetElapsedTime(0, start).TotalMilliseconds);
                if (leave) await Dispatcher.HandleUserConnectedAsync(holder, $"c{holder}", "bench");
                // Not two passes into each other: what is measured is one.
                await Task.Delay(TimeSpan.FromMilliseconds(15), TimeProvider.System);
            }
            return new Measured(times);
        }

        private async Task<long> HolderAsync()
        {
            await using var db = Database.Read();
            return await db.Profiles.Where(p => p.Id == _profile).Select(p => p.HolderId!.Value).FirstAsync();
        }

        /// <summary>The last one in the line is put first: everybody has another place. Until every page has its signal.</summary>
        public async Task<Measured> RenumberAsync(int rounds)
        {
            // The loop would number them anew by itself, before anybody measures.
            await _services.GetRequiredService<ProfileRotation>().StopAsync(CancellationToken.None);
            var live = _services.GetRequiredService<LiveHub>();
            var times = new List<double>(rounds);
            for (var i = 0; i < rounds; i++)
            {
                var line = (await Line.GetQueueStatusAsync()).Line.Where(l => l.Held == 0).ToList();
                var (last, priority) = (line[^1].ModeratorId, ++_priority);
                await Database.WriteAsync(s => s.Db.ModeratorQueue.Where(q => q.ModeratorId == last)
                    .ExecuteUpdateAsync(set => set.SetProperty(q => q.Priority, priority)));
                var pages = line.ConvertAll(l => live.Subscribe(Topics.Moderator(l.ModeratorId)));
                var told = Task.WhenAll(pages.Select(FirstAsync));
                var start = Stopwatch.GetTimestamp();
                await Line.ReorderQueueAsync();
                await told.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                foreach (var page in pages) page.Dispose();
            }
            return new Measured(times);
        }

        /// <summary>When the profile's event was in the page's hands, in milliseconds of the stopwatch.</summary>
        private static async Task<double> ToldAsync(LiveSubscription page)
        {
            await foreach (var changes in page.ReadAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None))
            {
                if (changes.Any(c => c.Name == EventNames.ProfileAssigned)) return Stopwatch.GetElapsedTime(0).TotalMilliseconds;
            }
            return double.NaN;
        }

        private static async Task FirstAsync(LiveSubscription page)
        {
            await foreach (var changes in page.ReadAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None))
            {
                if (changes.Any(c => c.Name == EventNames.QueuePositionChanged)) return;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _services.GetRequiredService<ProfileRotation>().StopAsync(CancellationToken.None);
            await _services.DisposeAsync();
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        }
    }
}
