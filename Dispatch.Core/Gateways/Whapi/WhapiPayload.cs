using System.Buffers;
using System.Text.Json;
using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways.Whapi;

/// <summary>
/// Reads what Whapi posts (https://support.whapi.cloud, "incoming webhooks format"). Pure, and total on any bytes: a wrong item is reported and
/// left out, a wrong body is a <see cref="WhapiResult.Problem"/>.
/// </summary>
public static class WhapiPayload
{
    public static WhapiResult Parse(ReadOnlyMemory<byte> body) => Parse(new ReadOnlySequence<byte>(body));

    public static WhapiResult Parse(ReadOnlySequence<byte> body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return WhapiResult.Unreadable("The body is not JSON.");
        }
        using (document)
        {
            try
            {
                return Parse(document.RootElement);
            }
            catch (InvalidOperationException)
            {
                // A field name that is no text: nothing Whapi could have sent.
                return WhapiResult.Unreadable("The body holds a name that is not text.");
            }
        }
    }

    private static WhapiResult Parse(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) return WhapiResult.Unreadable("The body is not a JSON object.");
        var hasMessages = root.TryGetProperty("messages", out var messages);
        var hasStatuses = root.TryGetProperty("statuses", out var statuses);
        if (hasMessages && messages.ValueKind != JsonValueKind.Array) return WhapiResult.Unreadable("'messages' is not a list.");
        if (hasStatuses && statuses.ValueKind != JsonValueKind.Array) return WhapiResult.Unreadable("'statuses' is not a list.");
        if (!hasMessages && !hasStatuses)
        {
            return root.TryGetProperty("event", out var about) && about.ValueKind == JsonValueKind.Object
                ? new WhapiResult([], [], [], Ignored: 1, ChannelStatus: WhapiChannelEvent.Read(root, about))
                : WhapiResult.Unreadable("The body has neither 'messages' nor 'statuses' nor 'event'.");
        }

        var items = new Items();
        if (hasMessages)
        {
            foreach (var message in messages.EnumerateArray()) items.Add(message, static (e, items) => ReadMessage(e, items));
        }
        if (hasStatuses)
        {
            foreach (var status in statuses.EnumerateArray()) items.Add(status, static (e, items) => ReadStatus(e, items));
        }
        return new WhapiResult(items.Messages, items.Statuses, items.Errors, items.Ignored);
    }

    /// <summary>Null: taken. Otherwise what is wrong with it.</summary>
    private static string? ReadMessage(JsonElement item, Items items)
    {
        if (item.ValueKind != JsonValueKind.Object) return "is not an object";
        if (WhapiFields.Id(item, out var id) is { } badId) return badId;
        if (WhapiFields.Text(item, "type") is not { Length: > 0 } type) return "has no 'type'";
        if (type.Length > WhapiFields.MaxType) return $"'type' is longer than {WhapiFields.MaxType} characters";
        if (WhapiFields.Time(item, out var at) is { } badTime) return badTime;
        var fromUs = item.TryGetProperty("from_me", out var mine) && mine.ValueKind == JsonValueKind.True;
        // In a chat with a person chat_id is that person, whoever wrote; 'from' is the writer and of use only when the person wrote.
        var chat = WhapiFields.Text(item, "chat_id") ?? (fromUs ? WhapiFields.Text(item, "to") : WhapiFields.Text(item, "from"));
        if (string.IsNullOrEmpty(chat)) return "has no 'chat_id'";
        if (WhapiAddress.IsNotAPerson(chat))
        {
            items.Ignored++;
            return null;
        }
        if (WhapiAddress.Read(chat) is not { } address) return "'chat_id' is not an address";

        if (fromUs && WhapiFields.Text(item, "source") == "api")
        {
            // The echo of what we sent ourselves; the message is stored already, this only says that the gateway has it.
            items.Statuses.Add(new InboundStatus(id, MessageStatus.Sent, at));
            return null;
        }
        var name = OutsideText.Cut(WhapiFields.Text(item, "from_name")?.Trim() ?? "", WhapiFields.MaxName);
        var text = OutsideText.Cut(WhapiContent.Read(item, type), WhapiFields.MaxText);
        items.Messages.Add(new InboundMessage(id, address, name, type, text, at, fromUs));
        return null;
    }

    private static string? ReadStatus(JsonElement item, Items items)
    {
        if (item.ValueKind != JsonValueKind.Object) return "is not an object";
        if (WhapiFields.Id(item, out var id) is { } badId) return badId;
        if (WhapiFields.Text(item, "status") is not { Length: > 0 } word) return "has no 'status'";
        if (WhapiFields.Time(item, out var at) is { } badTime) return badTime;
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
        else items.Statuses.Add(new InboundStatus(id, status.Value, at, status == MessageStatus.Failed ? WhapiFields.FailureOf(item) : null));
        return null;
    }

    private sealed class Items
    {
        private int _index;

        public List<InboundMessage> Messages { get; } = [];
        public List<InboundStatus> Statuses { get; } = [];
        public List<WhapiItemError> Errors { get; } = [];
        public int Ignored { get; set; }

        public void Add(JsonElement item, Func<JsonElement, Items, string?> read)
        {
            string? reason;
            try
            {
                reason = read(item, this);
            }
            catch (InvalidOperationException)
            {
                reason = "holds a name that is not text";
            }
            if (reason is not null) Errors.Add(new WhapiItemError(_index, reason));
            _index++;
        }
    }
}
