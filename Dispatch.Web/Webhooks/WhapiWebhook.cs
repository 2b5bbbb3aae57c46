using System.Buffers;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Whapi;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>The door for Whapi: one secret for all its channels. Channels of other kinds are taken too, so that a stand-in needs no account there.</summary>
public sealed class WhapiWebhook : GatewayWebhook
{
    public const string SecretHeader = "X-Webhook-Secret";

    private readonly ChannelService _channels;
    private readonly byte[]? _secretHash;

    public WhapiWebhook(
        ChannelDirectory directory, ChannelService channels, DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger<WhapiWebhook> logger)
        : base(directory, orchestrator, options, logger)
    {
        _channels = channels;
        var secret = options.Value.Whapi.Secret;
        _secretHash = string.IsNullOrEmpty(secret) ? null : WebhookSecret.Hash(secret);
    }

    protected override bool IsMine(ChannelProvider provider) => provider is not (ChannelProvider.Unipile or ChannelProvider.Meta);

    protected override IResult? CheckCaller(HttpRequest request)
    {
        if (_secretHash is null) return Problem(StatusCodes.Status401Unauthorized, "The webhook is closed: no secret is configured (Webhooks:Whapi:Secret).");
        return WebhookSecret.IsSame(request.Headers[SecretHeader], _secretHash)
            ? null : Problem(StatusCodes.Status401Unauthorized, $"The header {SecretHeader} is missing or wrong.");
    }

    protected override WebhookReading Read(ChannelEntry entry, HttpRequest request, ReadOnlySequence<byte> body) => new(WhapiPayload.Parse(body));

    protected override async Task<IReadOnlyList<InboundMessage>> NewsAsync(ChannelEntry entry, GatewayPayload payload)
    {
        if (payload.ChannelStatus is { } status) await _channels.SetStatusAsync(entry.Id, status, CancellationToken.None);
        return payload.Messages;
    }
}
