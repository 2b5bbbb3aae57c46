using System.Collections.Concurrent;
using System.Diagnostics;
using Dispatch.Core.Live;
using Dispatch.Core.Telemetry;
using Dispatch.Tests.App;
using Dispatch.Tests.Support;
using Dispatch.Web.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.Ops;

/// <summary>One trace from a gateway's call to the page that shows it.</summary>
public sealed class TraceTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Webhook_WhileSomebodyListens_IsOneTraceToTheScreen()
    {
        var seen = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Traces.SourceName or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var page = host.Services.GetRequiredService<LiveHub>().Subscribe(Topics.Board);
        using var stop = new CancellationTokenSource(Eventually.DefaultTimeout);
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in page.ReadAsync(TimeSpan.Zero, TimeProvider.System, stop.Token))
            {
                using (page.BeginRead("ThePage")) return;
            }
        }, stop.Token);

        using (var answer = await host.WebhookAsync(ApiHost.Text(ApiHost.Unique("trace"), "221770004321", "a text that is nobody's business"))) Assert.True(answer.IsSuccessStatusCode);
        await reading.InTime();

        Activity Of(string name) => seen.Last(a => a.OperationName == name);
        await Eventually.Async(() => seen.Any(a => a.Source.Name == "Microsoft.AspNetCore" && a.TraceId == Of(Traces.Store).TraceId));
        var call = seen.Last(a => a.Source.Name == "Microsoft.AspNetCore" && a.TraceId == Of(Traces.Store).TraceId);
        Assert.All([Traces.Store, Traces.Place, Traces.Read], name => Assert.Equal((call.TraceId, call.SpanId), (Of(name).TraceId, Of(name).ParentSpanId)));
        Assert.Contains(Of(Traces.Place).TagObjects, t => t is { Key: "dispatch.conversation.id", Value: > 0L });
        Assert.Equal("parked", Of(Traces.Place).GetTagItem("dispatch.outcome"));
        Assert.Equal("ThePage", Of(Traces.Read).GetTagItem("dispatch.page"));
        Assert.All(seen.Where(a => a.Source.Name == Traces.SourceName).SelectMany(a => a.TagObjects), t => Assert.DoesNotContain("22177", $"{t.Value}", StringComparison.Ordinal));
    }

    [Fact]
    public void Export_LeavesOutAddresses()
    {
        using var activity = new Activity("GET").Start();
        activity.SetTag("url.path", "/d/a-secret").SetTag("url.query", "?q=Awa").SetTag("http.route", "/d/{token}").SetTag("dispatch.channel.id", 3L).SetTag("client.address", "203.0.113.7");
        using (var processor = new OtlpExport.IdsOnly()) processor.OnEnd(activity);
        Assert.Equal(["http.route", "dispatch.channel.id"], activity.TagObjects.Select(t => t.Key));
    }
}
