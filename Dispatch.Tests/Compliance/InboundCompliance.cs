using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Moderators;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class InboundOnSqlite(PostgresServer postgres) : InboundCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class InboundOnPostgres(PostgresServer postgres) : InboundCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Someone writes: who gets it, and what is stored.</summary>
public abstract class InboundCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    [Fact]
    public async Task Inbound_SeveralOnline_GoesRoundRobin()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");

        var owners = new List<long?>();
        for (var i = 0; i < 6; i++) owners.Add((await Node.OpenAsync(Profile, $"33600{i}")).OwnerId);

        Assert.Equal([.. people, .. people], owners.Select(o => o!.Value));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_HigherPriorityOnline_GoesThereFirst()
    {
        await Node.AddOnlineAsync("Ana");
        var first = await Node.AddModeratorAsync("Zoe", max: 1, priority: 5);
        await Node.ConnectAsync(first);

        var owner = (await Node.OpenAsync(Profile, "33600")).OwnerId;

        Assert.Equal(first, owner);
        Assert.NotEqual(first, (await Node.OpenAsync(Profile, "33601")).OwnerId);
    }

    [Fact]
    public async Task Inbound_NobodyOnline_WaitsForTheLeastBusy()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var busy = await Node.OpenAsync(Profile, "336001");
        await Node.Orchestrator.ReplyAsync(busy.Id, people[0], "answered, so it stays with Ana");
        foreach (var id in people) await Node.Orchestrator.HandleUserLeftAsync(id);

        var conversation = await Node.OpenAsync(Profile, "336002");

        Assert.Equal(ConversationStatus.AssignedOffline, conversation.Status);
        Assert.Equal(people[1], conversation.OwnerId);
        Assert.Equal(DecisionReason.LeastBusyOffline, (await Node.EventsAsync(conversation.Id))[^1].Reason);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_NoModeratorAtAll_IsParkedWithTheReason()
    {
        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ConversationStatus.Pending, conversation.Status);
        Assert.Equal(DecisionReason.NobodyAllowed, Assert.Single(await Node.PendingAsync()).Reason);
        Assert.Equal([ConversationEventKind.Opened, ConversationEventKind.Parked], (await Node.EventsAsync(conversation.Id)).Select(e => e.Kind));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_EveryoneAtCapacity_IsParkedWithTheReasonAndTheCandidates()
    {
        var only = await Node.AddModeratorAsync("Ana", max: 1);
        await Node.ConnectAsync(only);
        await Node.OpenAsync(Profile, "336001");

        var conversation = await Node.OpenAsync(Profile, "336002");

        Assert.Equal(ConversationStatus.Pending, conversation.Status);
        var parked = (await Node.EventsAsync(conversation.Id))[^1];
        Assert.Equal(DecisionReason.EveryoneAtCapacity, parked.Reason);
        Assert.Equal(new Candidate(only, "Ana", Verdict.AtCapacity, 1, 1), Assert.Single(ConversationClaims.FromJson(parked.Candidates)));
    }

    [Fact]
    public async Task Inbound_OthersAreWaiting_QueuesBehindThem()
    {
        var first = await Node.OpenAsync(Profile, "336001");
        await Node.AddOnlineAsync("Ana");

        var second = await Node.OpenAsync(Profile, "336002");

        Assert.Equal(ConversationStatus.Pending, second.Status);
        await Node.DrainAsync();
        Assert.Equal(ConversationStatus.Assigned, (await Node.ConversationAsync(first.Id)).Status);
        Assert.Equal(ConversationStatus.Assigned, (await Node.ConversationAsync(second.Id)).Status);
        Assert.True((await Node.EventsAsync(first.Id))[^1].Id < (await Node.EventsAsync(second.Id))[^1].Id);
    }

    [Fact]
    public async Task Inbound_SecondMessage_StaysWithTheOwner()
    {
        await Node.AddOnlineAsync("Ana", "Ben");
        var before = await Node.OpenAsync(Profile, "33600");

        await Node.ReceiveAsync(Profile, "33600", "again");

        var after = await Node.ConversationAsync(before.Id);
        Assert.Equal((before.OwnerId, before.OwnerVersion), (after.OwnerId, after.OwnerVersion));
        Assert.Equal(2, after.UnreadCount);
        Assert.Equal(before.WaitingSince, after.WaitingSince);
    }

    [Fact]
    public async Task Inbound_OwnerWentAway_NextMessageFindsSomebodyPresent()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.ReplyAsync(conversation.Id, people[0], "done");
        await Node.Orchestrator.ChoosePresenceAsync(people[0], PresenceState.Away);
        Assert.Equal(people[0], (await Node.ConversationAsync(conversation.Id)).OwnerId);

        await Node.ReceiveAsync(Profile, "33600", "one more thing");

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((people[1], ConversationStatus.Assigned), (after.OwnerId!.Value, after.Status));
        Assert.Equal(DecisionReason.OwnerLeft, (await Node.EventsAsync(conversation.Id))[^1].Reason);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_OwnerAwayAndNobodyElse_WaitsForTheOwner()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.ChoosePresenceAsync(people[0], PresenceState.Away);

        await Node.ReceiveAsync(Profile, "33600", "hello?");

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((people[0], ConversationStatus.AssignedOffline), (after.OwnerId!.Value, after.Status));
        Assert.Empty(await Node.PendingAsync());
    }

    [Fact]
    public async Task Inbound_ClosedWithinADay_ReopensWithTheSameModerator()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.CloseAsync(conversation.Id, people[0]);
        Clock.Advance(TimeSpan.FromHours(24));

        await Node.ReceiveAsync(Profile, "33600", "me again");

        var after = await Node.ConversationAsync(Profile, "33600");
        Assert.Equal((conversation.Id, people[0], ConversationStatus.Assigned), (after.Id, after.OwnerId!.Value, after.Status));
        Assert.Null(after.ClosedAt);
        Assert.Equal(DecisionReason.PreviousOwner, (await Node.EventsAsync(after.Id))[^1].Reason);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_ClosedAndItsModeratorGone_ReopensWithTheNext()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.CloseAsync(conversation.Id, people[0]);
        await Node.Orchestrator.HandleUserLeftAsync(people[0]);

        await Node.ReceiveAsync(Profile, "33600", "me again");

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((people[1], ConversationStatus.Assigned), (after.OwnerId!.Value, after.Status));
    }

    [Fact]
    public async Task Inbound_ClosedForLongerThanADay_OpensAnotherConversation()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var old = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.CloseAsync(old.Id, people[0]);
        Clock.Advance(TimeSpan.FromHours(24) + Seconds(1));

        var fresh = await Node.OpenAsync(Profile, "33600", "a year later");

        Assert.NotEqual(old.Id, fresh.Id);
        Assert.Equal(ConversationStatus.Closed, (await Node.ConversationAsync(old.Id)).Status);
        Assert.Equal(["a year later"], (await Node.ThreadAsync(fresh.Id)).Select(m => m.Text));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_SameIdAgain_IsStoredOnce()
    {
        await Node.AddOnlineAsync("Ana");
        Assert.Equal(1, (await Node.ReceiveAsync(Profile, "33600", id: "wamid-1")).Stored);

        var again = await Node.ReceiveAsync(Profile, "33600", id: "wamid-1");

        Assert.Equal((0, 1), (again.Stored, again.Duplicates));
        var conversation = await Node.ConversationAsync(Profile, "33600");
        Assert.Single(await Node.ThreadAsync(conversation.Id));
        Assert.Equal(1, conversation.UnreadCount);
    }

    [Fact]
    public async Task Inbound_SameIdTwiceInOneBatch_IsStoredOnce()
    {
        var result = await Node.SubmitAsync(Profile, [Node.Message("33600", id: "x"), Node.Message("33600", id: "x"), Node.Message("33600", id: "y")]);

        Assert.Equal((2, 1), (result.Stored, result.Duplicates));
        Assert.Equal(2, (await Node.PendingAsync()).Count);
    }

    [Fact]
    public async Task Inbound_SameIdOnAnotherChannel_IsAnotherMessage()
    {
        var other = await Node.AddProfileAsync("other");
        await Node.ReceiveAsync(Profile, "33600", id: "x");

        Assert.Equal(1, (await Node.ReceiveAsync(other, "33600", id: "x")).Stored);
    }

    [Fact]
    public async Task Inbound_ManyAtOnce_KeepTheirOrderWithinEachConversation()
    {
        await Node.AddOnlineAsync("Ana", "Ben");
        var all = new List<Task>();
        // "1" and "2" among them could be a driver's answer and are looked at first: the next ones must not overtake them.
        for (var i = 0; i < 200; i++) all.Add(Node.ReceiveAsync(Profile, $"3360{i % 7}", i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await Task.WhenAll(all);

        for (var c = 0; c < 7; c++)
        {
            var thread = await Node.ThreadAsync((await Node.ConversationAsync(Profile, $"3360{c}")).Id);
            Assert.Equal(Enumerable.Range(0, 200).Where(i => i % 7 == c), thread.Select(m => int.Parse(m.Text, System.Globalization.CultureInfo.InvariantCulture)));
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_BatchOfTwoContacts_ServesBoth()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");

        var result = await Node.SubmitAsync(Profile, [Node.Message("336001", "a"), Node.Message("336002", "b"), Node.Message("336001", "c")]);

        Assert.Equal(3, result.Stored);
        var first = await Node.ConversationAsync(Profile, "336001");
        Assert.Equal(["a", "c"], (await Node.ThreadAsync(first.Id)).Select(m => m.Text));
        Assert.Equal(("c", 2), (first.LastMessagePreview, first.UnreadCount));
        Assert.Equal(people.Order(), new[] { first.OwnerId!.Value, (await Node.ConversationAsync(Profile, "336002")).OwnerId!.Value }.Order());
    }

    [Fact]
    public async Task Inbound_FromUs_IsShownAndEndsTheWaiting()
    {
        await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");

        await Node.ReceiveAsync(Profile, "33600", "typed on the phone", fromUs: true);

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Null(after.WaitingSince);
        Assert.Equal((MessageDirection.Out, "typed on the phone"), (after.LastMessageDirection, after.LastMessagePreview));
        Assert.Equal([MessageStatus.Received, MessageStatus.Sent], (await Node.ThreadAsync(conversation.Id)).Select(m => m.Status));
    }

    [Fact]
    public async Task Inbound_FromUsToAStranger_OpensNothing()
    {
        await Node.AddOnlineAsync("Ana");

        var result = await Node.ReceiveAsync(Profile, "33600", fromUs: true);

        Assert.Equal((0, 1), (result.Stored, result.Ignored));
        Assert.Empty(await Node.ReadAsync(db => db.Conversations.ToListAsync()));
    }

    [Fact]
    public async Task Inbound_RestrictedProfile_GoesOnlyToWhoMayServeIt()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var restricted = await Node.AddProfileAsync("vip", people[1]);

        for (var i = 0; i < 3; i++) Assert.Equal(people[1], (await Node.OpenAsync(restricted, $"33600{i}")).OwnerId);
        await Node.Orchestrator.HandleUserLeftAsync(people[1]);

        var late = await Node.OpenAsync(restricted, "33609");
        Assert.Equal((people[1], ConversationStatus.AssignedOffline), (late.OwnerId!.Value, late.Status));
        Assert.Contains(
            ConversationClaims.FromJson((await Node.EventsAsync(late.Id))[^1].Candidates), c => c.Id == people[0] && c.Verdict == Verdict.NotAllowed);
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("half an emoji \ud83d here")]
    public async Task Inbound_TextThatADatabaseMayRefuse_IsStored(string text)
    {
        await Node.AddOnlineAsync("Ana");

        Assert.Equal(1, (await Node.ReceiveAsync(Profile, "33600", text)).Stored);
    }

    [Fact]
    public async Task Inbound_NamesAndTypesOfAnyLength_AreStored()
    {
        var message = new InboundMessage("id", "33600", new string('n', 500), new string('t', 200), new string('x', 70_000), Clock.Now);

        Assert.Equal(1, (await Node.SubmitAsync(Profile, [message])).Stored);
    }

    [Fact]
    public async Task Inbound_AfterARestart_FindsTurnsAndOwnersAsTheyWere()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var first = await Node.OpenAsync(Profile, "336001");

        await RestartAsync();

        await Node.ReceiveAsync(Profile, "336001", id: "after");
        Assert.Equal(people[0], (await Node.ConversationAsync(first.Id)).OwnerId);
        Assert.Equal(people[1], (await Node.OpenAsync(Profile, "336002")).OwnerId);
        await Node.AssertConsistentAsync();
    }
}
