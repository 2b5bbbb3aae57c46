using Dispatch.Core.Data;

namespace Dispatch.Core.Overview;

/// <summary>The hand-written statements of the counts.</summary>
internal static class RollupStatements
{
    private static readonly RowColumn[] Columns = [RowColumn.Text("series"), RowColumn.Text("grain"), RowColumn.Moment("at"), RowColumn.Text("part"), RowColumn.Id("amount")];
    private static readonly string[] Keys = ["series", "grain", "at", "part"];

    /// <summary>Who moves the cursor adds what it passed; who saw an older position does nothing.</summary>
    public const string Move = "UPDATE rollup_cursors SET position = @to, moved_at = @now WHERE source = @source AND position = @from";

    public static IEnumerable<string> All(SqlDialect dialect) => [Move, Make(dialect), Add(dialect), Raise(dialect)];

    /// <summary>Adds the amounts; a row that is not there yet begins at nothing.</summary>
    public static async Task AddAsync(WriteSession session, IReadOnlyCollection<KeyValuePair<RollupKey, long>> sums)
    {
        foreach (var (json, _) in RowSet.Json(session.Dialect, sums, Row))
        {
            await session.ExecuteAsync(Make(session.Dialect), (RowSet.Parameter, json));
            await session.ExecuteAsync(Add(session.Dialect), (RowSet.Parameter, json));
        }
    }

    /// <summary>Keeps the higher of what is there and what is given.</summary>
    public static async Task RaiseAsync(WriteSession session, IReadOnlyCollection<KeyValuePair<RollupKey, long>> samples)
    {
        foreach (var (json, _) in RowSet.Json(session.Dialect, samples, Row))
        {
            await session.ExecuteAsync(Make(session.Dialect), (RowSet.Parameter, json));
            await session.ExecuteAsync(Raise(session.Dialect), (RowSet.Parameter, json));
        }
    }

    private static object?[] Row(KeyValuePair<RollupKey, long> sum) => [sum.Key.Series, sum.Key.Grain, sum.Key.At, sum.Key.Part, sum.Value];

    private static string Make(SqlDialect dialect) =>
        $"INSERT INTO rollups (series, grain, at, part, amount) SELECT r.series, r.grain, r.at, r.part, 0 FROM {dialect.Rows(Columns)} "
        + "WHERE NOT EXISTS (SELECT 1 FROM rollups x WHERE x.series = r.series AND x.grain = r.grain AND x.at = r.at AND x.part = r.part)";

    private static string Add(SqlDialect dialect) => dialect.UpdateRows("rollups", Columns, "amount = rollups.amount + r.amount", null, Keys);

    private static string Raise(SqlDialect dialect) =>
        dialect.UpdateRows("rollups", Columns, "amount = CASE WHEN r.amount > rollups.amount THEN r.amount ELSE rollups.amount END", null, Keys);
}
