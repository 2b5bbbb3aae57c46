using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

public sealed class ApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("/api/queue")]
    [InlineData("/api/nothing-here")]
    public async Task Get_WithoutKey_401Problem(string path)
    {
        using var response = await host.Bare.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Get_UnknownPath_404Problem()
    {
        using var response = await host.Api.GetAsync("/api/nothing-here");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Get_OpenApiDocument_NamesEveryRoute()
    {
        var document = await host.GetAsync("/openapi/v1.json");
        var paths = document.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToHashSet();
        Assert.Contains("moderatorId", document.GetProperty("paths").GetProperty("/api/conversations/{id}/take").GetProperty("post").GetProperty("requestBody").GetRawText(), StringComparison.Ordinal);
        Assert.Superset(
            new HashSet<string>
            {
                "/api/moderators", "/api/moderators/{id}/connect", "/api/moderators/{id}/disconnect", "/api/channels", "/api/profiles", "/api/conversations",
                "/api/conversations/{id}", "/api/conversations/{id}/take", "/api/conversations/{id}/transfer", "/api/conversations/{id}/close",
                "/api/conversations/{id}/reopen", "/api/conversations/{id}/messages", "/api/pending-messages", "/api/queue", "/webhooks/whapi/{channel}",
            },
            paths);
    }

    [Theory]
    [InlineData("/api/conversations?page=0", "page")]
    [InlineData("/api/conversations?pageSize=201", "pageSize")]
    [InlineData("/api/conversations?status=Sleeping", "status")]
    [InlineData("/api/conversations?status=1", "status")]
    [InlineData("/api/conversations?sort=colour", "sort")]
    [InlineData("/api/conversations?moderator=me", "moderator")]
    [InlineData("/api/queue?pageSize=x", "pageSize")]
    public async Task Get_BadParameter_400NamesFieldAndWhatIsAllowed(string path, string field)
    {
        using var response = await host.Api.GetAsync(path);
        var error = await ErrorsAsync(response);
        Assert.Matches("allowed|Allowed", error.GetProperty(field)[0].GetString());
    }

    [Fact]
    public async Task PostModerator_Bad_400EveryFieldNamed()
    {
        var errors = await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/moderators", new { name = "", email = "nobody", maxConversations = 0, priority = 101 }));
        Assert.Equal(["email", "maxConversations", "name", "priority"], errors.EnumerateObject().Select(p => p.Name).Order());
        Assert.True((await ErrorsAsync(await host.Api.PostAsync("/api/moderators", new StringContent("{", null, "application/json")))).TryGetProperty("body", out _));
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/moderators", new { maxConversations = "many" }))).TryGetProperty("maxConversations", out _));
    }

    [Fact]
    public async Task PostChannel_DuplicateBadAndToken_409And400AndNeverShown()
    {
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync("/api/channels", new { key = "shop", provider = "Whapi" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync("/api/channels", new { key = "Shop!", provider = "Whapi" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync("/api/channels", new { key = "other", provider = "Pigeon" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync("/api/profiles", new { name = "Second", channel = "shop" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync("/api/profiles", new { name = "Second", channel = "nowhere" })).StatusCode);
        var channels = await host.GetAsync("/api/channels");
        Assert.DoesNotContain("whapi-token-value", channels.GetRawText(), StringComparison.Ordinal);
        Assert.True(channels.GetProperty("items").EnumerateArray().First(c => c.GetProperty("key").GetString() == "bare").GetProperty("hasToken").GetBoolean());
    }

    [Fact]
    public async Task Conversation_WholeLife_ThroughTheApi()
    {
        var (address, profile) = (ApiHost.Unique("22178"), ApiHost.Unique("life-"));
        await host.PostAsync("/api/channels", new { key = profile, provider = "Simulator" });
        var profileId = (await host.PostAsync("/api/profiles", new { name = profile, channel = profile })).GetProperty("id").GetInt64();
        var first = await host.ModeratorAsync();
        await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("m"), address, "Bonjour"), profile);

        var list = await host.GetAsync($"/api/conversations?profile={profileId}&q={address}&sort=-openedAt");
        var conversation = Assert.Single(list.GetProperty("items").EnumerateArray());
        Assert.Equal((1, "Assigned", address), (list.GetProperty("total").GetInt32(), conversation.GetProperty("status").GetString(), conversation.GetProperty("contact").GetProperty("address").GetString()));
        var path = $"/api/conversations/{conversation.GetProperty("id").GetInt64()}";
        var owner = conversation.GetProperty("ownerId").GetInt64();
        var second = await host.ModeratorAsync();
        var other = owner == second ? first : second;

        // A colleague's claim on what was seen before loses and learns who has it.
        using var lost = await host.Api.PostAsJsonAsync($"{path}/take", new { moderatorId = other });
        Assert.Equal(HttpStatusCode.Conflict, lost.StatusCode);
        var problem = JsonDocument.Parse(await lost.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("Lost", owner), (problem.GetProperty("result").GetString(), problem.GetProperty("heldById").GetInt64()));
        Assert.StartsWith("Person", problem.GetProperty("heldByName").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, problem.GetProperty("heldSince").ValueKind);

        var moved = await host.PostAsync($"{path}/transfer", new { toModeratorId = other, note = "speaks Wolof" });
        Assert.Equal(other, moved.GetProperty("ownerId").GetInt64());
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync($"{path}/messages", new { text = "x", moderatorId = owner })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync($"{path}/messages", new { text = " " })).StatusCode);

        var sent = await host.PostAsync($"{path}/messages", new { text = "Bonjour !", effectKey = "1" });
        var again = await host.PostAsync($"{path}/messages", new { text = "Bonjour !", effectKey = "1" });
        Assert.Equal((sent.GetProperty("id").GetInt64(), true), (again.GetProperty("id").GetInt64(), again.GetProperty("alreadyThere").GetBoolean()));
        await Eventually.Async(async () => (await host.GetAsync(path)).GetProperty("messages")[1].GetProperty("status").GetString() == "Sent");

        var whole = await host.GetAsync(path);
        Assert.Equal(["In", "Out"], whole.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("direction").GetString()));
        Assert.NotNull(whole.GetProperty("messages")[1].GetProperty("providerMessageId").GetString());
        Assert.Contains(whole.GetProperty("decisions").EnumerateArray(), d => d.GetProperty("note").GetString() == "speaks Wolof");

        Assert.Equal("Closed", (await host.PostAsync($"{path}/close")).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync($"{path}/messages", new { text = "x" })).StatusCode);
        Assert.Equal(owner, (await host.PostAsync($"{path}/reopen", new { moderatorId = owner })).GetProperty("ownerId").GetInt64());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsJsonAsync("/api/conversations/999999/take", new { moderatorId = owner })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.GetAsync("/api/conversations/999999")).StatusCode);
    }

    [Fact]
    public async Task PostMessages_SameKeyInAnotherConversation_IsAnotherMessage()
    {
        await host.ModeratorAsync(max: 100);
        var ids = new List<long>();
        foreach (var address in new[] { ApiHost.Unique("22179"), ApiHost.Unique("22179") })
        {
            await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("k"), address, "x"));
            var conversation = (await host.GetAsync($"/api/conversations?q={address}")).GetProperty("items")[0].GetProperty("id").GetInt64();
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/conversations/{conversation}/messages") { Content = JsonContent.Create(new { text = "ok" }) };
            request.Headers.Add("Idempotency-Key", "same");
            using var response = await host.Api.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            ids.Add(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetInt64());
        }
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Fact]
    public async Task Moderator_ConnectAndDisconnect_EntersAndLeavesTheQueue()
    {
        var id = await host.ModeratorAsync();
        Assert.Contains((await host.GetAsync("/api/queue?pageSize=200")).GetProperty("items").EnumerateArray(), p => p.GetProperty("moderatorId").GetInt64() == id);
        Assert.Equal("Offline", (await host.PostAsync($"/api/moderators/{id}/disconnect")).GetProperty("state").GetString());
        Assert.DoesNotContain((await host.GetAsync("/api/queue?pageSize=200")).GetProperty("items").EnumerateArray(), p => p.GetProperty("moderatorId").GetInt64() == id);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync("/api/moderators/999999/connect", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync("/api/moderators/999999/disconnect", null)).StatusCode);
    }

    private static async Task<JsonElement> ErrorsAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("errors");
    }
}
