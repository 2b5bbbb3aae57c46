using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Numbers;

internal sealed class NumberConfiguration :
    IEntityTypeConfiguration<Client>, IEntityTypeConfiguration<WhatsAppNumber>, IEntityTypeConfiguration<NumberSession>, IEntityTypeConfiguration<NumberEvent>,
    IEntityTypeConfiguration<NumberLink>, IEntityTypeConfiguration<Worker>, IEntityTypeConfiguration<WorkerSend>,
    IEntityTypeConfiguration<WorkerInbound>, IEntityTypeConfiguration<LidPhone>
{
    public const int SessionLength = 80, HashLength = 64, KeyLength = 60, ProviderIdLength = 128, LidLength = 64;

    public void Configure(EntityTypeBuilder<Client> builder)
    {
        builder.Property(c => c.Name).HasMaxLength(ClientRules.MaxName);
        builder.Property(c => c.Reason).HasMaxLength(ClientRules.MaxReason);
        builder.HasIndex(c => new { c.Status, c.Id });
        builder.HasIndex(c => c.Name);
    }

    public void Configure(EntityTypeBuilder<WhatsAppNumber> builder)
    {
        builder.Property(n => n.Version).HasDefaultValue(1L);
        builder.Property(n => n.Phone).HasMaxLength(20);
        builder.Property(n => n.SessionId).HasMaxLength(SessionLength);
        builder.Property(n => n.WorkerId).HasMaxLength(WorkerRules.MaxId);
        builder.Property(n => n.NextWorkerId).HasMaxLength(WorkerRules.MaxId);
        builder.HasOne<Client>().WithMany().HasForeignKey(n => n.ClientId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Worker>().WithMany().HasForeignKey(n => n.WorkerId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Worker>().WithMany().HasForeignKey(n => n.NextWorkerId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Channel>().WithMany().HasForeignKey(n => n.ChannelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(n => n.Phone).IsUnique();
        builder.HasIndex(n => n.ChannelId, "ux_numbers_channel").IsUnique().HasFilter("channel_id IS NOT NULL");
        builder.HasIndex(n => new { n.State, n.Id });
        builder.HasIndex(n => new { n.WorkerId, n.State });
        builder.HasIndex(n => n.StateSince);
        builder.HasIndex(n => n.LastEventAt);
        // Due times; small however many numbers rest.
        builder.HasIndex(n => n.DueAt, "ix_numbers_due").HasFilter("due_at IS NOT NULL");
        builder.HasIndex(n => n.PhoneDueAt, "ix_numbers_phone_due").HasFilter("phone_due_at IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<NumberSession> builder)
    {
        builder.Property(s => s.SessionId).HasMaxLength(SessionLength);
        builder.Property(s => s.WorkerId).HasMaxLength(WorkerRules.MaxId);
        builder.Property(s => s.ProtectedPairingCode).HasMaxLength(1000);
        builder.HasOne<WhatsAppNumber>().WithMany().HasForeignKey(s => s.NumberId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(s => s.SessionId).IsUnique();
        builder.HasIndex(s => new { s.NumberId, s.Generation }).IsUnique();
        // Small however many sessions there were: what has to be deleted soon.
        builder.HasIndex(s => s.QrExpiresAt, "ix_number_sessions_qr").HasFilter("qr_expires_at IS NOT NULL");
        builder.HasIndex(s => s.PairingExpiresAt, "ix_number_sessions_pairing").HasFilter("pairing_expires_at IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<NumberEvent> builder)
    {
        builder.Property(e => e.WorkerId).HasMaxLength(WorkerRules.MaxId);
        builder.HasOne<WhatsAppNumber>().WithMany().HasForeignKey(e => e.NumberId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(e => new { e.NumberId, e.Id });
        builder.HasIndex(e => e.At);
    }

    public void Configure(EntityTypeBuilder<NumberLink> builder)
    {
        builder.Property(l => l.TokenHash).HasMaxLength(HashLength);
        builder.Property(l => l.ViewerHash).HasMaxLength(HashLength);
        builder.HasOne<WhatsAppNumber>().WithMany().HasForeignKey(l => l.NumberId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(l => l.TokenHash).IsUnique();
        builder.HasIndex(l => l.ViewerHash, "ux_number_links_viewer").IsUnique().HasFilter("viewer_hash IS NOT NULL");
        builder.HasIndex(l => new { l.NumberId, l.ExpiresAt });
        builder.HasIndex(l => l.ExpiresAt);
    }

    public void Configure(EntityTypeBuilder<Worker> builder)
    {
        builder.Property(w => w.Id).HasMaxLength(WorkerRules.MaxId);
        builder.Property(w => w.Software).HasMaxLength(WorkerRules.MaxSoftware);
        builder.Property(w => w.VirtualHost).HasMaxLength(WorkerRules.MaxVirtualHost);
        builder.Property(w => w.LegacyHost).HasMaxLength(WorkerRules.MaxVirtualHost);
        builder.HasIndex(w => w.LegacyHost, "ux_workers_legacy_host").IsUnique().HasFilter("legacy_host IS NOT NULL");
        builder.HasIndex(w => w.State);
    }

    public void Configure(EntityTypeBuilder<WorkerSend> builder)
    {
        builder.Property(s => s.SendKey).HasMaxLength(KeyLength);
        builder.Property(s => s.ProviderId).HasMaxLength(ProviderIdLength);
        builder.HasOne<WhatsAppNumber>().WithMany().HasForeignKey(s => s.NumberId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(s => s.SendKey).IsUnique();
        builder.Property(s => s.CommandId).HasMaxLength(KeyLength);
        builder.HasIndex(s => s.CommandId);
        builder.HasIndex(s => s.CreatedAt);
    }

    public void Configure(EntityTypeBuilder<WorkerInbound> builder)
    {
        builder.HasOne<WhatsAppNumber>().WithMany().HasForeignKey(b => b.NumberId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(b => new { b.NumberId, b.Id });
    }

    public void Configure(EntityTypeBuilder<LidPhone> builder)
    {
        builder.HasKey(l => l.Lid);
        builder.Property(l => l.Lid).HasMaxLength(LidLength);
        builder.Property(l => l.Phone).HasMaxLength(20);
    }
}
