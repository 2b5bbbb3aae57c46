using System.Net;
using Dispatch.Core.Ops;
using Dispatch.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>What Prometheus gets.</summary>
public sealed class MetricsTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Metrics_OnThisMachine_TellsHowDispatchIs()
    {
        var sampler = host.Services.GetRequiredService<OpsSampler>();
        await Eventually.Async(() => sampler.Latest is not null);
        using var answer = await host.Bare.GetAsync("/metrics");
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\ndispatch_conversations_waiting 0\n", text, StringComparison.Ordinal);
        Assert.Contains("dispatch_moderators{state=\"online\"}", text, StringComparison.Ordinal);
        Assert.Contains("dispatch_loop_pass_duration_seconds_count{loop=\"OpsSampler\"}", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n').Where(l => l.Length > 0 && l[0] != '#'), l => Assert.StartsWith("dispatch_", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_WithTheKeyAsPrometheusSendsIt_AreOpen()
    {
        using var known = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { "X-Forwarded-For", "203.0.113.7" }, { "Authorization", "Bearer " + ApiHost.Key } } };
        Assert.Equal(HttpStatusCode.OK, (await host.Bare.SendAsync(known)).StatusCode);
        using var stranger = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { "X-Forwarded-For", "203.0.113.7" }, { "Authorization", "Bearer no-key-at-all-of-ours" } } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Bare.SendAsync(stranger)).StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    public async Task Metrics_ThroughAProxyOnThisMachine_NeedsTheKey(string header)
    {
        using var stranger = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { header, "for=203.0.113.7" } } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Bare.SendAsync(stranger)).StatusCode);
        using var known = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { header, "for=203.0.113.7" } } };
        Assert.Equal(HttpStatusCode.OK, (await host.Api.SendAsync(known)).StatusCode);
    }
}
