namespace Dispatch.Web.Conversations;

public enum MessageKind { Text, Media, Unsupported }

/// <summary>How the gateways' words for message types are shown.</summary>
public static class MessageKinds
{
    private static readonly HashSet<string> Texts = new(StringComparer.Ordinal) { "text", "link_preview", "chat", "reply", "interactive", "button_reply", "system", "hsm" };

    /// <summary>Those with a label of their own: resource key <c>Type_{word}</c>.</summary>
    private static readonly HashSet<string> Media = new(StringComparer.Ordinal)
    {
        "image", "video", "short", "gif", "audio", "voice", "document", "sticker", "location", "live_location", "contact", "contact_list", "poll",
        "reaction", "action", "order", "product", "catalog", "story", "call", "event", "group_invite", "newsletter_invite",
    };

    public static MessageKind Of(string type) => Texts.Contains(type) ? MessageKind.Text : Media.Contains(type) ? MessageKind.Media : MessageKind.Unsupported;

    /// <summary>Every labelled word, for the check that each has its text.</summary>
    internal static IReadOnlyCollection<string> Labelled => Media;

    public static string Icon(string type) => type switch
    {
        "image" or "gif" or "sticker" or "story" => "image",
        "video" or "short" => "videocam",
        "audio" or "voice" => "mic",
        "location" or "live_location" => "location_on",
        "contact" or "contact_list" => "contact_page",
        "call" => "call",
        "poll" or "reaction" or "action" or "event" => "chat_bubble",
        _ => "attach_file",
    };

    /// <summary>The file's address, which the gateway adapters put on the last line, when it is one that a browser may open.</summary>
    public static (Uri? Link, string Caption) Split(string text)
    {
        var end = text.LastIndexOf('\n');
        var last = text[(end + 1)..].Trim();
        return Uri.TryCreate(last, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
            ? (uri, end < 0 ? "" : text[..end].Trim())
            : (null, text);
    }
}
