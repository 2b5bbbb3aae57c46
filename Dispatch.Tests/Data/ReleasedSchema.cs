using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Dispatch.Tests.Data;

/// <param name="Type">PostgreSQL's.</param>
/// <param name="Default">The database fills it where an insert leaves it out.</param>
public sealed record ReleasedColumn(string Type, bool Nullable, bool Default);

/// <summary>What a released version reads and writes: columns by table.</summary>
public sealed record ReleasedSchema(string Version, SortedDictionary<string, SortedDictionary<string, ReleasedColumn>> Tables)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static ReleasedSchema Of(IModel model, string version)
    {
        var tables = new SortedDictionary<string, SortedDictionary<string, ReleasedColumn>>(StringComparer.Ordinal);
        foreach (var entity in model.GetEntityTypes().Where(e => e.GetTableName() is not null))
        {
            if (!tables.TryGetValue(entity.GetTableName()!, out var columns)) tables.Add(entity.GetTableName()!, columns = new(StringComparer.Ordinal));
            foreach (var p in entity.GetProperties())
                columns[p.GetColumnName()] = new ReleasedColumn(p.GetColumnType(), p.IsNullable, p.ValueGenerated == ValueGenerated.OnAdd || p.GetDefaultValueSql() is not null || p.TryGetDefaultValue(out _));
        }
        return new ReleasedSchema(version, tables);
    }

    public static ReleasedSchema Read(string json) => JsonSerializer.Deserialize<ReleasedSchema>(json, Json)!;

    public string Write() => JsonSerializer.Serialize(this, Json).ReplaceLineEndings("\n") + "\n";

    /// <summary>Why the released version could not work on this schema, which another node has migrated to; empty: it can.</summary>
    public IReadOnlyList<string> ProblemsOn(ReleasedSchema now)
    {
        var found = new List<string>();
        foreach (var (table, columns) in Tables)
        {
            if (!now.Tables.TryGetValue(table, out var kept))
            {
                found.Add($"{table} is gone, and {Version} reads it");
                continue;
            }
            foreach (var (name, column) in columns)
            {
                if (!kept.TryGetValue(name, out var present)) found.Add($"{table}.{name} is gone, and {Version} reads it");
                else if (!Holds(column.Type, present.Type)) found.Add($"{table}.{name} is {present.Type}, and {Version} knows {column.Type}");
                else if (column.Nullable && !present.Nullable) found.Add($"{table}.{name} must have a value, and {Version} may write none");
                else if (!column.Nullable && present.Nullable) found.Add($"{table}.{name} may be empty, and {Version} cannot read that");
                else if (column.Default && !present.Default) found.Add($"{table}.{name} has no default any more, and {Version} leaves it out");
            }
            foreach (var (name, column) in kept.Where(k => !columns.ContainsKey(k.Key) && !k.Value.Nullable && !k.Value.Default))
                found.Add($"{table}.{name} is new, must have a value and has no default: {Version} cannot insert");
        }
        return found;
    }

    /// <summary>Whatever the one holds the other holds too.</summary>
    private static bool Holds(string before, string now) =>
        before == now || (before == "integer" && now == "bigint") || (before.StartsWith("character varying", StringComparison.Ordinal) && now == "text")
        || (Length(before) is { } least && Length(now) is { } most && most >= least);

    private static int? Length(string type) =>
        type.StartsWith("character varying(", StringComparison.Ordinal) ? int.Parse(type["character varying(".Length..^1], System.Globalization.CultureInfo.InvariantCulture) : null;
}
