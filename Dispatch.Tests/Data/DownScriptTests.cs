using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Data;

/// <summary>The way back is a script that works: up, down by the script, and up again.</summary>
public abstract class DownScriptCompliance(DatabaseProvider provider, PostgresServer postgres)
{
    [Fact]
    public async Task UpDownUp_FromAnEmptyDatabase_EndsAsItBegan()
    {
        await using var store = await TestDatabase.CreateAsync(provider, postgres);
        await using var db = store.Open();
        var before = await TablesAsync(db);
        Assert.Contains("conversations", before);

        await RunAsync(db, DownScript.Of(db, DownScript.Nothing)!);
        Assert.Empty(await db.Database.GetAppliedMigrationsAsync());
        Assert.Equal([], (await TablesAsync(db)).Where(t => !t.Contains("migrations", StringComparison.OrdinalIgnoreCase)));

        await db.MigrateWithViewsAsync();
        Assert.Equal(before, await TablesAsync(db));
        await using var node = await store.StartNodeAsync();
        var profile = await node.AddProfileAsync();
        Assert.NotEqual(0, (await node.OpenAsync(profile, "336001")).Id);
    }

    /// <summary>Each migration alone, from the newest on: so the script that goes back one version works too, once there are two.</summary>
    [Fact]
    public async Task StepByStep_BackToEachVersion_AndUpAgain()
    {
        await using var store = await TestDatabase.CreateAsync(provider, postgres);
        await using var db = store.Open();
        var all = db.Database.GetMigrations().ToList();
        var before = await TablesAsync(db);
        foreach (var target in all.SkipLast(1).Reverse())
        {
            await RunAsync(db, DownScript.Of(db, target)!);
            Assert.Equal(target, (await db.Database.GetAppliedMigrationsAsync()).Last());
            await db.MigrateWithViewsAsync();
            Assert.Equal(before, await TablesAsync(db));
        }
        Assert.Null(DownScript.Of(db, all[^1]));
        Assert.Null(DownScript.Of(db, "NeverMade"));
    }

    private static Task RunAsync(DispatchDb db, string script) => db.Database.ExecuteSqlRawAsync(script.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

    private async Task<List<string>> TablesAsync(DispatchDb db) => await db.Database.SqlQueryRaw<string>(provider == DatabaseProvider.Sqlite
        ? "SELECT name AS \"Value\" FROM sqlite_master WHERE type IN ('table','view') AND name NOT LIKE 'sqlite%' ORDER BY name"
        : "SELECT table_name AS \"Value\" FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name").ToListAsync();
}

public sealed class SqliteDownScriptTests(PostgresServer postgres) : DownScriptCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PostgresDownScriptTests(PostgresServer postgres) : DownScriptCompliance(DatabaseProvider.PostgreSql, postgres);
