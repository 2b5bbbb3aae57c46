using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Level = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace Dispatch.Web.Startup;

/// <summary>
/// For load balancers and monitors, without a key: <c>/health/live</c> (the process answers), <c>/health/ready</c> (its database does too), <c>/health</c> (each
/// check with its reason). 200 for healthy and degraded, 503 for unhealthy. Nothing here names a person, a number or an address.
/// </summary>
internal static class Health
{
    private const string Ready = "ready";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static void AddDispatchHealth(this IServiceCollection services) =>
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database", tags: [Ready]).AddCheck<NodeCheck>("node", tags: [Ready]).AddCheck<MatchingCheck>("matching");

    public static void MapDispatchHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready) }).AllowAnonymous();
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = WriteAsync }).AllowAnonymous();
    }

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new
        {
            status = report.Status,
            checks = report.Entries.Select(e => new { name = e.Key, status = e.Value.Status, reason = e.Value.Description, data = e.Value.Data }),
        },
        Json, context.RequestAborted);

    private sealed class DatabaseCheck(Database database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var db = database.Read();
            return await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }

    /// <summary>The check of the last minute, or a fresh one while there is none: a monitor that asks often costs nothing.</summary>
    private sealed class MatchingCheck(MatchingHealthService health) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var status = health.Last ?? await health.CheckMatchingSystemHealthAsync(cancellationToken);
            var level = status.Overall switch
            {
                HealthLevel.Healthy => Level.Healthy,
                HealthLevel.Warning => Level.Degraded,
                HealthLevel.Critical => Level.Unhealthy,
            };
            var reason = string.Join(" ", new[] { status.Components.Database, status.Components.Whatsapp, status.Components.Timeouts, status.Components.Matching }
                .Select(c => c.Reason).Where(r => r.Length > 0));
            return new HealthCheckResult(level, reason.Length > 0 ? reason : null, data: new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["database"] = status.Components.Database.Level, ["whatsapp"] = status.Components.Whatsapp.Level, ["timeouts"] = status.Components.Timeouts.Level,
                ["matching"] = status.Components.Matching.Level, ["activeMatchings"] = status.Metrics.ActiveMatchings, ["at"] = status.At,
            });
        }
    }
}
