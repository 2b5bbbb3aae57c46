using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

public sealed class PresenceOnSqlite(PostgresServer postgres) : PresenceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PresenceOnPostgres(PostgresServer postgres) : PresenceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Connection, grace, own choice, and what each of them moves.</summary>
public abstract class PresenceCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    [Fact]
    public async Task Disconnect_WithinTheGrace_MovesNothing()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        var tab = await Node.ConnectAsync(ana);
        await Node.AddOnlineAsync("Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");

        await Node.Orchestrator.HandleUserDisconnectedAsync(tab);
        Clock.Advance(Seconds(29.9));
        await Node.EndGraceAsync();
        await Node.ReceiveAsync(Profile, "33600", "still there?");

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((ana, conversation.OwnerVersion, ConversationStatus.Assigned), (after.OwnerId!.Value, after.OwnerVersion, after.Status));
        Assert.NotNull(await Node.Queue.GetPlaceAsync(ana));
    }

    [Fact]
    public async Task Disconnect_PastTheGrace_MovesWhoWaits()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        var tab = await Node.ConnectAsync(ana);
        var waits = await Node.OpenAsync(Profile, "336001");
        var answered = await Node.OpenAsync(Profile, "336002");
        await Node.Orchestrator.ReplyAsync(answered.Id, ana, "here you are");
        var ben = (await Node.AddOnlineAsync("Ben"))[0];

        await Node.Orchestrator.HandleUserDisconnectedAsync(tab);
        Clock.Advance(Seconds(30));
        await Node.EndGraceAsync();

        Assert.Equal((ben, ConversationStatus.Assigned), Owner(await Node.ConversationAsync(waits.Id)));
        Assert.Equal((ana, ConversationStatus.AssignedOffline), Owner(await Node.ConversationAsync(answered.Id)));
        Assert.Equal(PresenceState.Offline, (await Node.ModeratorAsync(ana)).State);
        Assert.Null(await Node.Queue.GetPlaceAsync(ana));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Disconnect_AndBackWithinTheGrace_KeepsTheTurn()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        var tab = await Node.ConnectAsync(ana);
        await Node.AddOnlineAsync("Ben");
        await Node.Orchestrator.HandleUserDisconnectedAsync(tab);
        Clock.Advance(Seconds(20));
        await Node.ConnectAsync(ana);
        Clock.Advance(Seconds(20));

        Assert.Equal(0, await Node.EndGraceAsync());
        Assert.Equal(1, (await Node.Queue.GetPlaceAsync(ana))!.Position);
        Assert.Null((await Node.ModeratorAsync(ana)).GraceUntil);
    }

    [Fact]
    public async Task Connect_TwoTabs_CountOnce()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        var first = await Node.ConnectAsync(ana);
        await Node.ConnectAsync(ana);

        Assert.Single(await Node.Queue.GetQueueAsync());
        await Node.Orchestrator.HandleUserDisconnectedAsync(first);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Node.EndGraceAsync();

        var person = await Node.ModeratorAsync(ana);
        Assert.Equal((PresenceState.Online, null), (person.State, person.GraceUntil));
    }

    [Fact]
    public async Task Connect_SameConnectionAtOnce_IsOneConnection()
    {
        var ana = await Node.AddModeratorAsync("Ana");

        var all = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Node.Orchestrator.HandleUserConnectedAsync(ana, "api-ana", "node-1")));

        Assert.All(all, Assert.True);
        Assert.Single(await Node.Queue.GetQueueAsync());
    }

    [Fact]
    public async Task Connect_UnknownOrDisabled_IsRefused()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET enabled = @no WHERE id = @id", ("no", false), ("id", ana)));

        Assert.False(await Node.Orchestrator.HandleUserConnectedAsync(ana, "c", "node-1"));
        Assert.False(await Node.Orchestrator.HandleUserConnectedAsync(999, "c", "node-1"));
        Assert.Empty(await Node.Queue.GetQueueAsync());
    }

    [Theory]
    [InlineData(PresenceState.Away)]
    [InlineData(PresenceState.Offline)]
    public async Task Choice_WhileConnected_Wins(PresenceState choice)
    {
        var people = await Node.AddOnlineAsync("Ana");

        await Node.Orchestrator.ChoosePresenceAsync(people[0], choice);
        await Node.ConnectAsync(people[0]);

        Assert.Equal(choice, (await Node.ModeratorAsync(people[0])).State);
        Assert.Empty(await Node.Queue.GetQueueAsync());
        await Node.Orchestrator.ChoosePresenceAsync(people[0], PresenceState.Online);
        Assert.Single(await Node.Queue.GetQueueAsync());
    }

    [Fact]
    public async Task Choice_OnlineWithoutAConnection_IsStillOffline()
    {
        var ana = await Node.AddModeratorAsync("Ana");

        await Node.Orchestrator.ChoosePresenceAsync(ana, PresenceState.Online);

        Assert.Equal(PresenceState.Offline, (await Node.ModeratorAsync(ana)).State);
    }

    [Fact]
    public async Task Back_OwnConversations_AreHisAgain()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.HandleUserLeftAsync(people[0]);
        Assert.Equal(ConversationStatus.AssignedOffline, (await Node.ConversationAsync(conversation.Id)).Status);

        await Node.ConnectAsync(people[0]);

        Assert.Equal((people[0], ConversationStatus.Assigned), Owner(await Node.ConversationAsync(conversation.Id)));
    }

    [Fact]
    public async Task NodeStarted_ConnectionsOfItsLastRun_GetTheGrace()
    {
        var people = await Node.AddOnlineAsync("Ana");
        await RestartAsync();

        await Node.Orchestrator.HandleNodeStartedAsync(Node.Node);

        Assert.Equal((PresenceState.Online, (DateTime?)Clock.Now + Seconds(30)), ((await Node.ModeratorAsync(people[0])).State, (await Node.ModeratorAsync(people[0])).GraceUntil));
        Clock.Advance(Seconds(30));
        Assert.Equal(1, await Node.EndGraceAsync());
        Assert.Equal(PresenceState.Offline, (await Node.ModeratorAsync(people[0])).State);
    }

    [Fact]
    public async Task NodeStarted_ConnectionsOfOtherNodes_StayUp()
    {
        var ana = await Node.AddModeratorAsync("Ana");
        await Node.Orchestrator.HandleUserConnectedAsync(ana, "elsewhere", "node-2");

        await Node.Orchestrator.HandleNodeStartedAsync("node-1");

        Assert.Null((await Node.ModeratorAsync(ana)).GraceUntil);
    }

    private static (long, ConversationStatus) Owner(Conversation c) => (c.OwnerId!.Value, c.Status);
}
