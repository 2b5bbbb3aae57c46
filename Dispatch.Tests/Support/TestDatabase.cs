using Dispatch.Core.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Support;

/// <summary>An empty, migrated database of one provider: a temporary SQLite file, or a database in the private PostgreSQL.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<byte[]>> SqliteTemplate = new(MakeSqliteTemplateAsync);
    private readonly Func<Task> _remove;

    private TestDatabase(DatabaseOptions options, Func<Task> remove)
    {
        Options = options;
        _remove = remove;
    }

    public DatabaseOptions Options { get; }

    public static async Task<TestDatabase> CreateAsync(DatabaseProvider provider, PostgresServer postgres)
    {
        if (provider == DatabaseProvider.PostgreSql)
        {
            var connectionString = await postgres.CreateDatabaseAsync();
            return new TestDatabase(
                new DatabaseOptions { Provider = provider, ConnectionString = connectionString }, () => postgres.DropDatabaseAsync(connectionString));
        }
        var folder = Directory.CreateTempSubdirectory("dispatch-test-").FullName;
        var file = Path.Combine(folder, "dispatch.db");
        await File.WriteAllBytesAsync(file, await SqliteTemplate.Value);
        return new TestDatabase(new DatabaseOptions { Provider = provider, Path = file }, () =>
        {
            Directory.Delete(folder, recursive: true);
            return Task.CompletedTask;
        });
    }

    /// <summary>One process of Dispatch over this database; several at once are several nodes, one after the other is a restart.</summary>
    public Task<DispatcherFixture> StartNodeAsync(FakeClock? clock = null, string node = "node-1") => DispatcherFixture.StartAsync(this, clock ?? new FakeClock(), node);

    /// <summary>A context as the application configures it, without the application.</summary>
    public DispatchDb Open() => DataServices.Open(Options);

    public ValueTask DisposeAsync() => new(_remove());

    /// <summary>Migrated once in a run; each test starts from a copy.</summary>
    private static async Task<byte[]> MakeSqliteTemplateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("dispatch-test-template-").FullName;
        var options = new DatabaseOptions { Provider = DatabaseProvider.Sqlite, Path = Path.Combine(folder, "template.db") };
        await using (var db = DataServices.Open(options))
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL");
            await db.MigrateWithViewsAsync();
            await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
            SqliteConnection.ClearPool((SqliteConnection)db.Database.GetDbConnection());
        }
        var bytes = await File.ReadAllBytesAsync(options.Path);
        Directory.Delete(folder, recursive: true);
        return bytes;
    }
}
