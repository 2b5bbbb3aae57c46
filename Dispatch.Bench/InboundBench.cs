using System.Text;

namespace Dispatch.Bench;

/// <summary>Inbound messages acknowledged per second over HTTP, beside the floor on the same server, in alternating rounds of one run.</summary>
internal static class InboundBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "sqlite");
        var messages = arguments.Number("messages", 40_000);
        var connections = arguments.Number("connections", 64);
        var perContact = arguments.Number("per-contact", 10);
        Console.WriteLine($"inbound on {provider}: {messages} messages a round, {connections} connections, {perContact} messages a contact; {Measured.Machine}");
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var dispatch = await DispatchServer.StartAsync(database);
        await DispatchServer.PrepareAsync(dispatch, moderators: 40, capacity: 100_000);

        var ratios = new List<double>();
        var batchedRatios = new List<double>();
        for (var round = 0; round <= arguments.Number("rounds", 3); round++)
        {
            var name = $"r{round}";
            var count = messages;
            var ours = await LoadGenerator.RunAsync(new Uri(dispatch.Address, $"/webhooks/whapi/{DispatchServer.Channel}"), DispatchServer.Headers,
                connections, count, i => Payload(name, i, perContact));
            var bare = await LoadGenerator.RunAsync(new Uri(dispatch.Address, "/floor"), "", connections, count, i => Payload(name, i, perContact));
            var batched = await LoadGenerator.RunAsync(new Uri(dispatch.Address, "/floor/batched"), "", connections, count, i => Payload(name, i, perContact));
            if (round == 0) continue; // warm-up: the runtime compiles hot code a second time, and the page cache fills
            ratios.Add(ours.PerSecond / bare.PerSecond);
            batchedRatios.Add(ours.PerSecond / batched.PerSecond);
            Print("Dispatch     ", ours);
            Print("floor        ", bare);
            Print("batched floor", batched);
        }
        Console.WriteLine($"ratio to the floor: {Median(ratios)}; to the batched floor: {Median(batchedRatios)}");
        return 0;
    }

    private static string Median(List<double> ratios) => FormattableString.Invariant(
        $"{string.Join(", ", ratios.Select(r => r.ToString("F2", System.Globalization.CultureInfo.InvariantCulture)))} (median {ratios.Order().ElementAt(ratios.Count / 2):F2})");

    public static void Print(string who, LoadResult result) => Console.WriteLine(FormattableString.Invariant(
        $"  {who} {result.PerSecond:F0}/s, {result.Latency}, answers {string.Join(" ", result.ByStatus.Select(s => $"{s.Key}:{s.Value}"))}"));

    /// <summary>One text message in Whapi's format.</summary>
    public static byte[] Payload(string run, int i, int perContact)
    {
        var contact = 33_600_000_000L + (StringComparer.Ordinal.GetHashCode(run) & 0xFFFF) * 1_000_000L + (i / perContact);
        return Encoding.UTF8.GetBytes(
            $"{{\"messages\":[{{\"id\":\"{run}.{i}.{Run}\",\"from_me\":false,\"type\":\"text\",\"chat_id\":\"{contact}@s.whatsapp.net\",\"timestamp\":1712995245,"
            + $"\"source\":\"mobile\",\"text\":{{\"body\":\"Hello, when does my order {i} arrive? I have been waiting since Monday.\"}},\"from\":\"{contact}\",\"from_name\":\"Contact {contact % 1000}\"}}],"
            + "\"event\":{\"type\":\"messages\",\"event\":\"post\"},\"channel_id\":\"BENCH\"}");
    }

    private static readonly string Run = Guid.NewGuid().ToString("N")[..8];
}
