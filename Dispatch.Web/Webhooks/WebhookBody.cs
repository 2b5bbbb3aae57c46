using System.Buffers;
using Dispatch.Core.Gateways.Whapi;

namespace Dispatch.Web.Webhooks;

/// <summary>Reads a body into the pipe's own pooled buffers, counting what really comes: a chunked request names no length.</summary>
internal static class WebhookBody
{
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Null: more than <see cref="MaxBytes"/>.</summary>
    public static async Task<WhapiResult?> ParseAsync(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength > MaxBytes) return null;
        var reader = request.BodyReader;
        for (;;)
        {
            var read = await reader.ReadAsync(cancel);
            var buffer = read.Buffer;
            if (buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(buffer.End);
                return null;
            }
            if (read.IsCompleted)
            {
                // Everything kept of it is a string of its own by now; the buffers go back.
                var result = WhapiPayload.Parse(buffer);
                reader.AdvanceTo(buffer.End);
                return result;
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
