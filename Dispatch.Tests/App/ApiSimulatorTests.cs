using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

public sealed class ApiSimulatorTests
{
    [Fact]
    public async Task Demo_Started_ContactsComeAndReadWhatTheyAreAnswered()
    {
        await using var demo = new ApiHost
        {
            Settings = new Dictionary<string, string> { ["Demo:Enabled"] = "true", ["Simulator:Seed"] = "3", ["Simulator:Speed"] = "20" },
        };
        await demo.InitializeAsync();
        var api = demo.Api;

        Assert.Equal(["demo", "demo-livraison", "demo-sav"], Items(await GetAsync(api, "/api/channels")).Select(c => c.GetProperty("key").GetString()));
        // One of them goes round among those who are there, so that a newcomer sees the line at work.
        Assert.Equal(
            [("Boutique Sandaga", "Shared"), ("Dakar Livraison", "Shared"), ("Service après-vente", "Exclusive")],
            Items(await GetAsync(api, "/api/profiles")).Select(p => (p.GetProperty("name").GetString()!, p.GetProperty("mode").GetString()!)).Order());
        await Eventually.Async(async () => Items(await GetAsync(api, "/api/pending-messages")).Any());

        var waiting = Items(await GetAsync(api, "/api/pending-messages")).First();
        Assert.NotEqual("", waiting.GetProperty("contact").GetProperty("address").GetString());
        var id = waiting.GetProperty("conversationId").GetInt64();
        using var person = new StringContent("""{"name":"Aline","email":"aline@example.org","maxConversations":100}""", null, "application/json");
        var made = JsonDocument.Parse(await (await api.PostAsync("/api/moderators", person)).Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetInt64();
        (await api.PostAsync($"/api/moderators/{made}/connect", null)).EnsureSuccessStatusCode();
        await Eventually.Async(async () => (await GetAsync(api, $"/api/conversations/{id}")).GetProperty("ownerId").ValueKind == JsonValueKind.Number);

        using var reply = new StringContent("""{"text":"Bonjour, je regarde tout de suite."}""", null, "application/json");
        (await api.PostAsync($"/api/conversations/{id}/messages", reply)).EnsureSuccessStatusCode();
        await Eventually.Async(async () => (await GetAsync(api, $"/api/conversations/{id}")).GetProperty("messages").EnumerateArray()
            .Any(m => m.GetProperty("direction").GetString() == "Out" && m.GetProperty("status").GetString() == "Read"));
    }

    private static IEnumerable<JsonElement> Items(JsonElement page) => page.GetProperty("items").EnumerateArray();

    private static async Task<JsonElement> GetAsync(HttpClient api, string path) => JsonDocument.Parse(await api.GetStringAsync(path)).RootElement;
}
