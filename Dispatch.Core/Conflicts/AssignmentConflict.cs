using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Conflicts;

/// <summary>What two or more people wanted at once.</summary>
public enum ConflictKind
{
    /// <summary>Several connected at the same moment.</summary>
    Connection,
    /// <summary>A profile somebody else holds or locks.</summary>
    Profile,
    /// <summary>A contact somebody else answers.</summary>
    Client,
    /// <summary>A conversation that somebody else has.</summary>
    Conversation,
    /// <summary>A contact who was approached already.</summary>
    Initiation,
}

/// <summary>Why the winner won.</summary>
public enum ConflictRule
{
    /// <summary>First come, first served.</summary>
    Timestamp,
    /// <summary>At the same instant: the lower id.</summary>
    ModeratorId,
    /// <summary>Has the lock.</summary>
    Lock,
    /// <summary>Has the conversation.</summary>
    Owner,
    /// <summary>Approached the contact less than the allowed time ago.</summary>
    RecentApproach,
}

public enum ConflictResolution
{
    /// <summary>Nobody said anything yet.</summary>
    None,
    /// <summary>Decided by rule at once; nothing is left to do.</summary>
    Automatic,
    /// <summary>The loser leaves it to the winner.</summary>
    Accepted,
    /// <summary>The loser asked the winner to let go.</summary>
    Asked,
    /// <summary>The loser tried again and has it.</summary>
    Retried,
    /// <summary>An admin took it from the winner and gave it to the loser.</summary>
    Overruled,
    /// <summary>An admin left it with the winner.</summary>
    Confirmed,
}

/// <summary>Two people wanted the same (seed 001 <c>logConflict</c>): who, what, who won, why, and how long it took to settle.</summary>
public sealed class AssignmentConflict
{
    public long Id { get; set; }
    public DateTime At { get; set; }
    public ConflictKind Kind { get; set; }

    /// <summary>The profile, contact or conversation; 0 for <see cref="ConflictKind.Connection"/>.</summary>
    public long ResourceId { get; set; }
    public long? ProfileId { get; set; }

    /// <summary>The hold, owner version or approach that the loser ran into: the same one is recorded once per loser.</summary>
    public long Token { get; set; }
    public long? WinnerId { get; set; }

    /// <summary>Null: nobody lost, the order alone was in question.</summary>
    public long? LoserId { get; set; }

    /// <summary>Everybody concerned in the order in which they are served, as ids parted by commas.</summary>
    public string Participants { get; set; } = "";

    /// <summary>Why the winner won. Not called rule: that is a word of T-SQL's own.</summary>
    public ConflictRule DecidedBy { get; set; }
    public ConflictResolution Resolution { get; set; }
    public long? ResolvedById { get; set; }
    public DateTime? ResolvedAt { get; set; }

    /// <summary>How long it lasted, in milliseconds; null: it is not settled.</summary>
    public long? DurationMs { get; set; }
    public string? Note { get; set; }
}

/// <summary>Who approached a contact last from our side, and when; one row per contact, taken over by a guarded statement (see <see cref="ApproachStore"/>).</summary>
public sealed class ClientApproach
{
    public long ClientId { get; set; }
    public long ProfileId { get; set; }
    public long ModeratorId { get; set; }
    public DateTime ApproachedAt { get; set; }
}

internal sealed class ConflictConfiguration : IEntityTypeConfiguration<AssignmentConflict>, IEntityTypeConfiguration<ClientApproach>
{
    public const int ParticipantsLength = 2000, NoteLength = 400;

    public void Configure(EntityTypeBuilder<AssignmentConflict> builder)
    {
        builder.Property(c => c.Participants).HasMaxLength(ParticipantsLength);
        builder.Property(c => c.Note).HasMaxLength(NoteLength);
        builder.HasIndex(c => new { c.Kind, c.ResourceId, c.Token, c.LoserId }, "ux_assignment_conflicts_once").IsUnique().HasFilter("loser_id IS NOT NULL");
        builder.HasIndex(c => new { c.LoserId, c.Id });
        builder.HasIndex(c => c.At);
        // What is not settled is little, however long the record.
        builder.HasIndex(c => c.Id, "ix_assignment_conflicts_open").HasFilter("resolution = 'None'");
    }

    public void Configure(EntityTypeBuilder<ClientApproach> builder)
    {
        builder.HasKey(a => a.ClientId);
        builder.Property(a => a.ClientId).ValueGeneratedNever();
        builder.HasOne<Conversations.Contact>().WithOne().HasForeignKey<ClientApproach>(a => a.ClientId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Profiles.Profile>().WithMany().HasForeignKey(a => a.ProfileId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(a => a.ModeratorId).OnDelete(DeleteBehavior.Restrict);
    }
}
