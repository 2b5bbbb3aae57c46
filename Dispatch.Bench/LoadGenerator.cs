using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dispatch.Bench;

internal sealed record LoadResult(int Sent, IReadOnlyDictionary<int, int> ByStatus, TimeSpan Took, Measured Latency)
{
    public double PerSecond => (ByStatus.TryGetValue(200, out var ok) ? ok : 0) / Took.TotalSeconds;
}

/// <summary>
/// Posts over so many keep-alive connections, one request at a time on each. Plain sockets: on two cores an HttpClient would use up as much of the
/// machine as the server that is measured.
/// </summary>
internal static class LoadGenerator
{
    public static async Task<LoadResult> RunAsync(Uri target, string headers, int connections, int requests, Func<int, byte[]> body)
    {
        var next = -1;
        var latencies = new List<double>[connections];
        var statuses = new Dictionary<int, int>[connections];
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(c => Task.Run(async () =>
        {
            latencies[c] = new List<double>(requests / connections * 2);
            statuses[c] = [];
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, target.Port);
            var buffer = new byte[16 * 1024];
            for (int i; (i = Interlocked.Increment(ref next)) < requests;)
            {
                var content = body(i);
                var head = Encoding.ASCII.GetBytes(
                    $"POST {target.PathAndQuery} HTTP/1.1\r\nHost: {target.Authority}\r\nContent-Type: application/json\r\n{headers}Content-Length: {content.Length}\r\n\r\n");
                var started = Stopwatch.GetTimestamp();
                await socket.SendAsync((byte[])[.. head, .. content]);
                var status = await ReadAnswerAsync(socket, buffer);
                latencies[c].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                statuses[c][status] = statuses[c].GetValueOrDefault(status) + 1;
            }
        })));
        watch.Stop();
        var byStatus = statuses.SelectMany(s => s).GroupBy(s => s.Key).ToDictionary(g => g.Key, g => g.Sum(s => s.Value));
        return new LoadResult(requests, byStatus, watch.Elapsed, new Measured(latencies.SelectMany(l => l)));
    }

    private static async Task<int> ReadAnswerAsync(Socket socket, byte[] buffer)
    {
        var have = 0;
        for (;;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(have));
            if (read == 0) throw new IOException("The server closed the connection.");
            have += read;
            var text = Encoding.ASCII.GetString(buffer, 0, have);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var complete = ContentLength(text, end) is { } length
                ? have >= end + 4 + length
                : text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
            if (complete) return int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
        }
    }

    private static int? ContentLength(string text, int end)
    {
        const string name = "content-length:";
        var at = text.IndexOf(name, 0, end, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var line = text.IndexOf('\r', at);
        return int.Parse(text.AsSpan(at + name.Length, line - at - name.Length).Trim(), CultureInfo.InvariantCulture);
    }
}
