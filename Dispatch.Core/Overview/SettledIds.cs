using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Overview;

/// <summary>
/// Up to which id a table can be counted. Where transactions run at once, a row with a lower id may be committed after one with a higher id, and a cursor that
/// had passed it would leave it out for ever. So an id counts as settled only when every transaction that was writing when it was the highest has ended.
/// </summary>
internal sealed class SettledIds
{
    /// <summary>An id is taken from its sequence a moment before its transaction is numbered: the number is asked for so much later. Not business time.</summary>
    private static readonly TimeSpan Numbering = TimeSpan.FromMilliseconds(50);

    /// <summary>PostgreSQL: highest ids, and the number of the first transaction that began after they were read. Null: none wait to be settled.</summary>
    private (Dictionary<string, long> Ids, long Mark)? _waiting;

    /// <summary>By source; a source that is not there has nothing settled that is new.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ReadAsync(Database database, CancellationToken cancel)
    {
        await using var db = database.Read();
        // One writer (SQLite): what is there is all there is below it.
        if (database.Provider == DatabaseProvider.Sqlite) return await HighestAsync(db, cancel);
        // SQL Server: a reader of the range waits for rows that others are writing, so only the moment between number and row is open: the ids of the pass before.
        if (database.Provider == DatabaseProvider.SqlServer)
        {
            var earlier = _waiting?.Ids ?? [];
            _waiting = (await HighestAsync(db, cancel), 0);
            return earlier;
        }
        if (_waiting is not { } waiting)
        {
            var ids = await HighestAsync(db, cancel);
            await Task.Delay(Numbering, TimeProvider.System, cancel);
            waiting = (ids, await NumberAsync(db, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS \"Value\"", cancel));
        }
        _waiting = waiting;
        if (await NumberAsync(db, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS \"Value\"", cancel) < waiting.Mark) return new Dictionary<string, long>(StringComparer.Ordinal);
        _waiting = null;
        return waiting.Ids;
    }

    private static async Task<Dictionary<string, long>> HighestAsync(DispatchDb db, CancellationToken cancel)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var source in RollupSource.All) ids[source.Name] = await source.LastIdAsync(db, cancel);
        return ids;
    }

    private static async Task<long> NumberAsync(DispatchDb db, string sql, CancellationToken cancel) => (await db.Database.SqlQueryRaw<long>(sql).ToListAsync(cancel))[0];
}
