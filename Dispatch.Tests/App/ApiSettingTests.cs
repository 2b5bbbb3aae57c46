using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dispatch.Tests.App;

/// <summary>Thresholds over HTTP: the same limits as on the page, and words that name them.</summary>
public sealed class ApiSettingTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Key = "routing.longWait";

    [Fact]
    public async Task Change_HoldsAtOnce_AndIsListed()
    {
        using var changed = await host.Api.PutAsJsonAsync($"/api/settings/{Key}", new { value = 120 });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        var answer = await changed.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((120, 3600, 60, 86_400, "Seconds"), (answer.GetProperty("value").GetInt32(), answer.GetProperty("standard").GetInt32(),
            answer.GetProperty("min").GetInt32(), answer.GetProperty("max").GetInt32(), answer.GetProperty("unit").GetString()));
        var all = await host.GetAsync("/api/settings?pageSize=200");
        var listed = all.GetProperty("items").EnumerateArray().Single(s => s.GetProperty("key").GetString() == Key);
        Assert.Equal((120, JsonValueKind.String), (listed.GetProperty("value").GetInt32(), listed.GetProperty("changedAt").ValueKind));
        Assert.Equal(1, (await host.GetAsync("/api/settings?page=2&pageSize=1")).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("{\"value\":59}", "A whole number from 60 to 86400.")]
    [InlineData("{\"value\":86401}", "A whole number from 60 to 86400.")]
    [InlineData("{}", "Needed: a whole number.")]
    [InlineData("{\"value\":\"many\"}", null)]
    [InlineData("{\"value\":1.5}", null)]
    public async Task Change_OutOfRange_400NamesTheBounds(string body, string? says)
    {
        var before = await ValueAsync();
        using var content = new StringContent(body, null, "application/json");
        using var refused = await host.Api.PutAsync($"/api/settings/{Key}", content);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var errors = (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors");
        Assert.True(errors.TryGetProperty("value", out var wrong), errors.ToString());
        if (says is not null) Assert.Equal(says, wrong[0].GetString());
        Assert.Equal(before, await ValueAsync());
    }

    [Fact]
    public async Task Change_UnknownKey_404ListsTheKnownOnes()
    {
        using var refused = await host.Api.PutAsJsonAsync("/api/settings/routing.luck", new { value = 1 });
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        var known = (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("settings").EnumerateArray().Select(k => k.GetString());
        Assert.Contains(Key, known);
    }

    [Fact]
    public async Task WithoutAKey_401()
    {
        using var stranger = new HttpClient { BaseAddress = host.Api.BaseAddress };
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/api/settings")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PutAsJsonAsync($"/api/settings/{Key}", new { value = 120 })).StatusCode);
    }

    [Fact]
    public async Task ResponseTimes_AreListedPerClient()
    {
        var page = await host.GetAsync("/api/response-times?pageSize=5");
        Assert.True(page.GetProperty("total").GetInt32() >= 0);
        using var bad = await host.Api.GetAsync("/api/response-times?pageSize=0");
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    private async Task<int> ValueAsync() => (await host.GetAsync("/api/settings?pageSize=200")).GetProperty("items").EnumerateArray()
        .Single(s => s.GetProperty("key").GetString() == Key).GetProperty("value").GetInt32();
}
