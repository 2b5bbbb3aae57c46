using System.Globalization;
using System.Text.RegularExpressions;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Outreach;

/// <summary>A template that the provider approved for one kind of action of an account.</summary>
/// <param name="Kind">send_first_contact, or a step such as send_followup_A1.</param>
/// <param name="Language">The provider's code: fr, en_US. Whose language is another one gets the first of the kind.</param>
/// <param name="Parameters">What stands for {{1}}, {{2}}, with placeholders as in texts.</param>
/// <param name="Text">The approved text with {{1}}, {{2}}: shown in threads, never sent; null: name and parameters are shown.</param>
public sealed record PlanTemplate(string Kind, string Name, string Language, IReadOnlyList<string> Parameters, string? Text = null);

/// <param name="Shown">What a person reads of it here.</param>
/// <param name="Problem"><c>MissingValue:{placeholder}</c>; the others are null then.</param>
public sealed record FilledTemplate(GatewayTemplate? Template, string? Shown, string? Problem = null);

/// <summary>When a message goes out as a template of the provider, and as which. Pure.</summary>
public static partial class TemplateRules
{
    public const int MaxTemplates = 50, MaxParameters = 20, MaxParameter = 600;

    /// <summary>Meta takes free text only so long after the contact's last message.</summary>
    public static readonly TimeSpan OpenFor = TimeSpan.FromHours(24);

    /// <summary>Null: it goes as text.</summary>
    /// <param name="textKind">The kind whose text a step uses, which may be another one.</param>
    public static PlanTemplate? For(AccountPlan plan, AccountProvider provider, string kind, string textKind, string language, DateTime? lastInbound, DateTime now)
    {
        if (provider != AccountProvider.Meta || plan.Templates.Count == 0 || lastInbound > now - OpenFor) return null;
        foreach (var wanted in new[] { kind, textKind })
        {
            var mine = plan.Templates.Where(t => t.Kind == wanted).ToList();
            if (mine.Count > 0) return mine.Find(t => t.Language.StartsWith(language, StringComparison.OrdinalIgnoreCase)) ?? mine[0];
        }
        return null;
    }

    public static FilledTemplate Fill(PlanTemplate template, ProspectCard prospect, string account)
    {
        var values = new List<string>(template.Parameters.Count);
        foreach (var parameter in template.Parameters)
        {
            var filled = MessageComposer.Fill(parameter, prospect, account);
            if (filled.Text is not { Length: > 0 } text) return new FilledTemplate(null, null, filled.Problem ?? nameof(ActionEnd.NoTemplate));
            // The provider refuses line ends, tabs and long blanks in a value.
            values.Add(Blanks().Replace(text, " "));
        }
        var shown = template.Text is { Length: > 0 } approved
            ? values.Select((v, i) => (Place: string.Create(CultureInfo.InvariantCulture, $"{{{{{i + 1}}}}}"), v)).Aggregate(approved, (text, v) => text.Replace(v.Place, v.v, StringComparison.Ordinal))
            : $"[{template.Name}] {string.Join(" · ", values)}".Trim();
        return new FilledTemplate(new GatewayTemplate(template.Name, template.Language, values), shown.Length > OutreachConfiguration.ContentLength ? shown[..OutreachConfiguration.ContentLength] : shown);
    }

    public static IReadOnlyList<FieldError> Check(IReadOnlyList<PlanTemplate> templates)
    {
        var errors = new List<FieldError>();
        if (templates.Count > MaxTemplates) errors.Add(new("templates", "TooMany", $"At most {MaxTemplates}."));
        for (var i = 0; i < templates.Count && errors.Count < 20; i++)
        {
            var (t, at) = (templates[i], string.Create(CultureInfo.InvariantCulture, $"templates[{i}]."));
            if (ActionKinds.TypeOf(t.Kind) is not (ActionType.FirstContact or ActionType.Followup)) errors.Add(new(at + "kind", "Unknown", "send_first_contact, or a step such as send_followup_A1."));
            if (t.Name.Length is 0 or > OutreachConfiguration.TemplateLength || !t.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
                errors.Add(new(at + "name", "BadName", "As the provider approved it: small letters, digits and underscores."));
            if (!LanguageCode().IsMatch(t.Language)) errors.Add(new(at + "language", "Unknown", "The provider's code, such as fr or en_US."));
            if (t.Parameters.Count > MaxParameters || t.Parameters.Any(p => string.IsNullOrWhiteSpace(p) || p.Length > MaxParameter))
                errors.Add(new(at + "parameters", "BadLength", $"At most {MaxParameters} of 1 to {MaxParameter} characters."));
            foreach (var name in t.Parameters.SelectMany(p => Placeholders.Unknown(p, MessageComposer.Known)).Distinct(StringComparer.Ordinal))
                errors.Add(new(at + "parameters", "UnknownPlaceholder", $"{{{name}}} is not known here; allowed: {MessageComposer.Allowed}."));
            if (t.Text is { Length: > 1024 }) errors.Add(new(at + "text", "BadLength", "At most 1024 characters."));
            if (templates.Take(i).Any(o => o.Kind == t.Kind && o.Language == t.Language)) errors.Add(new(at + "language", "Twice", "One template per kind and language."));
        }
        return errors;
    }

    [GeneratedRegex(@"\s+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 200)]
    private static partial Regex Blanks();

    [GeneratedRegex("^[a-z]{2,3}(_[A-Z]{2})?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 200)]
    private static partial Regex LanguageCode();
}
