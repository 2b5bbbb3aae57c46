namespace Dispatch.Core.Gateways.Whapi;

/// <summary>Chat ids of WhatsApp: <c>919984351847@s.whatsapp.net</c>, <c>...@lid</c> (a person whose number is hidden), <c>...@g.us</c> (a group).</summary>
internal static class WhapiAddress
{
    /// <summary>What the database keeps of an address.</summary>
    private const int MaxLength = 64;

    /// <summary>E.164 allows 15 digits; a little more does no harm.</summary>
    private const int MaxDigits = 20;

    /// <summary>
    /// Groups, channels ("newsletters") and status broadcasts: many write there or nobody reads, so no moderator could own such a conversation.
    /// </summary>
    public static bool IsNotAPerson(string chat) =>
        Server(chat) is "g.us" or "newsletter" or "broadcast" or "call" || chat is "status" or "stories";

    /// <summary>Digits of the number, or a hidden person's id as it came; null: neither.</summary>
    public static string? Read(string chat)
    {
        if (Server(chat) is "lid") return chat.Length <= MaxLength && chat.Length > "@lid".Length ? chat : null;
        var at = chat.IndexOf('@', StringComparison.Ordinal);
        var user = at < 0 ? chat.AsSpan() : chat.AsSpan(0, at);
        // 919984351847:12@s.whatsapp.net is the twelfth device of the same person.
        var device = user.IndexOf(':');
        if (device >= 0) user = user[..device];
        Span<char> digits = stackalloc char[MaxDigits];
        var count = 0;
        foreach (var c in user)
        {
            if (char.IsAsciiDigit(c))
            {
                if (count == MaxDigits) return null;
                digits[count++] = c;
            }
            else if (c is not ('+' or ' ' or '-' or '(' or ')' or '.'))
            {
                return null;
            }
        }
        return count == 0 ? null : new string(digits[..count]);
    }

    private static string Server(string chat) => chat[(chat.LastIndexOf('@') + 1)..] is var server && server.Length < chat.Length ? server : "";
}
