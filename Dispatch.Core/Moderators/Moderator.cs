using Dispatch.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Moderators;

/// <summary>What colleagues see and what assignment goes by. <see cref="Online"/> alone receives new work.</summary>
public enum PresenceState { Offline, Away, Online }

/// <summary>
/// The dispatching side of a user in role Moderator. <see cref="OpenCount"/> and <see cref="State"/> are written only by guarded
/// updates (the claim and presence), never by loading and saving the entity.
/// </summary>
public sealed class Moderator
{
    /// <summary>Same value as the user's id.</summary>
    public long Id { get; set; }
    public required string Name { get; set; }

    /// <summary>False once an admin disabled the person: never eligible, whatever the presence says.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The effective presence; see <see cref="PresenceRules"/>.</summary>
    public PresenceState State { get; set; }
    public DateTime StateSince { get; set; }

    /// <summary>What the person chose; it wins over what the connection says.</summary>
    public PresenceState Choice { get; set; } = PresenceState.Online;

    /// <summary>Set when the last connection was lost: at this time the person counts as gone (UTC). Null while connected.</summary>
    public DateTime? GraceUntil { get; set; }
    public DateTime? LastActivityAt { get; set; }

    /// <summary>Open conversations owned now. Equal to the count over conversations at every commit.</summary>
    public int OpenCount { get; set; }
    public int MaxConversations { get; set; } = 8;

    /// <summary>Exclusive profiles held now. Equal to the count over profiles at every commit; changed only by <see cref="Profiles.ProfileClaims"/>.</summary>
    public int HeldProfiles { get; set; }

    /// <summary>Whether Dispatch puts the person into the line for profiles by itself.</summary>
    public QueueStanding QueueStanding { get; set; }

    /// <summary>Higher is served first.</summary>
    public int Priority { get; set; }
    public DateTime? LastAssignedAt { get; set; }

    /// <summary>Start of the window in which <see cref="DrainCount"/> parked conversations were handed over.</summary>
    public DateTime? DrainWindowAt { get; set; }
    public int DrainCount { get; set; }
}

/// <summary>A place in the round robin of present moderators (seed 000 QueueService).</summary>
public sealed class ModeratorTurn
{
    public long ModeratorId { get; set; }
    public DateTime QueuedAt { get; set; }
    public int Priority { get; set; }

    /// <summary>Order within a priority: the lowest is next; whoever receives work gets a turn behind everyone else.</summary>
    public long Turn { get; set; }
}

/// <summary>One live circuit or one integration that keeps a moderator connected. A person in two tabs has two rows and counts once.</summary>
public sealed class ModeratorConnection
{
    public required string ConnectionId { get; set; }
    public long ModeratorId { get; set; }

    /// <summary>The process that holds the circuit: after a crash its rows are ended at its next start.</summary>
    public required string Node { get; set; }
    public DateTime ConnectedAt { get; set; }
}

internal sealed class ModeratorConfiguration :
    IEntityTypeConfiguration<Moderator>, IEntityTypeConfiguration<ModeratorTurn>, IEntityTypeConfiguration<ModeratorConnection>
{
    public void Configure(EntityTypeBuilder<Moderator> builder)
    {
        builder.ToTable("moderators", t =>
        {
            t.HasCheckConstraint("ck_moderators_open_count", "open_count >= 0");
            t.HasCheckConstraint("ck_moderators_held_profiles", "held_profiles >= 0");
        });
        builder.Property(m => m.Id).ValueGeneratedNever();
        builder.Property(m => m.Name).HasMaxLength(120);
        builder.HasOne<AppUser>().WithOne().HasForeignKey<Moderator>(m => m.Id).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(m => m.GraceUntil).HasFilter("grace_until IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<ModeratorTurn> builder)
    {
        builder.HasKey(q => q.ModeratorId);
        builder.Property(q => q.ModeratorId).ValueGeneratedNever();
        builder.HasOne<Moderator>().WithOne().HasForeignKey<ModeratorTurn>(q => q.ModeratorId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(q => q.Turn);
    }

    public void Configure(EntityTypeBuilder<ModeratorConnection> builder)
    {
        builder.HasKey(c => c.ConnectionId);
        builder.Property(c => c.ConnectionId).HasMaxLength(64);
        builder.Property(c => c.Node).HasMaxLength(64);
        builder.HasIndex(c => c.ModeratorId);
        builder.HasIndex(c => c.Node);
    }
}
