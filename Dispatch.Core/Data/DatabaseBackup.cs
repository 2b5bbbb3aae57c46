using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Dispatch.Core.Data;

public enum BackupResult
{
    Done,
    /// <summary>Another database has its own tools for that.</summary>
    NotSqlite,
    /// <summary>There is no database to copy.</summary>
    Missing,
    /// <summary>Something is at the target; nothing is ever overwritten.</summary>
    TargetExists,
    /// <summary>The copy did not stand its check; it was removed.</summary>
    Broken,
}

/// <param name="Tables">Rows of each table of the copy.</param>
/// <param name="Problem">With <see cref="BackupResult.Broken"/>: what the check found.</param>
public sealed record BackupOutcome(BackupResult Result, long Bytes = 0, IReadOnlyList<(string Table, long Rows)>? Tables = null, string? Problem = null);

/// <summary>
/// A consistent copy of the SQLite database while Dispatch runs: one read transaction (<c>VACUUM INTO</c>) sees one moment, and no writer waits for it. The copy is
/// checked before it gets its name, so whatever has the name is whole.
/// </summary>
public static class DatabaseBackup
{
    /// <summary>Tables that only grow while the copy is made: its last row is one that was there in between.</summary>
    private static readonly string[] Growing = ["messages", "conversation_events", "booking_events", "audit_entries"];

    public static async Task<BackupOutcome> RunAsync(DatabaseOptions options, string target, CancellationToken cancel = default)
    {
        if (options.Provider != DatabaseProvider.Sqlite) return new BackupOutcome(BackupResult.NotSqlite);
        if (!File.Exists(options.Path)) return new BackupOutcome(BackupResult.Missing);
        if (Path.Exists(target)) return new BackupOutcome(BackupResult.TargetExists);
        if (Path.GetDirectoryName(Path.GetFullPath(target)) is { } folder) Directory.CreateDirectory(folder);
        // A name of its own: two backups at once, or one that was killed, must not meet.
        var partial = $"{target}.{Guid.NewGuid().ToString("N")[..8]}.partial";
        try
        {
            await using var source = await OpenAsync(options.Path, SqliteOpenMode.ReadWrite, cancel);
            var tables = await TablesAsync(source, cancel);
            var before = await LastIdsAsync(source, tables, cancel);
            await using (var copy = source.CreateCommand())
            {
                copy.CommandText = "VACUUM INTO $target";
                copy.CommandTimeout = 0;
                copy.Parameters.AddWithValue("$target", partial);
                await copy.ExecuteNonQueryAsync(cancel);
            }
            var after = await LastIdsAsync(source, tables, cancel);
            var (counts, problem) = await CheckAsync(partial, tables, before, after, cancel);
            if (problem is not null) return new BackupOutcome(BackupResult.Broken, Problem: problem);
            // On the disk, not only on its way there, before it is called a backup.
            await using (var file = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
            try
            {
                File.Move(partial, target, overwrite: false);
            }
            catch (IOException) when (Path.Exists(target))
            {
                return new BackupOutcome(BackupResult.TargetExists);
            }
            return new BackupOutcome(BackupResult.Done, new FileInfo(target).Length, counts);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static async Task<SqliteConnection> OpenAsync(string path, SqliteOpenMode mode, CancellationToken cancel)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 60 }.ToString());
        await connection.OpenAsync(cancel);
        return connection;
    }

    /// <summary>Null problem: whole, consistent, complete.</summary>
    private static async Task<(IReadOnlyList<(string, long)> Counts, string? Problem)> CheckAsync(
        string path, IReadOnlyList<string> tables, IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> after, CancellationToken cancel)
    {
        await using var copy = await OpenAsync(path, SqliteOpenMode.ReadOnly, cancel);
        if (await TextAsync(copy, "PRAGMA integrity_check", cancel) is var integrity and not "ok") return ([], "integrity_check: " + integrity);
        if (await TextAsync(copy, "SELECT 'a row of ' || \"table\" || ' refers to nothing' FROM pragma_foreign_key_check LIMIT 1", cancel) is { } orphan) return ([], orphan);
        var copied = await TablesAsync(copy, cancel);
        if (tables.Except(copied, StringComparer.Ordinal).FirstOrDefault() is { } missing) return ([], $"the table {missing} is not there");
        foreach (var (table, last) in await LastIdsAsync(copy, copied, cancel))
        {
            if (last < before[table] || last > after[table]) return ([], string.Create(CultureInfo.InvariantCulture, $"{table} ends with row {last}, not between {before[table]} and {after[table]}"));
        }
        var counts = new List<(string, long)>();
        foreach (var table in copied) counts.Add((table, await NumberAsync(copy, $"SELECT COUNT(*) FROM \"{table}\"", cancel)));
        return (counts, null);
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(SqliteConnection connection, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        var names = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) names.Add(reader.GetString(0));
        return names;
    }

    private static async Task<Dictionary<string, long>> LastIdsAsync(SqliteConnection connection, IReadOnlyList<string> tables, CancellationToken cancel)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in Growing.Intersect(tables, StringComparer.Ordinal)) ids[table] = await NumberAsync(connection, $"SELECT COALESCE(MAX(id), 0) FROM {table}", cancel);
        return ids;
    }

    private static async Task<long> NumberAsync(SqliteConnection connection, string sql, CancellationToken cancel) =>
        long.Parse((await TextAsync(connection, sql, cancel))!, CultureInfo.InvariantCulture);

    /// <summary>The first value; null: no row.</summary>
    private static async Task<string?> TextAsync(SqliteConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        return Convert.ToString(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
    }
}
