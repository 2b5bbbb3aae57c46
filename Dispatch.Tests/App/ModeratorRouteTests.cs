using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dispatch.Tests.Browser;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>The routes under /moderateur as a signed-in person's script uses them: cookie, antiforgery token, JSON.</summary>
public sealed partial class ModeratorRouteTests(BrowserHost host) : IClassFixture<BrowserHost>, IAsyncLifetime
{
    private const string TokenHeader = "RequestVerificationToken", Status = "/moderateur/locks/status";
    private static int s_number = 500;
    private readonly HttpClient _api = new();
    private readonly List<HttpClient> _people = [];

    public ValueTask InitializeAsync()
    {
        _api.BaseAddress = host.Address;
        _api.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
        _api.DefaultRequestHeaders.Add("X-Webhook-Secret", AppProcess.WebhookSecret);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _api.Dispose();
        foreach (var person in _people) person.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("GET", "/moderateur/token")]
    [InlineData("GET", Status)]
    [InlineData("POST", "/moderateur/locks/request-unlock")]
    [InlineData("POST", "/moderateur/locks/extend")]
    [InlineData("POST", "/moderateur/locks/answer")]
    [InlineData("POST", "/moderateur/locks/take-over")]
    [InlineData("POST", "/moderateur/conflicts/resolve")]
    public async Task NotSignedIn_401(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _api.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task AnotherRole_403()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await (await SignInAsync("cheikh.fall")).GetAsync(Status)).StatusCode);
        var awa = await SignInAsync("awa.diop");
        Assert.Equal(HttpStatusCode.Forbidden, (await awa.PostAsJsonAsync("/moderateur/locks/take-over", new { clientId = 1, reason = "x" })).StatusCode);
    }

    [Fact]
    public async Task Post_WithoutTheAntiforgeryToken_400()
    {
        var awa = await SignInAsync("awa.diop");
        awa.DefaultRequestHeaders.Remove(TokenHeader);
        using var response = await awa.PostAsJsonAsync("/moderateur/locks/extend", new { clientId = 1, token = 1 });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(TokenHeader, (await JsonAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestUnlock_AskedSeenAnsweredAndExtended()
    {
        var (awa, moussa) = (await SignInAsync("awa.diop"), await SignInAsync("moussa.ndiaye"));
        var (contact, profile) = await ContactAsync();
        var token = await LockAsync(contact, profile, await IdAsync("Moussa Ndiaye"));

        using var asked = await awa.PostAsJsonAsync("/moderateur/locks/request-unlock", new { clientId = contact, profileId = profile, reason = "I know her" });
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        var request = (await JsonAsync(asked)).GetProperty("requestId").GetInt64();
        using var twice = await awa.PostAsJsonAsync("/moderateur/locks/request-unlock", new { clientId = contact, reason = "again" });
        Assert.Equal((HttpStatusCode.Conflict, "AlreadyAsked"), (twice.StatusCode, (await JsonAsync(twice)).GetProperty("result").GetString()));

        var seen = await JsonAsync(await moussa.GetAsync(Status));
        Assert.Contains(seen.GetProperty("locks").EnumerateArray(), l => l.GetProperty("contactId").GetInt64() == contact && l.GetProperty("token").GetInt64() == token);
        var open = Assert.Single(seen.GetProperty("requests").EnumerateArray(), r => r.GetProperty("id").GetInt64() == request);
        Assert.Equal(("Awa Diop", "I know her", "Open"), (open.GetProperty("requesterName").GetString(), open.GetProperty("reason").GetString(), open.GetProperty("status").GetString()));

        using var longer = await moussa.PostAsJsonAsync("/moderateur/locks/extend", new { clientId = contact, token, seconds = 300 });
        Assert.Equal(HttpStatusCode.OK, longer.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await awa.PostAsJsonAsync("/moderateur/locks/answer", new { requestId = request, giveUp = true })).StatusCode);
        Assert.True((await ErrorsAsync(await moussa.PostAsJsonAsync("/moderateur/locks/answer", new { requestId = request, giveUp = false }))).TryGetProperty("reason", out _));
        using var answered = await moussa.PostAsJsonAsync("/moderateur/locks/answer", new { requestId = request, giveUp = true });
        Assert.Equal((HttpStatusCode.OK, token + 1), (answered.StatusCode, (await JsonAsync(answered)).GetProperty("token").GetInt64()));

        using var stale = await moussa.PostAsJsonAsync("/moderateur/locks/extend", new { clientId = contact, token });
        var problem = await JsonAsync(stale);
        Assert.Equal((HttpStatusCode.Conflict, "Ended", "Awa Diop"), (stale.StatusCode, problem.GetProperty("result").GetString(), problem.GetProperty("heldByName").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await awa.PostAsJsonAsync("/moderateur/locks/extend", new { clientId = contact, token = token + 1 })).StatusCode);
    }

    [Fact]
    public async Task TakeOver_ByAnAdmin_AtOnce()
    {
        var admin = await SignInAsync("aminata.cisse");
        var (contact, profile) = await ContactAsync();
        await LockAsync(contact, profile, await IdAsync("Moussa Ndiaye"));

        Assert.True((await ErrorsAsync(await admin.PostAsJsonAsync("/moderateur/locks/take-over", new { clientId = contact }))).TryGetProperty("reason", out _));
        using var freed = await admin.PostAsJsonAsync("/moderateur/locks/take-over", new { clientId = contact, reason = "stuck", toModeratorId = await IdAsync("Fatou Sarr") });
        Assert.Equal((HttpStatusCode.OK, "Moved"), (freed.StatusCode, (await JsonAsync(freed)).GetProperty("result").GetString()));
    }

    [Fact]
    public async Task Resolve_AConflict_AcceptedOnce()
    {
        var fatou = await SignInAsync("fatou.sarr");
        var (contact, profile) = await ContactAsync();
        var me = await IdAsync("Fatou Sarr");
        await LockAsync(contact, profile, await IdAsync("Moussa Ndiaye"));
        Assert.Equal(HttpStatusCode.Conflict, (await _api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = me })).StatusCode);
        var conflict = (await JsonAsync(await fatou.GetAsync(Status))).GetProperty("conflicts")[0];
        var id = conflict.GetProperty("id").GetInt64();
        Assert.Equal("Moussa Ndiaye", conflict.GetProperty("winnerName").GetString());

        using var held = await fatou.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = id, choice = "Retry" });
        Assert.Equal((HttpStatusCode.Conflict, "Moussa Ndiaye"), (held.StatusCode, (await JsonAsync(held)).GetProperty("heldByName").GetString()));
        Assert.True((await ErrorsAsync(await fatou.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = id, choice = "Ask" }))).TryGetProperty("reason", out _));
        var awa = await SignInAsync("awa.diop");
        Assert.Equal(HttpStatusCode.Forbidden, (await awa.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = id, choice = "Accept" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fatou.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = id, choice = "Accept" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await fatou.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = id, choice = "Accept" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await fatou.PostAsJsonAsync("/moderateur/conflicts/resolve", new { conflictId = 999_999, choice = "Accept" })).StatusCode);
    }

    [Theory]
    [InlineData("/moderateur/locks/request-unlock", "{}", "clientId")]
    [InlineData("/moderateur/locks/request-unlock", "{\"clientId\":-1,\"reason\":\"x\"}", "clientId")]
    [InlineData("/moderateur/locks/extend", "{\"clientId\":1}", "token")]
    [InlineData("/moderateur/locks/extend", "{\"clientId\":1,\"token\":1,\"seconds\":601}", "seconds")]
    [InlineData("/moderateur/locks/answer", "{\"requestId\":1}", "giveUp")]
    [InlineData("/moderateur/conflicts/resolve", "{\"conflictId\":1,\"choice\":\"Fight\"}", "choice")]
    [InlineData("/moderateur/conflicts/resolve", "{\"choice\":\"Accept\"}", "conflictId")]
    [InlineData("/moderateur/conflicts/resolve", "not json", "body")]
    public async Task Post_Bad_400NamesField(string path, string body, string field)
    {
        var awa = await SignInAsync("awa.diop");
        using var content = new StringContent(body, null, "application/json");
        Assert.True((await ErrorsAsync(await awa.PostAsync(path, content))).TryGetProperty(field, out _));
    }

    [Fact]
    public async Task RequestUnlock_OfAFreeLock_409SaysSo()
    {
        var awa = await SignInAsync("awa.diop");
        using var free = await awa.PostAsJsonAsync("/moderateur/locks/request-unlock", new { clientId = 999_999, reason = "x" });
        Assert.Equal((HttpStatusCode.Conflict, "NotLocked"), (free.StatusCode, (await JsonAsync(free)).GetProperty("result").GetString()));
        using var nothing = await awa.PostAsJsonAsync("/moderateur/locks/answer", new { requestId = 999_999, giveUp = true });
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
    }

    private async Task<HttpClient> SignInAsync(string name)
    {
        var person = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Address };
        _people.Add(person);
        var form = Hidden().Match(await person.GetStringAsync("/account/sign-in"));
        Assert.True(form.Success);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string>
            { ["email"] = $"{name}@demo.dispatch.test", ["__RequestVerificationToken"] = WebUtility.HtmlDecode(form.Groups["value"].Value) });
        Assert.Equal(HttpStatusCode.Redirect, (await person.PostAsync("/account/demo", fields)).StatusCode);
        using var token = await person.GetAsync("/moderateur/token");
        Assert.Equal(HttpStatusCode.NoContent, token.StatusCode);
        person.DefaultRequestHeaders.Add(TokenHeader, token.Headers.GetValues(TokenHeader).Single());
        return person;
    }

    private async Task<(long Contact, long Profile)> ContactAsync()
    {
        var number = $"22188000{Interlocked.Increment(ref s_number)}";
        using var written = await _api.PostAsJsonAsync("/webhooks/whapi/demo", new
        {
            messages = new[] { new { id = Guid.NewGuid().ToString("N"), type = "text", chat_id = number + "@s.whatsapp.net", from = number, timestamp = 1712995245, text = new { body = "Bonjour" } } },
        });
        Assert.True(written.IsSuccessStatusCode);
        var conversation = (await _api.GetFromJsonAsync<JsonElement>($"/api/conversations?q={number}")).GetProperty("items")[0];
        return (conversation.GetProperty("contact").GetProperty("id").GetInt64(), conversation.GetProperty("profileId").GetInt64());
    }

    private async Task<long> LockAsync(long contact, long profile, long moderator)
    {
        using var made = await _api.PostAsJsonAsync("/api/locks/client", new { contactId = contact, profileId = profile, moderatorId = moderator, seconds = 120 });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        return (await JsonAsync(made)).GetProperty("token").GetInt64();
    }

    private async Task<long> IdAsync(string name) => (await _api.GetFromJsonAsync<JsonElement>("/api/moderators?pageSize=200")).GetProperty("items").EnumerateArray()
        .Single(m => m.GetProperty("name").GetString() == name).GetProperty("id").GetInt64();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    private static async Task<JsonElement> ErrorsAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        return (await JsonAsync(response)).GetProperty("errors");
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();
}
