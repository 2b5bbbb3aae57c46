using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Dispatch.Core.Gateways;

/// <summary>
/// Strings from outside as every database can keep them: no NUL (PostgreSQL refuses it) and no half of a surrogate pair (no UTF-8 exists for it).
/// A message with such a character is still somebody's message, so it is mended and never refused.
/// </summary>
internal static class OutsideText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The value of a JSON string, mended; null when the element is no string.</summary>
    public static string? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String) return null;
        try
        {
            return Mend(element.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // Broken UTF-8 or an escaped half pair: System.Text.Json has no string for it.
            return Mend(Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element)[1..^1])));
        }
    }

    public static string Mend(string text)
    {
        var bad = text.AsSpan().IndexOf('\0') >= 0 || HasHalfPair(text);
        if (!bad) return text;
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\0') continue;
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) clean.Append(c).Append(text[++i]);
            else clean.Append(char.IsSurrogate(c) ? Replacement : c);
        }
        return clean.ToString();
    }

    /// <summary>At most <paramref name="length"/> UTF-16 units, never half a pair.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    /// <summary>The same message read back: providers trim, and turn line ends into their own.</summary>
    public static bool IsSame(string one, string other) => string.Equals(Plain(one), Plain(other), StringComparison.Ordinal);

    private static string Plain(string text) => text.ReplaceLineEndings("\n").Trim();

    private static bool HasHalfPair(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            i++;
        }
        return false;
    }

    /// <summary>JSON's escapes; the parser has already made sure that they are well formed.</summary>
    private static string Unescape(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\' || i + 1 == raw.Length)
            {
                text.Append(raw[i]);
                continue;
            }
            i++;
            if (raw[i] == 'u' && i + 4 < raw.Length
                && ushort.TryParse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
            {
                text.Append((char)unit);
                i += 4;
            }
            else
            {
                text.Append(raw[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var other => other });
            }
        }
        return text.ToString();
    }
}
