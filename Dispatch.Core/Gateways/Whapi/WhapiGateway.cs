using System.Net;
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
    private const int MaxAnswer = 64 * 1024;

    public ChannelProvider Provider => ChannelProvider.Whapi;

    public async Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        if (tokens.Unprotect(message.ProtectedToken) is not { } token) return SendResult.Failed(SendFailure.BadToken);
        var body = new WatchedContent(JsonSerializer.SerializeToUtf8Bytes(new WhapiTextRequest(message.Address, message.Text), WhapiJson.Default.WhapiTextRequest));
        using var request = new HttpRequestMessage(HttpMethod.Post, "messages/text") { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // Over the whole call: HttpClient's own timeout would stop counting at the headers.
        using var timeout = new CancellationTokenSource(options.Value.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var answer = await ReadAsync(response, either.Token);
            return response.IsSuccessStatusCode
                // Accepted without an id that could be read: it has left, but nothing can be matched to it.
                ? WhapiAnswer.MessageId(answer) is { } id ? SendResult.Sent(id) : SendResult.Failed(SendFailure.Unknown)
                : SendResult.Failed(WhapiAnswer.Failure(response.StatusCode, answer));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Whatever broke: if the body was never asked for, no connection existed yet and nothing left.
            LogBroken(message.Id, body.Started, e.GetType().Name);
            return SendResult.Failed(body.Started ? SendFailure.Unknown : SendFailure.Unreachable);
        }
    }

    /// <summary>At most the first 64 KiB; empty when the connection ended: the status counts even so.</summary>
    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel);
            var buffer = new byte[MaxAnswer];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
            return buffer[..length];
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The call to Whapi for message {MessageId} broke (body on its way: {Started}): {Cause}")]
    private partial void LogBroken(long messageId, bool started, string cause);

    /// <summary>Knows whether a connection was there to take it.</summary>
    private sealed class WatchedContent : HttpContent
    {
        private readonly byte[] _body;

        public WatchedContent(byte[] body)
        {
            _body = body;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public bool Started { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            Started = true;
            return stream.WriteAsync(_body, cancellationToken).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
