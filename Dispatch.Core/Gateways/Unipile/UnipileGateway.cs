using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>
/// Sends in the chat that is known of a person, or starts one. What it returns decides whether a person is told "it did not leave" or "it may have left", so an error counts as a
/// failure only when the message can not have reached the provider.
/// </summary>
public sealed partial class UnipileGateway : IMessageGateway
{
    private readonly UnipileApi _api;
    private readonly GatewayContacts _contacts;
    private readonly ChannelTokens _tokens;
    private readonly GatewayPace _pace;
    private readonly UnipileOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<UnipileGateway> _logger;

    internal UnipileGateway(
        UnipileApi api, GatewayContacts contacts, ChannelTokens tokens, GatewayPace pace, IOptions<UnipileOptions> options, TimeProvider clock, ILogger<UnipileGateway> logger)
    {
        _api = api;
        _contacts = contacts;
        _tokens = tokens;
        _pace = pace;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    public ChannelProvider Provider => ChannelProvider.Unipile;

    public async Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        if (_tokens.Open(message.ProtectedToken) is not { } channel) return SendResult.Failed(SendFailure.BadToken);
        if (!await _pace.EnterAsync(Provider, message.ChannelId, _options.Pace, cancel)) return SendResult.Failed(SendFailure.TooMany);
        if (await _contacts.ChatAsync(message.ChannelId, message.Address, cancel) is { } chat)
        {
            var inChat = await _api.SendInChatAsync(channel, chat, message.Text, cancel);
            if (inChat.Status != HttpStatusCode.NotFound || UnipileAnswer.TypeOf(inChat) is not "resource_not_found") return ResultOf(message, inChat, "MessageSent");
            // The chat is gone (the account was connected anew): nothing left, and a new one is started.
            await _contacts.ForgetAsync(message.ChannelId, message.Address, chat);
        }
        var started = await _api.StartChatAsync(channel, message.Address, message.Text, cancel);
        if (started.IsSuccess && started.Read(root => PayloadFields.Text(root, "chat_id")) is { Length: > 0 } made)
            await _contacts.RememberAsync(message.ChannelId, new ChatOf(message.Address, made, _clock.GetUtcNow().UtcDateTime));
        return ResultOf(message, started, "ChatStarted");
    }

    private SendResult ResultOf(OutboundMessage message, GatewayAnswer answer, string expected)
    {
        if (answer.Status is null)
        {
            LogBroken(message.Id, answer.Started, answer.Cause);
            return SendResult.Failed(answer.Started ? SendFailure.Unknown : SendFailure.Unreachable);
        }
        if (answer.RetryAfter is { } wait && !answer.IsSuccess) _pace.Hold(message.ChannelId, wait);
        if (!answer.IsSuccess) return SendResult.Failed(UnipileAnswer.Failure(answer));
        if (answer.Read(root => PayloadFields.Text(root, "message_id")) is { Length: > 0 and <= PayloadFields.MaxId } id) return SendResult.Sent(id);
        // A chat may be started without naming its first message yet. Any other 2xx is nothing Unipile says.
        return answer.Read(root => PayloadFields.Text(root, "object")) == expected ? SendResult.SentUnnamed : SendResult.Failed(SendFailure.Unknown);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The call to Unipile for message {MessageId} broke (body on its way: {Started}): {Cause}")]
    private partial void LogBroken(long messageId, bool started, string? cause);
}
