using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways;

/// <summary>The fields that messages and statuses share, with their limits.</summary>
internal static class PayloadFields
{
    /// <summary>What the database keeps of an id, a type, a name and a gateway's error.</summary>
    public const int MaxId = 128, MaxType = 40, MaxName = 120, MaxError = 200;

    /// <summary>WhatsApp's own limit of a text, in UTF-16 units.</summary>
    public const int MaxText = 65_536;

    /// <summary>9999-12-31, the last day a DateTime knows.</summary>
    private const long MaxSeconds = 253_402_300_799;

    public static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? OutsideText.Read(value) : null;

    /// <summary>Null: <paramref name="id"/> is good.</summary>
    public static string? Id(JsonElement item, out string id)
    {
        id = Text(item, "id") ?? "";
        if (id.Length == 0) return "has no 'id'";
        return id.Length > MaxId ? $"'id' is longer than {MaxId} characters" : null;
    }

    /// <summary>Seconds since 1970, as a number in messages and as a string in statuses.</summary>
    public static string? Time(JsonElement item, out DateTime at)
    {
        at = default;
        if (!item.TryGetProperty("timestamp", out var value) || value.ValueKind is JsonValueKind.Null) return "has no 'timestamp'";
        var isNumber = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out var number) ? Take(number, out at) : false,
            JsonValueKind.String => double.TryParse(OutsideText.Read(value), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var parsed)
                && Take(parsed, out at),
            _ => false,
        };
        return isNumber ? null : "'timestamp' is not a number of seconds";
    }

    /// <summary>A tick or a failure, as WhatsApp words them: Whapi and Meta hand them on alike.</summary>
    /// <param name="failure">What is kept of a failed one.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Status(JsonElement item, PayloadItems items, Func<JsonElement, string> failure)
    {
        if (item.ValueKind != JsonValueKind.Object) return "is not an object";
        if (Id(item, out var id) is { } badId) return badId;
        if (Text(item, "status") is not { Length: > 0 } word) return "has no 'status'";
        if (Time(item, out var at) is { } badTime) return badTime;
        MessageStatus? status = word switch
        {
            "sent" => MessageStatus.Sent,
            "delivered" => MessageStatus.Delivered,
            "read" or "played" => MessageStatus.Read,
            "failed" => MessageStatus.Failed,
            // pending: the gateway has it, which its own answer said before; deleted: nothing in Dispatch is taken back by it.
            _ => null,
        };
        if (status is null) items.Ignored++;
        else items.Statuses.Add(new InboundStatus(id, status.Value, at, status == MessageStatus.Failed ? failure(item) : null));
        return null;
    }

    /// <summary>The code of a failed status where there is one: an administrator can look it up.</summary>
    public static string FailureOf(JsonElement status)
    {
        if (status.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
        {
            var first = errors[0];
            if (first.ValueKind == JsonValueKind.String) return OutsideText.Cut(OutsideText.Read(first)!, MaxError);
            if (first.ValueKind == JsonValueKind.Object)
            {
                if (first.TryGetProperty("code", out var code) && code.ValueKind is JsonValueKind.Number or JsonValueKind.String)
                    return OutsideText.Cut(code.ValueKind == JsonValueKind.Number ? code.GetRawText() : OutsideText.Read(code)!, MaxError);
                if ((Text(first, "title") ?? Text(first, "message")) is { Length: > 0 } words) return OutsideText.Cut(words, MaxError);
            }
        }
        return nameof(SendFailure.Refused);
    }

    private static bool Take(double seconds, out DateTime at)
    {
        at = default;
        if (!(seconds >= 0 && seconds <= MaxSeconds)) return false;
        at = DateTime.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond / TimeSpan.TicksPerMillisecond) * TimeSpan.TicksPerMillisecond);
        return true;
    }
}
