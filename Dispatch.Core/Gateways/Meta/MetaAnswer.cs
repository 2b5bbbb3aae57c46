using System.Net;
using System.Text.Json;

namespace Dispatch.Core.Gateways.Meta;

/// <summary>What an answer of the Cloud API means, and what its codes do; the same codes come with the status of a message that failed later. Pure.</summary>
internal static class MetaAnswer
{
    /// <summary>The id in <c>{"messages":[{"id":...}]}</c>; null: none that could be stored.</summary>
    public static string? MessageId(GatewayAnswer answer) => answer.Read(root =>
        root.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() > 0 ? PayloadFields.Text(messages[0], "id") : null)
        is { Length: > 0 and <= PayloadFields.MaxId } id ? id : null;

    public static SendFailure Failure(GatewayAnswer answer)
    {
        var code = answer.Read(root => root.TryGetProperty("error", out var error) ? Code(error) : null);
        return (code is { } known ? OfCode(known) : null) ?? answer.Status!.Value switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound => SendFailure.BadToken,
            HttpStatusCode.TooManyRequests => SendFailure.TooMany,
            // Busy before it began. Any other 5xx came from a server that had the message in hand: it may have left.
            HttpStatusCode.ServiceUnavailable => SendFailure.Refused,
            >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => SendFailure.Unknown,
            _ => SendFailure.Refused,
        };
    }

    /// <summary>Null: not in the table, so the HTTP status decides.</summary>
    public static SendFailure? OfCode(int code) => code switch
    {
        0 or 3 or 10 or 33 or 190 or 131005 or (>= 200 and <= 299) => SendFailure.BadToken,
        4 or 80007 or 130429 => SendFailure.TooMany,
        131056 => SendFailure.RecipientLimited,
        // Spam rate, lock, breach of policy: of the account, whoever the message was for.
        131048 or 131031 or 368 => SendFailure.AccountLimited,
        131042 => SendFailure.PaymentRequired,
        131045 or 133010 => SendFailure.ChannelNotAuthorized,
        131047 => SendFailure.WindowClosed,
        // Undeliverable; held back for the good of the ecosystem; an experiment's control group; to oneself; he does not want it.
        131026 or 131049 or 130472 or 131021 or 131050 => SendFailure.BadRecipient,
        100 or 131008 or 131009 or 131051 or 131052 or 131053 or (>= 132000 and <= 132999) => SendFailure.BadContent,
        2 or 131000 or 131016 or 131057 => SendFailure.Refused,
        1 => SendFailure.Unknown,
        _ => null,
    };

    public static int? Code(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number) ? number : null;
}
