using System.Globalization;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Conversations;

/// <summary>Numbers in sentences. French counts 0 and 1 as one, English only 1.</summary>
internal static class Plural
{
    /// <summary>The text under <c>{key}_one</c> or <c>{key}_other</c>, with the number as its first argument.</summary>
    public static string Of(IStringLocalizer words, string key, int n, params ReadOnlySpan<object> more) =>
        words[key + (IsOne(n) ? "_one" : "_other"), [n, .. more]];

    /// <summary>1st, 2nd, 3rd, 11th; 1er, 2e.</summary>
    public static string Ordinal(int n)
    {
        var culture = CultureInfo.CurrentUICulture;
        if (IsFrench(culture)) return n == 1 ? "1er" : string.Create(culture, $"{n}e");
        var ending = (n % 100) is >= 11 and <= 13 ? "th" : (n % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" };
        return string.Create(culture, $"{n}{ending}");
    }

    private static bool IsOne(int n) => IsFrench(CultureInfo.CurrentUICulture) ? n is 0 or 1 : n == 1;

    private static bool IsFrench(CultureInfo culture) => string.Equals(culture.TwoLetterISOLanguageName, "fr", StringComparison.Ordinal);
}
