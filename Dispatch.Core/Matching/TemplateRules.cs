using System.Text.RegularExpressions;

namespace Dispatch.Core.Matching;

/// <summary>Fills and checks templates. Pure.</summary>
public static partial class TemplateRules
{
    /// <summary>Characters of a template.</summary>
    public const int MaxLength = MatchingConfiguration.TemplateLength;

    /// <inheritdoc cref="ParsedTemplate.Fill"/>
    public static string Fill(string template, params IReadOnlyList<(string Name, string Value)> values) => Parse(template).Fill(values);

    public static ParsedTemplate Parse(string template)
    {
        var lines = new List<ParsedTemplate.Line>();
        foreach (var line in template.Split('\n'))
        {
            var (parts, at) = (new List<ParsedTemplate.Part>(), 0);
            foreach (Match match in Placeholder().Matches(line))
            {
                if (match.Index > at) parts.Add(new(line[at..match.Index], false));
                parts.Add(new(match.Groups["name"].Value, true));
                at = match.Index + match.Length;
            }
            if (at < line.Length) parts.Add(new(line[at..], false));
            // "💰 {price}" with no price says nothing; a sentence with an empty word in it stays.
            lines.Add(new([.. parts], parts.Exists(p => p.IsName) && !parts.Exists(p => !p.IsName && p.Text.Any(char.IsLetterOrDigit))));
        }
        return new ParsedTemplate([.. lines]);
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
