using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Dispatch.Web.Api;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.App;

/// <summary>The whole host on a real port with a database of its own: one channel <c>shop</c> (simulated, profile Shop) and one without a profile.</summary>
public sealed class ApiHost : WebApplicationFactory<ApiOptions>, IAsyncLifetime
{
    public const string Key = "an-api-key-of-the-tests", Secret = "a-webhook-secret";
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-api").FullName;
    private static int s_number;

    /// <summary>On top of the usual settings. Any: the channels are not made either.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Brings the key.</summary>
    public HttpClient Api { get; private set; } = null!;

    /// <summary>Brings nothing.</summary>
    public HttpClient Bare { get; private set; } = null!;

    public Database Database => Services.GetRequiredService<Database>();

    public async ValueTask InitializeAsync()
    {
        UseKestrel(0);
        StartServer();
        Bare = CreateClient();
        Api = CreateClient();
        Api.DefaultRequestHeaders.Add("X-Api-Key", Key);
        if (Settings.Count > 0) return;
        await PostAsync("/api/channels", new { key = "shop", provider = "Simulator" });
        await PostAsync("/api/profiles", new { name = "Shop", channel = "shop", mode = "Shared" });
        await PostAsync("/api/channels", new { key = "bare", provider = "Whapi", token = "whapi-token-value" });
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // Or a Dispatch that runs beside the tests on the standard address keeps this one from starting.
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Database:Path", Path.Combine(_folder, "test.db"));
        builder.UseSetting("DataProtection:Path", Path.Combine(_folder, "keys"));
        builder.UseSetting("Demo:Enabled", "false");
        builder.UseSetting("Api:Keys:0", "another-key-of-the-tests");
        builder.UseSetting("Api:Keys:1", Key);
        builder.UseSetting("Webhooks:Whapi:Secret", Secret);
        foreach (var (key, value) in Settings) builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders());
    }

    public static string Unique(string prefix) => $"{prefix}{Interlocked.Increment(ref s_number)}";

    /// <summary>Posts and expects success.</summary>
    public async Task<JsonElement> PostAsync(string path, object? body = null)
    {
        using var response = body is null ? await Api.PostAsync(path, null) : await Api.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Api.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<long> ModeratorAsync(bool connected = true, int max = 8)
    {
        var name = Unique("Person ");
        var id = (await PostAsync("/api/moderators", new { name, email = $"{Unique("p")}@example.org", maxConversations = max, priority = 0 })).GetProperty("id").GetInt64();
        if (connected) await PostAsync($"/api/moderators/{id}/connect");
        return id;
    }

    public Task<HttpResponseMessage> WebhookAsync(string body, string channel = "shop", string? secret = Secret) =>
        WebhookAsync(new StringContent(body, Encoding.UTF8, "application/json"), channel, secret);

    public async Task<HttpResponseMessage> WebhookAsync(HttpContent body, string channel = "shop", string? secret = Secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/whapi/{channel}") { Content = body };
        if (secret is not null) request.Headers.Add("X-Webhook-Secret", secret);
        return await Bare.SendAsync(request);
    }

    public static string Text(string id, string from, string body) =>
        JsonSerializer.Serialize(new { messages = new[] { new { id, type = "text", chat_id = from + "@s.whatsapp.net", timestamp = 1712995245, from_name = "Awa", text = new { body } } } });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await Folders.RemoveAsync(_folder);
    }
}
