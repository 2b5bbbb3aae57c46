using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>Fills and checks templates. Pure.</summary>
public static class TemplateRules
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
            var parts = Placeholders.Parts(line).ToList();
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
    public static IEnumerable<string> Unknown(TemplateKey key, string text) => Placeholders.Unknown(text, TemplateTexts.Placeholders[key]);
}
