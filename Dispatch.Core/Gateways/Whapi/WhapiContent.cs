using System.Globalization;
using System.Text.Json;

namespace Dispatch.Core.Gateways.Whapi;

/// <summary>The best readable text of each message type; "" for a type that is not documented (it is shown as "unsupported: type").</summary>
internal static class WhapiContent
{
    private const int MaxLink = 2000;

    public static string Read(JsonElement item, string type)
    {
        var own = item.TryGetProperty(type, out var found) ? found : default;
        return type switch
        {
            "text" or "link_preview" or "system" or "hsm" => PayloadFields.Text(own, "body") ?? "",
            "image" or "video" or "gif" or "short" or "audio" or "voice" or "sticker" or "document" => Media(own),
            "location" or "live_location" => Location(own),
            "contact" => ContactCard(own),
            "contact_list" => Lines(List(own, "list").Select(ContactCard)),
            "reply" => First(Reply(own)),
            "interactive" => First([.. Reply(own), PayloadFields.Text(Child(own, "header"), "text"), PayloadFields.Text(Child(own, "body"), "text")]),
            "buttons" or "list" or "carousel" => First([PayloadFields.Text(own, "text"), PayloadFields.Text(own, "body"), PayloadFields.Text(Child(own, "body"), "text"), PayloadFields.Text(own, "title")]),
            "poll" => Lines([PayloadFields.Text(own, "title"), .. List(own, "options").Select(o => OutsideText.Read(o) ?? PayloadFields.Text(o, "name")).Select(o => o is null ? null : "- " + o)]),
            "action" => First([PayloadFields.Text(own, "emoji"), PayloadFields.Text(Child(own, "edited_content"), "body"), PayloadFields.Text(own, "body")]),
            "event" => Lines([PayloadFields.Text(own, "name"), PayloadFields.Text(own, "description")]),
            "call" or "product" or "catalog" or "order" or "group_invite" or "newsletter_invite" or "admin_invite" or "story" or "pin" =>
                Lines(new[] { PayloadFields.Text(own, "title"), First([PayloadFields.Text(own, "body"), PayloadFields.Text(own, "caption"), PayloadFields.Text(own, "text"), PayloadFields.Text(own, "description")]) }
                    .Distinct(StringComparer.Ordinal)),
            _ => "",
        };
    }

    /// <summary>Caption or file name, then the address of the file on a line of its own when the gateway keeps one.</summary>
    private static string Media(JsonElement own)
    {
        var link = PayloadFields.Text(own, "link");
        var isLink = link is { Length: <= MaxLink } && Uri.TryCreate(link, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps;
        return Lines([First([PayloadFields.Text(own, "caption"), PayloadFields.Text(own, "filename"), PayloadFields.Text(own, "file_name")]), isLink ? link : null]);
    }

    private static string Location(JsonElement own)
    {
        var place = Lines([PayloadFields.Text(own, "name") ?? PayloadFields.Text(own, "title"), PayloadFields.Text(own, "address"), PayloadFields.Text(own, "caption")]);
        return Number(own, "latitude") is { } latitude && Number(own, "longitude") is { } longitude
            ? Lines([place, string.Create(CultureInfo.InvariantCulture, $"{latitude:0.######}, {longitude:0.######}")])
            : place;
    }

    private static string ContactCard(JsonElement own)
    {
        var phones = (PayloadFields.Text(own, "vcard") ?? "").Split('\n')
            .Where(line => line.StartsWith("TEL", StringComparison.OrdinalIgnoreCase) && line.Contains(':', StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf(':') + 1)..].Trim());
        return string.Join(' ', new[] { PayloadFields.Text(own, "name") ?? "" }.Concat(phones).Where(p => p.Length > 0));
    }

    private static string?[] Reply(JsonElement own) =>
    [
        PayloadFields.Text(Child(own, "buttons_reply"), "title"), PayloadFields.Text(Child(own, "list_reply"), "title"),
        PayloadFields.Text(Child(own, "button_reply"), "title"), PayloadFields.Text(own, "title"), PayloadFields.Text(own, "body"),
    ];

    private static JsonElement Child(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var child) ? child : default;

    private static IEnumerable<JsonElement> List(JsonElement parent, string name) =>
        Child(parent, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    private static double? Number(JsonElement parent, string name) =>
        Child(parent, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && double.IsFinite(value) ? value : null;

    private static string First(params IEnumerable<string?> texts) => texts.FirstOrDefault(t => !string.IsNullOrEmpty(t)) ?? "";

    private static string Lines(IEnumerable<string?> texts) => string.Join('\n', texts.Where(t => !string.IsNullOrEmpty(t)));
}
