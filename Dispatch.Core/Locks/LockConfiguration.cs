using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Locks;

internal sealed class LockConfiguration :
    IEntityTypeConfiguration<ProfileLock>, IEntityTypeConfiguration<ClientLock>, IEntityTypeConfiguration<LockedClient>, IEntityTypeConfiguration<HeldLock>,
    IEntityTypeConfiguration<UnlockRequest>
{
    public const int ReasonLength = 400;

    public void Configure(EntityTypeBuilder<ProfileLock> builder)
    {
        builder.ToTable("profile_locks");
        // One lock per profile, whoever forgets what: this index is what an acquire runs into.
        builder.HasIndex(l => l.ProfileId, "ux_profile_locks_profile").IsUnique();
        builder.HasIndex(l => l.ModeratorId, "ix_profile_locks_held").HasFilter("moderator_id IS NOT NULL");
        builder.HasOne<Profile>().WithMany().HasForeignKey(l => l.ProfileId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(l => l.ModeratorId).OnDelete(DeleteBehavior.Restrict);
    }

    public void Configure(EntityTypeBuilder<ClientLock> builder)
    {
        builder.ToTable("client_locks");
        builder.HasIndex(l => l.ClientId, "ux_client_locks_client").IsUnique();
        // What is held is little, however many contacts there are: lists and the cleaner read only this.
        builder.HasIndex(l => l.ModeratorId, "ix_client_locks_held").HasFilter("moderator_id IS NOT NULL");
        builder.HasOne<Contact>().WithMany().HasForeignKey(l => l.ClientId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Profile>().WithMany().HasForeignKey(l => l.ProfileId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(l => l.ModeratorId).OnDelete(DeleteBehavior.Restrict);
    }

    public void Configure(EntityTypeBuilder<LockedClient> builder) => builder.ToView(LockViews.LockedClients).HasNoKey();

    public void Configure(EntityTypeBuilder<HeldLock> builder) => builder.ToView(LockViews.HeldLocks).HasNoKey();

    public void Configure(EntityTypeBuilder<UnlockRequest> builder)
    {
        builder.Property(r => r.Reason).HasMaxLength(ReasonLength);
        builder.Property(r => r.Answer).HasMaxLength(ReasonLength);
        // One request at a time for a lock: the second one who asks learns who asked first.
        builder.HasIndex(r => new { r.Kind, r.ResourceId }, "ux_unlock_requests_open").IsUnique().HasFilter("status = 'Open'");
        builder.HasIndex(r => new { r.HolderId, r.Id });
        builder.HasIndex(r => new { r.RequesterId, r.Id });
        builder.HasOne<Moderator>().WithMany().HasForeignKey(r => r.HolderId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Moderator>().WithMany().HasForeignKey(r => r.RequesterId).OnDelete(DeleteBehavior.Restrict);
    }
}
