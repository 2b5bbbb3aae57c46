using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Dispatch.Core.Gateways;

/// <summary>Gateway tokens at rest: readable only with the host's data protection keys.</summary>
public sealed class ChannelTokens(IDataProtectionProvider provider)
{
    /// <summary>Changing it makes every stored token unreadable.</summary>
    public const string Purpose = "Dispatch.ChannelToken.v1";

    private readonly IDataProtector _protector = provider.CreateProtector(Purpose);

    public string Protect(string token) => _protector.Protect(token);

    /// <summary>Null: there is none, or the keys it was protected with are gone; both mean that an admin has to enter it again.</summary>
    public string? Unprotect(string? token)
    {
        if (string.IsNullOrEmpty(token)) return null;
        try
        {
            return _protector.Unprotect(token);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public string Seal(ChannelCredentials credentials) => Protect(JsonSerializer.Serialize(credentials, ChannelCredentialsJson.Default.ChannelCredentials));

    /// <inheritdoc cref="Unprotect"/>
    public ChannelCredentials? Open(string? sealedCredentials)
    {
        try
        {
            return Unprotect(sealedCredentials) is { } text ? JsonSerializer.Deserialize(text, ChannelCredentialsJson.Default.ChannelCredentials) : null;
        }
        catch (JsonException)
        {
            // A bare token, from when the channel was of another kind.
            return null;
        }
    }
}
