using Dispatch.Core.Conversations;
using Dispatch.Core.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Startup;

/// <summary>Whether anybody should be sent to this process: not while it ends, not under a name that another has, not when the database has not taken its sign of life.</summary>
internal sealed class ClusterCheck(NodeSelf self, IOptions<NodeOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var reason = self.Obstacle(options.Value.LostAfter) switch
        {
            NodeObstacle.None => null,
            NodeObstacle.NotHeard => "This node has not been able to store its sign of life.",
            NodeObstacle.Draining => "This node is about to end.",
            NodeObstacle.NameTaken => "Another process has the same Node:Name.",
        };
        return Task.FromResult(reason is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(reason));
    }
}
