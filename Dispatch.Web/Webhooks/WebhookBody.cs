using System.Buffers;

namespace Dispatch.Web.Webhooks;

/// <summary>Reads a body into the pipe's own pooled buffers, counting what really comes: a chunked request names no length.</summary>
internal static class WebhookBody
{
    public const int MaxBytes = 1024 * 1024;

    /// <param name="read">Everything it keeps has to be its own: the buffers go back.</param>
    /// <returns>Null: more than <see cref="MaxBytes"/>.</returns>
    public static async Task<T?> ReadAsync<T>(HttpRequest request, Func<ReadOnlySequence<byte>, T> read, CancellationToken cancel)
        where T : class
    {
        if (request.ContentLength > MaxBytes) return null;
        var reader = request.BodyReader;
        for (;;)
        {
            var part = await reader.ReadAsync(cancel);
            var buffer = part.Buffer;
            if (buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(buffer.End);
                return null;
            }
            if (part.IsCompleted)
            {
                var result = read(buffer);
                reader.AdvanceTo(buffer.End);
                return result;
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
