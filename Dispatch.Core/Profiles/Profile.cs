using Dispatch.Core.Gateways;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Profiles;

/// <summary><see cref="Shared"/>: any present moderator, owned per conversation. Exclusive profiles come with rotation.</summary>
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
        builder.HasOne<Channel>().WithOne().HasForeignKey<Profile>(p => p.ChannelId);
    }

    public void Configure(EntityTypeBuilder<ProfileModerator> builder)
    {
        builder.HasKey(p => new { p.ProfileId, p.ModeratorId });
        builder.HasOne<Profile>().WithMany().HasForeignKey(p => p.ProfileId);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(p => p.ModeratorId);
    }
}
