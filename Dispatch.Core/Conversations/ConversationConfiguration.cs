using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Conversations;

internal sealed class ConversationConfiguration :
    IEntityTypeConfiguration<Conversation>, IEntityTypeConfiguration<Contact>, IEntityTypeConfiguration<Message>,
    IEntityTypeConfiguration<PendingMessage>, IEntityTypeConfiguration<ConversationEvent>
{
    public const int AddressLength = 64, NameLength = 120, ProviderIdLength = 128, TypeLength = 40, PreviewLength = 120, ErrorLength = 400, NoteLength = 2000;

    public void Configure(EntityTypeBuilder<Conversation> builder)
    {
        // An owner and a status can not contradict each other, whatever a writer forgets.
        builder.ToTable("conversations", t => t.HasCheckConstraint("ck_conversations_owner",
            "(status IN ('Assigned','AssignedOffline') AND owner_id IS NOT NULL) OR (status IN ('Pending','Closed') AND owner_id IS NULL)"));
        builder.Property(c => c.LastMessagePreview).HasMaxLength(PreviewLength);
        builder.HasOne<Profile>().WithMany().HasForeignKey(c => c.ProfileId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Contact>().WithMany().HasForeignKey(c => c.ContactId).OnDelete(DeleteBehavior.Restrict);
        // Invariant 1: at most one open conversation per profile and contact.
        builder.HasIndex(c => new { c.ProfileId, c.ContactId }, "ux_conversations_open").IsUnique().HasFilter("status <> 'Closed'");
        // The newest conversation of a contact, open or closed: what an inbound message looks up.
        builder.HasIndex(c => new { c.ContactId, c.ProfileId, c.Id });
        // A moderator's own list, and what is in each state. Neither holds a column that a message changes: with last_message_at in them every
        // message rewrote both (half of the pages of its commit on SQLite, six index entries on PostgreSQL). What is open is
        // as many as there are seats and people waiting, so its order is a sort; what is closed comes in the order of closing.
        builder.HasIndex(c => c.OwnerId).HasFilter("owner_id IS NOT NULL");
        builder.HasIndex(c => new { c.Status, c.ClosedAt });
    }

    public void Configure(EntityTypeBuilder<Contact> builder)
    {
        builder.Property(c => c.Address).HasMaxLength(AddressLength);
        builder.Property(c => c.Name).HasMaxLength(NameLength);
        builder.HasIndex(c => c.Address).IsUnique();
    }

    public void Configure(EntityTypeBuilder<Message> builder)
    {
        builder.Property(m => m.ProviderMessageId).HasMaxLength(ProviderIdLength);
        builder.Property(m => m.Type).HasMaxLength(TypeLength);
        builder.Property(m => m.Error).HasMaxLength(ErrorLength);
        builder.Property(m => m.EffectKey).HasMaxLength(100);
        builder.HasOne<Conversation>().WithMany().HasForeignKey(m => m.ConversationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Channel>().WithMany().HasForeignKey(m => m.ChannelId).OnDelete(DeleteBehavior.Restrict);
        // Invariant 4: stored once per (channel, provider message id).
        builder.HasIndex(m => new { m.ChannelId, m.ProviderMessageId }).IsUnique().HasFilter("provider_message_id IS NOT NULL");
        // Invariant 5: one effect per key.
        builder.HasIndex(m => m.EffectKey).IsUnique().HasFilter("effect_key IS NOT NULL");
        builder.HasIndex(m => new { m.ConversationId, m.Id });
        // What is still to leave; small however long the history.
        builder.HasIndex(m => m.Id, "ix_messages_outgoing").HasFilter("status IN ('Queued','Sending')");
    }

    public void Configure(EntityTypeBuilder<PendingMessage> builder)
    {
        builder.HasIndex(p => p.MessageId).IsUnique();
        builder.HasIndex(p => p.ConversationId);
        builder.HasIndex(p => new { p.ProfileId, p.ReceivedAt });
        builder.HasIndex(p => new { p.ReceivedAt, p.Id });
        builder.HasIndex(p => p.ClaimToken).HasFilter("claim_token IS NOT NULL");
        builder.Property(p => p.ClaimToken).HasMaxLength(40);
        builder.HasOne<Conversation>().WithMany().HasForeignKey(p => p.ConversationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Message>().WithMany().HasForeignKey(p => p.MessageId).OnDelete(DeleteBehavior.Restrict);
    }

    public void Configure(EntityTypeBuilder<ConversationEvent> builder)
    {
        builder.Property(e => e.Note).HasMaxLength(NoteLength);
        builder.HasOne<Conversation>().WithMany().HasForeignKey(e => e.ConversationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(e => new { e.ConversationId, e.Id });
        builder.HasIndex(e => new { e.ToId, e.At }).HasFilter("to_id IS NOT NULL");
        // What was taken from somebody, and why.
        builder.HasIndex(e => new { e.FromId, e.At }).HasFilter("from_id IS NOT NULL");
    }
}
