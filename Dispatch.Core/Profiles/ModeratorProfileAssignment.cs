using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Profiles;

/// <summary>How somebody came to hold a profile.</summary>
public enum AssignmentCause
{
    /// <summary>It was free and he was first in line.</summary>
    Queue,
    /// <summary>An admin gave it to him.</summary>
    Admin,
    /// <summary>An integration gave it to him.</summary>
    Api,
    /// <summary>A colleague held several while he held none.</summary>
    Rebalance,
}

/// <summary>Why somebody does not hold a profile any more; told to both sides.</summary>
public enum ReleaseCause
{
    /// <summary>The holder left, or lost his connection for longer than the grace period.</summary>
    Left,
    /// <summary>The holder was away for longer than the setting allows.</summary>
    Away,
    /// <summary>Somebody waited for an answer and the holder gave no sign of life.</summary>
    Inactive,
    /// <summary>The holder gave it back.</summary>
    GivenBack,
    /// <summary>An admin or an integration took it.</summary>
    Admin,
    /// <summary>The holder was disabled.</summary>
    Disabled,
    /// <summary>The holder may not serve the profile any more.</summary>
    NotAllowed,
    /// <summary>An admin paused the profile.</summary>
    Paused,
    /// <summary>The profile is shared now.</summary>
    ModeChanged,
    /// <summary>The holder had several while somebody in the line had none.</summary>
    Rebalance,
}

/// <summary>
/// One holding of an exclusive profile, current or past (seed 001 <c>ModeratorProfileAssignment</c>). The rows that ended are what expected waits are
/// computed from, and the history of what was taken from whom and why.
/// </summary>
public sealed class ModeratorProfileAssignment
{
    public long Id { get; set; }
    public long ProfileId { get; set; }
    public long ModeratorId { get; set; }
    public DateTime AssignedAt { get; set; }
    public AssignmentCause Cause { get; set; }

    /// <summary>Who gave it; null: Dispatch or an integration.</summary>
    public long? AssignedById { get; set; }

    /// <summary>The place in the line from which he got it; null: not from the line.</summary>
    public int? QueuePosition { get; set; }
    public DateTime? QueuedAt { get; set; }

    /// <summary>When the holder's activity was last looked at (UTC).</summary>
    public DateTime? LastActivityCheck { get; set; }

    /// <summary>Null: still holds it.</summary>
    public DateTime? EndedAt { get; set; }
    public ReleaseCause? EndCause { get; set; }
    public long? EndedById { get; set; }

    /// <summary>The profile's holder version that this holding made.</summary>
    public long HolderVersion { get; set; }
}

internal sealed class ModeratorProfileAssignmentConfiguration : IEntityTypeConfiguration<ModeratorProfileAssignment>
{
    public void Configure(EntityTypeBuilder<ModeratorProfileAssignment> builder)
    {
        builder.ToTable("moderator_profile_assignments");
        builder.HasOne<Profile>().WithMany().HasForeignKey(a => a.ProfileId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(a => a.ModeratorId).OnDelete(DeleteBehavior.Restrict);
        // A profile has at most one holder, whatever a writer forgets.
        builder.HasIndex(a => a.ProfileId, "ux_moderator_profile_assignments_held").IsUnique().HasFilter("ended_at IS NULL");
        builder.HasIndex(a => new { a.ModeratorId, a.EndedAt });
        builder.HasIndex(a => a.EndedAt).HasFilter("ended_at IS NOT NULL");
    }
}
