using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Matching;

namespace Dispatch.Web.Admin;

/// <summary>What a preview of a template is filled with. Numbers and names of nobody.</summary>
internal static class TemplateSamples
{
    private static readonly DateTime Pickup = new(2026, 3, 3, 8, 0, 0, DateTimeKind.Unspecified);

    public static string Fill(TemplateKey key, string language, string text) => TemplateRules.Fill(text, [.. TemplateTexts.Placeholders[key].Select(p => (p, Value(p, language)))]);

    private static string Value(string placeholder, string language) => (placeholder, language) switch
    {
        ("booking", _) => "1042",
        ("pickup", _) => "12 avenue Pompidou",
        ("drop", _) => "Almadies",
        ("time", "en") => Pickup.ToString("ddd d MMM HH:mm", CultureInfo.GetCultureInfo("en")),
        ("time", _) => Pickup.ToString("ddd d MMM HH'h'mm", CultureInfo.GetCultureInfo("fr")),
        ("count", _) => "42",
        ("seen", _) => "17",
        ("minutes", _) => "5",
        ("until", _) => "08:05",
        ("driver", _) => "Ousmane B.",
        ("customer", _) => "Awa D.",
        ("phone", _) => "+221 77 000 00 00",
        ("rating", "en") => "4.8",
        ("rating", _) => "4,8",
        ("vehicle", "en") => "Saloon",
        ("vehicle", _) => "Berline",
        ("plate", _) => "DK-1234-A",
        ("reason", "en") => "Flight cancelled.",
        ("reason", _) => "Vol annulé.",
        ("distance", "en") => "2.4 km",
        ("distance", _) => "2,4 km",
        ("price", "en") => "4,500",
        ("price", _) => 4500.ToString("#,0", CultureInfo.GetCultureInfo("fr")),
        ("seconds", _) => "30",
        ("link", _) => "https://dispatch.example/d/…",
        ("late", _) => "230 ms",
        ("zone", _) => "Plateau",
        ("type", _) => nameof(SystemErrorType.MatchingFailure),
        ("day", _) => "2026-03-02",
        ("searches", _) => "128",
        ("matched", _) => "117",
        ("timeouts", _) => "9",
        ("average", _) => "24 s",
        _ => placeholder,
    };
}
