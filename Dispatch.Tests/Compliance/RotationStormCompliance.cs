using System.Collections.Concurrent;
using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class RotationStormOnSqlite(PostgresServer postgres) : RotationStormCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class RotationStormOnPostgres(PostgresServer postgres) : RotationStormCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>
/// Moderators come and go, give back, are relieved; 60 exclusive profiles go round and their clients write. On PostgreSQL through two nodes. A few
/// seconds here; <c>DISPATCH_STORM_SECONDS=60</c> makes it the long one.
/// </summary>
public abstract class RotationStormCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int People = 100, Profiles = 60, Clients = 2000;
    private static readonly TimeSpan MayBeFree = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task ComingAndGoing_NeverTwoHolders_NeverAProfileFreeForTwoSecondsBesideSomebodyWhoWaits()
    {
        var length = TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("DISPATCH_STORM_SECONDS"), out var asked) ? asked : 4);
        var seed = Environment.TickCount;
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        DispatcherFixture[] nodes = second is null ? [Node] : [Node, second];
        var people = new List<long>();
        for (var i = 0; i < People; i++) people.Add(await Node.AddModeratorAsync($"M{i}", 200));
        var profiles = new List<Profile>();
        for (var i = 0; i < Profiles; i++) profiles.Add(await Node.AddExclusiveAsync($"p{i}"));
        foreach (var id in people.Take(70)) await Node.ConnectAsync(id);
        foreach (var node in nodes) await node.Get<ProfileRotation>().StartAsync(CancellationToken.None);
        var storm = new Storm(nodes, people, profiles, seed);
        using var stop = new CancellationTokenSource();

        var work = Enumerable.Range(0, 12).Select(w => Task.Run(() => storm.RunAsync(w, stop.Token))).ToList();
        var watch = storm.WatchAsync(stop.Token);
        var started = Stopwatch.StartNew();
        while (started.Elapsed < length)
        {
            // The fake clock follows the real one: what is measured is real time.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            Clock.Advance(TimeSpan.FromMilliseconds(20));
        }
        await stop.CancelAsync();
        await Task.WhenAll(work).InTime(TimeSpan.FromSeconds(30));
        await watch.InTime(TimeSpan.FromSeconds(30));
        foreach (var node in nodes) await node.Get<ProfileRotation>().StopAsync(CancellationToken.None);

        TestContext.Current.SendDiagnosticMessage("{0}: {1} in {2:F0} s, longest free beside somebody who waits {3:F2} s, {4} looks, seed {5}",
            Provider, string.Join(", ", storm.Outcomes.OrderBy(o => o.Key)), started.Elapsed.TotalSeconds, storm.LongestFree.TotalSeconds, storm.Looks, seed);
        Assert.True(storm.Failures.IsEmpty, $"seed {seed}: {storm.Failures.Count} failed, the first: {storm.Failures.FirstOrDefault()}");
        Assert.True(storm.Doubles.IsEmpty, $"seed {seed}: {storm.Doubles.FirstOrDefault()}");
        Assert.True(storm.LongestFree < MayBeFree, $"seed {seed}: a profile was free for {storm.LongestFree.TotalSeconds:F1} s while somebody who may serve it waited");
        foreach (var needed in new[] { "connect", "leave", "give back Done", "message" }) Assert.True(storm.Outcomes.GetValueOrDefault(needed) > 20, $"hardly any {needed}");
        Assert.True(storm.Looks > 5);
        await Node.RotateAsync();
        await Node.Get<ProfileConversations>().FollowHoldersAsync(Clock.Now);
        await Node.AssertConsistentAsync();
        Assert.All(nodes, n => Assert.Empty(n.Logs.Errors));
        var wrong = await Node.ReadAsync(db => db.Conversations.CountAsync(c => c.OwnerId != null
            && db.Profiles.Any(p => p.Id == c.ProfileId && p.HolderId != null && p.HolderId != c.OwnerId && db.Moderators.Any(m => m.Id == p.HolderId && m.State == PresenceState.Online))));
        Assert.Equal(0, wrong);
    }

    private sealed class Storm(DispatcherFixture[] nodes, List<long> people, List<Profile> profiles, int seed)
    {
        public ConcurrentDictionary<string, int> Outcomes { get; } = new();
        public ConcurrentQueue<string> Failures { get; } = new();
        public ConcurrentQueue<string> Doubles { get; } = new();
        public TimeSpan LongestFree { get; private set; }
        public int Looks { get; private set; }

        public async Task RunAsync(int worker, CancellationToken stop)
        {
            var random = new Random(seed + worker);
            var node = nodes[worker % nodes.Length];
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var outcome = await DoAsync(node, random).InTime(TimeSpan.FromSeconds(30));
                    Outcomes.AddOrUpdate(outcome, 1, static (_, n) => n + 1);
                }
                catch (Exception e)
                {
                    Failures.Enqueue(e.ToString());
                }
            }
        }

        /// <summary>Looks all the time, as a stranger would: at who holds what, and at what is free while somebody waits.</summary>
        public async Task WatchAsync(CancellationToken stop)
        {
            var free = new Dictionary<long, long>();
            while (!stop.IsCancellationRequested)
            {
                await using (var db = nodes[0].Database.Read())
                {
                    var twice = await db.ProfileAssignments.Where(a => a.EndedAt == null).GroupBy(a => a.ProfileId).Where(g => g.Count() > 1).Select(g => g.Key).ToListAsync(CancellationToken.None);
                    foreach (var id in twice) Doubles.Enqueue($"profile {id} is held twice");
                    var waits = await db.Moderators.AnyAsync(m => m.State == PresenceState.Online && m.HeldProfiles == 0 && m.QueueStanding == QueueStanding.Waiting
                        && !db.Profiles.Any(p => p.AvoidId == m.Id), CancellationToken.None);
                    var now = await db.Profiles.Where(p => p.Mode == ProfileMode.Exclusive && p.HolderId == null).Select(p => p.Id).ToListAsync(CancellationToken.None);
                    foreach (var gone in free.Keys.Except(now).ToList()) free.Remove(gone);
                    foreach (var id in now)
                    {
                        // Counts only while somebody who may serve it waits: everybody may serve these.
                        if (!waits) free[id] = Stopwatch.GetTimestamp();
                        else if (free.TryAdd(id, Stopwatch.GetTimestamp())) continue;
                        else if (Stopwatch.GetElapsedTime(free[id]) is var length && length > LongestFree) LongestFree = length;
                    }
                }
                Looks++;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }

        private async Task<string> DoAsync(DispatcherFixture node, Random random)
        {
            var person = people[random.Next(people.Count)];
            var profile = profiles[random.Next(profiles.Count)];
            switch (random.Next(100))
            {
                case < 25:
                    await node.Orchestrator.HandleUserConnectedAsync(person, $"{node.Node}-{person}", node.Node, CancellationToken.None);
                    return "connect";
                case < 40:
                    await node.Orchestrator.HandleUserLeftAsync(person, CancellationToken.None);
                    return "leave";
                case < 55:
                    var holder = await node.HolderAsync(profile.Id);
                    return holder is null ? "free" : $"give back {(await node.Get<ModeratorAssignmentService>().GiveBackAsync(profile.Id, holder.Value, CancellationToken.None)).Result}";
                case < 60:
                    return $"assign {(await node.Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(profile.Id, person, null, CancellationToken.None)).Result}";
                default:
                    await node.ReceiveAsync(profile, $"337{profile.Id}-{random.Next(Clients / Profiles)}");
                    return "message";
            }
        }
    }
}
