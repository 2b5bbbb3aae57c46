using System.Collections.Concurrent;
using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Compliance;

public sealed class RotationStormOnSqlite(PostgresServer postgres) : RotationStormCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class RotationStormOnPostgres(PostgresServer postgres) : RotationStormCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>
/// 100 moderators come and go, give back, are relieved; 60 exclusive profiles go round with 2,000 clients, of whom every fourth writes to two profiles; whoever
/// has a conversation locks its contact, answers, and shows tokens that are old. On PostgreSQL through two nodes. A few seconds here;
/// <c>DISPATCH_STORM_SECONDS=60</c> makes it the long one.
/// </summary>
public abstract class RotationStormCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int People = 100, Profiles = 60, Clients = 2000;
    private static readonly TimeSpan MayBeFree = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Needed = ["connect", "leave", "give back Done", "message", "send Queued", "old StaleLock", "stranger NotOwner"];

    [Fact]
    public async Task ComingGoingAndAnswering_NeverTwoHolders_NeverAProfileFreeForTwoSeconds_NeverAStaleSend()
    {
        var length = TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("DISPATCH_STORM_SECONDS"), out var asked) ? asked : 4);
        var seed = Environment.TickCount;
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        DispatcherFixture[] nodes = second is null ? [Node] : [Node, second];
        // Short enough that locks run out and unanswered requests are decided while it storms.
        foreach (var node in nodes) (node.Get<IOptions<LockOptions>>().Value.ClientLock, node.Get<IOptions<LockOptions>>().Value.UnlockAnswer) = (Seconds(1.5), Seconds(1));
        var people = new List<long>();
        for (var i = 0; i < People; i++) people.Add(await Node.AddModeratorAsync($"M{i}", 200));
        var profiles = new List<Profile>();
        // Every sixth only a third of the people may serve.
        for (var i = 0; i < Profiles; i++) profiles.Add(await Node.AddExclusiveAsync($"p{i}", i % 6 == 0 ? [.. people.Where((_, n) => n % 3 == i / 6 % 3)] : []));
        await SendWitness.InstallAsync(Node);
        foreach (var id in people.Take(70)) await Node.ConnectAsync(id);
        foreach (var node in nodes) await node.Get<ProfileRotation>().StartAsync(CancellationToken.None);
        await OpenAllAsync(profiles);
        var storm = new Storm(nodes, people, profiles, await Node.ReadAsync(db => db.Conversations.Select(c => c.Id).ToListAsync()), seed);
        using var stop = new CancellationTokenSource();

        var work = Enumerable.Range(0, 12).Select(w => Task.Run(() => storm.RunAsync(w, stop.Token))).ToList();
        var watch = storm.WatchAsync(stop.Token);
        var started = Stopwatch.StartNew();
        // On a busy machine the short one goes on until everything happened that it is about.
        while (started.Elapsed < length || (Needed.Any(n => storm.Outcomes.GetValueOrDefault(n) < 10) && started.Elapsed < Patience))
        {
            // The fake clock follows the real one: what is measured is real time.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            Clock.Advance(TimeSpan.FromMilliseconds(20));
        }
        await stop.CancelAsync();
        await Task.WhenAll(work).InTime();
        await watch.InTime();
        foreach (var node in nodes) await node.Get<ProfileRotation>().StopAsync(CancellationToken.None);

        TestContext.Current.SendDiagnosticMessage("{0}: {1} in {2:F0} s, {3} changes of holder, longest free beside somebody who waits {4:F2} s, {5} looks, seed {6}",
            Provider, string.Join(", ", storm.Outcomes.OrderBy(o => o.Key)), started.Elapsed.TotalSeconds, await Node.ReadAsync(db => db.ProfileAssignments.CountAsync()),
            storm.LongestFree.TotalSeconds, storm.Looks, seed);
        Assert.True(storm.Failures.IsEmpty, $"seed {seed}: {storm.Failures.Count} failed, the first: {storm.Failures.FirstOrDefault()}");
        foreach (var needed in Needed)
            Assert.True(storm.Outcomes.GetValueOrDefault(needed) >= 10, $"seed {seed}: hardly any {needed}; {string.Join(", ", storm.Outcomes.OrderBy(o => o.Key))}");
        Assert.True(storm.Looks > 5);

        Assert.True(storm.Doubles.IsEmpty, $"seed {seed}: {storm.Doubles.FirstOrDefault()}");
        Assert.Empty(await OverlappingHoldingsAsync());
        Assert.True(storm.LongestFree < MayBeFree, $"seed {seed}: a profile was free for {storm.LongestFree.TotalSeconds:F1} s while somebody who may serve it waited");
        Assert.Empty((await SendWitness.WrongSendsAsync(Node, storm.Shown)).Take(5));
        Assert.Empty((await SendWitness.WrongLocksAsync(Node)).Take(5));
        // Every answer that was said to be stored was seen being stored, and no other.
        Assert.Equal(storm.Sent.Order(), (await SendWitness.SendsAsync(Node)).Select(s => s.MessageId));

        await Node.RotateAsync();
        await Node.Get<ProfileConversations>().FollowHoldersAsync(Clock.Now);
        await Node.AssertConsistentAsync();
        Assert.All(nodes, n => Assert.Empty(n.Logs.Errors));
        var wrong = await Node.ReadAsync(db => db.Conversations.CountAsync(c => c.OwnerId != null
            && db.Profiles.Any(p => p.Id == c.ProfileId && p.HolderId != null && p.HolderId != c.OwnerId && db.Moderators.Any(m => m.Id == p.HolderId && m.State == PresenceState.Online))));
        Assert.Equal(0, wrong);
    }

    /// <summary>The witness is worth something only if it sees what is wrong.</summary>
    [Fact]
    public async Task Witness_WhatDispatchWouldNeverDo_IsSeen()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await SendWitness.InstallAsync(Node);
        var opened = await Node.OpenAsync(Profile, "33600");
        var begun = await Node.Orchestrator.BeginAnswerAsync(opened.Id, people[0]);
        var good = await Node.Orchestrator.ReplyAsync(opened.Id, people[0], "hello", lockToken: begun.Lock.Token);
        Assert.Empty(await SendWitness.WrongSendsAsync(Node, new Dictionary<long, long> { [good.MessageId] = begun.Lock.Token }));
        Assert.Empty(await SendWitness.WrongLocksAsync(Node));

        Assert.Contains("stale token", Assert.Single(await SendWitness.WrongSendsAsync(Node, new Dictionary<long, long> { [good.MessageId] = begun.Lock.Token - 1 })), StringComparison.Ordinal);
        await StoreAsync(opened, people[1]);
        Assert.Contains("not by the owner", (await SendWitness.WrongSendsAsync(Node))[^1], StringComparison.Ordinal);
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE client_locks SET moderator_id = @ben", ("ben", people[1])));
        Assert.Equal(2, (await SendWitness.WrongLocksAsync(Node)).Count);
        await StoreAsync(opened, people[0]);
        Assert.Contains("without the lock", (await SendWitness.WrongSendsAsync(Node))[^1], StringComparison.Ordinal);
    }

    private Task StoreAsync(Conversation conversation, long sender) => Node.Database.WriteAsync(async session =>
    {
        session.Db.Messages.Add(new Message
        {
            ConversationId = conversation.Id, ChannelId = Profile.ChannelId, Direction = MessageDirection.Out, Type = "text", Text = "x", At = Clock.Now, StoredAt = Clock.Now,
            Status = MessageStatus.Queued, StatusAt = Clock.Now, SenderId = sender,
        });
        await session.Db.SaveChangesAsync();
    });

    /// <summary>All 2,000 clients write, each to his profile and every fourth to a second one, through the door of every gateway.</summary>
    private async Task OpenAllAsync(List<Profile> profiles)
    {
        var batches = Enumerable.Range(0, Clients).Select(i => (Client: i, Profile: i % Profiles))
            .Concat(Enumerable.Range(0, Clients).Where(i => i % 4 == 0).Select(i => (Client: i, Profile: (i + 7) % Profiles))).GroupBy(x => x.Profile, x => x.Client);
        foreach (var batch in batches) await Node.SubmitAsync(profiles[batch.Key], [.. batch.Select(i => Node.Message(Address(i)))]);
        Assert.Equal(Clients, await Node.ReadAsync(db => db.Conversations.Select(c => c.ContactId).Distinct().CountAsync()));
    }

    private static string Address(int client) => $"337{client:D5}";

    /// <summary>From the history: nobody began to hold a profile before the one before him had ended.</summary>
    private async Task<List<string>> OverlappingHoldingsAsync()
    {
        var all = await Node.ReadAsync(db => db.ProfileAssignments.OrderBy(a => a.Id).ToListAsync());
        return [.. all.GroupBy(a => a.ProfileId).SelectMany(p => p.Zip(p.Skip(1)))
            .Where(x => x.First.EndedAt is null || x.First.HolderVersion >= x.Second.HolderVersion)
            .Select(x => $"profile {x.First.ProfileId}: {x.First.ModeratorId} and {x.Second.ModeratorId}")];
    }

    /// <summary>A hold that somebody was given and may show for ever.</summary>
    private sealed record Hold(long Conversation, long Contact, long Moderator, long Token);

    private sealed class Storm(DispatcherFixture[] nodes, List<long> people, List<Profile> profiles, List<long> conversations, int seed)
    {
        private const int Holds = 24;
        private readonly ConcurrentDictionary<int, Hold> _holds = new();

        public ConcurrentDictionary<string, int> Outcomes { get; } = new();
        public ConcurrentQueue<string> Failures { get; } = new();
        public ConcurrentQueue<string> Doubles { get; } = new();

        /// <summary>Messages that were stored, and the token that was shown with each where one was.</summary>
        public ConcurrentQueue<long> Sent { get; } = new();
        public ConcurrentDictionary<long, long> Shown { get; } = new();
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
                    var outcome = await DoAsync(node, random).InTime();
                    Outcomes.AddOrUpdate(outcome, 1, static (_, n) => n + 1);
                }
                catch (Exception e)
                {
                    Failures.Enqueue(e.ToString());
                }
            }
        }

        /// <summary>Looks all the time, as a stranger would: at who holds what, and at what is free while somebody waits who may serve it.</summary>
        public async Task WatchAsync(CancellationToken stop)
        {
            var free = new Dictionary<long, long>();
            while (!stop.IsCancellationRequested)
            {
                await using (var db = nodes[0].Database.Read())
                {
                    var twice = await db.ProfileAssignments.Where(a => a.EndedAt == null).GroupBy(a => a.ProfileId).Where(g => g.Count() > 1).Select(g => g.Key).ToListAsync(CancellationToken.None);
                    foreach (var id in twice) Doubles.Enqueue($"profile {id} is held twice");
                    // Free, and somebody present waits with room for one more, may serve it and is not who just gave it back.
                    var now = await db.Profiles.Where(p => p.Mode == ProfileMode.Exclusive && p.HolderId == null
                            && db.Moderators.Any(m => m.State == PresenceState.Online && m.QueueStanding == QueueStanding.Waiting && m.HeldProfiles < 3
                                && m.Id != p.AvoidId && (!p.Restricted || db.ProfileModerators.Any(x => x.ProfileId == p.Id && x.ModeratorId == m.Id))))
                        .Select(p => p.Id).ToListAsync(CancellationToken.None);
                    foreach (var gone in free.Keys.Except(now).ToList()) free.Remove(gone);
                    foreach (var id in now)
                    {
                        if (!free.TryAdd(id, Stopwatch.GetTimestamp()) && Stopwatch.GetElapsedTime(free[id]) is var length && length > LongestFree) LongestFree = length;
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
            var conversation = conversations[random.Next(conversations.Count)];
            switch (random.Next(100))
            {
                case < 10:
                    await node.Orchestrator.HandleUserConnectedAsync(person, $"{node.Node}-{person}", node.Node, CancellationToken.None);
                    return "connect";
                case < 15:
                    await node.Orchestrator.HandleUserLeftAsync(person, CancellationToken.None);
                    return "leave";
                case < 20:
                    var holder = await node.HolderAsync(profile.Id);
                    return holder is null ? "free" : $"give back {(await node.Get<ModeratorAssignmentService>().GiveBackAsync(profile.Id, holder.Value, CancellationToken.None)).Result}";
                case < 22:
                    return $"assign {(await node.Get<ModeratorAssignmentService>().AssignProfileToModeratorAsync(profile.Id, person, null, CancellationToken.None)).Result}";
                case < 32:
                    await node.ReceiveAsync(profile, Address(random.Next(Clients)));
                    return "message";
                case < 64:
                    return await AnswerAsync(node, random, conversation);
                case < 80:
                    // As a browser that slept would: whatever has become of the hold meanwhile.
                    return _holds.TryGetValue(random.Next(Holds), out var old) ? await SendAsync(node, "old", old.Conversation, old.Moderator, old.Token) : "no hold";
                case < 85:
                    return await SendAsync(node, "stranger", conversation, person, null);
                case < 89:
                    return _holds.TryGetValue(random.Next(Holds), out var typing)
                        ? $"typing {(await node.Get<ProfileLockService>().ExtendLockAsync(LockKind.Client, typing.Contact, typing.Moderator, typing.Token)).Result}" : "no hold";
                default:
                    return await UnlockAsync(node, random, person);
            }
        }

        /// <summary>Opens, and sends under the lock, or keeps it for later, or leaves.</summary>
        private async Task<string> AnswerAsync(DispatcherFixture node, Random random, long conversation)
        {
            if (await node.ReadAsync(db => db.Conversations.Where(c => c.Id == conversation).Select(c => c.OwnerId).FirstAsync()) is not { } owner) return "nobody's";
            var begun = await node.Orchestrator.BeginAnswerAsync(conversation, owner);
            if (!begun.Lock.Succeeded) return $"open {begun.Lock.Result}";
            _holds[random.Next(Holds)] = new Hold(conversation, begun.ContactId, owner, begun.Lock.Token);
            if (random.Next(10) < 2) return "open Taken";
            var sent = await SendAsync(node, "send", conversation, owner, begun.Lock.Token);
            if (random.Next(2) == 0) await node.Get<ProfileLockService>().UnlockClientAsync(begun.ContactId, begun.Lock.Token);
            return sent;
        }

        private async Task<string> UnlockAsync(DispatcherFixture node, Random random, long person)
        {
            var locks = node.Get<ProfileLockService>();
            if (random.Next(3) == 0) return $"decided {await locks.ResolveUnlockRequestsAsync(node.Clock.Now) + await locks.CleanExpiredLocksAsync(node.Clock.Now) > 0}";
            if (!_holds.TryGetValue(random.Next(Holds), out var hold)) return "no hold";
            switch (random.Next(3))
            {
                case 0:
                    return $"ask {(await locks.RequestUnlockAsync(LockKind.Client, hold.Contact, person, "please")).Result}";
                case 1:
                    return $"take over {(await locks.TakeOverAsync(LockKind.Client, hold.Contact, null, "relief", random.Next(2) == 0 ? person : null)).Result}";
                default:
                    var mine = await locks.GetUnlockRequestsAsync(hold.Moderator, 1);
                    return mine is [var request] && request.HolderId == hold.Moderator
                        ? $"answer {(await locks.AnswerUnlockAsync(request.Id, hold.Moderator, random.Next(2) == 0, "busy")).Result}" : "not asked";
            }
        }

        private async Task<string> SendAsync(DispatcherFixture node, string what, long conversation, long sender, long? token)
        {
            var outcome = await node.Orchestrator.ReplyAsync(conversation, sender, "hello", lockToken: token);
            if (outcome.Result == ReplyResult.Queued)
            {
                Sent.Enqueue(outcome.MessageId);
                if (token is { } shown) Shown[outcome.MessageId] = shown;
            }
            return $"{what} {outcome.Result}";
        }
    }
}
