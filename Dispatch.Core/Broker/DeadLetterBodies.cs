using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Dispatch.Core.Broker;

/// <summary>Dead letters at rest, and what a person may see of them: never a code, a text, a name or a phone number.</summary>
public sealed class DeadLetterBodies(IDataProtectionProvider provider)
{
    /// <summary>Changing it makes every stored dead letter unreadable.</summary>
    public const string Purpose = "Dispatch.DeadLetter.v1";

    private const string Hidden = "\u2022\u2022\u2022";
    private static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    /// <summary>What may be shown as it is; a code could stand in any other text. Not the session: a worker may put the phone number into it.</summary>
    private static readonly HashSet<string> Open = new(StringComparer.Ordinal)
    {
        "action", "numberId", "workerId", "timestamp", "data", "status", "index", "validFor", "expiresAt", "reconnects", "registered", "errorCode", "upsert", "messages", "type",
        "fromMe", "capacity", "version", "pairingCodes", "numbers", "state", "commandId", "refusedAction", "lastMessageAt", "phoneSeenAt",
    };

    private readonly IDataProtector _protector = provider.CreateProtector(Purpose);

    public string Protect(ReadOnlyMemory<byte> body) => Convert.ToBase64String(_protector.Protect(body.ToArray()));

    /// <summary>Null: the keys it was protected with are gone.</summary>
    public byte[]? Unprotect(string text)
    {
        try
        {
            return _protector.Unprotect(Convert.FromBase64String(text));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The message with everything hidden that could be a secret or personal; null: it is no JSON, and nothing of it can be shown.</summary>
    public static string? Show(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, Indented)) Copy(writer, json.RootElement, shown: false);
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void Copy(Utf8JsonWriter writer, JsonElement element, bool shown)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var field in element.EnumerateObject())
                {
                    writer.WritePropertyName(field.Name.Length <= 40 ? field.Name : Hidden);
                    Copy(writer, field.Value, Open.Contains(field.Name));
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) Copy(writer, item, shown);
                writer.WriteEndArray();
                break;
            case JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null:
                element.WriteTo(writer);
                break;
            default:
                if (shown && element.GetRawText() is { Length: <= 80 } raw && raw.AsSpan().IndexOfAny('@', '+', '\\') < 0) element.WriteTo(writer);
                else writer.WriteStringValue(Hidden);
                break;
        }
    }
}
