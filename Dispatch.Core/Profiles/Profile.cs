using Dispatch.Core.Gateways;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Profiles;

/// <summary>
/// <see cref="Shared"/>: any present moderator, owned per conversation. <see cref="Exclusive"/>: one moderator holds it and has all its conversations;
/// it rotates to the next in line when he leaves it.
/// </summary>
public enum ProfileMode { Shared, Exclusive }

/// <summary>The identity a moderator speaks as on a channel; one per channel.</summary>
public sealed class Profile
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public long ChannelId { get; set; }
    public ProfileMode Mode { get; set; }

    /// <summary>True: only the moderators in <see cref="ProfileModerator"/> may serve it. False: everyone may.</summary>
    public bool Restricted { get; set; }

    /// <summary>An admin stopped it: nobody holds it and its new messages wait.</summary>
    public bool Paused { get; set; }

    /// <summary>Higher is handed out first: free profiles, and what waits on them.</summary>
    public int Priority { get; set; }

    /// <summary>Who holds an exclusive profile. Changes only through <see cref="ProfileClaims"/>.</summary>
    public long? HolderId { get; set; }

    /// <summary>Grows by one with every change of holder: the fence that the next claim names.</summary>
    public long HolderVersion { get; set; }
    public DateTime? HolderSince { get; set; }

    /// <summary>Since when nobody holds it; null while held and for a profile nobody ever held.</summary>
    public DateTime? FreeSince { get; set; }

    /// <summary>Who gave it back or was relieved of it: not offered to this person again until somebody else held it or he asks to wait again.</summary>
    public long? AvoidId { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>A moderator who may serve a restricted profile.</summary>
public sealed class ProfileModerator
{
    public long ProfileId { get; set; }
    public long ModeratorId { get; set; }
}

internal sealed class ProfileConfiguration : IEntityTypeConfiguration<Profile>, IEntityTypeConfiguration<ProfileModerator>
{
    public void Configure(EntityTypeBuilder<Profile> builder)
    {
        builder.Property(p => p.Name).HasMaxLength(120);
        builder.ToTable("profiles", t => t.HasCheckConstraint("ck_profiles_holder", 
            "(holder_id IS NULL AND holder_since IS NULL) OR (holder_id IS NOT NULL AND holder_since IS NOT NULL)"));
        builder.HasOne<Channel>().WithOne().HasForeignKey<Profile>(p => p.ChannelId);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(p => p.HolderId).OnDelete(DeleteBehavior.Restrict);
    }

    public void Configure(EntityTypeBuilder<ProfileModerator> builder)
    {
        builder.HasKey(p => new { p.ProfileId, p.ModeratorId });
        builder.HasOne<Profile>().WithMany().HasForeignKey(p => p.ProfileId);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(p => p.ModeratorId);
    }
}
