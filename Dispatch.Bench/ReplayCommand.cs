using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Dispatch.Bench;

/// <summary>
/// Turns real conversations into Whapi webhooks (one synthetic number per conversation, contact messages only) and posts them in time order to a
/// running Dispatch. Ids are derived from the file, so a second replay is a replay of duplicates.
/// </summary>
internal static class ReplayCommand
{
    /// <summary>The file spans years: no pause is longer than this, whatever the speed.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(40);

    public static async Task<int> RunAsync(string file, Arguments arguments)
    {
        if (arguments.Text("secret") is not { } secret) return Arguments.Usage();
        var address = new Uri(arguments.Text("url", "http://localhost:5080"));
        var speed = arguments.Number("speed", 600);
        var lines = Read(file);
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add("X-Webhook-Secret", secret);

        var answers = new List<double>();
        int accepted = 0, stored = 0, duplicates = 0;
        DateTime? before = null;
        foreach (var line in lines)
        {
            var pause = before is null ? TimeSpan.Zero : (line.At - before.Value) / speed;
            if (pause > TimeSpan.Zero) await Task.Delay(pause < LongestPause ? pause : LongestPause, TimeProvider.System);
            before = line.At;
            using var content = new ByteArrayContent(Payload(line));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var started = Stopwatch.GetTimestamp();
            using var answer = await http.PostAsync($"/webhooks/whapi/{arguments.Text("channel", "demo")}", content);
            answers.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode)
            {
                Console.Error.WriteLine($"{(int)answer.StatusCode}: {text}");
                if (accepted == 0) return 1;
                continue;
            }
            accepted++;
            var result = JsonSerializer.Deserialize<JsonElement>(text);
            stored += result.GetProperty("stored").GetInt32();
            duplicates += result.GetProperty("duplicates").GetInt32();
        }
        Console.WriteLine($"replay of {lines.Select(l => l.Conversation).Distinct(StringComparer.Ordinal).Count()} conversations: sent {lines.Count}, accepted {accepted}, stored {stored}, duplicates {duplicates}");
        Console.WriteLine($"webhook answer (the decision is part of the same commit): {new Measured(answers)}");
        if (arguments.Text("api-key") is { } key) await ReportAssignmentAsync(address, key, lines);
        else Console.WriteLine("assigned, pending, message-to-assigned: not asked (give --api-key)");
        return accepted == lines.Count ? 0 : 1;
    }

    /// <summary>Asks the API what became of each conversation of the file.</summary>
    private static async Task ReportAssignmentAsync(Uri address, string key, List<Line> lines)
    {
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add("X-Api-Key", key);
        var ours = lines.Select(l => l.Number).ToHashSet(StringComparer.Ordinal);
        int assigned = 0, pending = 0;
        var waits = new List<double>();
        for (var page = 1; ; page++)
        {
            var list = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync($"/api/conversations?page={page}&pageSize=200"));
            var items = list.GetProperty("items").EnumerateArray().ToList();
            foreach (var item in items.Where(i => ours.Contains(i.GetProperty("contact").GetProperty("address").GetString()!)))
            {
                var detail = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync($"/api/conversations/{item.GetProperty("id").GetInt64()}"));
                if (detail.GetProperty("ownerId").ValueKind == JsonValueKind.Null)
                {
                    pending++;
                    continue;
                }
                assigned++;
                // An inbound message has one status for ever: received, at the time it was stored.
                var came = detail.GetProperty("messages").EnumerateArray().Min(m => m.GetProperty("statusAt").GetDateTime());
                var given = detail.GetProperty("decisions").EnumerateArray()
                    .Where(d => d.GetProperty("toId").ValueKind != JsonValueKind.Null).Select(d => d.GetProperty("at").GetDateTime()).DefaultIfEmpty(came).Min();
                waits.Add((given - came).TotalMilliseconds);
            }
            if (items.Count < 200) break;
        }
        Console.WriteLine($"assigned {assigned}, pending {pending}; message stored to assigned: {new Measured(waits)}");
    }

    private static List<Line> Read(string file) =>
    [
        .. File.ReadLines(file).Select(l => JsonSerializer.Deserialize<JsonElement>(l))
            .GroupBy(j => j.GetProperty("conversation").GetString()!, StringComparer.Ordinal)
            .SelectMany((conversation, number) => conversation.Where(j => j.GetProperty("who").GetString() == "contact").Select((j, i) => new Line(
                conversation.Key, $"33700{number:D6}", i, j.GetProperty("startedAt").GetDateTime().AddSeconds(j.GetProperty("offsetSeconds").GetInt32()),
                j.GetProperty("text").GetString()!)))
            .OrderBy(l => l.At).ThenBy(l => l.Conversation, StringComparer.Ordinal).ThenBy(l => l.Index),
    ];

    private static byte[] Payload(Line line) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new
    {
        messages = new[]
        {
            new
            {
                id = $"replay.{line.Conversation}.{line.Index}", from_me = false, type = "text", chat_id = line.Number + "@s.whatsapp.net",
                timestamp = new DateTimeOffset(line.At).ToUnixTimeSeconds(), source = "mobile", text = new { body = line.Text }, from = line.Number,
                from_name = line.Conversation,
            },
        },
        @event = new { type = "messages", @event = "post" },
        channel_id = "REPLAY",
    }));

    private sealed record Line(string Conversation, string Number, int Index, DateTime At, string Text);
}
