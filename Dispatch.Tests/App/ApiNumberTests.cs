using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>Section 5 of issue 5 over the whole host, with a worker at the other end of the bus.</summary>
public sealed class ApiNumberTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Secret = "2@SecretOfThePhone-77aa";
    private static int s_phone;

    [Fact]
    public async Task WholeFlow_RegisterValidateScanConnect_WithoutACodeInAnyAnswer()
    {
        var worker = await AddWorkerAsync();
        await using var port = await host.Services.GetRequiredService<IWorkerBus>().ConnectWorkerAsync(new WorkerRoute(worker, WorkerMode.Routed), default);
        await port.AnswerAsync(new WorkerAlive(true, 50, "test", false, []));
        var made = await Read(await host.Api.PostAsJsonAsync("/api/clients", new { name = "Boutique Sandaga", phoneNumber = Phone() }), HttpStatusCode.Created);
        var (client, number) = (made.GetProperty("clientId").GetInt64(), made.GetProperty("numberId").GetInt64());

        var validated = await Read(await host.Api.PostAsync($"/clients/{client}/validate?workerId={worker}", null));
        Assert.Equal((number, worker, "Validated"), (validated.GetProperty("numberId").GetInt64(), validated.GetProperty("workerId").GetString(), validated.GetProperty("status").GetString()));
        var session = validated.GetProperty("sessionId").GetString();
        await using var commands = port.ReadAsync(default).GetAsyncEnumerator();
        Assert.True(await commands.MoveNextAsync().AsTask().InTime());
        Assert.Equal((WorkerAction.Create, session), (commands.Current.Command!.Action, commands.Current.Command.SessionId));
        await commands.Current.AckAsync();
        await port.AnswerAsync(new QrGenerated(Secret, QrForm.Raw, 1) { NumberId = number, SessionId = session });
        await StatusAsync(number, "WaitingQr");

        var codes = host.Services.GetRequiredService<NumberCodes>();
        var picture = Convert.ToBase64String((await codes.ReadAsync(number))!.Png!);
        foreach (var path in new[] { $"/api/numbers/{number}", "/api/numbers", "/api/clients", "/api/workers", "/openapi/v1.json", "/health", "/metrics", $"/api/numbers/{number}?events=0" })
        {
            var answer = await host.Api.GetAsync(path);
            Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, path);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("SecretOfThePhone", text, StringComparison.Ordinal);
            Assert.DoesNotContain(picture, text, StringComparison.Ordinal);
        }

        await port.AnswerAsync(new SessionConnected { NumberId = number, SessionId = session });
        await StatusAsync(number, "Connected");
        var row = await Read(await host.Api.GetAsync($"/api/numbers/{number}"));
        Assert.Equal($"wa-{number}", row.GetProperty("channel").GetString());
        Assert.Equal(("Healthy", 1, worker), (row.GetProperty("number").GetProperty("health").GetString(), row.GetProperty("number").GetProperty("generation").GetInt64(), row.GetProperty("number").GetProperty("workerId").GetString()));
        Assert.Contains("Connected", row.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("kind").GetString()));

        var restarted = await Read(await host.Api.PostAsJsonAsync($"/api/numbers/{number}/restart", new { generation = 1 }));
        Assert.Equal(2, restarted.GetProperty("generation").GetInt64());
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync($"/api/numbers/{number}/restart", new { generation = 1 })).StatusCode);
        Assert.Equal("LoggedOut", (await Read(await host.Api.PostAsync($"/api/numbers/{number}/logout", null))).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsync($"/api/numbers/{number}/stop", null)).StatusCode);
    }

    [Fact]
    public async Task Validate_UnknownClientOrWorker_404_Twice_409()
    {
        var worker = await AddWorkerAsync();
        var made = await Read(await host.Api.PostAsJsonAsync("/api/clients", new { name = "A", phoneNumber = Phone() }), HttpStatusCode.Created);
        var client = made.GetProperty("clientId").GetInt64();

        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync($"/clients/999999/validate?workerId={worker}", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync($"/clients/{client}/validate?workerId=nobody", null)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsync($"/clients/{client}/validate?workerId=a.b", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Api.PostAsync($"/clients/{client}/validate?workerId={worker}", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsync($"/clients/{client}/validate?workerId={worker}", null)).StatusCode);
    }

    [Fact]
    public async Task Register_BadInput_NamesEachField()
    {
        var answer = await host.Api.PostAsJsonAsync("/api/clients", new { name = " ", phoneNumber = "0770" });

        var errors = (await Read(answer, HttpStatusCode.BadRequest)).GetProperty("errors");
        Assert.True(errors.TryGetProperty("name", out _) && errors.TryGetProperty("phoneNumber", out _));
        var phone = Phone();
        Assert.Equal(HttpStatusCode.Created, (await host.Api.PostAsJsonAsync("/api/clients", new { name = "A", phoneNumber = phone })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync("/api/clients", new { name = "B", phoneNumber = phone })).StatusCode);
    }

    [Fact]
    public async Task Workers_AreRegisteredListedAndDrained()
    {
        var id = await AddWorkerAsync(7);

        Assert.Equal(HttpStatusCode.Conflict, (await host.Api.PostAsJsonAsync("/api/workers", new { id, mode = "Routed", capacity = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync("/api/workers", new { id = "a.b", mode = "Routed", capacity = 0 })).StatusCode);
        var rows = (await Read(await host.Api.GetAsync("/api/workers?pageSize=200"))).GetProperty("items").EnumerateArray();
        Assert.Equal((7, 0, "Down"), rows.Where(w => w.GetProperty("id").GetString() == id).Select(w => (w.GetProperty("capacity").GetInt32(), w.GetProperty("held").GetInt32(), w.GetProperty("state").GetString())).Single());
        Assert.Equal("Draining", (await Read(await host.Api.PostAsync($"/api/workers/{id}/drain", null))).GetProperty("state").GetString());
        Assert.Equal("Down", (await Read(await host.Api.PostAsync($"/api/workers/{id}/resume", null))).GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync("/api/workers/nobody/drain", null)).StatusCode);
    }

    [Fact]
    public async Task Lists_AreFilteredAndPaged_AndRejectSaysWhy()
    {
        var made = await Read(await host.Api.PostAsJsonAsync("/api/clients", new { name = "Refused & Co", phoneNumber = Phone() }), HttpStatusCode.Created);
        var (client, number) = (made.GetProperty("clientId").GetInt64(), made.GetProperty("numberId").GetInt64());

        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync($"/api/clients/{client}/reject", new { reason = "" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Api.PostAsJsonAsync($"/api/clients/{client}/reject", new { reason = "No contract" })).StatusCode);
        var clients = (await Read(await host.Api.GetAsync("/api/clients?status=Rejected&q=refused"))).GetProperty("items").EnumerateArray().Single();
        Assert.Equal("No contract", clients.GetProperty("reason").GetString());
        var listed = await Read(await host.Api.GetAsync($"/api/numbers?status=Rejected&client={client}&sort=-stateSince&pageSize=1"));
        Assert.Equal((1, number), (listed.GetProperty("total").GetInt32(), listed.GetProperty("items")[0].GetProperty("id").GetInt64()));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.GetAsync("/api/numbers?status=Odd")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.GetAsync("/api/numbers/999999")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Bare.PostAsync($"/clients/{client}/validate", null)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Api.PostAsJsonAsync("/api/channels", new { key = "by-hand", provider = "Worker" })).StatusCode);
    }

    private async Task<string> AddWorkerAsync(int capacity = 50)
    {
        var id = ApiHost.Unique("w");
        Assert.Equal(HttpStatusCode.Created, (await host.Api.PostAsJsonAsync("/api/workers", new { id, mode = "Routed", capacity })).StatusCode);
        return id;
    }

    private Task StatusAsync(long number, string status) => Eventually.Async(async () =>
        (await Read(await host.Api.GetAsync($"/api/numbers/{number}"))).GetProperty("number").GetProperty("status").GetString() == status);

    private static string Phone() => $"+22178{Interlocked.Increment(ref s_phone) + 2_000_000}";

    private static async Task<JsonElement> Read(HttpResponseMessage answer, HttpStatusCode status = HttpStatusCode.OK)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
