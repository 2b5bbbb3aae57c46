using System.Buffers;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Whapi;
using Dispatch.Core.Outreach;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>The door for Whapi: one secret for all its channels. Channels of other kinds are taken too, so that a stand-in needs no account there.</summary>
public sealed class WhapiWebhook : GatewayWebhook
{
    public const string SecretHeader = "X-Webhook-Secret";

    private readonly ChannelService _channels;
    private readonly Actions _actions;
    private readonly byte[]? _secretHash;

    public WhapiWebhook(
        ChannelDirectory directory, ChannelService channels, Actions actions, DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger<WhapiWebhook> logger)
        : base(directory, orchestrator, options, logger)
    {
        _channels = channels;
        _actions = actions;
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
        if (!payload.Messages.Any(m => m.FromUs)) return payload.Messages;
        var rest = new List<InboundMessage>(payload.Messages.Count);
        foreach (var message in payload.Messages)
        {
            // What outreach sent is in the thread by its own record.
            if (!message.FromUs || !await _actions.EchoAsync(entry.Id, message.Address, message.Text, message.ProviderId)) rest.Add(message);
        }
        return rest;
    }
}
