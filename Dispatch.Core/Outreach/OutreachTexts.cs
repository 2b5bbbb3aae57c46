using System.Collections.Frozen;

namespace Dispatch.Core.Outreach;

/// <summary>The shipped texts: one variant per kind and language, of use until a person writes own ones.</summary>
public static class OutreachTexts
{
    private static readonly FrozenDictionary<(string Kind, string Language), string> Standard = new Dictionary<(string, string), string>
    {
        [(ActionKinds.FirstContact, "fr")] = "Bonjour {firstName|à vous}, merci pour la mise en relation. Ici {account}. Auriez-vous quelques minutes cette semaine pour échanger ?",
        [(ActionKinds.FirstContact, "en")] = "Hello {firstName|there}, thank you for connecting. This is {account}. Would you have a few minutes this week to talk?",
        [("send_followup_A1", "fr")] = "Bonjour {firstName|à vous}, avez-vous vu mon message ? Je reste à votre disposition.",
        [("send_followup_A1", "en")] = "Hello {firstName|there}, did you see my message? I am glad to answer any question.",
        [("send_followup_A2", "fr")] = "{firstName|Bonjour}, je me permets de revenir vers vous : est-ce un sujet pour vous en ce moment ?",
        [("send_followup_A2", "en")] = "{firstName|Hello}, may I ask once more: is this of interest to you at the moment?",
        [("send_followup_A3", "fr")] = "Je ne veux pas insister : ce sera mon dernier message. Vous pouvez me répondre quand vous le souhaitez. {account}",
        [("send_followup_A3", "en")] = "I do not want to insist, so this is my last message. You can answer whenever you like. {account}",
        [("send_followup_B1", "fr")] = "Bonjour {firstName|à vous}, avez-vous pu réfléchir à notre échange ?",
        [("send_followup_B1", "en")] = "Hello {firstName|there}, have you had time to think about our exchange?",
        [("send_followup_B2", "fr")] = "{firstName|Bonjour}, souhaitez-vous que nous reprenions notre échange, ou préférez-vous que je revienne plus tard ?",
        [("send_followup_B2", "en")] = "{firstName|Hello}, shall we go on with our exchange, or should I come back later?",
        [("send_followup_C1", "fr")] = "Bonjour {firstName|à vous}, nous avions échangé il y a quelque temps. Où en êtes-vous aujourd'hui ?",
        [("send_followup_C1", "en")] = "Hello {firstName|there}, we were in touch some time ago. How do things stand today?",
    }.ToFrozenDictionary();

    public static readonly IReadOnlyList<string> Languages = ["fr", "en"];

    public static IEnumerable<string> Kinds => Standard.Keys.Select(k => k.Kind).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    /// <summary>Null: none was shipped for this kind.</summary>
    public static string? Of(string kind, string language) => Standard.GetValueOrDefault((kind, language));
}
