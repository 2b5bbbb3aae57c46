using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Alerts;

public enum AlertSeverity { Info, Warning, Critical }

/// <summary>What an alert is about; its words are resources <c>Alert_{kind}</c>.</summary>
public enum AlertKind
{
    BookingTimeout, LowDriverAvailability, MatchingFailure, DatabaseError, NotificationFailure, MatchingHealth, DailyReport, Report,
    /// <summary>The watch over assignments found something that it could not put right; the subject is a <see cref="Profiles.FindingKind"/>.</summary>
    Assignment,
    // the broker
    BrokerDown, DeadLetters,
    // numbers and their workers
    NumberLost, NumberBanned, NumberDegraded, NumberPhoneUnseen, WorkerDown, WorkerUnknown,
    // people and their work
    ModeratorsFull, NobodyThere, LockHeld, ActionsLate,
    // the processes themselves
    LoopStopped, DatabaseAway, DiskFull, ClockOff, GatewaySilent, NodeGone,
}

/// <summary>
/// Something that a person should look at. While it is not resolved, the same cause (<see cref="DedupeKey"/>) is one row that counts; a partial
/// unique index sees to it.
/// </summary>
public sealed class Alert
{
    public long Id { get; set; }
    public AlertKind Kind { get; set; }
    public AlertSeverity Severity { get; set; }
    public required string DedupeKey { get; set; }
    /// <summary>The booking, profile or number that the kind is about.</summary>
    public long? ResourceId { get; set; }

    /// <summary>A zone, a component: what the words of the kind name.</summary>
    public string? Subject { get; set; }

    /// <summary>Figures and ids only; no phone number, no message text.</summary>
    public string? Details { get; set; }
    public DateTime FirstSeenAt { get; set; }
    public DateTime LastSeenAt { get; set; }
    public int Count { get; set; } = 1;
    public DateTime? AcknowledgedAt { get; set; }
    public long? AcknowledgedBy { get; set; }
    public DateTime? ResolvedAt { get; set; }

    /// <summary>Who put it away; null: nobody, or an integration.</summary>
    public long? ResolvedBy { get; set; }

    /// <summary>A person or an integration ended it, whether or not its cause is gone.</summary>
    public bool PutAway { get; set; }

    /// <summary>When it was put away while its cause lasted; null: it was not, or the cause was gone since, and is news when it comes again.</summary>
    public DateTime? HushedAt { get; set; }

    /// <summary>When it was decided whom to tell; null: not yet (it is new, or quiet hours hold it).</summary>
    public DateTime? ToldAt { get; set; }

    /// <summary>When others were told because nobody looked after it.</summary>
    public DateTime? EscalatedAt { get; set; }

    /// <summary>When those who were told learned that it is over.</summary>
    public DateTime? ClosedToldAt { get; set; }
}

internal sealed class AlertConfiguration : IEntityTypeConfiguration<Alert>
{
    public const int KeyLength = 120, SubjectLength = 120, DetailsLength = 2000;

    public void Configure(EntityTypeBuilder<Alert> builder)
    {
        builder.Property(a => a.DedupeKey).HasMaxLength(KeyLength);
        builder.Property(a => a.Subject).HasMaxLength(SubjectLength);
        builder.Property(a => a.Details).HasMaxLength(DetailsLength);
        builder.HasIndex(a => a.DedupeKey, "ux_alerts_open").IsUnique().HasFilter("resolved_at IS NULL");
        builder.HasIndex(a => a.DedupeKey, "ix_alerts_hushed").HasFilter("hushed_at IS NOT NULL");
        builder.HasIndex(a => a.LastSeenAt);
        builder.HasIndex(a => a.LastSeenAt, "ix_alerts_open").HasFilter("resolved_at IS NULL");
        builder.HasIndex(a => new { a.Kind, a.LastSeenAt });
        builder.HasIndex(a => new { a.DedupeKey, a.FirstSeenAt });
        builder.HasIndex(a => a.Id, "ix_alerts_closed_untold").HasFilter("resolved_at IS NOT NULL AND closed_told_at IS NULL");
    }
}
