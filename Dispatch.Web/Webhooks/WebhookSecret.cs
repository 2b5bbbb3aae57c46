using System.Security.Cryptography;
using System.Text;

namespace Dispatch.Web.Webhooks;

/// <summary>Compares secrets in a time that says nothing about them.</summary>
internal static class WebhookSecret
{
    private const int MaxGiven = 1024;

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Hashed first, so that the time says nothing about the length either.</summary>
    public static bool IsSame(string? given, ReadOnlySpan<byte> hash)
    {
        if (string.IsNullOrEmpty(given) || given.Length > MaxGiven) return false;
        Span<byte> mine = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), mine);
        return CryptographicOperations.FixedTimeEquals(mine, hash);
    }

    public static bool IsSame(string? given, string secret) => IsSame(given, Hash(secret));
}
