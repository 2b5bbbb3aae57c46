using System.Collections.Concurrent;
using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class StormOnSqlite(PostgresServer postgres) : StormCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class StormOnPostgres(PostgresServer postgres) : StormCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>
/// Everything at once: 32 writers do 10,000 things to 500 conversations and 40 moderators. On PostgreSQL through two nodes. What must hold
/// afterwards is read from the rows; a failure names the seed, which gives each writer the same list of things to do again.
/// </summary>
public abstract class StormCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int Writers = 32, Operations = 10_000, Contacts = 500, People = 40, Capacity = 8;

    [Fact]
    public async Task EverythingAtOnce_10000Operations_KeepsEveryInvariant()
    {
        var seed = Environment.TickCount;
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        DispatcherFixture[] nodes = second is null ? [Node] : [Node, second];
        var people = new List<long>();
        for (var i = 0; i < People; i++) people.Add(await Node.AddModeratorAsync($"M{i}", Capacity));
        foreach (var id in people.Take(People / 2)) await Node.ConnectAsync(id);
        var conversations = new ConcurrentDictionary<long, byte>();
        for (var i = 0; i < Contacts; i++) conversations[(await Node.OpenAsync(Profile, $"3360{i}")).Id] = 0;
        var storm = new Storm(this, nodes, people, [.. conversations.Keys], seed);
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => storm.RunAsync(w)))).InTime(TimeSpan.FromMinutes(3));

        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} operations in {2:F1} s, {3} deadlocks, seed {4}", Provider, Operations, watch.Elapsed.TotalSeconds, await DeadlocksAsync(), seed);
        Assert.True(storm.Failures.IsEmpty, $"seed {seed}: {storm.Failures.Count} operations had no outcome, the first: {storm.Failures.FirstOrDefault()}");
        Assert.Equal(Operations, storm.Outcomes.Values.Sum());
        foreach (var needed in new[] { "take Done", "take Lost", "transfer Done", "close Done", "return Done", "reply Queued", "connect True", "leave True", "reopen Done", "inbound 1" })
            Assert.True(storm.Outcomes.ContainsKey(needed), $"seed {seed}: never happened: {needed}; {string.Join(", ", storm.Outcomes)}");
        await Node.AssertConsistentAsync();
        Assert.All(nodes, n => Assert.Empty(n.Logs.Errors));
        // Whoever was left waiting finds somebody, and nothing is lost on the way there.
        foreach (var id in people) await Node.ConnectAsync(id);
        Clock.Advance(Seconds(20));
        await Node.DrainAsync();
        await Node.AssertConsistentAsync();
    }

    private async Task<long> DeadlocksAsync() => Provider == DatabaseProvider.Sqlite ? 0 : await Node.ReadAsync(db =>
        db.Database.SqlQueryRaw<long>("SELECT deadlocks AS \"Value\" FROM pg_stat_database WHERE datname = current_database()").SingleAsync());

    private sealed class Storm(StormCompliance test, DispatcherFixture[] nodes, List<long> people, long[] conversations, int seed)
    {
        public ConcurrentDictionary<string, int> Outcomes { get; } = new();
        public ConcurrentQueue<string> Failures { get; } = new();

        public async Task RunAsync(int writer)
        {
            var random = new Random(seed + writer);
            var node = nodes[writer % nodes.Length];
            for (var i = writer; i < Operations; i += Writers)
            {
                var what = random.Next(100);
                try
                {
                    var outcome = await DoAsync(node, random, what).InTime(TimeSpan.FromSeconds(60));
                    Outcomes.AddOrUpdate(outcome, 1, static (_, n) => n + 1);
                }
                catch (Exception e)
                {
                    Failures.Enqueue($"operation {what}: {e}");
                }
                if (i % 50 == 0) test.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        private async Task<string> DoAsync(DispatcherFixture node, Random random, int what)
        {
            var conversation = conversations[random.Next(conversations.Length)];
            var person = people[random.Next(people.Count)];
            var colleague = people[random.Next(people.Count)];
            var dispatch = node.Orchestrator;
            switch (what)
            {
                case < 30:
                    return $"inbound {(await node.ReceiveAsync(test.Profile, $"3360{random.Next(Contacts)}")).Stored}";
                case < 45:
                    return $"take {(await dispatch.TakeAsync(conversation, person, evenFromOwner: random.Next(4) == 0)).Result}";
                case < 57:
                    return $"transfer {(await dispatch.TransferAsync(conversation, person, colleague, supervisor: true)).Result}";
                case < 63:
                    return $"return {(await dispatch.ReturnToQueueAsync(conversation, person, supervisor: true)).Result}";
                case < 75:
                    return $"close {(await dispatch.CloseAsync(conversation, person, supervisor: true)).Result}";
                case < 82:
                    return $"reply {(await dispatch.ReplyAsync(conversation, null, "hello", $"key-{random.Next(5000)}")).Result}";
                case < 86:
                    return $"reopen {(await dispatch.ReopenAsync(conversation, random.Next(2) == 0 ? person : null)).Result}";
                case < 92:
                    return $"connect {await dispatch.HandleUserConnectedAsync(person, $"{node.Node}-{person}", node.Node)}";
                case < 95:
                    return $"leave {await dispatch.HandleUserLeftAsync(person)}";
                case < 97:
                    return $"choose {await dispatch.ChoosePresenceAsync(person, random.Next(3) == 0 ? PresenceState.Away : PresenceState.Online)}";
                case < 98:
                    await dispatch.HandleUserDisconnectedAsync($"{node.Node}-{person}");
                    return "disconnect";
                case < 99:
                    return $"grace {await node.EndGraceAsync() >= 0}";
                default:
                    return $"drain {await node.DrainAsync() >= 0}";
            }
        }
    }
}
