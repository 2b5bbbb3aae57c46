using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Dispatch.Core.Gateways.Meta;

/// <summary><c>X-Hub-Signature-256: sha256=hex(HMAC-SHA256(app secret, body))</c>, over the bytes as they came: Meta signs its own way of writing JSON.</summary>
public static class MetaSignature
{
    public const string Header = "X-Hub-Signature-256";
    private const string Prefix = "sha256=";

    public static bool IsGood(string? given, ReadOnlySequence<byte> body, string appSecret)
    {
        Span<byte> theirs = stackalloc byte[SHA256.HashSizeInBytes];
        if (given is null || given.Length != Prefix.Length + (2 * SHA256.HashSizeInBytes) || !given.StartsWith(Prefix, StringComparison.Ordinal)
            || Convert.FromHexString(given.AsSpan(Prefix.Length), theirs, out _, out _) != OperationStatus.Done)
        {
            return false;
        }
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(appSecret));
        foreach (var part in body) hmac.AppendData(part.Span);
        Span<byte> ours = stackalloc byte[SHA256.HashSizeInBytes];
        hmac.GetHashAndReset(ours);
        return CryptographicOperations.FixedTimeEquals(ours, theirs);
    }
}
