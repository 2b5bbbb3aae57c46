using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dispatch.Core.Gateways.Whapi;

internal sealed record WhapiTextRequest(string To, string Body);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WhapiTextRequest))]
internal sealed partial class WhapiJson : JsonSerializerContext;

/// <summary>What an answer of Whapi means. Pure.</summary>
internal static class WhapiAnswer
{
    /// <summary>The id in <c>{"message":{"id":...}}</c>; null: none that could be stored.</summary>
    public static string? MessageId(byte[] body) =>
        Read(body, root => root.TryGetProperty("message", out var message) ? PayloadFields.Text(message, "id") : null) is { Length: > 0 and <= PayloadFields.MaxId } id
            ? id
            : null;

    public static SendFailure Failure(HttpStatusCode status, byte[] body) => status switch
    {
        // 401 has two meanings that only its words tell apart; the other one is a number that needs a new QR scan while the token is fine.
        HttpStatusCode.Unauthorized when Says(body, "channel authorization") => SendFailure.ChannelNotAuthorized,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound => SendFailure.BadToken,
        HttpStatusCode.PaymentRequired => SendFailure.PaymentRequired,
        HttpStatusCode.TooManyRequests => SendFailure.TooMany,
        HttpStatusCode.BadRequest when IsAboutRecipient(body) => SendFailure.BadRecipient,
        // Busy before it began. Any other 5xx came from a server that had the message in hand: it may have left.
        HttpStatusCode.ServiceUnavailable => SendFailure.Refused,
        >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => SendFailure.Unknown,
        _ => SendFailure.Refused,
    };

    private static bool IsAboutRecipient(byte[] body) =>
        Says(body, "recipient") || Says(body, "phone") || Says(body, "number") || Says(body, "/to") || Says(body, "'to'") || Says(body, "\"to\"")
        || Says(body, "chat") || Says(body, "not on whatsapp");

    private static bool Says(byte[] body, string words) => Read(body, root =>
        root.TryGetProperty("error", out var error)
            ? $"{PayloadFields.Text(error, "message")}\n{(error.ValueKind == JsonValueKind.Object && error.TryGetProperty("details", out var details) ? details.ToString() : "")}"
            : null)?.Contains(words, StringComparison.OrdinalIgnoreCase) == true;

    private static string? Read(byte[] body, Func<JsonElement, string?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
