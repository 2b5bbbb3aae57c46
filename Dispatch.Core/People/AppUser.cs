using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.People;

/// <summary>Somebody who signs in. What a moderator does all day is in <see cref="Moderators.Moderator"/>, which shares the id.</summary>
public sealed class AppUser : IdentityUser<long>
{
    /// <summary>The name colleagues see.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>A disabled user can not sign in; live circuits end within a minute through the security stamp.</summary>
    public bool Disabled { get; set; }

    public DateTime CreatedAt { get; set; }
}

/// <summary>The three roles of Dispatch.</summary>
public static class Roles
{
    public const string Admin = "Admin";
    public const string Ops = "Ops";
    public const string Moderator = "Moderator";
    public static readonly IReadOnlyList<string> All = [Admin, Ops, Moderator];
}

/// <summary>A one-time link that makes the first admin. Only the hash of its token is kept.</summary>
public sealed class SetupLink
{
    public long Id { get; set; }
    public required string TokenHash { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public DateTime? UsedAt { get; set; }
}

internal sealed class AppUserConfiguration : IEntityTypeConfiguration<AppUser>, IEntityTypeConfiguration<SetupLink>
{
    public void Configure(EntityTypeBuilder<AppUser> builder) => builder.Property(u => u.DisplayName).HasMaxLength(120);

    public void Configure(EntityTypeBuilder<SetupLink> builder)
    {
        builder.Property(l => l.TokenHash).HasMaxLength(64);
        builder.HasIndex(l => l.TokenHash).IsUnique();
    }
}
