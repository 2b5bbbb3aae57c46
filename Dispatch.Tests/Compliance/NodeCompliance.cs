using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Nodes;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodeState = Dispatch.Core.Nodes.NodeState;

namespace Dispatch.Tests.Compliance;

public sealed class NodesOnSqlite(PostgresServer postgres) : NodeCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class NodesOnPostgres(PostgresServer postgres) : NodeCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Processes that live, die, were only stopped, or share a name. The database's clock runs by itself, so a silence is made by setting back when a node was seen.</summary>
public abstract class NodeCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const string Other = "node-2";

    [Fact]
    public async Task Beat_First_MakesTheNodeKnownAndReady()
    {
        var (heart, status) = Heart(Node.Node);
        Assert.Equal(NodeObstacle.NotHeard, status.Obstacle(Seconds(10)));

        Assert.Empty(await heart.RunOnceAsync(Clock.Now));

        var row = await RowAsync(Node.Node);
        Assert.Equal((status.Instance, NodeState.Up), (row.Instance, row.State));
        Assert.Equal(NodeObstacle.None, status.Obstacle(Seconds(10)));
    }

    [Fact]
    public async Task Silent_LookedForByEightAtOnce_IsFoundByOneAndItsPeopleGetTheGrace()
    {
        for (var round = 0; round < 20; round++)
        {
            var (gone, _) = Heart(Other);
            await gone.RunOnceAsync(Clock.Now);
            var ana = await Node.AddModeratorAsync($"Ana {round}");
            await Node.Orchestrator.HandleUserConnectedAsync(ana, $"circuit {round}", Other);
            await SilenceAsync(Other);

            var found = await AtOnceAsync([.. Enumerable.Repeat(() => Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now), 8)]);

            Assert.Equal(Other, Assert.Single(found.SelectMany(f => f)));
            Assert.Equal(NodeState.Down, (await RowAsync(Other)).State);
            var person = await Node.ModeratorAsync(ana);
            Assert.Equal((PresenceState.Online, (DateTime?)Clock.Now + Seconds(30)), (person.State, person.GraceUntil));
            await using var db = Node.Database.Read();
            Assert.False(await db.ModeratorConnections.AnyAsync(c => c.Node == Other));
        }
    }

    [Fact]
    public async Task Silent_NotForLongEnough_IsLeftAlone()
    {
        var (other, _) = Heart(Other);
        await other.RunOnceAsync(Clock.Now);

        Assert.Empty(await Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now));
        Assert.Equal(NodeState.Up, (await RowAsync(Other)).State);
    }

    [Fact]
    public async Task Stopped_AndAwakeAgain_IsToldThatItWasGivenUp()
    {
        var (heart, status) = Heart(Other);
        var revived = 0;
        status.Revived += () => revived++;
        await heart.RunOnceAsync(Clock.Now);
        await SilenceAsync(Other);
        Assert.Single(await Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now));

        await heart.RunOnceAsync(Clock.Now);
        await heart.RunOnceAsync(Clock.Now);

        Assert.Equal(1, revived);
        Assert.Equal(NodeState.Up, (await RowAsync(Other)).State);
    }

    [Fact]
    public async Task Beat_AndLossOfTheSameNodeAtOnce_EndInOneOrTheOther()
    {
        for (var round = 0; round < 50; round++)
        {
            var (heart, status) = Heart(Other);
            var revived = 0;
            status.Revived += () => Interlocked.Increment(ref revived);
            await heart.RunOnceAsync(Clock.Now);
            await SilenceAsync(Other);

            var found = await AtOnceAsync(() => heart.RunOnceAsync(Clock.Now), () => Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now));
            await heart.RunOnceAsync(Clock.Now);

            // Given up and told so, or neither.
            Assert.Equal(found[1].Count, revived);
            Assert.Equal(NodeState.Up, (await RowAsync(Other)).State);
        }
    }

    [Fact]
    public async Task Beat_OfTwoProcessesOfOneName_TheEarlierIsNotReady()
    {
        var (first, firstStatus) = Heart(Other);
        await first.RunOnceAsync(Clock.Now);
        var (second, secondStatus) = Heart(Other);
        await second.RunOnceAsync(Clock.Now);

        await first.RunOnceAsync(Clock.Now);

        Assert.True(firstStatus.IsNameTaken);
        Assert.False(secondStatus.IsNameTaken);
        Assert.Equal(secondStatus.Instance, (await RowAsync(Other)).Instance);
    }

    [Fact]
    public async Task Stopping_IsDrainingThenStoppedAndItsLeasesAreFree()
    {
        var (heart, status) = Heart(Other);
        var told = 0;
        status.Drained += () => told++;
        await heart.RunOnceAsync(Clock.Now);
        var leases = Node.Get<Leases>();
        Assert.NotNull(await leases.TryAcquireAsync("a task", Other, TimeSpan.FromHours(1)));
        Assert.Null(await leases.TryAcquireAsync("a task", Node.Node, TimeSpan.FromHours(1)));

        await heart.StoppingAsync(CancellationToken.None);
        Assert.Equal(NodeObstacle.Draining, status.Obstacle(Seconds(10)));
        await heart.RunOnceAsync(Clock.Now);
        Assert.Equal(NodeState.Draining, (await RowAsync(Other)).State);

        await heart.StoppedAsync(CancellationToken.None);
        Assert.Equal(NodeState.Stopped, (await RowAsync(Other)).State);
        Assert.Equal(1, told);
        Assert.NotNull(await leases.TryAcquireAsync("a task", Node.Node, TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task End_InOrder_LetsGoOfWhatIsStillOpenThere()
    {
        var (heart, _) = Heart(Other);
        await heart.RunOnceAsync(Clock.Now);
        var ana = await Node.AddModeratorAsync("Ana");
        await Node.Orchestrator.HandleUserConnectedAsync(ana, "circuit", Other);

        await heart.StoppedAsync(CancellationToken.None);

        Assert.Equal((PresenceState.Online, (DateTime?)Clock.Now + Seconds(30)), (await Node.ModeratorAsync(ana)) is var p ? (p.State, p.GraceUntil) : default);
        await using var db = Node.Database.Read();
        Assert.False(await db.ModeratorConnections.AnyAsync(c => c.Node == Other));
    }

    [Fact]
    public async Task Connection_MadeOnANodeThatWasGivenUp_IsLetGoOfWithTheNextLook()
    {
        var (heart, _) = Heart(Other);
        await heart.RunOnceAsync(Clock.Now);
        await SilenceAsync(Other);
        Assert.Single(await Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now));
        var ana = await Node.AddModeratorAsync("Ana");
        await Node.Orchestrator.HandleUserConnectedAsync(ana, "circuit", Other);

        Assert.Empty(await Node.Orchestrator.SettleLostNodesAsync(Node.Node, Seconds(10), Clock.Now));

        Assert.NotNull((await Node.ModeratorAsync(ana)).GraceUntil);
        await using var db = Node.Database.Read();
        Assert.False(await db.ModeratorConnections.AnyAsync());
    }

    [Fact]
    public async Task Look_OfOneThatWasAwayItself_SparesTheOthersUntilTheyHadTheTime()
    {
        var (heart, _) = Heart(Node.Node);
        var (other, otherStatus) = Heart(Other);
        await heart.RunOnceAsync(Clock.Now);
        await other.RunOnceAsync(Clock.Now);
        // The database was away for both; this one is back first.
        Clock.Advance(Seconds(60));
        await SilenceAsync(Other);
        Assert.Empty(await heart.RunOnceAsync(Clock.Now));
        Assert.Equal(NodeState.Up, (await RowAsync(Other)).State);
        var revived = 0;
        otherStatus.Revived += () => revived++;
        await other.RunOnceAsync(Clock.Now);
        Assert.Equal(0, revived);

        // One that stays silent is found all the same.
        await SilenceAsync(Other);
        var found = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(Seconds(4));
            found.AddRange(await heart.RunOnceAsync(Clock.Now));
        }
        Assert.Equal([Other], found);
    }

    [Fact]
    public async Task NameTaken_ByAProcessThatCouldNotStart_IsTakenBack()
    {
        var (first, status) = Heart(Other);
        var revived = 0;
        status.Revived += () => revived++;
        await first.RunOnceAsync(Clock.Now);
        await Heart(Other).Item1.RunOnceAsync(Clock.Now);
        await first.RunOnceAsync(Clock.Now);
        Assert.True(status.IsNameTaken);

        Clock.Advance(Seconds(60));
        await SilenceAsync(Other);
        await first.RunOnceAsync(Clock.Now);

        Assert.Equal((false, 1, status.Instance), (status.IsNameTaken, revived, (await RowAsync(Other)).Instance));
    }

    private (NodeHeartbeat, NodeSelf) Heart(string name)
    {
        var status = new NodeSelf(Clock);
        return (new NodeHeartbeat(Node.Database, status, Node.Orchestrator, Options.Create(new NodeOptions { Name = name }), Clock, NullLogger<NodeHeartbeat>.Instance), status);
    }

    private async Task<Node> RowAsync(string name)
    {
        await using var db = Node.Database.Read();
        return await db.Nodes.SingleAsync(n => n.Name == name);
    }

    private Task SilenceAsync(string name) => Node.Database.WriteAsync(session =>
        session.Db.Nodes.Where(n => n.Name == name).ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, n => n.SeenAt.AddMinutes(-1))));
}
