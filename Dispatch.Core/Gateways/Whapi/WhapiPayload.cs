using System.Buffers;
using System.Text.Json;
using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways.Whapi;

/// <summary>
/// Reads what Whapi posts (https://support.whapi.cloud, "incoming webhooks format"). Pure, and total on any bytes: a wrong item is reported and
/// left out, a wrong body is a <see cref="GatewayPayload.Problem"/>.
/// </summary>
public static class WhapiPayload
{
    public static GatewayPayload Parse(ReadOnlyMemory<byte> body) => Parse(new ReadOnlySequence<byte>(body));

    public static GatewayPayload Parse(ReadOnlySequence<byte> body) => PayloadItems.Parse(body, "Whapi", Parse);

    private static GatewayPayload Parse(JsonElement root)
    {
        var hasMessages = root.TryGetProperty("messages", out var messages);
        var hasStatuses = root.TryGetProperty("statuses", out var statuses);
        if (hasMessages && messages.ValueKind != JsonValueKind.Array) return GatewayPayload.Unreadable("'messages' is not a list.");
        if (hasStatuses && statuses.ValueKind != JsonValueKind.Array) return GatewayPayload.Unreadable("'statuses' is not a list.");
        if (!hasMessages && !hasStatuses)
        {
            return root.TryGetProperty("event", out var about) && about.ValueKind == JsonValueKind.Object
                ? new GatewayPayload([], [], [], Ignored: 1, ChannelStatus: WhapiChannelEvent.Read(root, about))
                : GatewayPayload.Unreadable("The body has neither 'messages' nor 'statuses' nor 'event'.");
        }

        var items = new PayloadItems();
        if (hasMessages)
        {
            foreach (var message in messages.EnumerateArray()) items.Add(message, static (e, items) => ReadMessage(e, items));
        }
        if (hasStatuses)
        {
            foreach (var status in statuses.EnumerateArray()) items.Add(status, static (e, items) => PayloadFields.Status(e, items, PayloadFields.FailureOf));
        }
        return new GatewayPayload(items.Messages, items.Statuses, items.Errors, items.Ignored);
    }

    /// <summary>Null: taken. Otherwise what is wrong with it.</summary>
    private static string? ReadMessage(JsonElement item, PayloadItems items)
    {
        if (item.ValueKind != JsonValueKind.Object) return "is not an object";
        if (PayloadFields.Id(item, out var id) is { } badId) return badId;
        if (PayloadFields.Text(item, "type") is not { Length: > 0 } type) return "has no 'type'";
        if (type.Length > PayloadFields.MaxType) return $"'type' is longer than {PayloadFields.MaxType} characters";
        if (PayloadFields.Time(item, out var at) is { } badTime) return badTime;
        var fromUs = item.TryGetProperty("from_me", out var mine) && mine.ValueKind == JsonValueKind.True;
        // In a chat with a person chat_id is that person, whoever wrote; 'from' is the writer and of use only when the person wrote.
        var chat = PayloadFields.Text(item, "chat_id") ?? (fromUs ? PayloadFields.Text(item, "to") : PayloadFields.Text(item, "from"));
        if (string.IsNullOrEmpty(chat)) return "has no 'chat_id'";
        if (WhapiAddress.IsNotAPerson(chat))
        {
            items.Ignored++;
            return null;
        }
        if (WhapiAddress.Read(chat) is not { } address) return "'chat_id' is not an address";

        if (fromUs && PayloadFields.Text(item, "source") == "api")
        {
            // The echo of what we sent ourselves; the message is stored already, this only says that the gateway has it.
            items.Statuses.Add(new InboundStatus(id, MessageStatus.Sent, at));
            return null;
        }
        var name = OutsideText.Cut(PayloadFields.Text(item, "from_name")?.Trim() ?? "", PayloadFields.MaxName);
        var text = OutsideText.Cut(WhapiContent.Read(item, type), PayloadFields.MaxText);
        items.Messages.Add(new InboundMessage(id, address, name, type, text, at, fromUs));
        return null;
    }
}
