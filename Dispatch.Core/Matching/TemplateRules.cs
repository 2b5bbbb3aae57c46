using System.Text;
using System.Text.RegularExpressions;

namespace Dispatch.Core.Matching;

/// <summary>Fills and checks templates. Pure.</summary>
public static partial class TemplateRules
{
    /// <summary>Characters of a template.</summary>
    public const int MaxLength = MatchingConfiguration.TemplateLength;

    /// <summary>Puts the values in; a line that holds nothing but an empty placeholder (and signs) goes. Values are text from outside: nothing in them is read as a placeholder.</summary>
    public static string Fill(string template, params IReadOnlyList<(string Name, string Value)> values)
    {
        var text = new StringBuilder(template.Length + 64);
        foreach (var line in template.Split('\n'))
        {
            var names = Placeholder().Matches(line);
            if (names.Count > 0 && names.All(m => Value(m.Groups["name"].Value).Length == 0))
            {
                // "💰 {price}" with no price says nothing; a sentence with an empty word in it stays.
                if (!Placeholder().Replace(line, "").Any(char.IsLetterOrDigit)) continue;
            }
            if (text.Length > 0 || line.Length == 0) text.Append('\n');
            text.Append(Placeholder().Replace(line, m => Value(m.Groups["name"].Value)).TrimEnd());
        }
        return text.ToString().Trim();

        string Value(string name)
        {
            foreach (var (known, value) in values)
            {
                if (known == name) return value;
            }
            return "";
        }
    }

    /// <summary>What is wrong with a text that somebody wants to save; empty: nothing.</summary>
    public static IReadOnlyList<FieldError> Check(TemplateKey key, string text)
    {
        var errors = new List<FieldError>();
        if (string.IsNullOrWhiteSpace(text) || text.Length > MatchingConfiguration.TemplateLength)
            errors.Add(new("text", "BadLength", $"1 to {MatchingConfiguration.TemplateLength} characters."));
        var known = TemplateTexts.Placeholders[key];
        foreach (var name in Unknown(key, text ?? ""))
        {
            errors.Add(new("text", "UnknownPlaceholder",
                $"{{{name}}} is not known here; allowed: {(known.Length == 0 ? "none" : string.Join(", ", known.Select(k => $"{{{k}}}")))}."));
        }
        return errors;
    }

    /// <summary>Placeholders in a text that this template has not.</summary>
    public static IEnumerable<string> Unknown(TemplateKey key, string text) => Placeholder().Matches(text).Select(m => m.Groups["name"].Value)
        .Distinct(StringComparer.Ordinal).Except(TemplateTexts.Placeholders[key], StringComparer.Ordinal);

    [GeneratedRegex(@"\{(?<name>[a-zA-Z]+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
