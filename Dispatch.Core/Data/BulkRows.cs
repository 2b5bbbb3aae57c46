using System.Data.Common;

namespace Dispatch.Core.Data;

/// <summary>Many rows of one shape: one prepared statement per row on SQLite, many rows per round trip elsewhere.</summary>
internal static class BulkRows
{
    private static readonly string[] ParameterNames = [.. Enumerable.Range(0, 2100).Select(i => $"p{i}")];

    /// <summary>Inserts every row and maps what comes back; the order of what comes back is not promised.</summary>
    public static async Task<List<T>> InsertAsync<T>(
        this WriteSession session, string table, string[] columns, IReadOnlyCollection<object?[]> rows, string[] returning, Func<DbDataReader, T> map)
    {
        var all = new List<T>(rows.Count);
        string? text = null;
        var last = 0;
        // SQL Server takes at most 2,100 parameters in one statement.
        foreach (var chunk in rows.Chunk(Math.Min(session.Dialect.RowsPerStatement, 2000 / columns.Length)))
        {
            if (chunk.Length != last) text = session.Dialect.Insert(table, columns, last = chunk.Length, returning);
            var arguments = new (string, object?)[chunk.Length * columns.Length];
            for (var r = 0; r < chunk.Length; r++)
            {
                for (var c = 0; c < columns.Length; c++) arguments[(r * columns.Length) + c] = (ParameterNames[(r * columns.Length) + c], chunk[r][c]);
            }
            await session.QueryAsync(text!, map, all, arguments);
        }
        return all;
    }

    /// <summary><c>column IN (@i0, ...)</c> for as many ids as given, rounded up so that few texts exist; with its arguments.</summary>
    public static (string Sql, (string Name, object? Value)[] Arguments) In(string column, IReadOnlyList<long> ids)
    {
        var size = 1;
        while (size < ids.Count) size *= 2;
        var arguments = new (string, object?)[size];
        for (var i = 0; i < size; i++) arguments[i] = ($"i{i}", ids[Math.Min(i, ids.Count - 1)]);
        return ($"{column} IN ({string.Join(", ", Enumerable.Range(0, size).Select(i => $"@i{i}"))})", arguments);
    }
}
