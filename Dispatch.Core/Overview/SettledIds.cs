using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Overview;

/// <summary>
/// Up to which id a table can be counted. Where transactions run at once, a row with a lower id may be committed after one with a higher id, and a cursor that
/// had passed it would leave it out for ever. So an id counts as settled only when every transaction that was writing when it was the highest has ended.
/// </summary>
internal sealed class SettledIds
{
    /// <summary>An id is taken from its sequence a moment before its transaction is numbered: who writes is asked so much later. Not business time.</summary>
    private static readonly TimeSpan Numbering = TimeSpan.FromMilliseconds(50), Look = TimeSpan.FromMilliseconds(20);

    /// <summary>In one pass; a transaction that lasts longer is waited for in the next.</summary>
    private const int Looks = 10;

    /// <summary>Who is writing in this database; other databases of the server hold nothing up. Their numbers are seen because every node signs in as the same role.</summary>
    private const string Writing = "SELECT pid::text || ':' || backend_xid::text AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL";

    /// <summary>PostgreSQL: highest ids, and the transactions that were writing just after they were read. Null: none wait to be settled.</summary>
    private (Dictionary<string, long> Ids, HashSet<string> Writers)? _waiting;

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
            _waiting = (await HighestAsync(db, cancel), []);
            return earlier;
        }
        if (_waiting is not { } waiting)
        {
            var ids = await HighestAsync(db, cancel);
            await Task.Delay(Numbering, TimeProvider.System, cancel);
            waiting = (ids, await WritersAsync(db, cancel));
            _waiting = waiting;
        }
        for (var look = 0; look < Looks; look++)
        {
            if (look > 0) await Task.Delay(Look, TimeProvider.System, cancel);
            if (waiting.Writers.Count > 0 && waiting.Writers.Overlaps(await WritersAsync(db, cancel))) continue;
            _waiting = null;
            return waiting.Ids;
        }
        return new Dictionary<string, long>(StringComparer.Ordinal);
    }

    private static async Task<HashSet<string>> WritersAsync(DispatchDb db, CancellationToken cancel) => [.. await db.Database.SqlQueryRaw<string>(Writing).ToListAsync(cancel)];

    private static async Task<Dictionary<string, long>> HighestAsync(DispatchDb db, CancellationToken cancel)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var source in RollupSource.All) ids[source.Name] = await source.LastIdAsync(db, cancel);
        return ids;
    }
}
