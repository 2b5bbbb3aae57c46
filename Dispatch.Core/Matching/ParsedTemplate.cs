using System.Text;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>
/// A template taken apart once. A broadcast fills it for every driver inside the transaction that every other writer waits for: searching each text for its
/// placeholders was half of fifty broadcasts at once.
/// </summary>
public sealed class ParsedTemplate
{
    private readonly Line[] _lines;

    internal ParsedTemplate(Line[] lines) => _lines = lines;

    /// <summary>
    /// Puts the values in; a line that holds nothing but an empty placeholder (and signs) goes. Values are text from outside: nothing in them is read as a
    /// placeholder.
    /// </summary>
    public string Fill(IReadOnlyList<(string Name, string Value)> values)
    {
        var text = new StringBuilder(512);
        foreach (var line in _lines)
        {
            if (line.GoesWhenEmpty && Array.TrueForAll(line.Parts, p => !p.IsName || Value(values, p.Text).Length == 0)) continue;
            if (text.Length > 0 || line.Parts.Length == 0) text.Append('\n');
            var start = text.Length;
            foreach (var part in line.Parts) text.Append(!part.IsName ? part.Text : Value(values, part.Text) is { Length: > 0 } value ? value : part.Fallback);
            while (text.Length > start && char.IsWhiteSpace(text[^1])) text.Length--;
        }
        return text.ToString().Trim();
    }

    private static string Value(IReadOnlyList<(string Name, string Value)> values, string name)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].Name == name) return values[i].Value;
        }
        return "";
    }

    /// <param name="GoesWhenEmpty">Besides its placeholders it holds no letter and no digit.</param>
    internal readonly record struct Line(TextPart[] Parts, bool GoesWhenEmpty);
}
