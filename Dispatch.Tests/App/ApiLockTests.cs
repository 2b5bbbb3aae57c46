using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>Locks, conflicts and conversations from our side, as an integration uses them.</summary>
public sealed class ApiLockTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task LockClient_WholeLife_ThroughTheApi()
    {
        var (contact, profile, conversation, owner) = await OpenAsync();
        var other = await host.ModeratorAsync();

        using var made = await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = owner, seconds = 60 });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var mine = await JsonAsync(made);
        var (id, token) = (mine.GetProperty("id").GetString()!, mine.GetProperty("token").GetInt64());
        Assert.Equal($"/api/locks/{id}", made.Headers.Location!.ToString());
        Assert.Equal(60, (mine.GetProperty("expiresAt").GetDateTime() - mine.GetProperty("lockedAt").GetDateTime()).TotalSeconds, 0.001);

        using var refused = await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = other });
        Assert.Equal((HttpStatusCode.Conflict, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
        var problem = await JsonAsync(refused);
        Assert.Equal(("HeldByOther", owner, id), (problem.GetProperty("result").GetString(), problem.GetProperty("heldById").GetInt64(), problem.GetProperty("lockId").GetString()));
        Assert.Equal(mine.GetProperty("expiresAt").GetDateTime(), problem.GetProperty("heldUntil").GetDateTime());
        Assert.Contains(problem.GetProperty("heldByName").GetString()!, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        var listed = Assert.Single((await host.GetAsync($"/api/locks?kind=client&moderator={owner}&profile={profile}")).GetProperty("items").EnumerateArray(), l => l.GetProperty("id").GetString() == id);
        Assert.Equal(contact, listed.GetProperty("contactId").GetInt64());
        var conflict = Assert.Single((await host.GetAsync($"/api/conflicts?kind=client&moderator={other}&open=true")).GetProperty("items").EnumerateArray());
        Assert.Equal((owner, other, "Lock"), (conflict.GetProperty("winnerId").GetInt64(), conflict.GetProperty("loserId").GetInt64(), conflict.GetProperty("rule").GetString()));

        await host.PostAsync($"/api/conversations/{conversation}/messages", new { text = "under the lock", lockToken = token });
        Assert.Equal(HttpStatusCode.NoContent, (await host.Api.DeleteAsync($"/api/locks/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.DeleteAsync($"/api/locks/{id}")).StatusCode);
        using var stale = await host.Api.PostAsJsonAsync($"/api/conversations/{conversation}/messages", new { text = "stale", lockToken = token });
        Assert.Equal((HttpStatusCode.Conflict, "StaleLock"), (stale.StatusCode, (await JsonAsync(stale)).GetProperty("result").GetString()));

        // The old name never ends somebody else's lock.
        await host.PostAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = other });
        using var gone = await host.Api.DeleteAsync($"/api/locks/{id}");
        Assert.Equal((HttpStatusCode.NotFound, other), (gone.StatusCode, (await JsonAsync(gone)).GetProperty("heldById").GetInt64()));
        using var held = await host.Api.PostAsJsonAsync($"/api/conversations/{conversation}/messages", new { text = "without a token" });
        Assert.Equal((HttpStatusCode.Conflict, "Locked"), (held.StatusCode, (await JsonAsync(held)).GetProperty("result").GetString()));
    }

    [Fact]
    public async Task LockClient_Bad_400EveryFieldNamed()
    {
        var errors = await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = 0, seconds = 3601 }));
        Assert.Equal(["contactId", "moderatorId", "profileId", "seconds"], errors.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        var (contact, profile, _, owner) = await OpenAsync();
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = 999_999, profileId = profile, moderatorId = owner }))).TryGetProperty("contactId", out _));
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = 999_999, moderatorId = owner }))).TryGetProperty("profileId", out _));
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = 999_999 }))).TryGetProperty("moderatorId", out _));
    }

    [Theory]
    [InlineData("/api/locks?kind=Door", "kind")]
    [InlineData("/api/locks?moderator=me", "moderator")]
    [InlineData("/api/conflicts?kind=Quarrel", "kind")]
    [InlineData("/api/conflicts?open=maybe", "open")]
    [InlineData("/api/conflicts?pageSize=0", "pageSize")]
    public async Task Get_BadParameter_400NamesField(string path, string field) => Assert.True((await ErrorsAsync(await host.Api.GetAsync(path))).TryGetProperty(field, out _));

    [Theory]
    [InlineData("GET", "/api/locks")]
    [InlineData("POST", "/api/locks/client")]
    [InlineData("DELETE", "/api/locks/client-1-1")]
    [InlineData("GET", "/api/conflicts")]
    [InlineData("POST", "/api/conversations")]
    public async Task WithoutKey_401(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Bare.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("client-999999-1")]
    public async Task DeleteLock_Unknown_404Problem(string id)
    {
        using var response = await host.Api.DeleteAsync($"/api/locks/{id}");
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task StartConversation_ThenAgain_409SaysWhichAndWho()
    {
        var moderator = await host.ModeratorAsync(max: 100);
        var (_, profile, open, owner) = await OpenAsync();
        var address = ApiHost.Unique("22190");
        var body = new { profileId = profile, moderatorId = moderator, address, name = "Lea", text = "Good morning", effectKey = address };

        using var made = await host.Api.PostAsJsonAsync("/api/conversations", body);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var id = (await JsonAsync(made)).GetProperty("id").GetInt64();
        var again = await host.PostAsync("/api/conversations", body);
        Assert.Equal((id, true), (again.GetProperty("id").GetInt64(), again.GetProperty("alreadyThere").GetBoolean()));
        await Eventually.Async(async () => (await host.GetAsync($"/api/conversations/{id}")).GetProperty("messages")[0].GetProperty("status").GetString() == "Sent");

        using var twice = await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = profile, moderatorId = owner, address, text = "hi" });
        var problem = await JsonAsync(twice);
        Assert.Equal((HttpStatusCode.Conflict, "AlreadyOpen", id, moderator), (twice.StatusCode, problem.GetProperty("result").GetString(), problem.GetProperty("conversationId").GetInt64(), problem.GetProperty("moderatorId").GetInt64()));
        await host.PostAsync($"/api/conversations/{id}/close");
        using var soon = await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = profile, moderatorId = owner, address, text = "hi" });
        problem = await JsonAsync(soon);
        Assert.Equal((HttpStatusCode.Conflict, "RecentlyApproached"), (soon.StatusCode, problem.GetProperty("result").GetString()));
        Assert.Equal(24, (problem.GetProperty("allowedAt").GetDateTime() - problem.GetProperty("since").GetDateTime()).TotalHours, 0.001);
        Assert.NotEqual(open, id);
    }

    [Fact]
    public async Task StartConversation_Bad_400EveryFieldNamed()
    {
        var errors = await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/conversations", new { text = " ", effectKey = new string('x', 65) }));
        Assert.Equal(["contactId", "effectKey", "moderatorId", "profileId", "text"], errors.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        var (contact, profile, _, owner) = await OpenAsync();
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = profile, moderatorId = owner, contactId = 999_999, text = "x" }))).TryGetProperty("contactId", out _));
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = 999_999, moderatorId = owner, contactId = contact, text = "x" }))).TryGetProperty("profileId", out _));
        Assert.True((await ErrorsAsync(await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = profile, moderatorId = owner, address = "a b", text = "x" }))).TryGetProperty("address", out _));
        using var disabled = await host.Api.PostAsJsonAsync("/api/conversations", new { profileId = profile, moderatorId = 999_999, address = ApiHost.Unique("22191"), text = "x" });
        Assert.Equal((HttpStatusCode.Conflict, "Disabled"), (disabled.StatusCode, (await JsonAsync(disabled)).GetProperty("result").GetString()));
    }

    [Fact]
    public async Task OpenApiDocument_NamesTheRoutes()
    {
        var paths = (await host.GetAsync("/openapi/v1.json")).GetProperty("paths");
        foreach (var (path, method) in new[] { ("/api/locks", "get"), ("/api/locks/client", "post"), ("/api/locks/{id}", "delete"), ("/api/conflicts", "get"), ("/api/conversations", "post") })
            Assert.True(paths.GetProperty(path).TryGetProperty(method, out _), $"{method} {path}");
    }

    private async Task<(long Contact, long Profile, long Conversation, long Owner)> OpenAsync()
    {
        await host.ModeratorAsync(max: 100);
        var address = ApiHost.Unique("22189");
        await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("lock"), address, "Bonjour"));
        var conversation = (await host.GetAsync($"/api/conversations?q={address}")).GetProperty("items")[0];
        return (conversation.GetProperty("contact").GetProperty("id").GetInt64(), conversation.GetProperty("profileId").GetInt64(), conversation.GetProperty("id").GetInt64(),
            conversation.GetProperty("ownerId").GetInt64());
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    private static async Task<JsonElement> ErrorsAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        return (await JsonAsync(response)).GetProperty("errors");
    }
}
