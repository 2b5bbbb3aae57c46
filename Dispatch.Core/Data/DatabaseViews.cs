using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Data;

/// <summary>
/// The views, which EF reads but never makes. They are dropped before a migration and made after it, so no migration has to know them and one
/// that is generated again loses nothing. Every text means the same on all three databases.
/// </summary>
public static class DatabaseViews
{
    /// <summary>Any number that only this uses: nodes that start at once make the views one after the other.</summary>
    private const long Turn = 0x6c6f636b;

    internal static IReadOnlyList<(string Name, string Select)> All { get; } = [.. LockViews.All];

    internal static IEnumerable<string> CreateStatements => All.Select(v => $"CREATE VIEW {v.Name} AS {v.Select}");

    internal static IEnumerable<string> DropStatements => All.Select(v => $"DROP VIEW IF EXISTS {v.Name}");

    /// <summary>Migrates and makes the views: what every start and every test database does.</summary>
    public static async Task MigrateWithViewsAsync(this DispatchDb db, CancellationToken cancel = default)
    {
        if ((await db.Database.GetPendingMigrationsAsync(cancel)).Any())
        {
            // SQLite refuses to rebuild a table that a view reads.
            foreach (var drop in DropStatements) await db.Database.ExecuteSqlRawAsync(drop, cancel);
            await db.Database.MigrateAsync(cancel);
        }
        await using var transaction = await db.Database.BeginTransactionAsync(cancel);
        if (db is PostgresDispatchDb) await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Turn})", cancel);
        foreach (var statement in DropStatements.Concat(CreateStatements)) await db.Database.ExecuteSqlRawAsync(statement, cancel);
        await transaction.CommitAsync(cancel);
    }
}
