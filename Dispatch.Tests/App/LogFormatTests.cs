using System.Text.Json;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>What the standard output and a collector get.</summary>
public sealed class LogFormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-logs-").FullName;

    [Fact]
    public async Task Output_NotATerminal_IsOneObjectALine()
    {
        await using var app = await AppProcess.StartAsync(_folder, ("Logging__LogLevel__Default", "Information"));
        await app.StopAsync();
        var lines = app.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        var objects = lines.Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.All(objects, o => Assert.True(o.TryGetProperty("Timestamp", out _) && o.TryGetProperty("LogLevel", out _) && o.TryGetProperty("Message", out _), o.ToString()));
        Assert.Contains(objects, o => o.GetProperty("Message").GetString()!.StartsWith("Dispatch is ready on ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Output_LineOfARequest_HasItsTraceAndNotItsAddress()
    {
        await using var app = await AppProcess.StartAsync(_folder, ("Logging__LogLevel__Microsoft.AspNetCore.Routing", "Debug"));
        // Addresses hold tokens: a link to a code, to an offer, to the first password.
        using (await app.Http.GetAsync("/q/a-token-that-nobody-may-read"))
        {
        }
        await app.StopAsync();
        var request = app.Output.Split('\n').Where(l => l.Contains("RequestId", StringComparison.Ordinal)).ToList();
        Assert.Contains(request, l => l.Contains("TraceId", StringComparison.Ordinal));
        Assert.DoesNotContain(request, l => l.Contains("RequestPath", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Output_TextAskedFor_IsSentences()
    {
        await using var app = await AppProcess.StartAsync(_folder, ("Logs__Format", "Text"));
        await app.StopAsync();
        Assert.Contains(app.Output.Split('\n'), l => l.StartsWith("Dispatch is ready on ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Otlp_EndpointSet_BringsMetricsTracesAndLogs()
    {
        await using var collector = await StandIn.StartAsync();
        await using var app = await AppProcess.StartAsync(_folder,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"), ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            // Nothing has to go wrong for there to be a line: the request below makes one.
            ("OTEL_BLRP_SCHEDULE_DELAY", "200"), ("Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics", "Information"));
        using (await app.Http.GetAsync("/health/live"))
        {
            await Eventually.Async(() => new[] { "/v1/metrics", "/v1/traces", "/v1/logs" }.All(path => collector.Calls.Any(c => c.Path == path)), TimeSpan.FromSeconds(40));
        }
        Assert.Contains(collector.Calls, c => c.Path == "/v1/metrics" && c.Body.Contains("dispatch.loop.age", StringComparison.Ordinal));
        await app.StopAsync();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
