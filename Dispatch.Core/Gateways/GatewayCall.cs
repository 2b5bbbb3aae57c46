using System.Net;
using System.Text.Json;

namespace Dispatch.Core.Gateways;

/// <summary>What came of a call.</summary>
/// <param name="Status">Null: none came.</param>
/// <param name="Started">The request was on its way: without an answer it may have had its effect.</param>
/// <param name="RetryAfter">How long the gateway wants to be left alone.</param>
internal sealed record GatewayAnswer(HttpStatusCode? Status, byte[] Body, bool Started, TimeSpan? RetryAfter = null, string? Cause = null)
{
    public bool IsSuccess => Status is { } s && (int)s is >= 200 and < 300;

    /// <summary>What the body says; null when it is no JSON object or says nothing of the kind.</summary>
    public T? Read<T>(Func<JsonElement, T?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}

/// <summary>One HTTP call to a gateway that never throws for what a network or a server may do.</summary>
internal static class GatewayCall
{
    private const int MaxAnswer = 256 * 1024;

    /// <param name="timeout">Over the whole call: HttpClient's own would stop counting at the headers.</param>
    public static async Task<GatewayAnswer> SendAsync(HttpClient client, HttpRequestMessage request, TimeSpan timeout, TimeProvider clock, CancellationToken cancel)
    {
        var watched = request.Content is { } content ? new WatchedContent(content) : null;
        request.Content = watched;
        // A question without a body changes nothing at the other end.
        bool Started() => watched?.Started == true;
        using var limit = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var wait = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } when date > clock.GetUtcNow() => date - clock.GetUtcNow(),
                _ => (TimeSpan?)null,
            };
            return new GatewayAnswer(response.StatusCode, await ReadAsync(response, either.Token), Started(), wait);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Whatever broke: if the body was never asked for, no connection existed yet and nothing left.
            return new GatewayAnswer(null, [], Started(), Cause: e.GetType().Name);
        }
    }

    /// <summary>At most the first 256 KiB; empty when the connection ended: the status counts even so.</summary>
    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel);
            using var body = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (body.Length < MaxAnswer && await stream.ReadAsync(buffer, cancel) is var read and > 0) body.Write(buffer, 0, read);
            return body.ToArray();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return [];
        }
    }

    /// <summary>Knows whether a connection was there to take it.</summary>
    private sealed class WatchedContent : HttpContent
    {
        private readonly HttpContent _inner;

        public WatchedContent(HttpContent inner)
        {
            _inner = inner;
            foreach (var header in inner.Headers) Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        public bool Started { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            Started = true;
            return _inner.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? 0;
            return _inner.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
