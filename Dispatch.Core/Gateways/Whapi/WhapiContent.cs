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
            "text" or "link_preview" or "system" or "hsm" => WhapiFields.Text(own, "body") ?? "",
            "image" or "video" or "gif" or "short" or "audio" or "voice" or "sticker" or "document" => Media(own),
            "location" or "live_location" => Location(own),
            "contact" => ContactCard(own),
            "contact_list" => Lines(List(own, "list").Select(ContactCard)),
            "reply" => First(Reply(own)),
            "interactive" => First([.. Reply(own), WhapiFields.Text(Child(own, "header"), "text"), WhapiFields.Text(Child(own, "body"), "text")]),
            "buttons" or "list" or "carousel" => First([WhapiFields.Text(own, "text"), WhapiFields.Text(own, "body"), WhapiFields.Text(Child(own, "body"), "text"), WhapiFields.Text(own, "title")]),
            "poll" => Lines([WhapiFields.Text(own, "title"), .. List(own, "options").Select(o => OutsideText.Read(o) ?? WhapiFields.Text(o, "name")).Select(o => o is null ? null : "- " + o)]),
            "action" => First([WhapiFields.Text(own, "emoji"), WhapiFields.Text(Child(own, "edited_content"), "body"), WhapiFields.Text(own, "body")]),
            "event" => Lines([WhapiFields.Text(own, "name"), WhapiFields.Text(own, "description")]),
            "call" or "product" or "catalog" or "order" or "group_invite" or "newsletter_invite" or "admin_invite" or "story" or "pin" =>
                Lines(new[] { WhapiFields.Text(own, "title"), First([WhapiFields.Text(own, "body"), WhapiFields.Text(own, "caption"), WhapiFields.Text(own, "text"), WhapiFields.Text(own, "description")]) }
                    .Distinct(StringComparer.Ordinal)),
            _ => "",
        };
    }

    /// <summary>Caption or file name, then the address of the file on a line of its own when the gateway keeps one.</summary>
    private static string Media(JsonElement own)
    {
        var link = WhapiFields.Text(own, "link");
        var isLink = link is { Length: <= MaxLink } && Uri.TryCreate(link, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps;
        return Lines([First([WhapiFields.Text(own, "caption"), WhapiFields.Text(own, "filename"), WhapiFields.Text(own, "file_name")]), isLink ? link : null]);
    }

    private static string Location(JsonElement own)
    {
        var place = Lines([WhapiFields.Text(own, "name") ?? WhapiFields.Text(own, "title"), WhapiFields.Text(own, "address"), WhapiFields.Text(own, "caption")]);
        return Number(own, "latitude") is { } latitude && Number(own, "longitude") is { } longitude
            ? Lines([place, string.Create(CultureInfo.InvariantCulture, $"{latitude:0.######}, {longitude:0.######}")])
            : place;
    }

    private static string ContactCard(JsonElement own)
    {
        var phones = (WhapiFields.Text(own, "vcard") ?? "").Split('\n')
            .Where(line => line.StartsWith("TEL", StringComparison.OrdinalIgnoreCase) && line.Contains(':', StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf(':') + 1)..].Trim());
        return string.Join(' ', new[] { WhapiFields.Text(own, "name") ?? "" }.Concat(phones).Where(p => p.Length > 0));
    }

    private static string?[] Reply(JsonElement own) =>
    [
        WhapiFields.Text(Child(own, "buttons_reply"), "title"), WhapiFields.Text(Child(own, "list_reply"), "title"),
        WhapiFields.Text(Child(own, "button_reply"), "title"), WhapiFields.Text(own, "title"), WhapiFields.Text(own, "body"),
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
