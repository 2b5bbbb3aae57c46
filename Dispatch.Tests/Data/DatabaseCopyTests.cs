using Dispatch.Core.Data;
using Dispatch.Core.Nodes;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Data;

public sealed class DatabaseCopyTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly FakeClock _clock = new();
    private TestDatabase _source = null!, _target = null!;

    public async ValueTask InitializeAsync()
    {
        _source = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, postgres);
        _target = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        await using var node = await _source.StartNodeAsync(_clock);
        var profile = await node.AddProfileAsync();
        await node.AddOnlineAsync("Ana", "Ben");
        for (var i = 0; i < 60; i++) await node.ReceiveAsync(profile, $"3360{i % 20:00}", $"Bonjour {i} à toi 👋 'quoted' \\ \" \t");
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _target.DisposeAsync();
    }

    [Fact]
    public async Task Copy_IntoAnEmptyDatabase_IsEqualAndGoesOnFromThere()
    {
        var tables = await CopyAsync();

        Assert.All(tables, t => Assert.True(t.Matches, t.Table));
        Assert.Equal(60, tables.Single(t => t.Table == "messages").Here.Rows);
        Assert.All(tables.Where(t => t.Here.Rows > 0), t => Assert.True(t.Copied));
        await using var there = await _target.StartNodeAsync(_clock, "node-2");
        await using (var db = there.Database.Read())
        {
            Assert.Equal(16, await db.Conversations.CountAsync(c => c.OwnerId != null, TestContext.Current.CancellationToken));
            Assert.Contains("👋", (await db.Messages.OrderBy(m => m.Id).FirstAsync(TestContext.Current.CancellationToken)).Text, StringComparison.Ordinal);
        }
        // New rows get new ids.
        var profile = await there.AddProfileAsync("second");
        Assert.NotNull(await there.OpenAsync(profile, "33699"));
        await there.AssertConsistentAsync();
    }

    [Fact]
    public async Task Copy_InterruptedAndRepeated_EndsEqual()
    {
        var done = new List<TableCopy>();
        await using (var from = _source.Open())
        await using (var to = _target.Open())
        {
            await foreach (var table in new DatabaseCopy(from, to).RunAsync(TestContext.Current.CancellationToken))
            {
                done.Add(table);
                if (table.Table == "conversations") break;
            }
        }
        // What the interrupted run left, and what somebody changed since.
        await using (var to = _target.Open())
        {
            Assert.Equal(0, await to.Messages.CountAsync(TestContext.Current.CancellationToken));
            await to.Contacts.Where(c => c.Address == "336001").ExecuteUpdateAsync(set => set.SetProperty(c => c.Name, "changed"), TestContext.Current.CancellationToken);
        }

        var again = await CopyAsync();
        Assert.All(again, t => Assert.True(t.Matches, t.Table));
        Assert.True(again.Single(t => t.Table == "contacts").Copied);
        Assert.False(again.Single(t => t.Table == "channels").Copied);

        var third = await CopyAsync();
        Assert.All(third, t => Assert.True(t is { Matches: true, Copied: false }, t.Table));
    }

    [Fact]
    public async Task Obstacle_WhereSomethingWouldBeLost_IsNamed()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var from = _source.Open();
        await using var to = _target.Open();
        var copy = new DatabaseCopy(from, to);
        var now = _clock.Now;
        from.Nodes.Add(new Node { Name = "old", Instance = "one", State = NodeState.Up, Version = "1", StartedAt = now, SeenAt = now });
        await from.SaveChangesAsync(cancel);
        Assert.StartsWith("Dispatch still runs on it (node old)", await copy.ObstacleAsync(now, cancel), StringComparison.Ordinal);
        // Killed, a while ago.
        now = now.AddMinutes(1);
        Assert.Null(await copy.ObstacleAsync(now, cancel));
        await CopyAsync();
        Assert.Null(await copy.ObstacleAsync(now, cancel));

        to.Nodes.Add(new Node { Name = "new", Instance = "two", State = NodeState.Stopped, Version = "1", StartedAt = now, SeenAt = now });
        await to.SaveChangesAsync(cancel);
        Assert.StartsWith("Dispatch has worked on the target already (node new)", await copy.ObstacleAsync(now, cancel), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryTable_ComesAfterWhatItRefersToAndHasNothingHidden()
    {
        using var db = _source.Open();
        var tables = DatabaseCopy.InOrder(db.Model);

        Assert.Equal(db.Model.GetEntityTypes().Count(t => t.GetTableName() is not null && t.GetViewName() is null), tables.Count);
        Assert.All(tables, t => Assert.All(t.GetProperties(), p => Assert.NotNull(p.PropertyInfo)));
    }

    private async Task<List<TableCopy>> CopyAsync()
    {
        await using var from = _source.Open();
        await using var to = _target.Open();
        var tables = new List<TableCopy>();
        await foreach (var table in new DatabaseCopy(from, to).RunAsync(TestContext.Current.CancellationToken)) tables.Add(table);
        return tables;
    }
}
