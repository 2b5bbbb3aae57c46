using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dispatch.Core.Gateways;

/// <summary>What a gateway needs beyond one token. Kept as one protected text (<see cref="ChannelTokens.Seal"/>); what a provider does not use is null.</summary>
public sealed record ChannelCredentials
{
    /// <summary>Unipile: the API key. Meta: the access token of the app.</summary>
    public string? Token { get; init; }

    /// <summary>Unipile: the DSN, such as <c>https://api1.unipile.com:13111</c>.</summary>
    public string? Server { get; init; }

    /// <summary>Unipile: <c>account_id</c>. Meta: <c>phone_number_id</c>. No secret.</summary>
    public string? Account { get; init; }

    /// <summary>Unipile: the account's own id at its provider, where webhooks do not bring it. No secret.</summary>
    public string? UserId { get; init; }

    /// <summary>Unipile: what <c>X-Webhook-Secret</c> must say. Meta: the app secret that signs.</summary>
    public string? Secret { get; init; }

    /// <summary>Meta: what the verification call must say.</summary>
    public string? VerifyToken { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChannelCredentials))]
internal sealed partial class ChannelCredentialsJson : JsonSerializerContext;
