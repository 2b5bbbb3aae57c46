using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>Three processes on one PostgreSQL behind the nginx that Dispatch ships a configuration for.</summary>
[Collection(nameof(Alone))]
public sealed class NodesAppTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Contacts = 60, Posters = 6;
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-nodes-").FullName;
    private readonly int[] _ports = [NginxProcess.FreePort(), NginxProcess.FreePort(), NginxProcess.FreePort()];
    private readonly AppProcess?[] _nodes = new AppProcess?[3];
    private StandIn _whapi = null!;
    private string _database = "";

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync(migrated: false);
        _whapi = await StandIn.StartAsync();
        var sent = 0;
        _whapi.Answer = _ => (200, StandIn.Json(new { sent = true, message = new { id = $"out-{Interlocked.Increment(ref sent)}", status = "pending" } }));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.OfType<AppProcess>()) await node.DisposeAsync();
        await _whapi.DisposeAsync();
        await postgres.DropDatabaseAsync(_database);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task RollingRestartAndAKill_UnderLoad_LoseNoWebhookAndSendNothingTwice()
    {
        // At once, on an empty database: one of them makes the tables.
        await Task.WhenAll(Enumerable.Range(0, 3).Select(StartAsync));
        await using var nginx = await NginxProcess.StartAsync(_ports);
        using var http = new HttpClient { BaseAddress = nginx.Address, Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
        http.DefaultRequestHeaders.Add("X-Webhook-Secret", AppProcess.WebhookSecret);
        await PostAsync(http, "/api/channels", new { key = "shop", provider = "Whapi", token = "a-token-of-the-gateway" });
        await PostAsync(http, "/api/profiles", new { name = "Shop", channel = "shop", mode = "Shared" });
        for (var i = 0; i < 3; i++)
        {
            var person = await PostAsync(http, "/api/moderators", new { name = $"M{i}", email = $"m{i}@example.org", maxConversations = 100, priority = 0 });
            await PostAsync(http, $"/api/moderators/{person}/connect", new { });
        }

        using var enough = new CancellationTokenSource();
        var (posted, replied) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        var load = Enumerable.Range(0, Posters).Select(p => PostUntilAsync(http, p, posted, enough.Token)).Append(ReplyUntilAsync(http, replied, enough.Token)).ToList();
        for (var i = 0; i < 3; i++)
        {
            await MoreAsync(posted, 60);
            await _nodes[i]!.StopAsync();
            await MoreAsync(posted, 60);
            await StartAsync(i);
        }
        await _nodes[1]!.KillAsync();
        await MoreAsync(posted, 60);
        await StartAsync(1);
        await MoreAsync(posted, 60);
        await enough.CancelAsync();
        await Task.WhenAll(load).InTime(TimeSpan.FromSeconds(60));

        await using var db = DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = _database });
        await Eventually.Async(async () => !await db.Messages.AnyAsync(m => m.Status == Core.Conversations.MessageStatus.Queued || m.Status == Core.Conversations.MessageStatus.Sending), TimeSpan.FromSeconds(90));
        var stored = await db.Messages.Where(m => m.ProviderMessageId != null && m.Direction == Core.Conversations.MessageDirection.In).OrderBy(m => m.Id).Select(m => new { m.ConversationId, Id = m.ProviderMessageId! }).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(posted.Order(StringComparer.Ordinal), stored.Select(m => m.Id).Order(StringComparer.Ordinal));
        // One poster per contact, one after the other: the order of a conversation is the order in which they were answered.
        foreach (var conversation in stored.GroupBy(m => m.ConversationId))
        {
            var numbers = conversation.Select(m => int.Parse(m.Id.Split('-')[2], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(numbers.Order(), numbers);
        }
        Assert.Empty(await Consistency.ViolationsAsync(db));
        // What left at the gateway left once; what did not arrive says so: what a killed process had in hand is uncertain and not sent again, what the gateway could not be asked for failed.
        var calls = _whapi.Calls.Where(c => c.Path.Contains("/messages/text", StringComparison.Ordinal)).Select(c => c.Body).ToList();
        var texts = replied.Where(t => calls.Any(c => c.Contains($"\"{t}\"", StringComparison.Ordinal))).ToList();
        Assert.Equal(calls.Count, calls.Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(texts.Count, 1, replied.Count);
        var missing = replied.Except(texts).ToList();
        var states = await db.Messages.Where(m => m.Direction == Core.Conversations.MessageDirection.Out && missing.Contains(m.Text)).ToDictionaryAsync(m => m.Text, m => (m.Status, m.Error), TestContext.Current.CancellationToken);
        Assert.All(missing, text => Assert.True(states[text].Status is Core.Conversations.MessageStatus.Uncertain or Core.Conversations.MessageStatus.Failed, $"{text} is {states[text]} and never reached the gateway"));
    }

    [Fact]
    public async Task Frozen_LongerThanItIsMissed_IsGivenUpAndComesBack()
    {
        await Task.WhenAll(StartAsync(0), StartAsync(1));
        await using var db = DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = _database });
        // Whoever was never heard is not missed.
        await Eventually.Async(async () => await StateAsync("n0") == Core.Nodes.NodeState.Up && await StateAsync("n1") == Core.Nodes.NodeState.Up);
        _nodes[0]!.Freeze();
        await Eventually.Async(async () => await StateAsync("n0") == Core.Nodes.NodeState.Down);
        Assert.Equal(Core.Nodes.NodeState.Up, await StateAsync("n1"));

        _nodes[0]!.Thaw();

        await Eventually.Async(async () => await StateAsync("n0") == Core.Nodes.NodeState.Up);
        await Eventually.Async(async () => (await _nodes[0]!.Http.GetAsync("/health/ready")).IsSuccessStatusCode);
        await _nodes[0]!.StopAsync();
        Assert.Equal(Core.Nodes.NodeState.Stopped, await StateAsync("n0"));

        Task<Core.Nodes.NodeState?> StateAsync(string name) => db.Nodes.AsNoTracking().Where(n => n.Name == name).Select(n => (Core.Nodes.NodeState?)n.State).SingleOrDefaultAsync();
    }

    private async Task StartAsync(int i)
    {
        if (_nodes[i] is { } old) await old.DisposeAsync();
        _nodes[i] = await AppProcess.StartAsync(
            Directory.CreateDirectory(Path.Combine(_folder, $"n{i}")).FullName, _ports[i],
            ("Database__Provider", "PostgreSql"), ("ConnectionStrings__Dispatch", _database), ("Node__Name", $"n{i}"), ("Node__LostAfter", "00:00:05"), ("Node__DrainFor", "00:00:01"),
            ("DataProtection__Secret", "a secret that all three nodes share"), ("Gateways__Whapi__BaseAddress", _whapi.Address));
    }

    /// <summary>As a gateway does: the same message again until somebody answers 200, and only then the next.</summary>
    private static async Task PostUntilAsync(HttpClient http, int poster, ConcurrentBag<string> posted, CancellationToken enough)
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var contact = (poster * (Contacts / Posters)) + (i % (Contacts / Posters));
            var id = $"in-{contact}-{i}";
            await UntilAnsweredAsync(() => http.PostAsJsonAsync("/webhooks/whapi/shop", Payload(id, contact, i), CancellationToken.None));
            posted.Add(id);
        }
    }

    private async Task ReplyUntilAsync(HttpClient http, ConcurrentBag<string> replied, CancellationToken enough)
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            (long Conversation, long Owner) at;
            await using (var db = DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = _database }))
            {
                var open = await db.Conversations.Where(c => c.OwnerId != null).OrderBy(c => c.Id).Skip(i % 20).Select(c => new { c.Id, c.OwnerId }).FirstOrDefaultAsync(CancellationToken.None);
                if (open is null) continue;
                at = (open.Id, open.OwnerId!.Value);
            }
            var text = $"answer {i}";
            var answered = await UntilAnsweredAsync(() => http.PostAsJsonAsync($"/api/conversations/{at.Conversation}/messages", new { text, moderatorId = at.Owner, effectKey = $"reply-{i}" }, CancellationToken.None));
            if (answered) replied.Add(text);
        }
    }

    /// <summary>True: done. False: refused for good.</summary>
    private static async Task<bool> UntilAnsweredAsync(Func<Task<HttpResponseMessage>> call)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var answer = await call();
                if (answer.IsSuccessStatusCode) return true;
                if (answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound) return false;
                Assert.True((int)answer.StatusCode >= 500, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }
            catch (HttpRequestException)
            {
                // no node could be reached
            }
            Assert.True(tries < 600, "Nobody answers any more.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private static Task MoreAsync(ConcurrentBag<string> posted, int count)
    {
        var want = posted.Count + count;
        return Eventually.Async(() => Task.FromResult(posted.Count >= want), TimeSpan.FromSeconds(60));
    }

    private static async Task<long> PostAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return (await answer.Content.ReadFromJsonAsync<Made>())!.Id;
    }

    private static object Payload(string id, int contact, int i) => new
    {
        messages = new[]
        {
            new
            {
                id, from_me = false, type = "text", chat_id = $"33600{contact:000}@s.whatsapp.net", timestamp = 1_772_438_400 + i, source = "mobile",
                text = new { body = $"message {i}" }, from = $"33600{contact:000}", from_name = $"Contact {contact}",
            },
        },
        @event = new { type = "messages", @event = "post" },
        channel_id = "MANTIS-M72HC",
    };

    private sealed record Made(long Id);
}
