using System.Text;

namespace Dispatch.Core.Matching;

/// <summary>Comma-separated values as spreadsheets write them (RFC 4180; a semicolon is understood too). Pure.</summary>
public static class Csv
{
    /// <summary>Rows of fields; a quoted field may hold separators and line ends. The separator is what the first line has more of.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Read(string text)
    {
        if (text.Length > 0 && text[0] == '\uFEFF') text = text[1..];
        var first = text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : text.Length);
        var separator = first.Count(';') > first.Count(',') ? ';' : ',';
        var rows = new List<IReadOnlyList<string>>();
        var row = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"') field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') field.Append(text[++i]);
                else quoted = false;
            }
            else if (c == '"' && field.Length == 0) quoted = true;
            else if (c == separator) EndField();
            else if (c is '\n' or '\r')
            {
                if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
                EndRow();
            }
            else field.Append(c);
        }
        if (field.Length > 0 || row.Count > 0) EndRow();
        return rows;

        void EndField()
        {
            row.Add(field.ToString());
            field.Clear();
        }

        void EndRow()
        {
            EndField();
            if (row.Count > 1 || row[0].Length > 0) rows.Add([.. row]);
            row.Clear();
        }
    }

    /// <summary>One line. What a spreadsheet would take for a formula is made text by an apostrophe: names come from outside.</summary>
    public static void AppendRow(StringBuilder csv, params IEnumerable<string?> fields)
    {
        var first = true;
        foreach (var field in fields)
        {
            if (!first) csv.Append(',');
            first = false;
            var text = field ?? "";
            if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' && !double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _) && PhoneNumbers.Read(text) is null)
                text = "'" + text;
            if (text.AsSpan().IndexOfAny(",;\"\r\n") >= 0) csv.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
            else csv.Append(text);
        }
        csv.Append("\r\n");
    }
}
