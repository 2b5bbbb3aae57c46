using System.Text.Json;

namespace Dispatch.Core.Gateways.Whapi;

/// <summary>What an event that carries no message says about the channel's session with WhatsApp.</summary>
internal static class WhapiChannelEvent
{
    /// <summary>Null: nothing.</summary>
    public static ChannelStatus? Read(JsonElement root, JsonElement about) => (PayloadFields.Text(about, "type"), PayloadFields.Text(about, "event")) switch
    {
        ("users", "post") => ChannelStatus.Active,
        ("users", "delete") => ChannelStatus.NeedsAuthorization,
        // A new QR code is only shown while nobody is signed in.
        ("channel", "patch") when root.TryGetProperty("qr", out _) => ChannelStatus.NeedsAuthorization,
        ("channel", _) => OfHealth(root),
        _ => null,
    };

    private static ChannelStatus? OfHealth(JsonElement root) =>
        root.TryGetProperty("health", out var health) && health.ValueKind == JsonValueKind.Object && health.TryGetProperty("status", out var status)
            ? PayloadFields.Text(status, "text") switch
            {
                "QR" => ChannelStatus.NeedsAuthorization,
                "AUTH" => ChannelStatus.Active,
                _ => null,
            }
            : null;
}
