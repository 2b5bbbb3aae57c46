using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Whapi;

/// <summary>
/// Sends through <c>POST /messages/text</c>. What it returns decides whether a person is told "it did not leave" or "it may have left", so an
/// error counts as a failure only when the message can not have reached WhatsApp.
/// </summary>
public sealed partial class WhapiGateway(
    IHttpClientFactory clients, ChannelTokens tokens, IOptions<WhapiOptions> options, TimeProvider clock, ILogger<WhapiGateway> logger) : IMessageGateway
{
    public const string ClientName = "whapi";

    public ChannelProvider Provider => ChannelProvider.Whapi;

    public async Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        if (tokens.Unprotect(message.ProtectedToken) is not { } token) return SendResult.Failed(SendFailure.BadToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "messages/text")
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new WhapiTextRequest(message.Address, message.Text), WhapiJson.Default.WhapiTextRequest))
                { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var client = clients.CreateClient(ClientName);
        var answer = await GatewayCall.SendAsync(client, request, options.Value.Timeout, clock, cancel);
        if (answer.Status is not { } status)
        {
            LogBroken(message.Id, answer.Started, answer.Cause);
            return SendResult.Failed(answer.Started ? SendFailure.Unknown : SendFailure.Unreachable);
        }
        return answer.IsSuccess
            // Accepted without an id that could be read: it has left, but nothing can be matched to it.
            ? WhapiAnswer.MessageId(answer.Body) is { } id ? SendResult.Sent(id) : SendResult.Failed(SendFailure.Unknown)
            : SendResult.Failed(WhapiAnswer.Failure(status, answer.Body));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The call to Whapi for message {MessageId} broke (body on its way: {Started}): {Cause}")]
    private partial void LogBroken(long messageId, bool started, string? cause);
}
