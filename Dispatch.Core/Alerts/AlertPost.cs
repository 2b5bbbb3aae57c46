using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Alerts;

/// <summary>One post to the webhook, signed: <c>X-Dispatch-Signature: sha256=HEX</c> is the HMAC-SHA256 of <c>timestamp.body</c> with the shared secret.</summary>
public sealed class AlertPost(IHttpClientFactory clients, IOptions<AlertOptions> options, TimeProvider clock)
{
    public const string ClientName = "alerts", DeliveryHeader = "X-Dispatch-Delivery", TimestampHeader = "X-Dispatch-Timestamp", SignatureHeader = "X-Dispatch-Signature";

    /// <summary>There is somebody to post to.</summary>
    public bool IsOn => options.Value.WebhookUrl is not null;

    /// <summary>Null: the receiver took it (2xx). Otherwise what was met: a status code or the type of an exception. Never throws for what a network may do.</summary>
    /// <param name="delivery">The same at every attempt, so that the receiver knows a repetition.</param>
    public async Task<string?> SendAsync(string delivery, string body, CancellationToken cancel)
    {
        var set = options.Value;
        if (set.WebhookUrl is not { } url) return "NoAddress";
        using var limit = new CancellationTokenSource(set.WebhookTimeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        var bytes = Encoding.UTF8.GetBytes(body);
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" } } };
        request.Headers.Add(DeliveryHeader, delivery);
        request.Headers.Add(TimestampHeader, timestamp);
        if (set.WebhookSecret is { Length: > 0 } secret) request.Headers.Add(SignatureHeader, Sign(secret, timestamp, bytes));
        try
        {
            using var answer = await clients.CreateClient(ClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode ? null : ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return e.GetType().Name;
        }
    }

    public static string Sign(string secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.UTF8.GetBytes(timestamp + "."));
        hash.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
