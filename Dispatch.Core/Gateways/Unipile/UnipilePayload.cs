using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>
/// Reads what Unipile posts: one message, relation or account status a call (https://developer.unipile.com/docs/new-messages-webhook, detecting-accepted-invitations, account-lifecycle).
/// Pure, and total on any bytes.
/// </summary>
public static class UnipilePayload
{
    public static GatewayPayload Parse(ReadOnlyMemory<byte> body, ChannelCredentials channel) => Parse(new ReadOnlySequence<byte>(body), channel);

    public static GatewayPayload Parse(ReadOnlySequence<byte> body, ChannelCredentials channel) => PayloadItems.Parse(body, "Unipile", root => Parse(root, channel));

    private static GatewayPayload Parse(JsonElement root, ChannelCredentials channel)
    {
        if (root.TryGetProperty("AccountStatus", out var status))
        {
            if (status.ValueKind != JsonValueKind.Object) return GatewayPayload.Unreadable("'AccountStatus' is not an object.");
            return IsOther(status, channel) ? Nothing : Nothing with { ChannelStatus = StatusOf(PayloadFields.Text(status, "message")) };
        }
        if (PayloadFields.Text(root, "event") is not { Length: > 0 } word) return GatewayPayload.Unreadable("The body has neither 'AccountStatus' nor 'event'.");
        // A webhook made without account_ids brings those of every account; sent again they would be no more ours.
        if (IsOther(root, channel)) return Nothing;
        var items = new PayloadItems();
        switch (word)
        {
            case "new_relation":
                return Relation(root);
            case "message_received":
                ChatOf? chat = null;
                items.Add(root, (message, taken) => ReadMessage(message, channel, taken, out chat));
                return Result(items) with { Chats = chat is null ? [] : [chat] };
            case "message_read" or "message_delivered":
                items.Add(root, (message, taken) => ReadStatus(message, word == "message_read" ? MessageStatus.Read : MessageStatus.Delivered, taken));
                return Result(items);
            default:
                return Nothing;
        }
    }

    private static GatewayPayload Nothing => new([], [], [], Ignored: 1);

    private static GatewayPayload Result(PayloadItems items) => new(items.Messages, items.Statuses, items.Errors, items.Ignored);

    private static bool IsOther(JsonElement item, ChannelCredentials channel) =>
        PayloadFields.Text(item, "account_id") is { } account && !string.Equals(account, channel.Account, StringComparison.Ordinal);

    /// <summary>Null: says nothing about whether it can send (CONNECTING, SYNC_SUCCESS of a first synchronisation, words to come).</summary>
    private static ChannelStatus? StatusOf(string? word) => word switch
    {
        "OK" or "RECONNECTED" or "CREATION_SUCCESS" or "SYNC_SUCCESS" => ChannelStatus.Active,
        "ERROR" or "STOPPED" or "CREDENTIALS" or "DELETED" => ChannelStatus.NeedsAuthorization,
        _ => null,
    };

    private static GatewayPayload Relation(JsonElement root)
    {
        if (PayloadFields.Text(root, "user_provider_id") is not { } id || UnipileAddress.Read(id) is not { } address)
            return new GatewayPayload([], [], [new PayloadError(0, "'user_provider_id' is missing or not an id")]);
        var name = OutsideText.Cut(PayloadFields.Text(root, "user_full_name")?.Trim() ?? "", PayloadFields.MaxName);
        return Nothing with { Connections = [new NewConnection(address, name.Length > 0 ? name : address)] };
    }

    /// <summary>Null: taken. Otherwise what is wrong with it.</summary>
    private static string? ReadMessage(JsonElement item, ChannelCredentials channel, PayloadItems items, out ChatOf? chat)
    {
        chat = null;
        if (Id(item) is not { } id) return $"'message_id' is missing or longer than {PayloadFields.MaxId} characters";
        if (!Time(item, out var at)) return "'timestamp' is not a time such as 2023-09-24T13:49:07.965Z";
        if (!item.TryGetProperty("sender", out var sender) || PayloadFields.Text(sender, "attendee_provider_id") is not { Length: > 0 } writer) return "has no 'sender' with an 'attendee_provider_id'";
        var mine = item.TryGetProperty("account_info", out var info) ? PayloadFields.Text(info, "user_id") : null;
        mine = string.IsNullOrEmpty(mine) ? channel.UserId : mine;
        // Our own messages come the same way. Whose it is must be known: taken for the contact's, our own words would be given to a moderator to answer.
        bool fromUs;
        if (item.TryGetProperty("is_sender", out _)) fromUs = IsTrue(item, "is_sender");
        else if (mine is not null) fromUs = SamePerson(writer, mine);
        else return "does not tell whose message it is: it has neither 'account_info' nor 'is_sender', and the channel knows no user id of its own";

        var others = Others(item, writer, mine, fromUs);
        if (IsGroup(item, others, fromUs))
        {
            items.Ignored++;
            return null;
        }
        var (person, name) = fromUs ? others is [var one] ? one : (null, "") : (writer, PayloadFields.Text(sender, "attendee_name"));
        if (person is null)
        {
            // Our words, and nobody named whom they were for.
            items.Ignored++;
            return null;
        }
        if (UnipileAddress.Read(person) is not { } address) return "'attendee_provider_id' is not an address";
        var text = PayloadFields.Text(item, "message") ?? "";
        items.Messages.Add(new InboundMessage(
            id, address, OutsideText.Cut(name?.Trim() ?? "", PayloadFields.MaxName), TypeOf(item, text), OutsideText.Cut(text, PayloadFields.MaxText), at, fromUs));
        if (PayloadFields.Text(item, "chat_id") is { Length: > 0 } chatId) chat = new ChatOf(address, chatId, at);
        return null;
    }

    private static string? ReadStatus(JsonElement item, MessageStatus status, PayloadItems items)
    {
        if (Id(item) is not { } id) return $"'message_id' is missing or longer than {PayloadFields.MaxId} characters";
        if (!Time(item, out var at)) return "'timestamp' is not a time such as 2023-09-24T13:49:07.965Z";
        items.Statuses.Add(new InboundStatus(id, status, at));
        return null;
    }

    /// <summary>Everybody in the chat who is neither the writer nor we.</summary>
    private static List<(string? Id, string? Name)> Others(JsonElement item, string writer, string? mine, bool fromUs)
    {
        var others = new List<(string?, string?)>();
        if (!item.TryGetProperty("attendees", out var attendees) || attendees.ValueKind != JsonValueKind.Array) return others;
        foreach (var attendee in attendees.EnumerateArray())
        {
            if (PayloadFields.Text(attendee, "attendee_provider_id") is not { Length: > 0 } id || SamePerson(id, writer) || (mine is not null && SamePerson(id, mine))) continue;
            if (!others.Exists(o => SamePerson(o.Item1!, id))) others.Add((id, PayloadFields.Text(attendee, "attendee_name")));
        }
        // Without an id of our own, one other in a message to us is we.
        if (!fromUs && mine is null && others.Count == 1) others.Clear();
        return others;
    }

    private static bool IsGroup(JsonElement item, List<(string? Id, string? Name)> others, bool fromUs) => IsTrue(item, "is_group") || others.Count > (fromUs ? 1 : 0);

    /// <summary>The same number may come with and without a device or a server.</summary>
    private static bool SamePerson(string one, string other) => string.Equals(Plain(one), Plain(other), StringComparison.Ordinal);

    private static string Plain(string id) => UnipileAddress.Read(id) ?? id;

    private static string TypeOf(JsonElement item, string text)
    {
        if (text.Length > 0 || !item.TryGetProperty("attachments", out var attachments)) return "text";
        // Shown as an object in the documentation, as a list elsewhere.
        var first = attachments.ValueKind == JsonValueKind.Array ? attachments.EnumerateArray().FirstOrDefault() : attachments;
        return PayloadFields.Text(first, "type") switch
        {
            null or "" => "text",
            "img" => "image",
            "file" => "document",
            var other => OutsideText.Cut(other, PayloadFields.MaxType),
        };
    }

    private static string? Id(JsonElement item) => PayloadFields.Text(item, "message_id") is { Length: > 0 and <= PayloadFields.MaxId } id ? id : null;

    private static bool Time(JsonElement item, out DateTime at) => DateTime.TryParse(
        PayloadFields.Text(item, "timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out at);

    /// <summary>true, 1, "1" and "true": this gateway writes truth in each of them.</summary>
    internal static bool IsTrue(JsonElement item, string name) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.Number => value.TryGetInt32(out var number) && number == 1,
        JsonValueKind.String => OutsideText.Read(value) is "1" or "true",
        _ => false,
    };
}
