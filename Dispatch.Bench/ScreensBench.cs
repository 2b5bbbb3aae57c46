using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Dispatch.Bench.Mixed;
using Npgsql;

namespace Dispatch.Bench;

/// <summary>From a call at node A to the screens of nodes A and B: how long until a page there has read the new message, or the lock that an answer took.</summary>
internal static class ScreensBench
{
    private const string Contact = "33612345678";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var samples = arguments.Number("samples", 150);
        Console.WriteLine($"screens: {samples} samples each, pages read at most every 150 ms; {Measured.Machine}");
        foreach (var broker in arguments.Text("wire", "both") switch { "rabbitmq" => [true], "postgresql" => [false], _ => new[] { true, false } })
        {
            await using var cluster = await Cluster.StartAsync(2, broker, screens: true);
            await NodesBench.PrepareAsync(cluster);
            using var http = Cluster.Client(cluster.Nodes[0].Address);
            var door = new FrontDoor(http, new LoadBook());
            await PostAsync(door, "first", Contact);
            var conversation = (await door.ListAsync("/api/conversations?pageSize=10"))[0];
            var (id, owner, contact) = (conversation.GetProperty("id").GetInt64(), conversation.GetProperty("ownerId").GetInt64(), conversation.GetProperty("contact").GetProperty("id").GetInt64());
            using var stop = new CancellationTokenSource();
            var screens = new List<Watched>();
            foreach (var node in cluster.Nodes) screens.Add(await Watched.OpenAsync(node.Address, contact, stop.Token));
            var wire = broker ? "RabbitMQ" : "LISTEN/NOTIFY";
            for (var i = 0; i < 10; i++) await PostAsync(door, $"warm-{i}", Contact);
            await MessagesAsync(door, screens, samples, $"message, {wire}, quiet", "q");
            await LocksAsync(cluster, door, screens, samples, $"lock, {wire}, quiet", id, owner, contact);
            using var enough = new CancellationTokenSource();
            var load = LoadAsync(door, enough.Token);
            await LocksAsync(cluster, door, screens, samples, $"lock, {wire}, while 50 messages a second come in", id, owner, contact);
            await enough.CancelAsync();
            await load;
            await stop.CancelAsync();
        }
        return 0;
    }

    private static async Task MessagesAsync(FrontDoor door, IReadOnlyList<Watched> screens, int samples, string what, string run)
    {
        var random = new Random(1);
        var latencies = screens.Select(_ => new List<double>()).ToList();
        for (var i = 0; i < samples; i++)
        {
            var (id, began) = ($"{run}-{i}", Stopwatch.GetTimestamp());
            await PostAsync(door, id, Contact);
            for (var s = 0; s < screens.Count; s++) latencies[s].Add(await screens[s].SeenAsync(l => l.Message == id, began));
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 350)), TimeProvider.System);
        }
        Print(what, latencies);
    }

    private static async Task LocksAsync(Cluster cluster, FrontDoor door, IReadOnlyList<Watched> screens, int samples, string what, long conversation, long owner, long contact)
    {
        var random = new Random(2);
        var latencies = screens.Select(_ => new List<double>()).ToList();
        await using var connection = new NpgsqlConnection(cluster.Database.ConnectionString);
        await connection.OpenAsync();
        for (var i = 0; i < samples; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await door.PostAsync($"/api/conversations/{conversation}/messages", new { text = $"answer {i}", moderatorId = owner });
            await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"SELECT expires_at FROM client_locks WHERE client_id = {contact}"), connection);
            var until = ((DateTime)(await command.ExecuteScalarAsync())!).Ticks;
            for (var s = 0; s < screens.Count; s++) latencies[s].Add(await screens[s].SeenAsync(l => l.Until == until, began));
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 350)), TimeProvider.System);
        }
        Print(what, latencies);
    }

    private static void Print(string what, IReadOnlyList<List<double>> latencies)
    {
        for (var s = 0; s < latencies.Count; s++) Console.WriteLine($"  {what}: on {(s == 0 ? "the same node" : "the other node")} {new Measured(latencies[s])}");
    }

    private static async Task LoadAsync(FrontDoor door, CancellationToken enough)
    {
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async p =>
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                await PostAsync(door, $"load-{p}-{i}-{Stopwatch.GetTimestamp()}", $"3369900000{p}");
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
            }
        }));
    }

    private static Task PostAsync(FrontDoor door, string id, string contact) => door.PostAsync($"/webhooks/whapi/{DispatchServer.Channel}", new
    {
        messages = new[]
        {
            new { id, from_me = false, type = "text", chat_id = $"{contact}@s.whatsapp.net", timestamp = 1_772_438_400, source = "mobile", text = new { body = "hello" }, from = contact, from_name = "Contact" },
        },
        @event = new { type = "messages", @event = "post" },
        channel_id = "BENCH",
    });

    private sealed record Line(long At, string Message, long Until);

    /// <summary>One open screen and everything it read.</summary>
    private sealed class Watched
    {
        private readonly ConcurrentQueue<Line> _lines = new();

        public static async Task<Watched> OpenAsync(Uri node, long contact, CancellationToken stop)
        {
            var screen = new Watched();
            var http = new HttpClient { BaseAddress = node, Timeout = Timeout.InfiniteTimeSpan };
            var stream = await http.GetStreamAsync(string.Create(CultureInfo.InvariantCulture, $"/screen?contact={contact}"), stop);
            _ = Task.Run(async () =>
            {
                using var reader = new StreamReader(stream);
                try
                {
                    while (await reader.ReadLineAsync(stop) is { } line)
                    {
                        var parts = line.Split(' ');
                        screen._lines.Enqueue(new Line(long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], long.Parse(parts[2], CultureInfo.InvariantCulture)));
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // closed
                }
                http.Dispose();
            }, stop);
            return screen;
        }

        /// <summary>Milliseconds from <paramref name="began"/> to the first reading that shows it.</summary>
        public async Task<double> SeenAsync(Func<Line, bool> shows, long began)
        {
            for (; ; )
            {
                foreach (var line in _lines)
                {
                    if (line.At > began && shows(line)) return Stopwatch.GetElapsedTime(began, line.At).TotalMilliseconds;
                }
                if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30)) throw new TimeoutException("The screen never showed it.");
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }
    }
}
