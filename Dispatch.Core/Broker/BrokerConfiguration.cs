using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Broker;

internal sealed class BrokerConfiguration :
    IEntityTypeConfiguration<OutboxCommand>, IEntityTypeConfiguration<InboxAnswer>, IEntityTypeConfiguration<DeadLetter>, IEntityTypeConfiguration<DeadLetterEvent>
{
    public const int IdLength = 128, DetailLength = 400, SessionLength = 200;

    private const string Open = "status IN ('Queued','Publishing')";

    public void Configure(EntityTypeBuilder<OutboxCommand> builder)
    {
        builder.ToTable("worker_outbox");
        builder.Property(c => c.CommandId).HasMaxLength(IdLength);
        builder.Property(c => c.WorkerId).HasMaxLength(WorkerRoute.MaxIdLength);
        builder.Property(c => c.SessionId).HasMaxLength(SessionLength);
        builder.Property(c => c.Claim).HasMaxLength(IdLength);
        builder.HasIndex(c => c.CommandId, "ux_worker_outbox_command").IsUnique();
        // What is open is little, however long the history is: the relay reads only these.
        builder.HasIndex(c => c.Id, "ix_worker_outbox_open").HasFilter(Open);
        builder.HasIndex(c => new { c.WorkerId, c.NumberId, c.Id }, "ix_worker_outbox_line").HasFilter(Open);
        builder.HasIndex(c => c.DoneAt, "ix_worker_outbox_done").HasFilter("done_at IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<InboxAnswer> builder)
    {
        builder.ToTable("worker_inbox");
        builder.Property(a => a.AnswerKey).HasMaxLength(64);
        builder.HasIndex(a => a.AnswerKey, "ux_worker_inbox_key").IsUnique();
        builder.HasIndex(a => a.ReceivedAt, "ix_worker_inbox_received");
    }

    public void Configure(EntityTypeBuilder<DeadLetter> builder)
    {
        builder.ToTable("dead_letters");
        builder.Property(d => d.Detail).HasMaxLength(DetailLength);
        builder.Property(d => d.WorkerId).HasMaxLength(WorkerRoute.MaxIdLength);
        builder.Property(d => d.Action).HasMaxLength(40);
        builder.Property(d => d.MessageId).HasMaxLength(IdLength);
        builder.Property(d => d.CorrelationId).HasMaxLength(SessionLength);
        builder.HasIndex(d => new { d.Status, d.Id });
        builder.HasIndex(d => d.DecidedAt, "ix_dead_letters_decided").HasFilter("decided_at IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<DeadLetterEvent> builder)
    {
        builder.ToTable("dead_letter_events");
        builder.Property(e => e.Detail).HasMaxLength(DetailLength);
        builder.HasIndex(e => new { e.DeadLetterId, e.Id });
        builder.HasOne<DeadLetter>().WithMany().HasForeignKey(e => e.DeadLetterId).OnDelete(DeleteBehavior.Cascade);
    }
}
