using System.Data.Common;

namespace Dispatch.Core.Data;

/// <summary>Many rows of one shape in one statement.</summary>
internal static class BulkRows
{
    /// <summary>Inserts every row and maps what comes back; the order of what comes back is not promised.</summary>
    public static async Task<List<T>> InsertAsync<T>(
        this WriteSession session, string table, RowColumn[] columns, IReadOnlyCollection<object?[]> rows, string[] returning, Func<DbDataReader, T> map)
    {
        var all = new List<T>(rows.Count);
        var text = session.Dialect.InsertRows(table, columns, returning);
        foreach (var (json, _) in RowSet.Json(session.Dialect, rows, row => row)) await session.QueryAsync(text, map, all, (RowSet.Parameter, json));
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
