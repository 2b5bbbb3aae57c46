using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dispatch.Tests.Browser;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>Seed 001's queue routes as a signed-in moderator's script uses them.</summary>
public sealed partial class QueueRouteTests(BrowserHost host) : IClassFixture<BrowserHost>, IDisposable
{
    private const string TokenHeader = "RequestVerificationToken", Status = "/moderateur/queue/status";
    private readonly List<HttpClient> _people = [];

    public void Dispose()
    {
        foreach (var person in _people) person.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("GET", Status)]
    [InlineData("POST", "/moderateur/queue/leave")]
    [InlineData("POST", "/moderateur/queue/join")]
    [InlineData("POST", "/moderateur/queue/priority")]
    [InlineData("GET", "/moderateur/queue/priority")]
    [InlineData("POST", "/moderateur/queue/priority/decide")]
    public async Task NotSignedIn_401(string method, string path)
    {
        using var bare = new HttpClient { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.Unauthorized, (await bare.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Waiting_AskedLeftJoinedAndGivenPriority()
    {
        using var api = new HttpClient { BaseAddress = host.Address };
        api.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
        var key = $"line-{Guid.NewGuid():N}"[..20];
        Assert.Equal(HttpStatusCode.Created, (await api.PostAsJsonAsync("/api/channels", new { key, provider = "Simulator" })).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await api.PostAsJsonAsync("/api/profiles", new { name = key, channel = key, mode = "Exclusive" })).StatusCode);
        var awa = await SignInAsync("awa.diop");
        var id = (await api.GetFromJsonAsync<JsonElement>("/api/moderators?pageSize=200")).GetProperty("items").EnumerateArray()
            .Single(m => m.GetProperty("name").GetString() == "Awa Diop").GetProperty("id").GetInt64();
        Assert.True((await api.PostAsync($"/api/moderators/{id}/connect", null)).IsSuccessStatusCode);
        await Eventually.Async(async () => (await StatusAsync(awa)).GetProperty("position").ValueKind == JsonValueKind.Number);

        var status = await StatusAsync(awa);
        Assert.True(status.GetProperty("profilesInRotation").GetInt32() >= 1);
        Assert.Equal(JsonValueKind.Null, status.GetProperty("expectedWait").ValueKind);
        Assert.Equal(JsonValueKind.Array, status.GetProperty("before").ValueKind);

        using var left = await awa.PostAsync("/moderateur/queue/leave", null);
        Assert.Equal((HttpStatusCode.OK, JsonValueKind.Null), (left.StatusCode, (await JsonAsync(left)).GetProperty("position").ValueKind));
        using var early = await awa.PostAsJsonAsync("/moderateur/queue/priority", new { priority = 5, reason = "my shift ends" });
        Assert.Equal((HttpStatusCode.Conflict, "NotWaiting"), (early.StatusCode, (await JsonAsync(early)).GetProperty("result").GetString()));
        using var back = await awa.PostAsync("/moderateur/queue/join", null);
        Assert.Equal((HttpStatusCode.OK, JsonValueKind.Number), (back.StatusCode, (await JsonAsync(back)).GetProperty("position").ValueKind));

        using var asked = await awa.PostAsJsonAsync("/moderateur/queue/priority", new { priority = 5, reason = "my shift ends" });
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        var request = (await JsonAsync(asked)).GetProperty("requestId").GetInt64();
        using var twice = await awa.PostAsJsonAsync("/moderateur/queue/priority", new { priority = 6, reason = "again" });
        Assert.Equal((HttpStatusCode.Conflict, "AlreadyAsked"), (twice.StatusCode, (await JsonAsync(twice)).GetProperty("result").GetString()));
        Assert.Equal(HttpStatusCode.Forbidden, (await awa.PostAsJsonAsync("/moderateur/queue/priority/decide", new { requestId = request, grant = true })).StatusCode);

        var admin = await SignInAsync("aminata.cisse", "/moderateur/queue/priority");
        Assert.Contains((await JsonAsync(await admin.GetAsync("/moderateur/queue/priority"))).EnumerateArray(), r => r.GetProperty("id").GetInt64() == request);
        using var granted = await admin.PostAsJsonAsync("/moderateur/queue/priority/decide", new { requestId = request, grant = true });
        Assert.Equal(HttpStatusCode.OK, granted.StatusCode);
        Assert.Equal(5, (await StatusAsync(awa)).GetProperty("priority").GetInt32());
        using var again = await admin.PostAsJsonAsync("/moderateur/queue/priority/decide", new { requestId = request, grant = false });
        Assert.Equal((HttpStatusCode.Conflict, "AlreadyDecided"), (again.StatusCode, (await JsonAsync(again)).GetProperty("result").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsJsonAsync("/moderateur/queue/priority/decide", new { requestId = 999_999, grant = true })).StatusCode);
    }

    [Theory]
    [InlineData("{}", "priority")]
    [InlineData("{\"priority\":101,\"reason\":\"x\"}", "priority")]
    [InlineData("{\"priority\":5,\"reason\":\" \"}", "reason")]
    [InlineData("{\"priority\":\"high\",\"reason\":\"x\"}", "priority")]
    [InlineData("not json", "body")]
    public async Task AskPriority_Bad_400NamesField(string body, string field)
    {
        var awa = await SignInAsync("awa.diop");
        using var content = new StringContent(body, null, "application/json");
        using var response = await awa.PostAsync("/moderateur/queue/priority", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await JsonAsync(response)).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Post_WithoutTheAntiforgeryToken_400()
    {
        var awa = await SignInAsync("awa.diop");
        awa.DefaultRequestHeaders.Remove(TokenHeader);
        Assert.Equal(HttpStatusCode.BadRequest, (await awa.PostAsync("/moderateur/queue/leave", null)).StatusCode);
    }

    /// <param name="tokenFrom">A GET of this group that the person may make; it carries the antiforgery token.</param>
    private async Task<HttpClient> SignInAsync(string name, string tokenFrom = Status)
    {
        var person = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Address };
        _people.Add(person);
        var form = Hidden().Match(await person.GetStringAsync("/account/sign-in"));
        Assert.True(form.Success);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string>
            { ["email"] = $"{name}@demo.dispatch.test", ["__RequestVerificationToken"] = WebUtility.HtmlDecode(form.Groups["value"].Value) });
        Assert.Equal(HttpStatusCode.Redirect, (await person.PostAsync("/account/demo", fields)).StatusCode);
        using var status = await person.GetAsync(tokenFrom);
        person.DefaultRequestHeaders.Add(TokenHeader, status.Headers.GetValues(TokenHeader).Single());
        return person;
    }

    private static async Task<JsonElement> StatusAsync(HttpClient person) => await person.GetFromJsonAsync<JsonElement>(Status);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();
}
