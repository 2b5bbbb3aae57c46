using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>Exclusive profiles, the line for them and the load, as an integration uses them.</summary>
public sealed class ApiProfileTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Profile_WholeLife_ThroughTheApi()
    {
        var key = ApiHost.Unique("exclusive-");
        await host.PostAsync("/api/channels", new { key, provider = "Simulator" });
        var profile = (await host.PostAsync("/api/profiles", new { name = key, channel = key, mode = "Exclusive" })).GetProperty("id").GetInt64();
        var (first, second) = (await host.ModeratorAsync(), await host.ModeratorAsync());
        // Rotation gives it to whoever waits, without anybody asking.
        await Eventually.Async(async () => (await host.GetAsync($"/api/profiles/{profile}")).GetProperty("holderId").ValueKind == JsonValueKind.Number);

        var given = await host.PostAsync($"/api/profiles/{profile}/assign", new { moderatorId = second });
        Assert.Equal((second, "Exclusive", 0), (given.GetProperty("holderId").GetInt64(), given.GetProperty("mode").GetString(), given.GetProperty("waiting").GetInt32()));
        Assert.Equal(JsonValueKind.Null, given.GetProperty("lock").ValueKind);
        await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("e"), ApiHost.Unique("22179"), "Bonjour"), key);
        await Eventually.Async(async () => (await host.GetAsync($"/api/profiles/{profile}")).GetProperty("waiting").GetInt32() == 1);
        var conversation = (await host.GetAsync($"/api/conversations?profile={profile}")).GetProperty("items")[0];
        Assert.Equal(second, conversation.GetProperty("ownerId").GetInt64());
        using var refused = await host.Api.PostAsJsonAsync($"/api/conversations/{conversation.GetProperty("id").GetInt64()}/take", new { moderatorId = first });
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);

        var released = await host.PostAsync($"/api/profiles/{profile}/release");
        Assert.NotEqual(second, released.GetProperty("holderId").ValueKind == JsonValueKind.Number ? released.GetProperty("holderId").GetInt64() : 0);
        await host.PostAsync($"/api/moderators/{first}/disconnect");
        await host.PostAsync($"/api/moderators/{second}/disconnect");
    }

    [Fact]
    public async Task Assign_Bad_IsRefusedWithTheReason()
    {
        var shared = (await host.GetAsync("/api/profiles?pageSize=200")).GetProperty("items").EnumerateArray().First(p => p.GetProperty("name").GetString() == "Shop").GetProperty("id").GetInt64();
        var moderator = await host.ModeratorAsync(connected: false);
        Assert.Equal(("NotExclusive", HttpStatusCode.Conflict), await RefusalAsync($"/api/profiles/{shared}/assign", new { moderatorId = moderator }));
        Assert.Equal(("NotExclusive", HttpStatusCode.Conflict), await RefusalAsync($"/api/profiles/{shared}/release", new { }));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsJsonAsync("/api/profiles/999999/assign", new { moderatorId = moderator })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsJsonAsync("/api/profiles/999999/release", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.GetAsync("/api/profiles/999999")).StatusCode);
        var key = ApiHost.Unique("lonely-");
        await host.PostAsync("/api/channels", new { key, provider = "Simulator" });
        var exclusive = (await host.PostAsync("/api/profiles", new { name = key, channel = key, mode = "Exclusive" })).GetProperty("id").GetInt64();
        Assert.Equal(("NotPresent", HttpStatusCode.Conflict), await RefusalAsync($"/api/profiles/{exclusive}/assign", new { moderatorId = moderator }));
        Assert.Equal(("Disabled", HttpStatusCode.Conflict), await RefusalAsync($"/api/profiles/{exclusive}/assign", new { moderatorId = 999999 }));
    }

    [Theory]
    [InlineData("{}", "moderatorId")]
    [InlineData("{\"moderatorId\":0}", "moderatorId")]
    [InlineData("{\"moderatorId\":\"Ana\"}", "moderatorId")]
    [InlineData("not json", "body")]
    public async Task Assign_BadBody_400NamesField(string body, string field)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await host.Api.PostAsync("/api/profiles/1/assign", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("errors").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Queue_NamesPlaceTimePriorityAndExpectedWait()
    {
        var key = ApiHost.Unique("line-");
        await host.PostAsync("/api/channels", new { key, provider = "Simulator" });
        await host.PostAsync("/api/profiles", new { name = key, channel = key, mode = "Exclusive" });
        var (a, b) = (await host.ModeratorAsync(), await host.ModeratorAsync());
        await Eventually.Async(async () => Ids(await host.GetAsync("/api/queue?line=Profiles&pageSize=200")).Contains(b));

        var place = (await host.GetAsync("/api/queue?pageSize=200")).GetProperty("items").EnumerateArray().First(p => p.GetProperty("moderatorId").GetInt64() == b);
        Assert.True(place.GetProperty("position").GetInt32() >= 1);
        Assert.Equal((0, JsonValueKind.Null, JsonValueKind.String), (place.GetProperty("priority").GetInt32(), place.GetProperty("expectedWait").ValueKind, place.GetProperty("queuedAt").ValueKind));
        Assert.Superset(new HashSet<long> { a, b }, Ids(await host.GetAsync("/api/queue?line=conversations&pageSize=200")));
        using var wrong = await host.Api.GetAsync("/api/queue?line=Buses");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        await host.PostAsync($"/api/moderators/{a}/disconnect");
        await host.PostAsync($"/api/moderators/{b}/disconnect");
        await Eventually.Async(async () => !Ids(await host.GetAsync("/api/queue?line=Profiles&pageSize=200")).Contains(b));
    }

    [Fact]
    public async Task LoadReport_SaysHowTheWorkIsSpread()
    {
        var moderator = await host.ModeratorAsync();

        var report = await host.GetAsync("/api/load-report");

        var row = report.GetProperty("moderators").EnumerateArray().First(m => m.GetProperty("id").GetInt64() == moderator);
        Assert.Equal(("Online", 8, false), (row.GetProperty("state").GetString(), row.GetProperty("maxConversations").GetInt32(), row.GetProperty("overloaded").GetBoolean()));
        Assert.Equal(2, report.GetProperty("threshold").GetInt32());
        Assert.True(report.GetProperty("present").GetInt32() >= 1);
        await host.PostAsync($"/api/moderators/{moderator}/disconnect");
    }

    [Theory]
    [InlineData("/api/profiles/1")]
    [InlineData("/api/load-report")]
    public async Task WithoutKey_401(string path) => Assert.Equal(HttpStatusCode.Unauthorized, (await host.Bare.GetAsync(path)).StatusCode);

    private async Task<(string?, HttpStatusCode)> RefusalAsync(string path, object body)
    {
        using var response = await host.Api.PostAsJsonAsync(path, body);
        return (JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("result").GetString(), response.StatusCode);
    }

    private static HashSet<long> Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(p => p.GetProperty("moderatorId").GetInt64())];
}
