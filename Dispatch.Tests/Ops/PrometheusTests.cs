using Dispatch.Tests.App;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Ops;

/// <summary>Debian's Prometheus against a running Dispatch, with the rules that Dispatch ships.</summary>
public sealed class PrometheusTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Rules_AreWhatPrometheusTakes()
    {
        var (code, output) = await PrometheusServer.CheckAsync("check", "rules", PrometheusServer.Rules);
        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task Rules_FireWhenTheyShould()
    {
        var (code, output) = await PrometheusServer.CheckAsync("test", "rules", Path.ChangeExtension(PrometheusServer.Rules, ".test.yml"));
        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task Metrics_AreWellFormed()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, await host.Bare.GetStringAsync("/metrics"));
        using var check = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "\"$0\" check metrics < \"$1\" 2>&1", ServerRequirement.Find("promtool"), file])
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        })!;
        var said = await check.StandardOutput.ReadToEndAsync().InTime();
        File.Delete(file);
        // The framework names its own (camel case in none of ours); what promtool cannot read at all begins like this.
        Assert.DoesNotContain("error while linting", said, StringComparison.Ordinal);
        Assert.DoesNotContain(said.Split('\n'), l => l.StartsWith("dispatch_", StringComparison.Ordinal) && !l.StartsWith("dispatch_dotnet_", StringComparison.Ordinal)
            && !l.StartsWith("dispatch_http_", StringComparison.Ordinal) && !l.StartsWith("dispatch_aspnetcore_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scrape_OfARunningDispatch_BringsItsFiguresAndEvaluatesEveryRule()
    {
        using (var answer = await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("prom"), "221770001234", "hello"))) Assert.True(answer.IsSuccessStatusCode);
        await using var prometheus = await PrometheusServer.StartAsync(host.Bare.BaseAddress!);
        var patience = TimeSpan.FromSeconds(45);

        await Eventually.Async(async () => await prometheus.QueryAsync("up{job=\"dispatch\"}") is [1], patience);
        await Eventually.Async(async () => await prometheus.QueryAsync("sum(dispatch_inbound_messages_total{result=\"stored\"})") is [>= 1], patience);
        await Eventually.Async(async () => await prometheus.QueryAsync("count(dispatch_loop_age_seconds)") is [> 10], patience);
        await Eventually.Async(async () => await prometheus.QueryAsync("dispatch_conversations_waiting") is [>= 0], patience);
        await Eventually.Async(async () => await prometheus.RulesAsync() is { Count: > 10 } rules && rules.Values.All(h => h == "ok"), patience);
        Assert.Equal([0], await prometheus.QueryAsync("count(ALERTS{alertname=\"DispatchDown\"}) or vector(0)"));
    }
}
