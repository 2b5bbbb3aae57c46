using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Profiles;

/// <summary>What the watch over assignments can find.</summary>
public enum FindingKind
{
    /// <summary>A conversation of an exclusive profile is with somebody who does not hold it.</summary>
    WrongOwner,
    /// <summary>A profile is held by somebody who may not hold it.</summary>
    WrongHolder,
    /// <summary>Somebody waits, and a profile he may serve is free.</summary>
    FreeThoughWaited,
    /// <summary>An exclusive profile has work and nobody who may serve it is there.</summary>
    OrphanProfile,
    /// <summary>A place in the line of somebody who does not wait.</summary>
    StaleQueueEntry,
    /// <summary>A stored count or history row that the facts contradict.</summary>
    Inconsistent,
    /// <summary>Somebody holds more than the limit (it was lowered).</summary>
    OverLimit,
    /// <summary>A contact waits although everybody who could answer was tried.</summary>
    Unanswered,
    /// <summary>Somebody has waited for a profile for longer than the setting says.</summary>
    LongWait,
    /// <summary>A check itself failed.</summary>
    CheckFailed,
}

/// <summary>
/// Something the watch found, once per <see cref="DedupeKey"/> while it lasts: seen again it only counts, gone it is resolved, back it is raised anew.
/// </summary>
public sealed class AssignmentFinding
{
    public long Id { get; set; }
    public FindingKind Kind { get; set; }
    public required string DedupeKey { get; set; }
    public long? ProfileId { get; set; }
    public long? ModeratorId { get; set; }
    public long? ConversationId { get; set; }
    public DateTime FirstSeenAt { get; set; }
    public DateTime LastSeenAt { get; set; }
    public int Count { get; set; } = 1;

    /// <summary>True: Dispatch put it right; nothing to do for a person.</summary>
    public bool Repaired { get; set; }

    /// <summary>Null: still so.</summary>
    public DateTime? ResolvedAt { get; set; }
}

internal sealed class AssignmentFindingConfiguration : IEntityTypeConfiguration<AssignmentFinding>
{
    public void Configure(EntityTypeBuilder<AssignmentFinding> builder)
    {
        builder.Property(f => f.DedupeKey).HasMaxLength(100);
        builder.HasIndex(f => f.DedupeKey, "ux_assignment_findings_open").IsUnique().HasFilter("resolved_at IS NULL");
        builder.HasIndex(f => f.LastSeenAt);
    }
}
