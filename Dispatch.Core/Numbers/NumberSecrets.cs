using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dispatch.Core.Broker;
using Microsoft.AspNetCore.DataProtection;
using QRCoder;

namespace Dispatch.Core.Numbers;

/// <summary>
/// Codes at rest: whoever sees one can link the phone, so they are readable only with the host's data protection keys and never leave through a log, an event or
/// the API. A code that cannot be read (other keys) is treated as absent: the next one comes by itself.
/// </summary>
public sealed class NumberSecrets(IDataProtectionProvider provider)
{
    private readonly IDataProtector _protector = provider.CreateProtector("Dispatch.NumberCode.v1");

    public string Protect(string code) => _protector.Protect(code);

    public string? Unprotect(string? code)
    {
        if (string.IsNullOrEmpty(code)) return null;
        try
        {
            return _protector.Unprotect(code);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>A new token of a link and what is kept of it.</summary>
    public static (string Token, string Hash) NewToken()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, Hash(token));
    }

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>What a worker may send as a code (seed 002): a PNG as data URL, or WhatsApp's own text, <c>1@abc...</c>. Pure.</summary>
public static class QrPictures
{
    public const int MaxPicture = 64 * 1024, MaxRaw = 1000;
    private const string Prefix = "data:image/png;base64,";
    private const int PixelsPerModule = 8;
    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>What it is; null: neither, and it is refused.</summary>
    public static QrForm? FormOf(string code)
    {
        if (IsRaw(code)) return QrForm.Raw;
        return Decode(code) is null ? null : QrForm.Picture;
    }

    /// <summary>The picture as PNG: that of the worker, or one that is drawn; null: it is neither.</summary>
    public static byte[]? Png(string code)
    {
        if (!IsRaw(code)) return Decode(code);
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(code, QRCodeGenerator.ECCLevel.L);
        using var png = new PngByteQRCode(data);
        return png.GetGraphic(PixelsPerModule);
    }

    /// <summary>A digit, an @, and visible ASCII (WhatsApp: ref, keys and id parted by commas).</summary>
    private static bool IsRaw(string code) => code.Length is > 2 and <= MaxRaw && char.IsAsciiDigit(code[0]) && code[1] == '@' && code.AsSpan(2).IndexOfAnyExceptInRange('!', '~') < 0;

    private static byte[]? Decode(string code)
    {
        if (!code.StartsWith(Prefix, StringComparison.Ordinal) || code.Length > MaxPicture * 4 / 3) return null;
        var bytes = new byte[(code.Length - Prefix.Length) * 3 / 4 + 3];
        return Convert.TryFromBase64Chars(code.AsSpan(Prefix.Length), bytes, out var length) && bytes.AsSpan(0, length).StartsWith(PngSignature) ? bytes[..length] : null;
    }
}
