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

    [GeneratedRegex(@"\{(?<name>[a-zA-Z]+)(\|(?<fallback>[^{}|\r\n]{0,100}))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Place();
}
