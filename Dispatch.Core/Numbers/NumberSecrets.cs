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

/// <summary>Draws codes. What a worker may send (seed 002: a PNG as data URL, or WhatsApp's own text <c>1@abc...</c>) was looked at when it was read (<see cref="WorkerAnswers"/>).</summary>
public static class QrPictures
{
    private const string Prefix = "data:image/png;base64,";
    private const int PixelsPerModule = 8;

    /// <summary>The picture as PNG: that of the worker, or one that is drawn; null: it cannot be shown.</summary>
    public static byte[]? Png(string code)
    {
        if (code.StartsWith(Prefix, StringComparison.Ordinal))
        {
            var bytes = new byte[code.Length];
            return Convert.TryFromBase64Chars(code.AsSpan(Prefix.Length), bytes, out var length) ? bytes[..length] : null;
        }
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(code, QRCodeGenerator.ECCLevel.L);
        using var png = new PngByteQRCode(data);
        return png.GetGraphic(PixelsPerModule);
    }
}
