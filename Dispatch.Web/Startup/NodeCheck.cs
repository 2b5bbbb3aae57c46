using Dispatch.Core.Conversations;
using Dispatch.Core.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Startup;

/// <summary>Whether anybody should be sent to this process: not while it ends, not with a wrong clock, not when the database has not taken its sign of life.</summary>
internal sealed class NodeCheck(NodeStatus status, IOptions<NodeOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["clockOffMs"] = status.ClockOff.TotalMilliseconds };
        var reason = status.Obstacle(options.Value.LostAfter) switch
        {
            NodeObstacle.None => null,
            NodeObstacle.NotHeard => "This node has not been able to store its sign of life.",
            NodeObstacle.Draining => "This node is about to end.",
            NodeObstacle.ClockOff => "The clock of this node is too far from the database's.",
            NodeObstacle.NameTaken => "Another process has the same Node:Name.",
        };
        return Task.FromResult(reason is null ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Unhealthy(reason, data: data));
    }
}
