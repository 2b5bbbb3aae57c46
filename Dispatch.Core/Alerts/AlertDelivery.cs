using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Alerts;

/// <summary>What an alert's followers are told.</summary>
public enum AlertNews { Raised, Escalated, Closed }

public enum DeliveryStatus
{
    Queued,
    /// <summary>A process has it until <see cref="AlertDelivery.ClaimedUntil"/>; whoever comes after that posts it again under the same id.</summary>
    Sending,
    Sent,
    /// <summary>The receiver did not take it for a day.</summary>
    GivenUp,
}

/// <summary>One post to the webhook, written in the transaction that decided it. The receiver gets it at least once and knows a repetition by its id.</summary>
public sealed class AlertDelivery
{
    public long Id { get; set; }
    public long AlertId { get; set; }
    public AlertNews News { get; set; }

    /// <summary>The JSON that is posted, as it was when it was decided.</summary>
    public required string Body { get; set; }
    public DeliveryStatus Status { get; set; }
    public int Attempts { get; set; }
    public DateTime DueAt { get; set; }
    public string? Claim { get; set; }
    public DateTime? ClaimedUntil { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? FinishedAt { get; set; }

    /// <summary>What the last attempt met: a status code or the type of an exception.</summary>
    public string? Error { get; set; }
}

internal sealed class AlertDeliveryConfiguration : IEntityTypeConfiguration<AlertDelivery>
{
    public void Configure(EntityTypeBuilder<AlertDelivery> builder)
    {
        builder.ToTable("alert_deliveries");
        builder.Property(d => d.Body).HasMaxLength(4000);
        builder.Property(d => d.Claim).HasMaxLength(120);
        builder.Property(d => d.Error).HasMaxLength(60);
        // Told once, whoever decides it at the same moment.
        builder.HasIndex(d => new { d.AlertId, d.News }, "ux_alert_deliveries_news").IsUnique();
        builder.HasIndex(d => d.DueAt, "ix_alert_deliveries_open").HasFilter("status IN ('Queued','Sending')");
        builder.HasIndex(d => d.CreatedAt);
        builder.HasOne<Alert>().WithMany().HasForeignKey(d => d.AlertId).OnDelete(DeleteBehavior.Cascade);
    }
}
