using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Data;

/// <summary>Brings the database to the model at start, before anything else may touch it.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<DispatchDb> factory, IOptions<DatabaseOptions> options)
{
    /// <summary>Any number that only this uses.</summary>
    private const long Turn = 0x70726570;

    /// <summary>
    /// Nodes that start at once prepare one after the other: the tables, the roles, the first people. A lock of the session, so that one that dies in the middle lets the next go on.
    /// </summary>
    public async Task InTurnAsync(Func<Task> prepare, CancellationToken cancel = default)
    {
        await using var db = factory.CreateDbContext();
        // A SQLite file has one process; a database that is not there yet cannot be asked.
        if (options.Value.Provider == DatabaseProvider.Sqlite || !await db.Database.CanConnectAsync(cancel))
        {
            await prepare();
            return;
        }
        await db.Database.OpenConnectionAsync(cancel);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        var postgres = options.Value.Provider == DatabaseProvider.PostgreSql;
        if (postgres) await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({Turn})", cancel);
        else await db.Database.ExecuteSqlAsync($"EXEC sp_getapplock @Resource = 'dispatch-prepare', @LockMode = 'Exclusive', @LockOwner = 'Session'", cancel);
        try
        {
            await prepare();
        }
        finally
        {
            // The connection goes back to a pool: what it holds would stay.
            if (postgres) await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({Turn})", CancellationToken.None);
            else await db.Database.ExecuteSqlAsync($"EXEC sp_releaseapplock @Resource = 'dispatch-prepare', @LockOwner = 'Session'", CancellationToken.None);
        }
    }

    public async Task MigrateAsync(CancellationToken cancel = default)
    {
        if (options.Value.Provider == DatabaseProvider.Sqlite && Path.GetDirectoryName(Path.GetFullPath(options.Value.Path)) is { } folder)
            Directory.CreateDirectory(folder);
        await using var db = factory.CreateDbContext();
        // WAL is a property of the file: readers never wait for the writer.
        if (options.Value.Provider == DatabaseProvider.Sqlite) await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancel);
        await db.MigrateWithViewsAsync(cancel);
    }
}
