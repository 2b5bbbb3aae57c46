using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Outreach;

internal sealed class OutreachConfiguration :
    IEntityTypeConfiguration<Account>, IEntityTypeConfiguration<AccountDay>, IEntityTypeConfiguration<Prospect>, IEntityTypeConfiguration<OutreachAction>,
    IEntityTypeConfiguration<ActionLog>, IEntityTypeConfiguration<OutreachTemplate>, IEntityTypeConfiguration<OutreachSequence>,
    IEntityTypeConfiguration<OutreachEffect>
{
    public const int NameLength = 120, AddressLength = 64, ZoneLength = 64, PlanLength = 20_000, TemplateLength = 512, StepsLength = 8000, ContentLength = 4096, EffectKeyLength = 200, ErrorLength = 80, OwnerLength = 80, ProviderIdLength = 128;

    public void Configure(EntityTypeBuilder<Account> builder)
    {
        builder.ToTable("outreach_accounts");
        builder.Property(a => a.Name).HasMaxLength(NameLength);
        builder.Property(a => a.TimeZone).HasMaxLength(ZoneLength);
        builder.Property(a => a.Plan).HasMaxLength(PlanLength);
        builder.HasOne<Channel>().WithMany().HasForeignKey(a => a.ChannelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(a => a.Name).IsUnique();
    }

    public void Configure(EntityTypeBuilder<AccountDay> builder)
    {
        // A unit given back twice would let a message too many leave some other day.
        builder.ToTable("account_days", t => t.HasCheckConstraint("ck_account_days_units", "reserved >= 0 AND used >= 0"));
        builder.HasOne<Account>().WithMany().HasForeignKey(d => d.AccountId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(d => new { d.AccountId, d.Day, d.Type }).IsUnique();
    }

    public void Configure(EntityTypeBuilder<Prospect> builder)
    {
        builder.Property(p => p.Name).HasMaxLength(NameLength);
        builder.Property(p => p.Address).HasMaxLength(AddressLength);
        builder.Property(p => p.Company).HasMaxLength(NameLength);
        builder.Property(p => p.Language).HasMaxLength(2);
        builder.Property(p => p.TimeZone).HasMaxLength(ZoneLength);
        builder.Property(p => p.Draft).HasMaxLength(ContentLength);
        builder.HasOne<Account>().WithMany().HasForeignKey(p => p.AccountId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(p => new { p.AccountId, p.Address }).IsUnique();
        // What an inbound message looks up.
        builder.HasIndex(p => p.Address);
        builder.HasIndex(p => p.Stage);
        builder.HasIndex(p => p.ContactDueAt, "ix_prospects_contact_due").HasFilter("contact_due_at IS NOT NULL");
        builder.HasIndex(p => p.ReplyDueAt, "ix_prospects_reply_due").HasFilter("reply_due_at IS NOT NULL");
        builder.HasIndex(p => p.FollowUpAt, "ix_prospects_follow_up").HasFilter("follow_up_at IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<OutreachAction> builder)
    {
        // Whoever has it in hand is named, with the unit he reserved.
        builder.ToTable("outreach_actions", t => t.HasCheckConstraint("ck_outreach_actions_lease",
            "status NOT IN ('Claimed','Sending') OR (lease_owner IS NOT NULL AND quota_id IS NOT NULL)"));
        builder.Property(a => a.Kind).HasMaxLength(ActionKinds.MaxLength);
        builder.Property(a => a.EffectKey).HasMaxLength(EffectKeyLength);
        builder.Property(a => a.Content).HasMaxLength(ContentLength);
        builder.Property(a => a.Template).HasMaxLength(TemplateLength);
        builder.Property(a => a.LeaseOwner).HasMaxLength(OwnerLength);
        builder.Property(a => a.ProviderMessageId).HasMaxLength(ProviderIdLength);
        builder.Property(a => a.Error).HasMaxLength(ErrorLength);
        builder.HasOne<Account>().WithMany().HasForeignKey(a => a.AccountId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Prospect>().WithMany().HasForeignKey(a => a.ProspectId).OnDelete(DeleteBehavior.Restrict);
        // Invariant 5: one effect per key, for ever.
        builder.HasIndex(a => a.EffectKey).IsUnique();
        // What waits, in the order in which it leaves; what is in hand; what a person has to look at. Small however long the history.
        builder.HasIndex(a => new { a.AccountId, a.Type, a.DueAt, a.Id }, "ix_outreach_actions_due").HasFilter("status = 'Pending'");
        builder.HasIndex(a => a.LeaseOwner, "ix_outreach_actions_in_hand").HasFilter("status IN ('Claimed','Sending')");
        builder.HasIndex(a => a.FinishedAt, "ix_outreach_actions_dead").HasFilter("status IN ('Failed','Uncertain')");
        // A prospect's history, and the earlier step that a later one waits for.
        builder.HasIndex(a => new { a.ProspectId, a.Id });
        builder.HasIndex(a => new { a.AccountId, a.Id });
        builder.HasIndex(a => new { a.Status, a.DueAt, a.Id });
    }

    public void Configure(EntityTypeBuilder<OutreachEffect> builder)
    {
        builder.ToTable("outreach_effects");
        builder.HasKey(e => e.EffectKey);
        builder.Property(e => e.EffectKey).HasMaxLength(EffectKeyLength);
    }

    public void Configure(EntityTypeBuilder<ActionLog> builder)
    {
        builder.Property(l => l.Action).HasMaxLength(ActionKinds.MaxLength);
        builder.Property(l => l.ProviderMessageId).HasMaxLength(ProviderIdLength);
        builder.Property(l => l.Error).HasMaxLength(ErrorLength);
        builder.HasOne<OutreachAction>().WithMany().HasForeignKey(l => l.ActionId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(l => new { l.ActionId, l.Id });
        builder.HasIndex(l => new { l.AccountId, l.At });
        builder.HasIndex(l => new { l.ProspectId, l.At });
        builder.HasIndex(l => l.At);
    }

    public void Configure(EntityTypeBuilder<OutreachTemplate> builder)
    {
        builder.ToTable("outreach_templates");
        builder.Property(t => t.Kind).HasMaxLength(ActionKinds.MaxLength);
        builder.Property(t => t.Language).HasMaxLength(2);
        builder.Property(t => t.Text).HasMaxLength(ContentLength);
        builder.HasIndex(t => new { t.Kind, t.Language, t.Variant }).IsUnique();
    }

    public void Configure(EntityTypeBuilder<OutreachSequence> builder)
    {
        builder.ToTable("outreach_sequences");
        builder.Property(s => s.Steps).HasMaxLength(StepsLength);
        builder.HasIndex(s => new { s.Letter, s.Version }).IsUnique();
    }
}
