namespace Dispatch.Core.Nodes;

/// <summary>Why this node should not be sent anybody.</summary>
public enum NodeObstacle
{
    None,
    /// <summary>It has not said yet that it lives, or the database did not take it for too long.</summary>
    NotHeard,
    /// <summary>It is about to end.</summary>
    Draining,
    /// <summary>Another process has the same <c>Node:Name</c>.</summary>
    NameTaken,
}

/// <summary>What this process knows of itself as a node.</summary>
public sealed class NodeSelf(TimeProvider clock)
{
    private long _heardAt;
    private volatile bool _heard;
    private int _draining;

    public string Instance { get; } = Guid.NewGuid().ToString("N");
    public bool IsDraining => Volatile.Read(ref _draining) != 0;
    public bool IsNameTaken { get; private set; }

    /// <summary>The others took this process for gone (it was stopped, or cut off): what it held in the cluster it has to say again.</summary>
    public event Action? Revived;

    /// <summary>This process is about to end: whoever has something open here goes elsewhere. Raised once.</summary>
    public event Action? Drained;

    /// <summary>Whether to send anybody here, as far as the cluster goes; whether the process is well is <see cref="Health.NodeWatch"/>'s to say.</summary>
    public NodeObstacle Obstacle(TimeSpan lostAfter) =>
        IsDraining ? NodeObstacle.Draining
        : IsNameTaken ? NodeObstacle.NameTaken
        : !_heard || clock.GetElapsedTime(_heardAt) > lostAfter ? NodeObstacle.NotHeard
        : NodeObstacle.None;

    /// <summary>From now on nobody new, and what is open here is told to go.</summary>
    public void Drain()
    {
        if (Interlocked.Exchange(ref _draining, 1) == 0) Drained?.Invoke();
    }

    internal void Heard(bool nameTaken)
    {
        IsNameTaken = nameTaken;
        _heardAt = clock.GetTimestamp();
        _heard = true;
    }

    internal void Revive() => Revived?.Invoke();
}
