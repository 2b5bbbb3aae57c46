using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Data;

/// <summary>Brings the database to the model at start, before anything else may touch it.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<DispatchDb> factory, IOptions<DatabaseOptions> options)
{
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
