using System.Net;
using Dispatch.Web.Api;

namespace Dispatch.Web.Ops;

/// <summary>What Prometheus scrapes: for callers with an API key, and for those on the machine itself.</summary>
internal static class MetricsEndpoint
{
    public static void MapDispatchMetrics(this IEndpointRouteBuilder app)
    {
        var exporter = app.ServiceProvider.GetRequiredService<PrometheusExporter>();
        var keys = app.ServiceProvider.GetRequiredService<ApiKeyFilter>();
        app.MapGet("/metrics", (HttpContext context) =>
        {
            if (!IsLocal(context) && !keys.IsKey(context.Request.Headers[ApiKeyFilter.Header]) && !keys.IsKey(Bearer(context)))
                return ApiProblems.Problem(StatusCodes.Status401Unauthorized, $"From another machine the header {ApiKeyFilter.Header} is needed, or Authorization: Bearer, with a known key.");
            return Results.Text(exporter.Write(), "text/plain; version=0.0.4; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The one header that Prometheus can be told to send.</summary>
    private static string? Bearer(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is ['B' or 'b', 'e', 'a', 'r', 'e', 'r', ' ', .. var key] ? key.Trim() : null;

    /// <summary>A request that a proxy on this machine passed on comes from wherever the proxy says, not from here.</summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For") && !context.Request.Headers.ContainsKey("Forwarded");
}
