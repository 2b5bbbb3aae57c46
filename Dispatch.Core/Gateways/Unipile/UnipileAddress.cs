using Dispatch.Core.Gateways.Whapi;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>People as Unipile names them: <c>221770000000@s.whatsapp.net</c> and <c>...@lid</c> on WhatsApp, the provider's own id (<c>ACoAA...</c>) elsewhere.</summary>
internal static class UnipileAddress
{
    private const int MaxLength = 64;

    /// <summary>Digits of a WhatsApp number, else the id as it came; null: neither.</summary>
    public static string? Read(string id) => id.Contains('@', StringComparison.Ordinal)
        ? WhapiAddress.IsNotAPerson(id) ? null : WhapiAddress.Read(id)
        : id.Length is > 0 and <= MaxLength && id.All(c => c is > ' ' and < '\x7f') ? id : null;

    /// <summary>The other way round.</summary>
    public static string Attendee(string address) => address.All(char.IsAsciiDigit) ? address + "@s.whatsapp.net" : address;
}
