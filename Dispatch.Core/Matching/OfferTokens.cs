using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace Dispatch.Core.Matching;

/// <summary>Which offer a link is about.</summary>
public readonly record struct OfferRef(long BookingId, long DriverId, int Round, int Wave);

/// <summary>
/// Signed names of offers for <c>/d/{token}</c>. Only a name: whether the offer can still be answered says its row, so a token is useless after
/// the deadline without carrying one.
/// </summary>
public sealed class OfferTokens(IDataProtectionProvider provider)
{
    private const int Length = 24, MaxToken = 400;
    private readonly IDataProtector _protector = provider.CreateProtector("Dispatch.Offer.v1");

    public string Make(OfferRef offer)
    {
        Span<byte> plain = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64LittleEndian(plain, offer.BookingId);
        BinaryPrimitives.WriteInt64LittleEndian(plain[8..], offer.DriverId);
        BinaryPrimitives.WriteInt32LittleEndian(plain[16..], offer.Round);
        BinaryPrimitives.WriteInt32LittleEndian(plain[20..], offer.Wave);
        return WebEncoders.Base64UrlEncode(_protector.Protect(plain.ToArray()));
    }

    /// <summary>Null: not a token of ours.</summary>
    public OfferRef? Read(string? token)
    {
        if (string.IsNullOrEmpty(token) || token.Length > MaxToken) return null;
        try
        {
            ReadOnlySpan<byte> plain = _protector.Unprotect(WebEncoders.Base64UrlDecode(token));
            return plain.Length != Length ? null : new OfferRef(
                BinaryPrimitives.ReadInt64LittleEndian(plain), BinaryPrimitives.ReadInt64LittleEndian(plain[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(plain[16..]), BinaryPrimitives.ReadInt32LittleEndian(plain[20..]));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
