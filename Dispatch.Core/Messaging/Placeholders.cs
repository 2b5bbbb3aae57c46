using System.Text.RegularExpressions;

namespace Dispatch.Core.Messaging;

/// <summary>Places in texts, <c>{name}</c> or <c>{name|what stands there when it is empty}</c>. Pure. Values are text from outside: nothing in them is read as a placeholder.</summary>
public static partial class Placeholders
{
    public static IEnumerable<string> Names(string text) => Place().Matches(text).Select(m => m.Groups["name"].Value).Distinct(StringComparer.Ordinal);

    public static IEnumerable<string> Unknown(string text, IReadOnlyCollection<string> known) => Names(text).Where(n => !known.Contains(n, StringComparer.Ordinal));

    /// <summary>Puts the values in.</summary>
    /// <param name="value">By name and what stands there when it is empty (null: nothing was given).</param>
    public static string Replace(string text, Func<string, string?, string> value) =>
        Place().Replace(text, m => value(m.Groups["name"].Value, m.Groups["fallback"] is { Success: true } given ? given.Value : null));

    /// <summary>A line taken apart, in its order.</summary>
    internal static IEnumerable<TextPart> Parts(string line)
    {
        var at = 0;
        foreach (Match match in Place().Matches(line))
        {
            if (match.Index > at) yield return new(line[at..match.Index], false);
            yield return new(match.Groups["name"].Value, true, match.Groups["fallback"] is { Success: true } given ? given.Value : null);
            at = match.Index + match.Length;
        }
        if (at < line.Length) yield return new(line[at..], false);
    }

    [GeneratedRegex(@"\{(?<name>[a-zA-Z]+)(\|(?<fallback>[^{}|\r\n]{0,100}))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Place();
}

/// <param name="IsName">A placeholder, otherwise words.</param>
/// <param name="Fallback">What stands there when the placeholder is empty.</param>
internal readonly record struct TextPart(string Text, bool IsName, string? Fallback = null);
