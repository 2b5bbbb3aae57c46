namespace Dispatch.Core.Conversations;

/// <summary>Section <c>Node</c>: who this process is among several.</summary>
public sealed class NodeOptions
{
    public const string Section = "Node";

    /// <summary>Unique per running process, the same after its restart.</summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>A node that nobody heard for so long is taken for gone. 5 seconds to 5 minutes.</summary>
    public TimeSpan LostAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a node that was asked to end goes on: not ready, refusing whoever comes new, its open pages moving away in the first half. Zero to 2 minutes; as long as the load balancer needs to notice.</summary>
    public TimeSpan DrainFor { get; set; }
}
