using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>Seed 003 through HTTP: the whole host on a real port.</summary>
public sealed class ApiBookingTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static int s_phone = 70_000_000;

    [Fact]
    public async Task Workflow_FromDriverToCompletion()
    {
        var drivers = new[] { await DriverAsync(), await DriverAsync(), await DriverAsync() };
        var created = await host.PostAsync("/api/bookings", Ride());
        var id = created.GetProperty("id").GetInt64();
        Assert.Equal(("Pending", 1), (created.GetProperty("status").GetString(), created.GetProperty("version").GetInt32()));

        var match = await host.PostAsync($"/api/bookings/{id}/match", new { priorityMode = "RECENT_ACTIVITY" });
        Assert.True(match.GetProperty("success").GetBoolean());
        Assert.Superset(drivers.ToHashSet(), match.GetProperty("driverIds").EnumerateArray().Select(d => d.GetInt64()).ToHashSet());
        Assert.Empty(match.GetProperty("errors").EnumerateArray());
        Assert.Equal("AlreadyStarted", (await ConflictAsync($"/api/bookings/{id}/match", new { })).GetProperty("result").GetString());

        Assert.Equal("REJECTED", await RespondAsync(id, drivers[0], "REJECT"));
        Assert.Equal("ASSIGNED", await RespondAsync(id, drivers[1], "ACCEPT"));
        Assert.Equal("ALREADY_TAKEN", await RespondAsync(id, drivers[2], "ACCEPT"));
        Assert.Equal("ASSIGNED", await RespondAsync(id, drivers[1], "ACCEPT"));

        var details = await host.GetAsync($"/api/bookings/{id}");
        Assert.Equal(("Accepted", drivers[1]), (details.GetProperty("booking").GetProperty("status").GetString(), details.GetProperty("booking").GetProperty("driverId").GetInt64()));
        Assert.Equal("Matched", details.GetProperty("metrics").GetProperty("finalStatus").GetString());
        Assert.Contains(details.GetProperty("events").EnumerateArray(), e => e.GetProperty("kind").GetString() == "Assigned");
        await ConflictAsync($"/api/drivers/{drivers[1]}/status", new { status = "Available" });
        Assert.Equal("Completed", (await host.PostAsync($"/api/bookings/{id}/complete")).GetProperty("status").GetString());
        await ConflictAsync($"/api/bookings/{id}/cancel", new { reason = "late" });
        Assert.Equal("Available", (await host.GetAsync($"/api/drivers/{drivers[1]}")).GetProperty("driver").GetProperty("status").GetString());
        Assert.True((await host.GetAsync("/api/matching/stats")).GetProperty("matched").GetInt32() > 0);
        Assert.True((await host.GetAsync($"/api/bookings?q={id}")).GetProperty("total").GetInt32() == 1);
        Assert.True((await host.GetAsync("/api/matching/health")).GetProperty("overall").GetString() is "Healthy" or "Warning");
    }

    [Fact]
    public async Task Post_WithAKeyThatWasUsed_AnswersWithTheBookingItMade()
    {
        var (ride, key) = (Ride(), Guid.NewGuid().ToString("N"));
        async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(object body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings") { Content = JsonContent.Create(body), Headers = { { "Idempotency-Key", key } } };
            using var answer = await host.Api.SendAsync(request);
            return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
        }

        var first = await AskAsync(ride);
        var again = await AskAsync(ride);
        var other = await AskAsync(Ride(drop: "Thiès"));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.Status, again.Status));
        Assert.Equal(first.Body.GetProperty("id").GetInt64(), again.Body.GetProperty("id").GetInt64());
        Assert.Equal((HttpStatusCode.Conflict, first.Body.GetProperty("id").GetInt64()), (other.Status, other.Body.GetProperty("id").GetInt64()));
        key = new string('k', 65);
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(ride)).Status);
    }

    [Fact]
    public async Task Post_WrongValues_NamesEachField()
    {
        using var booking = await host.Api.PostAsJsonAsync("/api/bookings", new { customerName = "", customerPhone = "0612", pickupLatitude = 91, pickupTime = (string?)null });
        var errors = JsonDocument.Parse(await booking.Content.ReadAsStringAsync()).RootElement.GetProperty("errors");
        Assert.Equal(HttpStatusCode.BadRequest, booking.StatusCode);
        Assert.Superset(
            new HashSet<string> { "customerName", "customerPhone", "pickupAddress", "dropAddress", "pickupLatitude", "pickupTime" },
            errors.EnumerateObject().Select(e => e.Name).ToHashSet());

        foreach (var (path, body, field) in new (string, object, string)[]
                 {
                     ("/api/bookings/1/responses", new { driverId = 1, type = "MAYBE" }, "type"), ("/api/bookings/1/responses", new { type = "ACCEPT" }, "driverId"),
                     ("/api/bookings/1/match", new { priorityMode = "FAST" }, "priorityMode"), ("/api/bookings/1/match", new { maxDistance = -1 }, "maxDistance"),
                     ("/api/drivers", new { name = "x", phone = "+221771234567", status = "Busy" }, "status"), ("/api/bookings/1/assign", new { }, "driverId"),
                 })
        {
            using var answer = await host.Api.PostAsJsonAsync(path, body);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.True(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("errors").TryGetProperty(field, out _), $"{path} {field}");
        }
    }

    [Fact]
    public async Task Unknown_Is404AndWithoutKey401()
    {
        foreach (var path in new[] { "/api/bookings/999999/match", "/api/bookings/999999/cancel", "/api/bookings/999999/complete" })
        {
            using var answer = await host.Api.PostAsJsonAsync(path, new { });
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        using var closed = await host.Bare.PostAsJsonAsync("/api/bookings", Ride());
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
    }

    [Fact]
    public async Task SamePhone_Twice_IsAConflict()
    {
        var phone = Phone();
        await host.PostAsync("/api/drivers", new { name = "A", phone });
        Assert.Equal("DuplicatePhone", (await ConflictAsync("/api/drivers", new { name = "B", phone })).GetProperty("result").GetString());
    }

    [Fact]
    public async Task Link_AnswersItsOfferOnceAndNothingElse()
    {
        var driver = await DriverAsync();
        var other = await DriverAsync();
        var id = (await host.PostAsync("/api/bookings", Ride())).GetProperty("id").GetInt64();
        await host.PostAsync($"/api/bookings/{id}/match");
        var token = host.Services.GetRequiredService<OfferTokens>().Make(new OfferRef(id, driver, 1, 1));

        using (var won = await host.Bare.PostAsync($"/d/{token}/accept", null))
            Assert.Equal("ASSIGNED", JsonDocument.Parse(await won.Content.ReadAsStringAsync()).RootElement.GetProperty("action").GetString());
        using (var late = await host.Bare.PostAsync($"/d/{host.Services.GetRequiredService<OfferTokens>().Make(new OfferRef(id, other, 1, 1))}/refuse", null))
            Assert.Equal("ALREADY_TAKEN", JsonDocument.Parse(await late.Content.ReadAsStringAsync()).RootElement.GetProperty("action").GetString());
        using (var forged = await host.Bare.PostAsync($"/d/{token[..^3]}AAA/accept", null)) Assert.Equal(HttpStatusCode.NotFound, forged.StatusCode);
        using (var old = await host.Bare.PostAsync($"/d/{host.Services.GetRequiredService<OfferTokens>().Make(new OfferRef(id, driver, 1, 9))}/accept", null))
            Assert.Equal("OFFER_EXPIRED", JsonDocument.Parse(await old.Content.ReadAsStringAsync()).RootElement.GetProperty("action").GetString());
        var view = (await host.Services.GetRequiredService<OfferService>().OpenAsync(token))!;
        Assert.Equal((ResponseAction.Assigned, "Awa"), (view.Action, view.Customer));
        await host.PostAsync($"/api/bookings/{id}/complete");
    }

    [Fact]
    public async Task Webhook_ADriversOui_WinsAndAMessageStaysAMessage()
    {
        var driver = await DriverAsync();
        var phone = (await host.GetAsync($"/api/drivers/{driver}")).GetProperty("driver").GetProperty("phone").GetString()!;
        var id = (await host.PostAsync("/api/bookings", Ride())).GetProperty("id").GetInt64();
        await host.PostAsync($"/api/bookings/{id}/match");

        using var answer = await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("w"), phone, $"oui {id}"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(driver, (await host.GetAsync($"/api/bookings/{id}")).GetProperty("booking").GetProperty("driverId").GetInt64());
        await host.PostAsync($"/api/bookings/{id}/complete");
    }

    private static object Ride(string drop = "Almadies") => new
    {
        customerName = "Awa", customerPhone = "+33 6 12 34 56 78", pickupAddress = "Sandaga", dropAddress = drop, pickupTime = "2030-03-01T08:00:00Z", zone = "Plateau",
        pickupLatitude = 14.67, pickupLongitude = -17.43, dropLatitude = 14.74, dropLongitude = -17.51,
    };

    private static string Phone() => $"+221 {Interlocked.Increment(ref s_phone)}";

    private async Task<long> DriverAsync() => (await host.PostAsync("/api/drivers", new
    {
        name = "Modou", phone = Phone(), vehicleType = "Berline", vehiclePlate = "DK-1", zone = "Plateau", latitude = 14.68, longitude = -17.44, status = "Available",
    })).GetProperty("id").GetInt64();

    private async Task<string?> RespondAsync(long booking, long driver, string type) =>
        (await host.PostAsync($"/api/bookings/{booking}/responses", new { driverId = driver, type })).GetProperty("action").GetString();

    private async Task<JsonElement> ConflictAsync(string path, object body)
    {
        using var answer = await host.Api.PostAsJsonAsync(path, body);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }
}

/// <summary>SIGKILL in the middle of a broadcast: one row and at most one message for each driver; what fell due meanwhile fires at once.</summary>
public sealed class MatchingKillTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-kill-match-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_DuringABroadcastToHundred_HasOneRowAndAtMostOneMessageEach()
    {
        long booking;
        await using var gateway = await StubGateway.StartAsync();
        (string, string)[] settings =
        [
            ("Gateways__Whapi__BaseAddress", gateway.Address), ("ServiceMessages__PerSecond", "60"), ("Matching__DriverTimeout", "00:00:02"), ("Matching__BookingTimeout", "00:00:03"),
            ("Matching__MaxAsks", "1"), ("Matching__BroadcastWait", "00:00:00"),
        ];
        await using (var app = await AppProcess.StartAsync(_folder, settings))
        {
            await app.PostAsync<Made>("/api/channels", new { key = "shop", provider = "Whapi", token = "a-token-of-the-gateway" });
            for (var i = 0; i < 100; i++) await app.PostAsync<Made>("/api/drivers", new { name = $"D{i}", phone = $"+2217700{i:0000}" });
            booking = (await app.PostAsync<Made>("/api/bookings", new
            {
                customerName = "Awa", customerPhone = "+33612345678", pickupAddress = "A", dropAddress = "B", pickupTime = "2030-01-01T08:00:00Z",
            })).Id;
            await app.PostAsync<object>($"/api/bookings/{booking}/match");
            await Eventually.Async(() => gateway.Sent.Count > 20);
            await app.KillAsync();
        }
        var before = gateway.Sent.Count;
        Assert.InRange(before, 21, 99);
        await Task.Delay(TimeSpan.FromSeconds(3.2), TimeProvider.System, TestContext.Current.CancellationToken);

        await using (var app = await AppProcess.StartAsync(_folder, settings))
        {
            var ready = TimeProvider.System.GetUtcNow().UtcDateTime;
            await Eventually.Async(async () => (await app.Http.GetFromJsonAsync<JsonElement>($"/api/bookings/{booking}")).GetProperty("booking").GetProperty("status").GetString() == "TimedOut");
            await using (var db = Open())
            {
                // By the row, not by when this test saw it: asking takes its own time on a busy machine.
                var fired = await db.Bookings.Where(b => b.Id == booking).Select(b => b.StatusAt).SingleAsync(TestContext.Current.CancellationToken) - ready;
                Assert.True(fired < TimeSpan.FromSeconds(2), $"the due times fired {fired} after the start");
            }
            // What was on its way when the process died is taken for lost after a minute, and the next words to the same person wait for that.
            await Eventually.Async(async () =>
            {
                await using var db = Open();
                return !await db.ServiceMessages.AnyAsync(m => m.Status == Core.Conversations.MessageStatus.Queued, TestContext.Current.CancellationToken);
            }, TimeSpan.FromSeconds(120));
            await app.StopAsync();
        }

        await using var end = Open();
        var offers = await end.BookingNotifications.ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal((100, 100), (offers.Count, offers.Select(o => o.DriverId).Distinct().Count()));
        Assert.All(gateway.Sent.GroupBy(s => s).Where(g => g.Key.StartsWith("2217700", StringComparison.Ordinal)), g => Assert.True(g.Count() == 1, $"{g.Key} was written to {g.Count()} times"));
        Assert.Empty(await Matching.MatchingConsistency.ViolationsAsync(end));
    }

    private Core.Data.SqliteDispatchDb Open()
    {
        var options = new DbContextOptionsBuilder<Core.Data.SqliteDispatchDb>();
        Core.Data.DataServices.Configure(options, new Core.Data.DatabaseOptions { Path = Path.Combine(_folder, "dispatch.db"), ConnectionString = "Pooling=False" });
        return new Core.Data.SqliteDispatchDb(options.Options);
    }

    private sealed record Made(long Id);
}
