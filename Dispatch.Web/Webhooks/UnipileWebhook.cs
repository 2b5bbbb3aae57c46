using System.Buffers;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Outreach;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>
/// The door for Unipile, each channel with its own secret: it signs nothing, so a header of ours is all there is. Whatever Content-Type comes, or none, is read: webhooks made by its API send
/// none of their own.
/// </summary>
public sealed class UnipileWebhook(
    ChannelDirectory directory, ChannelService channels, ChannelTokens tokens, GatewayContacts contacts, OwnMessages own, Actions actions, AccountNews accounts,
    DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger<UnipileWebhook> logger) : GatewayWebhook(directory, orchestrator, options, logger)
{
    public const string SecretHeader = "X-Webhook-Secret";

    protected override bool IsMine(ChannelProvider provider) => provider == ChannelProvider.Unipile;

    protected override IResult? CheckCaller(ChannelEntry entry, HttpRequest request)
    {
        if (tokens.Open(entry.ProtectedToken) is not { Secret: { } secret }) return Problem(StatusCodes.Status401Unauthorized, "The webhook is closed: the channel has no webhook secret.");
        return WebhookSecret.IsSame(request.Headers[SecretHeader], secret) ? null : Problem(StatusCodes.Status401Unauthorized, $"The header {SecretHeader} is missing or wrong.");
    }

    protected override WebhookReading Read(ChannelEntry entry, HttpRequest request, ReadOnlySequence<byte> body) =>
        new(UnipilePayload.Parse(body, tokens.Open(entry.ProtectedToken)!));

    protected override async Task<IReadOnlyList<InboundMessage>> NewsAsync(ChannelEntry entry, GatewayPayload payload)
    {
        if (payload.ChannelStatus is { } status)
        {
            await channels.SetStatusAsync(entry.Id, status, CancellationToken.None);
            await accounts.StatusAsync(entry.Id, status, CancellationToken.None);
        }
        foreach (var chat in payload.Chats) await contacts.RememberAsync(entry.Id, chat);
        foreach (var connection in payload.Connections) await ConnectedAsync(entry.Id, connection);
        var rest = new List<InboundMessage>(payload.Messages.Count);
        foreach (var message in payload.Messages)
        {
            // What came of a message of ours is known now; what somebody wrote elsewhere in our name is shown in the thread.
            if (!message.FromUs || !(await own.RecognizeAsync(entry.Id, message.Address, message.Text, message.ProviderId, message.At)
                || await actions.EchoAsync(entry.Id, message.Address, message.Text, message.ProviderId)))
            {
                rest.Add(message);
            }
            if (!await contacts.IsInvitedAsync(entry.Id, message.Address)) continue;
            // An invitation's note becomes the chat's first message when it is accepted, hours before new_relation says so. Who writes himself has accepted too, and is
            // answered by a person, not with a first contact.
            if (message.FromUs) await ConnectedAsync(entry.Id, new NewConnection(message.Address, message.Name.Length > 0 ? message.Name : message.Address));
            else await contacts.AcceptedAsync(entry.Id, message.Address);
        }
        return rest;
    }

    /// <summary>Announced first and marked then: a crash in between announces again, which changes nothing.</summary>
    private async Task ConnectedAsync(long channelId, NewConnection connection)
    {
        if (await contacts.IsAcceptedAsync(channelId, connection.Address)) return;
        await accounts.ConnectedAsync(channelId, connection.Address, connection.Name);
        await contacts.ConnectedAsync(channelId, connection.Address);
    }
}
