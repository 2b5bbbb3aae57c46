using System.Data;
using System.Data.Common;
using System.Globalization;

namespace Dispatch.Core.Data;

/// <summary>
/// What the few hand-written statements need to know of a provider. Everything else is LINQ. Statements over many rows take them as one JSON
/// argument (<see cref="RowSet"/>): one text whatever their number, so it is parsed and planned once, and one execution per batch.
/// </summary>
public abstract class SqlDialect
{
    private static readonly SqlDialect Sqlite = new SqliteDialect(), Postgres = new PostgresDialect(), SqlServer = new SqlServerDialect();

    public static IReadOnlyList<SqlDialect> All { get; } = [Sqlite, Postgres, SqlServer];

    public abstract DatabaseProvider Provider { get; }

    public static SqlDialect For(DatabaseProvider provider) => provider switch
    {
        DatabaseProvider.Sqlite => Sqlite,
        DatabaseProvider.PostgreSql => Postgres,
        DatabaseProvider.SqlServer => SqlServer,
    };

    /// <summary>The server's clock as an expression; null: the database has none of its own (SQLite) and <c>now</c> is an argument.</summary>
    public virtual string? Now => null;

    /// <summary>The server's clock plus so many milliseconds.</summary>
    public virtual string NowPlus(string milliseconds) => throw new NotSupportedException("This database has no clock of its own.");

    public virtual void SetValue(DbParameter parameter, object? value) =>
        parameter.Value = value is Enum word ? word.ToString() : value ?? DBNull.Value;

    /// <summary>A moment as the text in <c>@rows</c> that this provider stores just as it stores a <see cref="DateTime"/> argument.</summary>
    public abstract string Moment(DateTime utc);

    /// <summary>
    /// The rows of the argument <c>@rows</c> as a table expression with the alias <c>r</c>: <c>r.n</c> is the number of the row, then the columns.
    /// </summary>
    public abstract string Rows(params RowColumn[] columns);

    /// <summary>Adds all rows in their order, so that ids grow in it; gives back the <paramref name="returning"/> columns of each new row.</summary>
    public string InsertRows(string table, RowColumn[] columns, params string[] returning) => InsertRows(table, columns, "", returning);

    private string InsertRows(string table, RowColumn[] columns, string where, string[] returning)
    {
        var names = string.Join(", ", columns.Select(c => c.Name));
        var output = returning.Length > 0 && OutputsBeforeRows ? " OUTPUT " + string.Join(", ", returning.Select(c => "inserted." + c)) : "";
        var after = returning.Length > 0 && !OutputsBeforeRows ? " RETURNING " + string.Join(", ", returning) : "";
        return $"INSERT INTO {table} ({names}){output} SELECT {string.Join(", ", columns.Select(c => "r." + c.Name))} FROM {Rows(columns)}{where} ORDER BY r.n{after}";
    }

    /// <summary>The same for the rows whose key is not in the table yet, nor in one of the others. Others may add it at the same moment: a unique index is the judge.</summary>
    public string InsertNewRows(string table, string[] others, RowColumn[] columns, string key, params string[] returning) =>
        // A count, looked up row by row: an anti-join, planned when the table was small, would read it whole.
        InsertRows(table, columns, $" WHERE {string.Join(" AND ", others.Prepend(table).Select(t => $"(SELECT COUNT(*) FROM {t} o WHERE o.{key} = r.{key}) = 0"))}", returning);

    /// <summary><c>UPDATE table SET set WHERE where</c>, giving back the <paramref name="returning"/> columns of each changed row.</summary>
    public string Update(string table, string set, string where, string[] returning) => OutputsBeforeRows
        ? $"UPDATE {table} SET {set} OUTPUT {string.Join(", ", returning.Select(c => "inserted." + c))} WHERE {where}"
        : $"UPDATE {table} SET {set} WHERE {where} RETURNING {string.Join(", ", returning)}";

    /// <summary>
    /// Changes the row with the <c>r.id</c> of each given one, where <paramref name="where"/> holds too. The ids are unique.
    /// In <paramref name="set"/> and <paramref name="where"/> the given row is <c>r</c>.
    /// </summary>
    public string UpdateRows(string table, RowColumn[] columns, string set, string? where = null) => UpdateRows(table, columns, set, where, ["id"]);

    /// <summary>The same with other key columns, in the order of their index; the given row has them under the same names.</summary>
    public string UpdateRows(string table, RowColumn[] columns, string set, string? where, string[] keys) =>
        $"UPDATE {table} SET {set} FROM {Rows(columns)} WHERE {IsKey(table, keys)}"
        // In a CASE, or SQLite takes an index on what is asked there ("all that is pending") and looks through the given rows for each of them.
        + (where is null ? "" : $" AND CASE WHEN {where} THEN 1 ELSE 0 END = 1");

    /// <summary>Among the columns to read: no column, and nothing in it. Of a union, where the other table has one.</summary>
    public const string Nothing = "NULL";

    private protected static string Found(string column) => column == Nothing ? column : "t." + column;

    /// <summary>The columns of the row that has each key; the keys are unique. Not locked.</summary>
    public virtual string ByKeys(string table, RowColumn[] keys, params string[] columns) =>
        $"SELECT {string.Join(", ", columns.Select(Found))} FROM {Rows(keys)} JOIN {table} t ON "
        + string.Join(" AND ", keys.Select(k => $"t.{k.Name} = r.{k.Name}"));

    /// <summary>The same, and until the end of the transaction nobody changes a key of these rows (their other columns may change).</summary>
    public virtual string HeldByKeys(string table, RowColumn[] keys, params string[] columns) => ByKeys(table, keys, columns);

    /// <summary>
    /// For each key, the columns of the newest row (by id) that has it, locked until the end of the transaction where rows can be locked.
    /// The keys come back first.
    /// </summary>
    /// <param name="before">An expression over the row (alias <c>x</c>) that comes before the id: the smallest is the one.</param>
    public abstract string NewestPerKey(string table, RowColumn[] keys, string before, params string[] columns);

    /// <summary>At the end of a subquery: what it computes is computed once for each of its rows, however often it is used outside.</summary>
    public virtual string Once => "";

    /// <summary>A boolean as this provider writes it.</summary>
    public virtual string True => "1";

    /// <summary>
    /// The first rows of <paramref name="table"/> (alias <c>a</c>) that nobody else has locked, locked until the end of the transaction: how several take from one queue without waiting for each
    /// other. How many is part of the text: of a parameter PostgreSQL expects a tenth of what matches, finds its general plan dear, and plans anew each time once many wait.
    /// </summary>
    public virtual string FirstFree(int most, string columns, string table, string joins, string where, string order) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT {columns} FROM {table} a {joins} WHERE {where} ORDER BY {order} LIMIT {most}");

    protected virtual bool OutputsBeforeRows => false;

    /// <summary>How key columns are compared with those of a given row, so that their index is used whatever the statistics were.</summary>
    protected virtual string IsKey(string table, string[] keys) => string.Join(" AND ", keys.Select(k => $"{table}.{k} = r.{k}"));

    private static string KeysAndColumns(RowColumn[] keys, string[] columns) =>
        string.Join(", ", keys.Select(k => "r." + k.Name).Concat(columns.Select(c => "t." + c)));

    private static string Match(string alias, RowColumn[] keys) => string.Join(" AND ", keys.Select(k => $"{alias}.{k.Name} = r.{k.Name}"));

    private sealed class SqliteDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.Sqlite;

        // The form in which its driver writes a DateTime: texts are compared as they are.
        public override string Moment(DateTime utc) => utc.ToString(@"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFF", CultureInfo.InvariantCulture);

        public override string Rows(params RowColumn[] columns) =>
            "(SELECT key AS n" + string.Concat(columns.Select((c, i) => $", {(c.Of is { } given ? "@" + given : $"json_extract(value, '$[{i}]')")} AS {c.Name}")) + " FROM json_each(@rows)) AS r";

        // One writer: nothing to lock.
        public override string NewestPerKey(string table, RowColumn[] keys, string before, params string[] columns) =>
            $"SELECT {KeysAndColumns(keys, columns)} FROM {Rows(keys)} JOIN {table} t ON t.id = (SELECT x.id FROM {table} x WHERE {Match("x", keys)} ORDER BY {before}, x.id DESC LIMIT 1)";
    }

    private sealed class PostgresDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.PostgreSql;
        public override string Now => "clock_timestamp()";
        public override string NowPlus(string milliseconds) => $"clock_timestamp() + {milliseconds} * interval '1 millisecond'";
        public override string True => "TRUE";
        public override string Once => " OFFSET 0";

        public override string FirstFree(int most, string columns, string table, string joins, string where, string order) =>
            base.FirstFree(most, columns, table, joins, where, order) + " FOR UPDATE OF a SKIP LOCKED";

        // Microseconds, cut off as the driver does it and not rounded as the server would.
        public override string Moment(DateTime utc) => utc.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

        public override string Rows(params RowColumn[] columns) =>
            "(SELECT e.n" + string.Concat(columns.Select((c, i) => $", {(c.Of is { } given ? "@" + given : $"(e.v ->> {i})::{TypeName(c.Type)}")} AS {c.Name}"))
            + " FROM jsonb_array_elements(@rows::jsonb) WITH ORDINALITY AS e(v, n)) AS r";

        // The plan of a prepared statement may stem from the time when the table was empty. LIMIT keeps it from reading the whole table
        // once to hash it, which would be right then and a disaster with a million rows.
        public override string ByKeys(string table, RowColumn[] keys, params string[] columns) => ByKeys(table, keys, columns, "");

        public override string HeldByKeys(string table, RowColumn[] keys, params string[] columns) => ByKeys(table, keys, columns, " FOR KEY SHARE");

        private string ByKeys(string table, RowColumn[] keys, string[] columns, string hold) =>
            $"SELECT {string.Join(", ", columns.Select(Found))} FROM {Rows(keys)} "
            + $"CROSS JOIN LATERAL (SELECT * FROM {table} x WHERE {Match("x", keys)} LIMIT 1{hold}) t";

        public override string NewestPerKey(string table, RowColumn[] keys, string before, params string[] columns) =>
            $"SELECT {KeysAndColumns(keys, columns)} FROM {Rows(keys)} "
            + $"CROSS JOIN LATERAL (SELECT * FROM {table} x WHERE {Match("x", keys)} ORDER BY {before}, x.id DESC LIMIT 1 FOR UPDATE) t";

        // The same trap: an equality could be hashed, a range can not and is looked up in the index row by row. Of several columns as one value: with a range for each, all that has the
        // first column's value would be walked through for every row.
        protected override string IsKey(string table, string[] keys)
        {
            var (columns, given) = (string.Join(", ", keys.Select(k => $"{table}.{k}")), string.Join(", ", keys.Select(k => $"r.{k}")));
            return keys.Length == 1 ? $"{columns} BETWEEN {given} AND {given}" : $"({columns}) BETWEEN ({given}) AND ({given})";
        }

        private static string TypeName(RowType type) => type switch
        {
            RowType.Id => "bigint",
            RowType.Number => "integer",
            RowType.Real => "double precision",
            RowType.Text => "text",
            RowType.Moment => "timestamptz",
        };
    }

    private sealed class SqlServerDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.SqlServer;
        protected override bool OutputsBeforeRows => true;
        public override string Now => "SYSUTCDATETIME()";
        public override string NowPlus(string milliseconds) => $"DATEADD(millisecond, {milliseconds}, SYSUTCDATETIME())";

        public override string FirstFree(int most, string columns, string table, string joins, string where, string order) =>
            string.Create(CultureInfo.InvariantCulture, $"SELECT TOP ({most}) {columns} FROM {table} a WITH (UPDLOCK, ROWLOCK, READPAST) {joins} WHERE {where} ORDER BY {order}");

        public override void SetValue(DbParameter parameter, object? value)
        {
            base.SetValue(parameter, value);
            // Inferred, a DateTime becomes datetime, which rounds to 3 ms and then compares unequal to what was stored.
            if (value is DateTime) parameter.DbType = DbType.DateTime2;
        }

        public override string Moment(DateTime utc) => utc.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture);

        public override string Rows(params RowColumn[] columns) =>
            "(SELECT CAST(j.[key] AS int) AS n" + string.Concat(columns.Select(c => c.Of is { } given ? $", @{given} AS {c.Name}" : ", v." + c.Name)) + " FROM OPENJSON(@rows) j CROSS APPLY OPENJSON(CONCAT('[', j.value, ']')) WITH ("
            + string.Join(", ", columns.Where(c => c.Of is null).Select((c, i) => $"{c.Name} {TypeName(c.Type)} '$[{i}]'")) + ") v) AS r";

        public override string NewestPerKey(string table, RowColumn[] keys, string before, params string[] columns) =>
            $"SELECT {KeysAndColumns(keys, columns)} FROM {Rows(keys)} "
            + $"CROSS APPLY (SELECT TOP (1) * FROM {table} x WITH (UPDLOCK, ROWLOCK) WHERE {Match("x", keys)} ORDER BY {before}, x.id DESC) t";

        private static string TypeName(RowType type) => type switch
        {
            RowType.Id => "bigint",
            RowType.Number => "int",
            RowType.Real => "float",
            RowType.Text => "nvarchar(max)",
            RowType.Moment => "datetime2",
        };
    }
}
