using System.Diagnostics;
using Dispatch.Core.Conversations;
using Dispatch.Core.Telemetry;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Dispatch.Web.Ops;

/// <summary>
/// Metrics, traces and logs to a collector when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; the exporter itself reads it and the other <c>OTEL_EXPORTER_OTLP_*</c>. Built by hand, because the
/// hosting package of OpenTelemetry is not in a partial registry.
/// </summary>
internal sealed class OtlpExport(IOptions<NodeOptions> node) : IHostedService, IDisposable
{
    public const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceName = "dispatch";

    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public static void Add(WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[EndpointKey])) return;
        builder.Services.AddHostedService<OtlpExport>();
        var name = builder.Configuration[NodeOptions.Section + ":Name"] is { Length: > 0 } given ? given : new NodeOptions().Name;
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(Resource(name));
            logs.AddOtlpExporter();
        });
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = Resource(node.Value.Name);
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Traces.SourceName, "Microsoft.AspNetCore")
            .AddProcessor(new IdsOnly()).AddOtlpExporter().Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter("Dispatch.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime").AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // What happened last is what one wants to know of a process that ended.
        _traces?.ForceFlush(2000);
        _metrics?.ForceFlush(2000);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    private static ResourceBuilder Resource(string instance) => ResourceBuilder.CreateDefault().AddService(ServiceName, serviceInstanceId: instance);

    /// <summary>
    /// Addresses of Dispatch may hold a secret (<c>/d/{token}</c>, <c>/setup/{token}</c>) and queries a name that somebody searched for: the route says enough.
    /// </summary>
    internal sealed class IdsOnly : BaseProcessor<Activity>
    {
        private static readonly string[] Kept = ["http.route", "http.request.method", "http.response.status_code", "error.type", "network.protocol.version"];

        public override void OnEnd(Activity data)
        {
            foreach (var (key, _) in data.TagObjects.ToList())
            {
                if (!key.StartsWith("dispatch.", StringComparison.Ordinal) && !Kept.Contains(key, StringComparer.Ordinal)) data.SetTag(key, null);
            }
        }
    }
}
