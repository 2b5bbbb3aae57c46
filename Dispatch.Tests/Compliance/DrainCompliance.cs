using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

public sealed class DrainOnSqlite(PostgresServer postgres) : DrainCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class DrainOnPostgres(PostgresServer postgres) : DrainCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The line of those who wait: its order, its pace, and that two who serve it never serve the same one.</summary>
public abstract class DrainCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    [Fact]
    public async Task Drain_SomeoneConnects_OldestFirstAndThreePerTenSeconds()
    {
        var line = await WaitingAsync(8);
        var ana = (await Node.AddOnlineAsync("Ana"))[0];

        Assert.Equal(3, await Node.DrainAsync());
        Assert.Equal(line[..3], await OwnedAsync(line, ana));
        Assert.All(await Node.PendingAsync(), p => Assert.Null(p.ClaimToken));
        Clock.Advance(Seconds(9));
        Assert.Equal(0, await Node.DrainAsync());
        Clock.Advance(Seconds(1));
        Assert.Equal(3, await Node.DrainAsync());
        Assert.Equal(line[..6], await OwnedAsync(line, ana));
        Clock.Advance(Seconds(10));
        Assert.Equal(2, await Node.DrainAsync());
        Assert.Empty(await Node.PendingAsync());
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Drain_TwoPresent_EachHasAPaceOfHisOwn()
    {
        var line = await WaitingAsync(8);
        var people = await Node.AddOnlineAsync("Ana", "Ben");

        Assert.Equal(6, await Node.DrainAsync());

        Assert.Equal([line[0], line[2], line[4]], await OwnedAsync(line, people[0]));
        Assert.Equal([line[1], line[3], line[5]], await OwnedAsync(line, people[1]));
    }

    [Fact]
    public async Task Drain_SomeoneFreesUp_TakesTheNext()
    {
        var ana = await Node.AddModeratorAsync("Ana", max: 1);
        await Node.ConnectAsync(ana);
        var first = await Node.OpenAsync(Profile, "336001");
        var second = await Node.OpenAsync(Profile, "336002");
        Assert.Equal(0, await Node.DrainAsync());

        await Node.Orchestrator.CloseAsync(first.Id, ana);

        Assert.Equal(1, await Node.DrainAsync());
        Assert.Equal(ana, (await Node.ConversationAsync(second.Id)).OwnerId);
    }

    [Fact]
    public async Task Drain_ConversationOfManyMessages_IsHandedOverOnce()
    {
        await Node.SubmitAsync(Profile, [.. Enumerable.Range(0, 130).Select(i => Node.Message("336001", $"{i}"))]);
        await Node.ReceiveAsync(Profile, "336002");
        var people = await Node.AddOnlineAsync("Ana");

        Assert.Equal(2, await Node.DrainAsync());

        Assert.Equal(2, (await Node.ModeratorAsync(people[0])).OpenCount);
        Assert.Empty(await Node.PendingAsync());
    }

    [Fact]
    public async Task Drain_ProfileThatNobodyPresentMayServe_DoesNotHoldUpTheOthers()
    {
        var vip = await Node.AddProfileAsync("vip", await Node.AddModeratorAsync("Absent", max: 0));
        for (var i = 0; i < 60; i++) await Node.ReceiveAsync(vip, $"33700{i}");
        await Node.ReceiveAsync(vip, "33600");
        var blocked = (await Node.PendingAsync()).Count;
        Node.Clock.Advance(Seconds(1));
        await WaitingAsync(1);
        await Node.AddOnlineAsync("Ana");

        Assert.Equal(1, await Node.DrainAsync());

        Assert.Equal(blocked, (await Node.PendingAsync()).Count);
    }

    [Fact]
    public async Task Drain_AfterARestart_GoesOn()
    {
        var line = await WaitingAsync(5);
        var ana = (await Node.AddOnlineAsync("Ana"))[0];
        await Node.DrainAsync();

        await RestartAsync();

        Assert.Equal(0, await Node.DrainAsync());
        Clock.Advance(Seconds(10));
        Assert.Equal(2, await Node.DrainAsync());
        Assert.Equal(line, await OwnedAsync(line, ana));
    }

    [Fact]
    public async Task Claim_ManyCallersAtOnce_NeverTheSameMessage()
    {
        await Node.SubmitAsync(Profile, [.. Enumerable.Range(0, 90).Select(i => Node.Message($"3360{i}", $"{i}"))]);
        var service = Node.Get<PendingMessageService>();

        var claims = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() =>
            Node.Database.WriteAsync(s => service.ClaimAsync(s, [Profile.Id], 10, $"caller-{i}", Clock.Now)))));

        var ids = claims.SelectMany(c => c.Select(p => p.Id)).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.True(ids.Count >= 10);
        Assert.All(claims, c => Assert.Equal(c.OrderBy(p => p.ReceivedAt).ThenBy(p => p.Id).Select(p => p.Id), c.Select(p => p.Id)));
    }

    [Fact]
    public async Task Claim_CallerDied_IsFreeAgainWhenItExpires()
    {
        await WaitingAsync(2);
        var service = Node.Get<PendingMessageService>();
        await Node.Database.WriteAsync(s => service.ClaimAsync(s, [Profile.Id], 10, "dies", Clock.Now));

        Assert.Empty(await Node.Database.WriteAsync(s => service.ClaimAsync(s, [Profile.Id], 10, "early", Clock.Now)));
        Clock.Advance(PendingMessageService.ClaimFor + Seconds(1));

        Assert.Equal(2, (await Node.Database.WriteAsync(s => service.ClaimAsync(s, [Profile.Id], 10, "late", Clock.Now))).Count);
    }

    [Fact]
    public async Task GetNextInQueue_ManyCallersAtOnce_RotatesFairly()
    {
        var people = await Node.AddOnlineAsync("A", "B", "C", "D", "E");

        var next = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => Node.Queue.GetNextInQueueAsync()))).InTime();

        Assert.All(people, id => Assert.Equal(8, next.Count(n => n == id)));
    }

    [Fact]
    public async Task GetNextInQueue_ByPriorityThenTurn_AndSurvivesARestart()
    {
        var low = await Node.AddOnlineAsync("A", "B");
        Assert.Equal(low[0], await Node.Queue.GetNextInQueueAsync());
        await RestartAsync();

        Assert.Equal(low[1], await Node.Queue.GetNextInQueueAsync());
        Assert.Equal(low[0], await Node.Queue.GetNextInQueueAsync());
        var high = await Node.AddModeratorAsync("High", priority: 3);
        await Node.ConnectAsync(high);
        Assert.Equal(high, await Node.Queue.GetNextInQueueAsync());
        Assert.Equal([(high, 1), (low[1], 2), (low[0], 3)], (await Node.Queue.GetQueueAsync()).Select(p => (p.ModeratorId, p.Position)));
    }

    [Fact]
    public async Task GetNextInQueue_Empty_IsNobody() => Assert.Null(await Node.Queue.GetNextInQueueAsync());

    private async Task<long[]> WaitingAsync(int count)
    {
        var ids = new List<long>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await Node.OpenAsync(Profile, $"33800{i}")).Id);
            Clock.Advance(Seconds(0.01));
        }
        return [.. ids];
    }

    private async Task<long[]> OwnedAsync(long[] line, long owner)
    {
        var owned = new List<long>();
        foreach (var id in line)
        {
            if ((await Node.ConversationAsync(id)).OwnerId == owner) owned.Add(id);
        }
        return [.. owned];
    }
}
