using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Nodes;

public enum NodeState
{
    Up,
    /// <summary>It is about to end and wants nothing new.</summary>
    Draining,
    /// <summary>Nobody has heard it for a while: what only it held is free.</summary>
    Down,
    /// <summary>It said that it ends: nobody misses it.</summary>
    Stopped,
}

/// <summary>One process of this Dispatch. It says that it lives; whoever looks finds those that do not.</summary>
public sealed class Node
{
    /// <summary><c>Node:Name</c>: unique among running processes, the same after a restart.</summary>
    public required string Name { get; set; }

    /// <summary>New at each start.</summary>
    public required string Instance { get; set; }
    public NodeState State { get; set; }
    public DateTime StartedAt { get; set; }

    /// <summary>By the database's clock where it has one.</summary>
    public DateTime SeenAt { get; set; }

    public required string Version { get; set; }
}

internal sealed class NodeConfiguration : IEntityTypeConfiguration<Node>
{
    public const int MaxName = 64;

    public void Configure(EntityTypeBuilder<Node> builder)
    {
        builder.ToTable("nodes");
        builder.HasKey(n => n.Name);
        builder.Property(n => n.Name).HasMaxLength(MaxName);
        builder.Property(n => n.Instance).HasMaxLength(32);
        builder.Property(n => n.Version).HasMaxLength(40);
    }
}
