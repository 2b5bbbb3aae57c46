using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Health;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>
/// The fault drill: something breaks in a running Dispatch; within a minute it is one alert, Dispatch still answers and says what is wrong, and when the fault ends the alert ends by itself
/// and nothing was lost. Deadlines are shortened by settings.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FaultDrillTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task BrokerKilled_IsOneAlertUntilItIsBack()
    {
        await using var rabbit = await RabbitProcess.StartAsync(1);
        await using var drill = await Drill.StartAsync(("Broker:Uri", rabbit.Address("t1").AbsoluteUri), ("Broker:AlertAfter", "00:00:01"));
        await Eventually.Async(async () => (await drill.Host.Bare.GetStringAsync("/metrics")).Contains("dispatch_broker_connected 1", StringComparison.Ordinal), Minute);

        await rabbit.KillAsync();
        await drill.BecomesAsync(AlertKind.BrokerDown);
        await drill.AnswersAsync("/health/ready", HttpStatusCode.OK);
        await drill.StillWorksAsync();

        await rabbit.StartAsync();
        await drill.EndsAsync(AlertKind.BrokerDown);
    }

    [Fact]
    public async Task LoopStopped_IsOneAlertAndNotReady_UntilItRuns()
    {
        await using var drill = await Drill.StartAsync();
        var loop = drill.Host.Services.GetRequiredService<PendingDrain>();

        await loop.StopAsync(CancellationToken.None);
        await drill.BecomesAsync(AlertKind.LoopStopped);
        await drill.AnswersAsync("/health/ready", HttpStatusCode.ServiceUnavailable);
        Assert.Contains("LoopStopped PendingDrain", await drill.HealthAsync(), StringComparison.Ordinal);
        await drill.StillWorksAsync();

        await loop.StartAsync(CancellationToken.None);
        await drill.EndsAsync(AlertKind.LoopStopped);
        await drill.AnswersAsync("/health/ready", HttpStatusCode.OK);
    }

    [Fact]
    public async Task GatewayFrozen_IsOneAlert_UntilItAnswers()
    {
        await using var gateway = await StandIn.StartAsync();
        using var thaw = new ManualResetEventSlim();
        gateway.Answer = _ =>
        {
            thaw.Wait(Minute);
            return (200, """{"sent":true,"message":{"id":"m1"}}""");
        };
        await using var drill = await Drill.StartAsync(("Gateways:Whapi:BaseAddress", gateway.Address), ("Gateways:Whapi:Timeout", "00:00:45"));
        await drill.SetAsync(AlertSettings.GatewaySilentKey.Key, 2);
        await drill.Host.PostAsync("/api/channels", new { key = "real", provider = "Whapi", token = "whapi-token-value" });
        await drill.Host.PostAsync("/api/profiles", new { name = "Real", channel = "real", mode = "Shared" });
        var moderator = await drill.Host.ModeratorAsync();
        using (var call = await drill.Host.WebhookAsync(ApiHost.Text(ApiHost.Unique("frozen"), "221770001111", "hello"), "real")) Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        var conversation = (await drill.Host.GetAsync("/api/conversations")).GetProperty("items")[0].GetProperty("id").GetInt64();

        await drill.Host.PostAsync($"/api/conversations/{conversation}/messages", new { moderatorId = moderator, text = "good morning" });
        await drill.BecomesAsync(AlertKind.GatewaySilent);
        // Another node could do no better: this one stays in service.
        await drill.AnswersAsync("/health/ready", HttpStatusCode.OK);
        Assert.Contains("GatewaySilent", await drill.HealthAsync(), StringComparison.Ordinal);
        await drill.StillWorksAsync();

        thaw.Set();
        await drill.EndsAsync(AlertKind.GatewaySilent);
        await Eventually.Async(async () => await drill.ReadAsync(db => db.Messages.AnyAsync(m => m.ConversationId == conversation && m.Direction == MessageDirection.Out && m.Status == MessageStatus.Sent)));
        Assert.Single(gateway.Calls);
    }

    [Fact]
    public async Task SqliteFull_IsOneAlertFromMemory_ToldWithoutTheDatabase_AndNothingIsLost()
    {
        await using var drill = await Drill.StartAsync();
        await drill.StillWorksAsync();
        var pages = await drill.ReadAsync(db => db.Database.SqlQueryRaw<int>("SELECT page_count AS Value FROM pragma_page_count()").SingleAsync());

        await drill.LimitPagesAsync(pages + 2);
        // What comes in until there is no more space, and what is refused then.
        var body = ApiHost.Text(ApiHost.Unique("full"), "221770002222", new string('x', 4000));
        await Eventually.Async(async () =>
        {
            body = ApiHost.Text(ApiHost.Unique("full"), "221770002222", new string('x', 4000));
            using var call = await drill.Host.WebhookAsync(body);
            return call.StatusCode == HttpStatusCode.InternalServerError;
        }, Minute);
        await drill.BecomesAsync(AlertKind.DiskFull, stored: false);
        await Eventually.Async(() => drill.Posted(AlertKind.DiskFull, "raised") == 1, Minute);
        await drill.AnswersAsync("/health/ready", HttpStatusCode.ServiceUnavailable);
        await drill.AnswersAsync("/health/live", HttpStatusCode.OK);
        Assert.Contains("DiskFull", await drill.HealthAsync(), StringComparison.Ordinal);

        await drill.LimitPagesAsync(1_000_000);
        await drill.EndsAsync(AlertKind.DiskFull);
        await Eventually.Async(() => drill.Posted(AlertKind.DiskFull, "closed") == 1, Minute);
        Assert.Equal(1, drill.Posted(AlertKind.DiskFull, "raised"));
        // The gateway sends again what was refused.
        using (var again = await drill.Host.WebhookAsync(body)) Assert.Equal(1, (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("stored").GetInt32());
        await drill.AnswersAsync("/health/ready", HttpStatusCode.OK);
    }

    [Fact]
    public async Task PostgresLostForHalfAMinute_IsOneAlert_AndNothingIsLost()
    {
        await using var server = new PostgresServer();
        var database = await server.CreateDatabaseAsync(migrated: true);
        await using var drill = await Drill.StartAsync(("Database:Provider", "PostgreSql"), ("ConnectionStrings:Dispatch", database));
        await drill.SetAsync(AlertSettings.DatabaseAwayKey.Key, 1);
        await drill.StillWorksAsync();

        await server.StopServerAsync();
        var down = Stopwatch.StartNew();
        await drill.BecomesAsync(AlertKind.DatabaseAway, stored: false);
        await Eventually.Async(() => drill.Posted(AlertKind.DatabaseAway, "raised") == 1, Minute);
        await drill.AnswersAsync("/health/ready", HttpStatusCode.ServiceUnavailable);
        await drill.AnswersAsync("/health/live", HttpStatusCode.OK);
        await drill.AnswersAsync("/account/sign-in", HttpStatusCode.OK);
        Assert.Contains("DatabaseAway", await drill.HealthAsync(), StringComparison.Ordinal);
        var body = ApiHost.Text(ApiHost.Unique("lost"), "221770003333", "while the database is away");
        using (var refused = await drill.Host.WebhookAsync(body)) Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        await Eventually.Async(() => down.Elapsed > TimeSpan.FromSeconds(30), Minute);
        Assert.Single(drill.Problems);

        await server.StartServerAsync();
        await drill.EndsAsync(AlertKind.DatabaseAway);
        Assert.Equal((1, 1), (drill.Posted(AlertKind.DatabaseAway, "raised"), await drill.ClosedPostAsync(AlertKind.DatabaseAway)));
        using (var again = await drill.Host.WebhookAsync(body)) Assert.Equal(1, (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("stored").GetInt32());
        await drill.AnswersAsync("/health/ready", HttpStatusCode.OK);
        await drill.StillWorksAsync();
        // The minutes without a database are in the history.
        await Eventually.Async(async () => await drill.ReadAsync(db => db.HealthChecks.AnyAsync(h => h.Status == NodeHealth.NotReady && h.Problems == "DatabaseAway")), Minute);
    }
}
