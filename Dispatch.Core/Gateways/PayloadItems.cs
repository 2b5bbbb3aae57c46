using System.Buffers;
using System.Text.Json;

namespace Dispatch.Core.Gateways;

/// <summary>Collects what a webhook call holds; a wrong item is noted and costs the others nothing.</summary>
internal sealed class PayloadItems
{
    private int _index;

    public List<InboundMessage> Messages { get; } = [];
    public List<InboundStatus> Statuses { get; } = [];
    public List<PayloadError> Errors { get; } = [];
    public int Ignored { get; set; }

    /// <param name="read">Null: taken. Otherwise what is wrong with it.</param>
    public void Add(JsonElement item, Func<JsonElement, PayloadItems, string?> read)
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
        if (reason is not null) Errors.Add(new PayloadError(_index, reason));
        _index++;
    }

    /// <summary>Total on any bytes: what is no JSON object is a <see cref="GatewayPayload.Problem"/>.</summary>
    public static GatewayPayload Parse(ReadOnlySequence<byte> body, string gateway, Func<JsonElement, GatewayPayload> read)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return GatewayPayload.Unreadable("The body is not JSON.");
        }
        using (document)
        {
            try
            {
                return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : GatewayPayload.Unreadable("The body is not a JSON object.");
            }
            catch (InvalidOperationException)
            {
                // A field name that is no text: nothing the gateway could have sent.
                return GatewayPayload.Unreadable($"The body holds a name that is not text: {gateway} sends no such thing.");
            }
        }
    }
}
