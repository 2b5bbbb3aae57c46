using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Moderators;

/// <summary>
/// <see cref="Waiting"/>: in the line for profiles whenever present and not at the limit. <see cref="Left"/>: went out of it and comes back by asking.
/// <see cref="Inactive"/>: lost work for inactivity, and comes back with the next sign of life.
/// </summary>
public enum QueueStanding { Waiting, Left, Inactive }

/// <summary>A place in the line of those who wait for an exclusive profile (seed 001 <c>moderator_queue</c>). Gone when the person holds as many as allowed.</summary>
public sealed class ModeratorQueueEntry
{
    public long ModeratorId { get; set; }

    /// <summary>When the waiting began: the connection, the loss of a profile, or the wish to wait again (UTC).</summary>
    public DateTime QueuedAt { get; set; }

    /// <summary>Higher is served first.</summary>
    public int Priority { get; set; }

    /// <summary>1: next. 0: not placed yet.</summary>
    public int Position { get; set; }

    /// <summary>The middle of the expected wait in seconds; null: unknown.</summary>
    public int? EstimatedWaitTime { get; set; }

    /// <summary>The range of the expected wait in seconds; null: unknown.</summary>
    public int? EstimatedFrom { get; set; }
    public int? EstimatedTo { get; set; }

    /// <summary>Free profiles this person may serve.</summary>
    public int ProfilesAvailable { get; set; }

    /// <summary>The first thing the person was told in this wait, kept to see later how true it was.</summary>
    public DateTime? FirstEstimateAt { get; set; }
    public int? FirstFrom { get; set; }
    public int? FirstTo { get; set; }
}

/// <summary>What somebody was told about his wait and how long it was then.</summary>
public sealed class WaitObservation
{
    public long Id { get; set; }
    public long ModeratorId { get; set; }
    public DateTime EstimatedAt { get; set; }
    public int FromSeconds { get; set; }
    public int ToSeconds { get; set; }
    public DateTime ServedAt { get; set; }
    public int WaitedSeconds { get; set; }
}

/// <summary>A wish for another priority in the line; an admin grants or refuses it. At most one open per moderator.</summary>
public sealed class PriorityRequest
{
    public long Id { get; set; }
    public long ModeratorId { get; set; }
    public int Priority { get; set; }
    public required string Reason { get; set; }
    public DateTime AskedAt { get; set; }

    /// <summary>Null: not decided yet.</summary>
    public DateTime? DecidedAt { get; set; }
    public long? DecidedById { get; set; }
    public bool Granted { get; set; }
}

/// <summary>When somebody last typed in a conversation; written at most every few seconds.</summary>
public sealed class TypingActivity
{
    public long ConversationId { get; set; }
    public long ModeratorId { get; set; }
    public DateTime At { get; set; }
}

internal sealed class ModeratorQueueConfiguration :
    IEntityTypeConfiguration<ModeratorQueueEntry>, IEntityTypeConfiguration<WaitObservation>, IEntityTypeConfiguration<PriorityRequest>,
    IEntityTypeConfiguration<TypingActivity>
{
    public const int ReasonLength = 400;

    public void Configure(EntityTypeBuilder<ModeratorQueueEntry> builder)
    {
        builder.ToTable("moderator_queue");
        builder.HasKey(q => q.ModeratorId);
        builder.Property(q => q.ModeratorId).ValueGeneratedNever();
        builder.HasOne<Moderator>().WithOne().HasForeignKey<ModeratorQueueEntry>(q => q.ModeratorId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<WaitObservation> builder)
    {
        builder.HasOne<Moderator>().WithMany().HasForeignKey(o => o.ModeratorId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(o => o.ServedAt);
    }

    public void Configure(EntityTypeBuilder<PriorityRequest> builder)
    {
        builder.Property(r => r.Reason).HasMaxLength(ReasonLength);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(r => r.ModeratorId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(r => r.ModeratorId, "ux_priority_requests_open").IsUnique().HasFilter("decided_at IS NULL");
    }

    public void Configure(EntityTypeBuilder<TypingActivity> builder)
    {
        builder.HasKey(t => t.ConversationId);
        builder.Property(t => t.ConversationId).ValueGeneratedNever();
        builder.HasIndex(t => t.At);
    }
}
