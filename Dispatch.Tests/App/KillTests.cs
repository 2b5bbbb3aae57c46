using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>The process dies in the middle of its work. Whatever it answered 200 is there, once, and nothing is half done.</summary>
public sealed class KillTests : IDisposable
{
    private const int Messages = 2000, Contacts = 250, Senders = 16;
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-kill-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_InTheMiddleOf2000Webhooks_HasEveryAnsweredMessageOnce()
    {
        var answered = new ConcurrentDictionary<int, byte>();
        await using (var app = await AppProcess.StartAsync(_folder))
        {
            await SetUpAsync(app);
            var posting = PostAllAsync(app, answered);
            await Eventually.Async(() => answered.Count >= Messages / 3, TimeSpan.FromSeconds(60));
            await app.KillAsync();
            await posting.InTime(TimeSpan.FromSeconds(60));
        }
        Assert.InRange(answered.Count, Messages / 3, Messages - 1);
        await AssertStoredAsync(answered.Keys);

        // Again from the start, as the gateway would for what was not answered, and more than that.
        await using (var app = await AppProcess.StartAsync(_folder))
        {
            answered.Clear();
            await PostAllAsync(app, answered);
            Assert.Equal(Messages, answered.Count);
            await app.StopAsync();
        }
        await AssertStoredAsync(answered.Keys);
    }

    private static async Task SetUpAsync(AppProcess app)
    {
        await app.PostAsync<Made>("/api/channels", new { key = "shop", provider = "Whapi", token = "a-token-of-the-gateway" });
        await app.PostAsync<Made>("/api/profiles", new { name = "Shop", channel = "shop", mode = "Shared" });
        for (var i = 0; i < 4; i++)
        {
            var person = await app.PostAsync<Made>("/api/moderators", new { name = $"M{i}", email = $"m{i}@example.org", maxConversations = 40, priority = 0 });
            if (i > 0) await app.PostAsync<Made>($"/api/moderators/{person.Id}/connect");
        }
    }

    private static Task PostAllAsync(AppProcess app, ConcurrentDictionary<int, byte> answered) =>
        Task.WhenAll(Enumerable.Range(0, Senders).Select(async sender =>
        {
            for (var i = sender; i < Messages; i += Senders)
            {
                try
                {
                    using var answer = await app.Http.PostAsJsonAsync("/webhooks/whapi/shop", Payload(i));
                    Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                    answered[i] = 0;
                }
                catch (HttpRequestException)
                {
                    return; // killed
                }
            }
        }));

    private static object Payload(int i) => new
    {
        messages = new[]
        {
            new
            {
                id = $"kill-{i}", from_me = false, type = "text", chat_id = $"33600{i % Contacts:000}@s.whatsapp.net", timestamp = 1_772_438_400 + i, source = "mobile",
                text = new { body = $"message {i}" }, from = $"33600{i % Contacts:000}", from_name = $"Contact {i % Contacts}",
            },
        },
        @event = new { type = "messages", @event = "post" },
        channel_id = "MANTIS-M72HC",
    };

    private async Task AssertStoredAsync(ICollection<int> answered)
    {
        var options = new DbContextOptionsBuilder<SqliteDispatchDb>();
        DataServices.Configure(options, new DatabaseOptions { Path = Path.Combine(_folder, "dispatch.db"), ConnectionString = "Pooling=False" });
        await using var db = new SqliteDispatchDb(options.Options);
        var stored = await db.Messages.Where(m => m.ProviderMessageId != null).Select(m => m.ProviderMessageId!).ToListAsync();

        Assert.Equal(stored.Distinct(StringComparer.Ordinal).Count(), stored.Count);
        Assert.Empty(answered.Select(i => $"kill-{i}").Except(stored, StringComparer.Ordinal));
        Assert.Empty(await Consistency.ViolationsAsync(db));
    }

    private sealed record Made(long Id);
}
