using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Data;
using Dispatch.Core.Health;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Level = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace Dispatch.Web.Startup;

/// <summary>
/// For load balancers and monitors, without a key: <c>/health/live</c> (the process answers), <c>/health/ready</c> (it can do its job: database, disk, clock, loops), <c>/health</c> (each
/// check with its reason). 200 for healthy and degraded, 503 for unhealthy. Nothing here names a person, a number or an address.
/// </summary>
internal static class Health
{
    private const string Ready = "ready";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static void AddDispatchHealth(this IServiceCollection services) =>
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database", tags: [Ready]).AddCheck<WatchCheck>("watch", tags: [Ready]).AddCheck<ClusterCheck>("cluster", tags: [Ready]).AddCheck<MatchingCheck>("matching");

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
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var asking = Task.Run(async () =>
            {
                await using var db = database.Read();
                return await db.Database.CanConnectAsync(cancellationToken);
            }, cancellationToken);
            // A probe that is answered late counts as not answered: whoever asks gives up before a driver does.
            await Task.WhenAny(asking, Task.Delay(Patience, TimeProvider.System, cancellationToken));
            return asking.IsCompletedSuccessfully && await asking ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }

    /// <summary>What this process found when it looked at itself last: memory, so it answers whatever is wrong.</summary>
    private sealed class WatchCheck(NodeProblems problems) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var current = problems.Current;
            var data = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["problems"] = current.Select(p => new { kind = p.Kind, subject = p.Subject, channel = p.ResourceId, since = p.Since, blocks = p.Blocks }).ToList(),
            };
            var reason = current.Count == 0 ? null : string.Join(", ", current.Select(p => p.Name)) + ".";
            return Task.FromResult(NodeRules.StatusOf(current) switch
            {
                NodeHealth.NotReady => HealthCheckResult.Unhealthy(reason, data: data),
                NodeHealth.Degraded => HealthCheckResult.Degraded(reason, data: data),
                NodeHealth.Healthy => HealthCheckResult.Healthy(data: data),
            });
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
