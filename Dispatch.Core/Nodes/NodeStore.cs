using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Nodes;

/// <summary>What became of a sign of life.</summary>
internal enum BeatResult
{
    Done,
    /// <summary>The others had taken it for gone.</summary>
    Revived,
    /// <summary>Another process beats under this name.</summary>
    NameTaken,
}

/// <summary>The rows of nodes. Time is the database's where several share one; a frozen process cannot judge how long it was away.</summary>
internal static class NodeStore
{
    private static string Now(SqlDialect dialect) => dialect.Now ?? "@now";

    internal static string BeatText(SqlDialect dialect) =>
        $"UPDATE nodes SET seen_at = {Now(dialect)}, state = @state WHERE name = @name AND instance = @instance AND state = @seen";

    internal static string BeginText(SqlDialect dialect) =>
        $"UPDATE nodes SET instance = @instance, started_at = {Now(dialect)}, seen_at = {Now(dialect)}, state = @state, version = @version WHERE name = @name";

    internal static string LostText(SqlDialect dialect) =>
        dialect.Update("nodes", "state = 'Down'", $"state NOT IN ('Down','Stopped') AND name <> @name AND seen_at < {(dialect.Now is null ? "@before" : dialect.NowPlus("@ms"))}", ["name"]);

    internal static string ReclaimText(SqlDialect dialect) =>
        $"UPDATE nodes SET instance = @instance, seen_at = {Now(dialect)}, state = @state WHERE name = @name AND instance = @other "
        + $"AND (state IN ('Down','Stopped') OR seen_at < {(dialect.Now is null ? "@before" : dialect.NowPlus("@ms"))})";

    internal const string End = "UPDATE nodes SET state = 'Stopped' WHERE name = @name AND instance = @instance";

    internal static IEnumerable<string> Statements(SqlDialect dialect) => [BeatText(dialect), BeginText(dialect), LostText(dialect), ReclaimText(dialect), End];

    /// <summary>The first of a process: from now on the name is its own.</summary>
    public static async Task BeginAsync(WriteSession session, Node node, DateTime now)
    {
        (string, object?)[] arguments = [.. Moment(session, now), ("instance", node.Instance), ("state", node.State), ("version", node.Version), ("name", node.Name)];
        if (await session.ExecuteAsync(BeginText(session.Dialect), arguments) > 0) return;
        session.Db.Nodes.Add(new Node { Name = node.Name, Instance = node.Instance, Version = node.Version, StartedAt = now, SeenAt = now });
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("node");
        }
        session.Db.ChangeTracker.Clear();
        await session.ExecuteAsync(BeginText(session.Dialect), arguments);
    }

    /// <param name="lostAfter">Another process of this name that was silent for so long is gone: one that was started a second time and could not listen, for example.</param>
    public static async Task<BeatResult> BeatAsync(WriteSession session, Node node, TimeSpan lostAfter, DateTime now)
    {
        var seen = await session.Db.Nodes.AsNoTracking().Where(n => n.Name == node.Name).Select(n => new { n.Instance, n.State }).FirstOrDefaultAsync();
        if (seen is null)
        {
            // Somebody tidied the table.
            await BeginAsync(session, node, now);
            return BeatResult.Revived;
        }
        if (seen.Instance != node.Instance)
        {
            return await session.ExecuteAsync(
                ReclaimText(session.Dialect),
                [.. Moment(session, now), ("state", node.State), ("name", node.Name), ("instance", node.Instance), ("other", seen.Instance), Before(session, lostAfter, now)]) > 0
                ? BeatResult.Revived : BeatResult.NameTaken;
        }
        (string, object?)[] arguments = [.. Moment(session, now), ("state", node.State), ("name", node.Name), ("instance", node.Instance), ("seen", seen.State)];
        // Taken for gone between the look and this: then that is what has to be known.
        if (await session.ExecuteAsync(BeatText(session.Dialect), arguments) == 0) throw new StaleReadException("node");
        return seen.State is NodeState.Down or NodeState.Stopped ? BeatResult.Revived : BeatResult.Done;
    }

    /// <summary>Marks those that nobody heard for so long; returns their names, each to one caller.</summary>
    public static Task<List<string>> LoseAsync(WriteSession session, string self, TimeSpan lostAfter, DateTime now) => session.QueryAsync(
        LostText(session.Dialect), r => r.GetString(0),
        [("name", self), Before(session, lostAfter, now)]);

    private static (string, object?) Before(WriteSession session, TimeSpan ago, DateTime now) => session.Dialect.Now is null ? ("before", now - ago) : ("ms", -ago.TotalMilliseconds);

    private static (string, object?)[] Moment(WriteSession session, DateTime now) => session.Dialect.Now is null ? [("now", now)] : [];
}
