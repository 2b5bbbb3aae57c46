using System.Data;
using System.Data.Common;
using System.Text;

namespace Dispatch.Core.Data;

/// <summary>
/// What the few hand-written statements need to know of a provider. Everything else is LINQ.
/// SQLite runs prepared one-row statements (parsed once, no network); the others take many rows per round trip.
/// </summary>
public abstract class SqlDialect
{
    public abstract DatabaseProvider Provider { get; }

    /// <summary>Rows per multi-row statement. SQL Server allows 2,100 parameters, so 100 rows of up to 20 columns.</summary>
    public virtual int RowsPerStatement => 100;

    public virtual void SetValue(DbParameter parameter, object? value) =>
        parameter.Value = value is Enum word ? word.ToString() : value ?? DBNull.Value;

    /// <summary><c>INSERT INTO table (columns) VALUES (@p0, ...), ...</c>, giving back the <paramref name="returning"/> columns of each new row.</summary>
    public virtual string Insert(string table, string[] columns, int rows, string[] returning)
    {
        var sql = new StringBuilder("INSERT INTO ").Append(table).Append(" (").AppendJoin(", ", columns).Append(')');
        if (returning.Length > 0 && OutputsBeforeValues) sql.Append(" OUTPUT ").AppendJoin(", ", returning.Select(c => "inserted." + c));
        sql.Append(" VALUES ").Append(Rows(rows, columns.Length));
        if (returning.Length > 0 && !OutputsBeforeValues) sql.Append(" RETURNING ").AppendJoin(", ", returning);
        return sql.ToString();
    }

    /// <summary><c>UPDATE table SET set WHERE where</c>, giving back the <paramref name="returning"/> columns of each changed row.</summary>
    public string Update(string table, string set, string where, string[] returning) => OutputsBeforeValues
        ? $"UPDATE {table} SET {set} OUTPUT {string.Join(", ", returning.Select(c => "inserted." + c))} WHERE {where}"
        : $"UPDATE {table} SET {set} WHERE {where} RETURNING {string.Join(", ", returning)}";

    /// <summary>
    /// For each key, the columns of the newest row (by id) that has it, locked until the end of the transaction where rows can be locked.
    /// The keys come back first, as <c>k0, k1</c>.
    /// </summary>
    public abstract string NewestPerKey(string table, string[] keys, string[] columns, int rows);

    /// <summary>The columns of the rows that have one of the keys; not locked.</summary>
    public virtual string ByKeys(string table, string[] keys, string[] columns, int rows) =>
        $"SELECT {string.Join(", ", columns.Select(c => "t." + c))} FROM {KeyRows(rows, keys.Length)} JOIN {table} t ON "
        + string.Join(" AND ", keys.Select((k, i) => $"t.{k} = k.k{i}"));

    protected virtual bool OutputsBeforeValues => false;

    protected virtual string KeyRows(int rows, int columns) =>
        $"(VALUES {Rows(rows, columns)}) AS k({string.Join(", ", Enumerable.Range(0, columns).Select(i => $"k{i}"))})";

    protected static string Rows(int rows, int columns)
    {
        var sql = new StringBuilder();
        for (var r = 0; r < rows; r++)
        {
            sql.Append(r == 0 ? "(" : ", (");
            for (var c = 0; c < columns; c++) sql.Append(c == 0 ? "@p" : ", @p").Append((r * columns) + c);
            sql.Append(')');
        }
        return sql.ToString();
    }

    public static SqlDialect For(DatabaseProvider provider) => provider switch
    {
        DatabaseProvider.Sqlite => new SqliteDialect(),
        DatabaseProvider.PostgreSql => new PostgresDialect(),
        DatabaseProvider.SqlServer => new SqlServerDialect(),
    };

    private sealed class SqliteDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.Sqlite;
        public override int RowsPerStatement => 1;

        // One writer: nothing to lock, and one key per statement.
        public override string NewestPerKey(string table, string[] keys, string[] columns, int rows) =>
            $"SELECT {string.Join(", ", keys.Concat(columns))} FROM {table} WHERE {KeyEquals(keys)} ORDER BY id DESC LIMIT 1";

        public override string ByKeys(string table, string[] keys, string[] columns, int rows) =>
            $"SELECT {string.Join(", ", columns)} FROM {table} WHERE {KeyEquals(keys)}";

        private static string KeyEquals(string[] keys) => string.Join(" AND ", keys.Select((k, i) => $"{k} = @p{i}"));
    }

    private sealed class PostgresDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.PostgreSql;

        public override string NewestPerKey(string table, string[] keys, string[] columns, int rows) =>
            $"SELECT {string.Join(", ", keys.Select((_, i) => $"k.k{i}").Concat(columns.Select(c => "t." + c)))} FROM {KeyRows(rows, keys.Length)} "
            + $"CROSS JOIN LATERAL (SELECT * FROM {table} x WHERE {string.Join(" AND ", keys.Select((k, i) => $"x.{k} = k.k{i}"))} ORDER BY x.id DESC LIMIT 1 FOR UPDATE) t";
    }

    private sealed class SqlServerDialect : SqlDialect
    {
        public override DatabaseProvider Provider => DatabaseProvider.SqlServer;
        protected override bool OutputsBeforeValues => true;

        public override void SetValue(DbParameter parameter, object? value)
        {
            base.SetValue(parameter, value);
            // Inferred, a DateTime becomes datetime, which rounds to 3 ms and then compares unequal to what was stored.
            if (value is DateTime) parameter.DbType = DbType.DateTime2;
        }

        public override string NewestPerKey(string table, string[] keys, string[] columns, int rows) =>
            $"SELECT {string.Join(", ", keys.Select((_, i) => $"k.k{i}").Concat(columns.Select(c => "t." + c)))} FROM {KeyRows(rows, keys.Length)} "
            + $"CROSS APPLY (SELECT TOP (1) * FROM {table} x WITH (UPDLOCK, ROWLOCK) WHERE {string.Join(" AND ", keys.Select((k, i) => $"x.{k} = k.k{i}"))} ORDER BY x.id DESC) t";
    }
}
