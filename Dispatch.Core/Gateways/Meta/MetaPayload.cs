using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways.Meta;

/// <summary>Reads what the Cloud API posts: entries, their changes, and in each several messages or statuses. Pure, and total on any bytes.</summary>
public static class MetaPayload
{
    public static GatewayPayload Parse(ReadOnlyMemory<byte> body, string phoneNumberId) => Parse(new ReadOnlySequence<byte>(body), phoneNumberId);

    public static GatewayPayload Parse(ReadOnlySequence<byte> body, string phoneNumberId) => PayloadItems.Parse(body, "Meta", root => Parse(root, phoneNumberId));

    private static GatewayPayload Parse(JsonElement root, string phoneNumberId)
    {
        if (PayloadFields.Text(root, "object") != "whatsapp_business_account") return GatewayPayload.Unreadable("'object' is not 'whatsapp_business_account'.");
        if (!root.TryGetProperty("entry", out var entries) || entries.ValueKind != JsonValueKind.Array) return GatewayPayload.Unreadable("'entry' is not a list.");
        var items = new PayloadItems();
        var reader = new Reader();
        foreach (var change in entries.EnumerateArray().SelectMany(e => List(e, "changes")))
        {
            // Other fields (account, template and quality news) and other numbers of the same app are no messages of this channel.
            if (PayloadFields.Text(change, "field") != "messages" || !change.TryGetProperty("value", out var value) || value.ValueKind != JsonValueKind.Object
                || !value.TryGetProperty("metadata", out var number) || PayloadFields.Text(number, "phone_number_id") != phoneNumberId)
            {
                items.Ignored++;
                continue;
            }
            reader.Names = Names(value);
            foreach (var message in List(value, "messages")) items.Add(message, reader.Message);
            foreach (var status in List(value, "statuses")) items.Add(status, reader.Status);
        }
        // Deliveries come out of order; within one call the order can be mended.
        return new GatewayPayload([.. items.Messages.OrderBy(m => m.At)], items.Statuses, items.Errors, items.Ignored) { Held = reader.Held };
    }

    private static IEnumerable<JsonElement> List(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static Dictionary<string, string> Names(JsonElement value)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var contact in List(value, "contacts"))
        {
            if (PayloadFields.Text(contact, "wa_id") is { } id && contact.TryGetProperty("profile", out var profile) && PayloadFields.Text(profile, "name") is { } name) names[id] = name;
        }
        return names;
    }

    private sealed class Reader
    {
        public Dictionary<string, string> Names { get; set; } = [];
        public SendFailure? Held { get; private set; }

        public string? Message(JsonElement item, PayloadItems items)
        {
            if (item.ValueKind != JsonValueKind.Object) return "is not an object";
            if (PayloadFields.Id(item, out var id) is { } badId) return badId;
            if (PayloadFields.Text(item, "type") is not { Length: > 0 } type) return "has no 'type'";
            if (PayloadFields.Time(item, out var at) is { } badTime) return badTime;
            if (PayloadFields.Text(item, "from") is not { Length: > 0 and <= 20 } from || !from.All(char.IsAsciiDigit)) return "'from' is not a number";
            if (type is "reaction" or "system" || item.TryGetProperty("group_id", out _))
            {
                items.Ignored++;
                return null;
            }
            items.Messages.Add(new InboundMessage(
                id, from, OutsideText.Cut(Names.GetValueOrDefault(from, "").Trim(), PayloadFields.MaxName), OutsideText.Cut(type, PayloadFields.MaxType),
                OutsideText.Cut(TextOf(item, type), PayloadFields.MaxText), at));
            return null;
        }

        public string? Status(JsonElement item, PayloadItems items) => PayloadFields.Status(item, items, ErrorOf);

        /// <summary>The failure where its code is known (a sentence is shown for it), else the code: an administrator can look it up.</summary>
        private string ErrorOf(JsonElement status)
        {
            var code = List(status, "errors").Select(MetaAnswer.Code).FirstOrDefault();
            if (code is not { } number) return PayloadFields.FailureOf(status);
            var failure = MetaAnswer.OfCode(number);
            if (failure is SendFailure.AccountLimited or SendFailure.PaymentRequired or SendFailure.ChannelNotAuthorized) Held = failure;
            return failure is null or SendFailure.Refused or SendFailure.Unknown ? number.ToString(CultureInfo.InvariantCulture) : failure.Value.ToString();
        }

        private static string TextOf(JsonElement item, string type)
        {
            if (!item.TryGetProperty(type, out var content) || content.ValueKind != JsonValueKind.Object) return "";
            return type switch
            {
                "text" => PayloadFields.Text(content, "body"),
                "button" => PayloadFields.Text(content, "text"),
                "interactive" => content.TryGetProperty("button_reply", out var button) ? PayloadFields.Text(button, "title")
                    : content.TryGetProperty("list_reply", out var list) ? PayloadFields.Text(list, "title") : null,
                "location" => PayloadFields.Text(content, "name") ?? PayloadFields.Text(content, "address"),
                "document" => PayloadFields.Text(content, "caption") ?? PayloadFields.Text(content, "filename"),
                _ => PayloadFields.Text(content, "caption"),
            } ?? "";
        }
    }
}
