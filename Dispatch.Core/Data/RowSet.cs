using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dispatch.Core.Data;

public enum RowType { Id, Number, Real, Text, Moment }

/// <summary>A column of the rows that a statement is given.</summary>
public sealed record RowColumn(string Name, RowType Type)
{
    public static RowColumn Id(string name) => new(name, RowType.Id);
    public static RowColumn Number(string name) => new(name, RowType.Number);
    public static RowColumn Real(string name) => new(name, RowType.Real);
    public static RowColumn Text(string name) => new(name, RowType.Text);
    public static RowColumn Moment(string name) => new(name, RowType.Moment);

    /// <summary>The same moment in every row: an argument of its own instead of JSON. Comes after the columns that the rows bring.</summary>
    public static RowColumn Same(string name, string argument) => new(name, RowType.Moment) { Of = argument };

    internal string? Of { get; private init; }
}

/// <summary>
/// The rows of one statement as JSON, an array of arrays in the order of its columns. A hundred rows as arguments would be a thousand
/// parameters and a text for each number of rows; as JSON they are one parameter of one text. Text has been through
/// <see cref="Gateways.OutsideText"/>: no U+0000, which PostgreSQL refuses in JSON as anywhere.
/// </summary>
public static class RowSet
{
    /// <summary>The argument's name in the statements of <see cref="SqlDialect"/>.</summary>
    public const string Parameter = "rows";

    /// <summary>Rows in one statement; what comes with more goes in several, so that no argument grows without bound.</summary>
    public const int MaxRows = 500;

    private const int MaxBytes = 4 * 1024 * 1024;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The rows in as many arguments as are needed: one, but for floods.</summary>
    public static IEnumerable<(string Json, int Rows)> Json<T>(SqlDialect dialect, IReadOnlyCollection<T> rows, Func<T, object?[]> values)
    {
        if (rows.Count == 0) yield break;
        var buffer = new ArrayBufferWriter<byte>(Math.Min(rows.Count, MaxRows) * 256);
        using var json = new Utf8JsonWriter(buffer, Options);
        var count = 0;
        foreach (var row in rows)
        {
            if (count == 0) json.WriteStartArray();
            json.WriteStartArray();
            foreach (var value in values(row)) Write(json, dialect, value);
            json.WriteEndArray();
            if (++count < MaxRows && json.BytesPending + json.BytesCommitted < MaxBytes) continue;
            yield return (Finish(json, buffer), count);
            count = 0;
        }
        if (count > 0) yield return (Finish(json, buffer), count);
    }

    private static string Finish(Utf8JsonWriter json, ArrayBufferWriter<byte> buffer)
    {
        json.WriteEndArray();
        json.Flush();
        var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
        json.Reset();
        return text;
    }

    private static void Write(Utf8JsonWriter json, SqlDialect dialect, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case long number: json.WriteNumberValue(number); break;
            case int number: json.WriteNumberValue(number); break;
            case double number: json.WriteNumberValue(number); break;
            case DateTime utc: json.WriteStringValue(dialect.Moment(utc)); break;
            case Enum word: json.WriteStringValue(word.ToString()); break;
            default: throw new ArgumentException($"Rows hold numbers, texts, moments and words of an enum, not {value.GetType()}.", nameof(value));
        }
    }
}
