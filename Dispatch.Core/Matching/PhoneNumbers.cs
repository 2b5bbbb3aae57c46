namespace Dispatch.Core.Matching;

/// <summary>Phone numbers as people write them, kept as the digits that gateways address.</summary>
public static class PhoneNumbers
{
    public const int MinDigits = 8, MaxDigits = 15;

    /// <summary>Null: not a number with country code (8 to 15 digits; spaces, dots, dashes, brackets and a leading + or 00 are fine).</summary>
    public static string? Read(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        Span<char> digits = stackalloc char[MaxDigits + 2];
        var count = 0;
        var trimmed = text.Trim();
        for (var i = 0; i < trimmed.Length; i++)
        {
            var c = trimmed[i];
            if (char.IsAsciiDigit(c))
            {
                if (count == digits.Length) return null;
                digits[count++] = c;
            }
            else if (!(c is ' ' or '-' or '.' or '(' or ')' or '\u00A0' or '\u202F' || (c == '+' && i == 0))) return null;
        }
        var number = digits[..count];
        if (trimmed[0] != '+' && number.StartsWith("00")) number = number[2..];
        // A leading zero is a national form: without its country nobody can be written to.
        return number.Length is >= MinDigits and <= MaxDigits && number[0] != '0' ? number.ToString() : null;
    }

    /// <summary>For people: a plus in front.</summary>
    public static string Show(string digits) => "+" + digits;

    /// <summary>For lists of messages and logs of people without a right to the whole number.</summary>
    public static string Mask(string digits) => digits.Length <= 4 ? "****" : string.Concat("+", digits.AsSpan(0, 3), " *** ", digits.AsSpan(digits.Length - 2));
}
