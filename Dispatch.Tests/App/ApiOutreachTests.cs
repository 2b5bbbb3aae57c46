using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>Seed 004 through HTTP: the whole host on a real port, its jobs running.</summary>
public sealed class ApiOutreachTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static int s_phone = 60_000_000;

    private static string Phone => $"+22177{Interlocked.Increment(ref s_phone)}";

    [Fact]
    public async Task Workflow_FromTheAccountToTheLog()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "simulator", timeZone = "Africa/Dakar", quotas = new { send_first_contact = 20, send_reply = 5 } });
        var prospect = await ProspectAsync(account);

        using var created = await host.Api.PostAsJsonAsync("/api/actions", new { kind = "send_first_contact", prospectId = prospect, accountId = account });
        var first = await JsonAsync(created);
        using var repeated = await host.Api.PostAsJsonAsync("/api/actions", new { kind = "send_first_contact", prospectId = prospect, accountId = account });
        var again = await JsonAsync(repeated);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (created.StatusCode, repeated.StatusCode));
        var id = first.GetProperty("id").GetInt64();
        Assert.Equal(id, again.GetProperty("id").GetInt64());
        await Eventually.Async(async () => await StatusAsync(id) == "success");
        var log = Assert.Single((await host.GetAsync($"/api/action-logs?prospect={prospect}")).GetProperty("items").EnumerateArray());
        Assert.Equal(("send_first_contact", "Success"), (log.GetProperty("action").GetString(), log.GetProperty("status").GetString()));
        var quota = (await host.GetAsync($"/api/accounts/{account}/quota")).GetProperty("quotas");
        Assert.Equal((20, 1, 19), (quota.GetProperty("send_first_contact").GetProperty("limit").GetInt32(), quota.GetProperty("send_first_contact").GetProperty("used").GetInt32(),
            quota.GetProperty("send_first_contact").GetProperty("remaining").GetInt32()));
        Assert.Equal(JsonValueKind.Null, quota.GetProperty("send_followup").GetProperty("limit").ValueKind);
        Assert.Equal("Contacted", (await host.GetAsync($"/api/prospects/{prospect}")).GetProperty("stage").GetString());
        Assert.Equal(1, (await host.GetAsync($"/api/actions?status=success&account={account}")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Sequence_SetRefusedAndReadBack()
    {
        var before = (await host.GetAsync("/api/sequences")).EnumerateArray().Single(s => s.GetProperty("letter").GetString() == "C");
        var version = before.GetProperty("version").GetInt32();
        var body = new { version, steps = new object[] { new { delay = "45.00:00:00", days = "Mon-Fri", from = "09:00", to = "24:00" }, new { delay = "90.00:00:00", template = "send_followup_C1" } } };
        using var set = await host.Api.PutAsJsonAsync("/api/sequences/c", body);
        var now = await JsonAsync(set);
        Assert.Equal((HttpStatusCode.OK, version + 1, 2), (set.StatusCode, now.GetProperty("version").GetInt32(), now.GetProperty("steps").GetArrayLength()));
        Assert.Equal(("45.00:00:00", 5, "send_followup_C2"), (now.GetProperty("steps")[0].GetProperty("delay").GetString(), now.GetProperty("steps")[0].GetProperty("days").GetArrayLength(),
            now.GetProperty("steps")[1].GetProperty("kind").GetString()));
        using var late = await host.Api.PutAsJsonAsync("/api/sequences/C", body);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        using var wrong = await host.Api.PutAsJsonAsync("/api/sequences/C", new { steps = new object[] { new { delay = "00:00:01" }, new { delay = "1.00:00:00", template = "send_reply" } } });
        var text = await wrong.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("steps[0].delay", text, StringComparison.Ordinal);
        Assert.Contains("steps[1].template", text, StringComparison.Ordinal);
        Assert.NotEmpty((await host.GetAsync("/api/sequences/C/history")).EnumerateArray());
    }

    [Fact]
    public async Task Account_WithCredentials_HasAChannelThatCanSend()
    {
        using var wrong = await host.Api.PostAsJsonAsync("/api/accounts", new { name = ApiHost.Unique("Uni "), provider = "Unipile", credentials = new { token = "key", server = "http://not-safe.example" } });
        var text = await wrong.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        foreach (var field in new[] { "credentials.server", "credentials.account", "credentials.secret" }) Assert.Contains(field, text, StringComparison.Ordinal);
        var name = ApiHost.Unique("Uni ");
        var id = await AccountAsync(new { name, provider = "Unipile", credentials = new { token = "key", server = "https://api1.unipile.com:13111", account = "acc-77", secret = "a-secret-of-sixteen" } });
        var channel = (await host.GetAsync("/api/channels")).GetProperty("items").EnumerateArray().Single(c => c.GetProperty("key").GetString() == $"account-{id}");
        Assert.Equal(("acc-77", true), (channel.GetProperty("account").GetString(), channel.GetProperty("hasToken").GetBoolean()));
        using var templates = await host.Api.PostAsJsonAsync("/api/accounts", new { name = ApiHost.Unique("Meta "), provider = "Meta", templates = new[] { new { kind = "send_reply", name = "No Name", language = "french" } } });
        Assert.Equal(HttpStatusCode.BadRequest, templates.StatusCode);
        Assert.Contains("templates[0].name", await templates.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prospect_WithContact_IsContactedByItself()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "Simulator" });
        var prospect = (await host.PostAsync("/api/prospects", new { name = "Awa Ndiaye", phone = Phone, accountId = account, language = "en", contact = true })).GetProperty("id").GetInt64();

        await Eventually.Async(async () => (await host.GetAsync($"/api/actions?prospect={prospect}&status=success")).GetProperty("total").GetInt32() == 1);
    }

    [Fact]
    public async Task Pending_SaysWhatHoldsItAndWhenItIsExpected()
    {
        var closed = await AccountAsync(new
        {
            name = ApiHost.Unique("Sales "), provider = "Simulator", timeZone = "UTC", quotas = new { send_followup = 0 }, minGapSeconds = 30,
            windows = new object[] { new { days = new[] { "Mon", "Tue" }, from = "09:00", to = "18:00" }, new { days = "Wed-Sun", from = "00:00", to = "24:00" }, new { days = new[] { 1, 2 }, from = "20:00", to = "24:00" } },
        });
        var (one, two) = (await ProspectAsync(closed), await ProspectAsync(closed));
        var later = await ActionAsync(new { kind = "send_followup_A1", prospectId = one, content = "hello", scheduledAt = "2099-01-01T10:00:00Z" });
        var none = await ActionAsync(new { kind = "send_followup_A1", prospectId = two, content = "hello" });

        var rows = (await host.GetAsync($"/api/actions?status=pending&account={closed}")).GetProperty("items").EnumerateArray().ToDictionary(r => r.GetProperty("id").GetInt64());

        Assert.Equal("scheduled", rows[later].GetProperty("whyNotYet").GetString());
        Assert.Contains(rows[none].GetProperty("whyNotYet").GetString(), new[] { "quota", "window" });
        Assert.Equal(JsonValueKind.Null, rows[none].GetProperty("expectedAt").ValueKind);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"/api/actions/{none}/run-now")).Status);
        Assert.Equal("quota", (await PostAsync($"/api/actions/{none}/run-now")).Body.GetProperty("whyNotYet").GetString());
        Assert.Equal("cancelled", (await host.PostAsync($"/api/actions/{later}/cancel")).GetProperty("status").GetString());
        var refused = await PostAsync($"/api/actions/{later}/cancel");
        Assert.Equal((HttpStatusCode.Conflict, "cancelled"), (refused.Status, refused.Body.GetProperty("status").GetString()));
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"/api/actions/{later}/retry")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"/api/actions/{later}/reconcile", new { sent = true })).Status);
    }

    [Fact]
    public async Task RunNow_SendsAheadOfItsTime()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "Simulator" });
        var id = await ActionAsync(new { kind = "send_followup_A1", prospectId = await ProspectAsync(account), content = "hello", scheduledAt = "2099-01-01T10:00:00Z" });

        Assert.Equal("success", (await host.PostAsync($"/api/actions/{id}/run-now")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Pause_HoldsAndResumeLetsGo()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "Simulator" });
        Assert.Equal("paused", (await host.PostAsync($"/api/accounts/{account}/pause")).GetProperty("blockedBy").GetString());
        var id = await ActionAsync(new { kind = "send_reply", prospectId = await ProspectAsync(account), content = "hello" });
        Assert.Equal("paused", (await host.GetAsync($"/api/actions/{id}")).GetProperty("whyNotYet").GetString());
        await host.PostAsync($"/api/accounts/{account}/resume");

        await Eventually.Async(async () => await StatusAsync(id) == "success");
    }

    [Fact]
    public async Task EffectKey_OfTheCaller_MakesOne()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "Simulator" });
        var body = new { kind = "send_reply", prospectId = await ProspectAsync(account), content = "hello", effectKey = "order-17", scheduledAt = "2099-01-01T10:00:00Z" };

        var (first, second) = (await PostAsync("/api/actions", body), await PostAsync("/api/actions", body));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.Status, second.Status));
        Assert.Equal(first.Body.GetProperty("id").GetInt64(), second.Body.GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task WrongValues_AreNamedFieldByField()
    {
        foreach (var (path, body, fields) in new (string, object, string[])[]
                 {
                     ("/api/accounts", new { name = "", provider = "Pigeon", timeZone = "Mars/Base", quotas = new { send_letter = 3 }, minGapSeconds = -1 }, ["name", "provider", "timeZone", "quotas", "minGapSeconds"]),
                     ("/api/accounts", new { name = "x", provider = "Simulator", windows = new[] { new { days = new[] { "Funday" }, from = "09:00", to = "18:00" } } }, ["windows"]),
                     ("/api/accounts", new { name = "x", provider = "Simulator", windows = new[] { new { from = "18:00", to = "09:00" } } }, ["windows"]),
                     ("/api/accounts", new { name = "x", provider = "Simulator", channel = "no-such" }, ["channel"]),
                     ("/api/prospects", new { name = "", phone = "0612", language = "de" }, ["name", "phone", "language", "accountId"]),
                     ("/api/prospects", new { name = "x", phone = Phone, accountId = 999_999 }, ["accountId"]),
                     ("/api/actions", new { kind = "send_flowers" }, ["kind", "prospectId"]),
                     ("/api/actions", new { kind = "send_reply", prospectId = 1 }, ["content"]),
                     ("/api/actions", new { kind = "send_followup_A1", prospectId = 999_999 }, ["prospectId"]),
                     ("/api/actions", new { kind = "send_followup_A1", prospectId = 1, content = "Hello {nom}" }, ["content"]),
                 })
        {
            var (status, answer) = await PostAsync(path, body);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Superset(fields.ToHashSet(), answer.GetProperty("errors").EnumerateObject().Select(e => e.Name).ToHashSet());
        }
        using var list = await host.Api.GetAsync("/api/actions?status=sleeping&account=x");
        Assert.Equal(HttpStatusCode.BadRequest, list.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/api/actions/999999/cancel")).Status);
        using var quota = await host.Api.GetAsync("/api/accounts/999999/quota");
        Assert.Equal(HttpStatusCode.NotFound, quota.StatusCode);
        using var closed = await host.Bare.PostAsJsonAsync("/api/actions", new { kind = "send_reply" });
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
    }

    [Theory]
    [InlineData("whapi")]
    [InlineData("Unipile")]
    [InlineData("meta_cloud_api")]
    [InlineData("SIMULATOR")]
    public async Task Account_OfEveryProvider_CanBeMade(string provider)
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider });

        Assert.Equal(0, (await host.GetAsync($"/api/accounts/{account}/quota")).GetProperty("pending").GetInt32());
    }

    [Fact]
    public async Task Account_OfAConnectedNumber_NeedsItsChannel()
    {
        var (status, answer) = await PostAsync("/api/accounts", new { name = ApiHost.Unique("Sales "), provider = "worker_number" });

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(["channel"], answer.GetProperty("errors").EnumerateObject().Select(e => e.Name));
    }

    [Fact]
    public async Task FirstContact_PlannedAfterALaterStep_DoesNotWaitForIt()
    {
        var account = await AccountAsync(new { name = ApiHost.Unique("Sales "), provider = "Simulator" });
        var prospect = await ProspectAsync(account);
        await ActionAsync(new { kind = "send_followup_A1", prospectId = prospect, content = "hello", scheduledAt = "2099-01-01T10:00:00Z" });
        var first = await ActionAsync(new { kind = "send_first_contact", prospectId = prospect });

        await Eventually.Async(async () => await StatusAsync(first) == "success");
    }

    [Fact]
    public async Task Duplicates_AreConflictsThatNameTheFirst()
    {
        var name = ApiHost.Unique("Sales ");
        var account = await AccountAsync(new { name, provider = "Simulator" });
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("/api/accounts", new { name, provider = "Simulator" })).Status);
        var phone = Phone;
        var first = await PostAsync("/api/prospects", new { name = "A", phone, accountId = account });
        var second = await PostAsync("/api/prospects", new { name = "B", phone, accountId = account });

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Conflict), (first.Status, second.Status));
        Assert.Equal(first.Body.GetProperty("id").GetInt64(), second.Body.GetProperty("id").GetInt64());
        var id = first.Body.GetProperty("id").GetInt64();
        Assert.Equal("Stopped", (await host.PostAsync($"/api/prospects/{id}/stop")).GetProperty("stage").GetString());
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("/api/actions", new { kind = "send_first_contact", prospectId = id })).Status);
    }

    [Fact]
    public async Task Document_DescribesOutreach()
    {
        var paths = (await host.GetAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(p => p.Name).ToHashSet();

        Assert.Superset(
            new HashSet<string>
            {
                "/api/accounts", "/api/accounts/{id}/quota", "/api/prospects", "/api/actions", "/api/actions/{id}/cancel", "/api/actions/{id}/retry", "/api/actions/{id}/run-now",
                "/api/actions/{id}/reconcile", "/api/action-logs",
            }, paths);
    }

    private async Task<long> AccountAsync(object body) => (await host.PostAsync("/api/accounts", body)).GetProperty("id").GetInt64();
    private async Task<long> ProspectAsync(long account) => (await host.PostAsync("/api/prospects", new { name = "Awa Ndiaye", phone = Phone, accountId = account, language = "en" })).GetProperty("id").GetInt64();
    private async Task<long> ActionAsync(object body) => (await host.PostAsync("/api/actions", body)).GetProperty("id").GetInt64();
    private async Task<string?> StatusAsync(long id) => (await host.GetAsync($"/api/actions/{id}")).GetProperty("status").GetString();

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object? body = null)
    {
        using var answer = await host.Api.PostAsJsonAsync(path, body ?? new { });
        return (answer.StatusCode, await JsonAsync(answer));
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
}
