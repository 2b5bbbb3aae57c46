using System.Net;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>Alerts as an integration sees them.</summary>
public sealed class ApiAlertTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Alert_RaisedTwice_IsOneUntilItIsClosed()
    {
        await RaiseAsync("low-availability:Yoff");
        await RaiseAsync("low-availability:Yoff");
        var alert = Assert.Single((await host.GetAsync("/api/alerts?open=true&kind=lowDriverAvailability&severity=warning")).GetProperty("items").EnumerateArray());
        Assert.Equal(("Yoff", 2), (alert.GetProperty("subject").GetString(), alert.GetProperty("count").GetInt32()));
        var id = alert.GetProperty("id").GetInt64();

        Assert.Equal(HttpStatusCode.NoContent, (await host.Api.PostAsync($"/api/alerts/{id}/resolve", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync($"/api/alerts/{id}/resolve", null)).StatusCode);
        Assert.Equal(0, (await host.GetAsync("/api/alerts?open=true&kind=lowDriverAvailability")).GetProperty("total").GetInt32());
        Assert.Equal(1, (await host.GetAsync("/api/alerts?open=false&kind=lowDriverAvailability")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Alert_SomebodyLooksAfterIt_OnceAndNotWhenItIsOver()
    {
        await RaiseAsync("dead-letters", AlertKind.DeadLetters);
        var id = Assert.Single((await host.GetAsync("/api/alerts?open=true&kind=deadLetters")).GetProperty("items").EnumerateArray()).GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.NoContent, (await host.Api.PostAsync($"/api/alerts/{id}/acknowledge", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync($"/api/alerts/{id}/acknowledge", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Api.PostAsync($"/api/alerts/{id}/resolve", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Api.PostAsync("/api/alerts/999999/acknowledge", null)).StatusCode);
    }

    [Theory]
    [InlineData("open=maybe", "true, false")]
    [InlineData("severity=loud", "critical")]
    [InlineData("kind=7", "dailyReport")]
    public async Task List_BadFilter_SaysWhatIsAllowed(string query, string allowed)
    {
        using var answer = await host.Api.GetAsync("/api/alerts?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(allowed, await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    private Task<bool> RaiseAsync(string key, AlertKind kind = AlertKind.LowDriverAvailability) => host.Services.GetRequiredService<Database>().WriteAsync(session => host.Services.GetRequiredService<AlertStore>().RaiseAsync(
        session, kind, AlertSeverity.Warning, key, TimeProvider.System.GetUtcNow().UtcDateTime, subject: "Yoff", details: "2"));
}
