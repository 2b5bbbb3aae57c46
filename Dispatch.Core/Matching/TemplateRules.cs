using System.Text;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>Fills and checks templates. Pure.</summary>
public static class TemplateRules
{
    /// <summary>Puts the values in; a line that holds nothing but an empty placeholder (and signs) goes. Values are text from outside: nothing in them is read as a placeholder.</summary>
    public static string Fill(string template, params IReadOnlyList<(string Name, string Value)> values)
    {
        var text = new StringBuilder(template.Length + 64);
        foreach (var line in template.Split('\n'))
        {
            var names = Placeholders.Names(line).ToList();
            if (names.Count > 0 && names.TrueForAll(n => Value(n).Length == 0))
            {
                // "💰 {price}" with no price says nothing; a sentence with an empty word in it stays.
                if (!Placeholders.Replace(line, (_, _) => "").Any(char.IsLetterOrDigit)) continue;
            }
            if (text.Length > 0 || line.Length == 0) text.Append('\n');
            text.Append(Placeholders.Replace(line, (name, fallback) => Value(name) is { Length: > 0 } value ? value : fallback ?? "").TrimEnd());
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
        foreach (var name in Placeholders.Unknown(text ?? "", known))
        {
            errors.Add(new("text", "UnknownPlaceholder",
                $"{{{name}}} is not known here; allowed: {(known.Length == 0 ? "none" : string.Join(", ", known.Select(k => $"{{{k}}}")))}."));
        }
        return errors;
    }
}
