using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class RaceOnSqlite(PostgresServer postgres) : RaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class RaceOnPostgres(PostgresServer postgres) : RaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Two things at the same instant, often enough to meet in every order. Two nodes, so that nothing is settled inside one process.</summary>
public abstract class RaceCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    /// <summary>For races that PostgreSQL ends by finding a deadlock, which takes it a second.</summary>
    private const int FewRounds = 15;
    private const int Rounds = 50;
    private DispatcherFixture _other = null!;
    private int _round;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        // A SQLite file belongs to one process; there the two meet in its writer.
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task TwoTakes_AtOnce_OneWinsAndTheOtherLearnsWho()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var waiting = await WaitingAsync();

            var outcomes = await AtOnceAsync(
                () => Node.Orchestrator.TakeAsync(waiting.Id, people[0], waiting.OwnerVersion),
                () => _other.Orchestrator.TakeAsync(waiting.Id, people[1], waiting.OwnerVersion));

            var won = Array.FindIndex(outcomes, o => o.Result == ClaimResult.Done);
            Assert.InRange(won, 0, 1);
            var lost = outcomes[1 - won];
            Assert.Equal((ClaimResult.Lost, (long?)people[won], won == 0 ? "Ana" : "Ben"), (lost.Result, lost.HeldById, lost.HeldByName));
            Assert.Equal(Clock.Now, lost.HeldSince);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Take_AndTheDrainAtOnce_OneOfThemHasIt()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var waiting = await WaitingAsync();

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.TakeAsync(waiting.Id, people[0]), async () => await _other.DrainAsync());

            var take = (ClaimOutcome)outcomes[0];
            var after = await Node.ConversationAsync(waiting.Id);
            Assert.Equal(take.Result == ClaimResult.Done ? 0 : 1, outcomes[1]);
            Assert.Equal((take.HeldById, waiting.OwnerVersion + 1), (after.OwnerId, after.OwnerVersion));
            Clock.Advance(Seconds(10));
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfers_InOppositeDirections_BothHappen()
    {
        var people = await TeamAsync("Ana", "Ben");
        var a = await OwnedAsync(people[0]);
        var b = await OwnedAsync(people[1]);
        for (var i = 0; i < Rounds; i++)
        {
            var (from, to) = i % 2 == 0 ? (people[0], people[1]) : (people[1], people[0]);

            var outcomes = await AtOnceAsync(
                () => Node.Orchestrator.TransferAsync(a.Id, from, to), () => _other.Orchestrator.TransferAsync(b.Id, to, from));

            Assert.All(outcomes, o => Assert.Equal(ClaimResult.Done, o.Result));
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfer_TwiceAtOnce_OneWins()
    {
        var people = await TeamAsync("Ana", "Ben", "Cleo");
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(people[0]);

            var outcomes = await AtOnceAsync(
                () => Node.Orchestrator.TransferAsync(held.Id, people[0], people[1]), () => _other.Orchestrator.TransferAsync(held.Id, people[0], people[2]));

            Assert.Single(outcomes, o => o.Result == ClaimResult.Done);
            Assert.Single(outcomes, o => o.Result is ClaimResult.Lost or ClaimResult.NotOwner && o.HeldById is not null && o.HeldByName is not null);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Close_AndAMessageAtOnce_LeaveOneOpenConversationOrAReadOne()
    {
        var people = await TeamAsync("Ana");
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(people[0]);
            var address = Address();

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.CloseAsync(held.Id, people[0]), async () => await _other.ReceiveAsync(Profile, address, "wait!"));

            Assert.Equal(ClaimResult.Done, ((ClaimOutcome)outcomes[0]).Result);
            var after = await Node.ConversationAsync(held.Id);
            // Message first: it was there when the moderator closed. Close first: it opened the conversation again.
            Assert.True(after.Status is ConversationStatus.Closed or ConversationStatus.Assigned, $"{after.Status}");
            Assert.Equal(2, (await Node.ThreadAsync(held.Id)).Count);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Leave_AndAMessageAtOnce_LeavesNobodyWithAnAbsentOwnerMarkedPresent()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var leaving = people[i % 2];
            var held = await OwnedAsync(leaving);
            var address = Address();

            await AtOnceAsync<object>(
                async () => await Node.Orchestrator.HandleUserLeftAsync(leaving), async () => await _other.ReceiveAsync(Profile, address, "anyone?"));

            var after = await Node.ConversationAsync(held.Id);
            var owner = await Node.ModeratorAsync(after.OwnerId!.Value);
            Assert.Equal(after.Status == ConversationStatus.Assigned, owner.State == Core.Moderators.PresenceState.Online);
            await Node.ConnectAsync(leaving);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Leave_AndATransferToTheLeaver_NeverLeavesItWithAnAbsentOwnerMarkedPresent()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < FewRounds; i++)
        {
            var (from, to) = (people[i % 2], people[1 - (i % 2)]);
            var held = await OwnedAsync(from);

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.TransferAsync(held.Id, from, to), async () => await _other.Orchestrator.HandleUserLeftAsync(to));

            Assert.True(((ClaimOutcome)outcomes[0]).Result is ClaimResult.Done or ClaimResult.NotPresent);
            var after = await Node.ConversationAsync(held.Id);
            Assert.Equal(after.Status == ConversationStatus.Assigned, (await Node.ModeratorAsync(after.OwnerId!.Value)).State == Core.Moderators.PresenceState.Online);
            await Node.ConnectAsync(to);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Reply_AndATransferAtOnce_OnlyTheOwnerOfThatMomentSpoke()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(people[0]);

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.ReplyAsync(held.Id, people[0], "from Ana"),
                async () => await _other.Orchestrator.TransferAsync(held.Id, people[0], people[1]));

            Assert.Equal(ClaimResult.Done, ((ClaimOutcome)outcomes[1]).Result);
            var reply = (ReplyOutcome)outcomes[0];
            Assert.True(reply.Result == ReplyResult.Queued || (reply.Result == ReplyResult.NotOwner && reply.HeldByName == "Ben"), $"{reply}");
            Assert.Equal(reply.Result == ReplyResult.Queued ? 2 : 1, (await Node.ThreadAsync(held.Id)).Count);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task NewContact_WritesTwiceAtOnce_HasOneConversation()
    {
        await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var address = NextAddress();

            await AtOnceAsync(() => Node.ReceiveAsync(Profile, address, "a"), () => _other.ReceiveAsync(Profile, address, "b"));

            var conversation = Assert.Single(await Node.ReadAsync(db => db.Conversations.Where(c => db.Contacts.Any(x => x.Id == c.ContactId && x.Address == address)).ToListAsync()));
            Assert.Equal(2, (await Node.ThreadAsync(conversation.Id)).Count);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task SameMessage_DeliveredTwiceAtOnce_IsStoredOnce()
    {
        await TeamAsync("Ana");
        for (var i = 0; i < Rounds; i++)
        {
            var address = NextAddress();

            var results = await AtOnceAsync(
                () => Node.ReceiveAsync(Profile, address, "a", id: $"same-{address}"), () => _other.ReceiveAsync(Profile, address, "a", id: $"same-{address}"));

            Assert.Equal((1, 1), (results.Sum(r => r.Stored), results.Sum(r => r.Duplicates)));
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task SameEffectKey_TwiceAtOnce_IsOneMessage()
    {
        var people = await TeamAsync("Ana");
        var held = await OwnedAsync(people[0]);
        for (var i = 0; i < Rounds; i++)
        {
            var outcomes = await AtOnceAsync(
                () => Node.Orchestrator.ReplyAsync(held.Id, people[0], "once", $"key-{i}"), () => _other.Orchestrator.ReplyAsync(held.Id, people[0], "once", $"key-{i}"));

            Assert.Equal([ReplyResult.Queued, ReplyResult.AlreadyQueued], outcomes.Select(o => o.Result).Order());
            Assert.Equal(outcomes[0].MessageId, outcomes[1].MessageId);
        }
    }

    [Fact]
    public async Task SameMessage_SentByTwoNodesAtOnce_LeavesOnce()
    {
        var people = await TeamAsync("Ana");
        var held = await OwnedAsync(people[0]);
        for (var i = 0; i < Rounds; i++)
        {
            var reply = await Node.Orchestrator.ReplyAsync(held.Id, people[0], $"{i}");

            await AtOnceAsync<object>(
                async () => { await Node.Sender.SendAsync(reply.MessageId); return 0; }, async () => { await _other.Sender.SendAsync(reply.MessageId); return 0; });
        }
        var sent = new[] { Node, _other }.Distinct().SelectMany(n => n.Gateway.Sent).ToList();
        Assert.Equal((Rounds, Rounds), (sent.Count, sent.Select(s => s.Id).Distinct().Count()));
    }

    [Fact]
    public async Task Reopen_AndAMessageAtOnce_LeaveOneOpenConversation()
    {
        var people = await TeamAsync("Ana", "Ben");
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(people[0]);
            var address = Address();
            await Node.Orchestrator.CloseAsync(held.Id, people[0]);
            // Half of the rounds: too old to continue, so that the message opens a newer one while somebody reopens the old one.
            if (i % 2 == 0) Clock.Advance(TimeSpan.FromHours(25));

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.ReopenAsync(held.Id, people[1]), async () => await _other.ReceiveAsync(Profile, address, "hello again"));

            Assert.True(((ClaimOutcome)outcomes[0]).Result is ClaimResult.Done or ClaimResult.Lost or ClaimResult.Superseded or ClaimResult.Unchanged, $"{outcomes[0]}");
        }
        await Node.AssertConsistentAsync();
    }

    private async Task<long[]> TeamAsync(params string[] names)
    {
        var people = await Node.AddOnlineAsync(names);
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = @max", ("max", 10_000)));
        return people;
    }

    private string NextAddress() => $"3390{++_round}";

    /// <summary>The contact of the conversation made last.</summary>
    private string Address() => $"3390{_round}";

    private async Task<Conversation> OwnedAsync(long owner)
    {
        var opened = await Node.OpenAsync(Profile, NextAddress());
        if (opened.OwnerId != owner) Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(opened.Id, owner, evenFromOwner: true)).Result);
        return await Node.ConversationAsync(opened.Id);
    }

    private async Task<Conversation> WaitingAsync()
    {
        var opened = await Node.OpenAsync(Profile, NextAddress());
        if (opened.OwnerId is null) return opened;
        // Closed and opened again for nobody, so that the line holds exactly this one.
        await Node.Database.WriteAsync(async session =>
        {
            var claims = Node.Get<ConversationClaims>();
            var seen = new SeenConversation(opened.Id, opened.ProfileId, opened.Status, opened.OwnerId, opened.OwnerVersion);
            Assert.Equal(ClaimResult.Done, (await claims.ApplyAsync(session, new Claim(seen, ClaimCause.Return, null, DecisionReason.None), Clock.Now)).Result);
            await ReplyStore.ParkUnansweredAsync(session, seen, DecisionReason.None, Clock.Now);
        });
        return await Node.ConversationAsync(opened.Id);
    }
}
