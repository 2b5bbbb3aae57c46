using System.Buffers;
using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Meta;
using Dispatch.Core.Outreach;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>The door for Meta's Cloud API: a handshake by GET, then calls signed with the app's secret over their bytes.</summary>
public sealed class MetaWebhook(
    ChannelDirectory directory, ChannelTokens tokens, AccountNews accounts, DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger<MetaWebhook> logger)
    : GatewayWebhook(directory, orchestrator, options, logger)
{
    private const int MaxChallenge = 256;

    /// <summary>The body of the answer is the challenge and nothing else, or Meta does not take the address.</summary>
    public async Task<IResult> VerifyAsync(string channel, HttpContext context)
    {
        if (await FindAsync(channel, context.RequestAborted) is not { } entry) return NoChannel();
        var query = context.Request.Query;
        string? mode = query["hub.mode"], given = query["hub.verify_token"], challenge = query["hub.challenge"];
        if (tokens.Open(entry.ProtectedToken) is not { VerifyToken: { } token }) return Problem(StatusCodes.Status403Forbidden, "The channel has no verify token yet.");
        if (mode != "subscribe" || !WebhookSecret.IsSame(given, token)) return Problem(StatusCodes.Status403Forbidden, "hub.mode is not 'subscribe', or hub.verify_token is not the channel's.");
        return challenge is { Length: > 0 and <= MaxChallenge } && challenge.All(char.IsAsciiLetterOrDigit)
            ? Results.Text(challenge, "text/plain", Encoding.ASCII) : Problem(StatusCodes.Status400BadRequest, "hub.challenge is missing or no challenge of Meta.");
    }

    protected override bool IsMine(ChannelProvider provider) => provider == ChannelProvider.Meta;

    protected override IResult? CheckCaller(ChannelEntry entry, HttpRequest request) => tokens.Open(entry.ProtectedToken) is { Secret: not null, Account: not null }
        ? null : Problem(StatusCodes.Status401Unauthorized, "The webhook is closed: the channel has no app secret.");

    protected override WebhookReading Read(ChannelEntry entry, HttpRequest request, ReadOnlySequence<byte> body)
    {
        var channel = tokens.Open(entry.ProtectedToken)!;
        return MetaSignature.IsGood(request.Headers[MetaSignature.Header], body, channel.Secret!)
            ? new WebhookReading(MetaPayload.Parse(body, channel.Account!))
            : new WebhookReading(null, Problem(StatusCodes.Status401Unauthorized, $"The header {MetaSignature.Header} is missing or not the signature of this body."));
    }

    protected override async Task<IReadOnlyList<InboundMessage>> NewsAsync(ChannelEntry entry, GatewayPayload payload)
    {
        if (payload.Held is { } failure) await accounts.HeldAsync(entry.Id, failure, CancellationToken.None);
        return payload.Messages;
    }
}
