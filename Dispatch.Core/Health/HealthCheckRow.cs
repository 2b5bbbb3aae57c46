using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Health;

public enum NodeHealth
{
    Healthy,
    /// <summary>Something is wrong and the process does its job.</summary>
    Degraded,
    /// <summary>The process cannot do its job: <c>/health/ready</c> says no.</summary>
    NotReady,
}

/// <summary>How one process was at one minute.</summary>
public sealed class HealthCheckRow
{
    public long Id { get; set; }
    public required string Node { get; set; }
    public DateTime At { get; set; }
    public NodeHealth Status { get; set; }

    /// <summary>Names of <see cref="Alerts.AlertKind"/> with what they are about, such as <c>LoopStopped PendingDrain</c>, parted by a comma; empty: none.</summary>
    public string Problems { get; set; } = "";

    /// <summary>Milliseconds in which the database answered; null: it did not.</summary>
    public int? DatabaseMs { get; set; }
}

internal sealed class HealthCheckConfiguration : IEntityTypeConfiguration<HealthCheckRow>
{
    public const int ProblemsLength = 1000;

    public void Configure(EntityTypeBuilder<HealthCheckRow> builder)
    {
        builder.ToTable("health_checks");
        builder.Property(h => h.Node).HasMaxLength(64);
        builder.Property(h => h.Problems).HasMaxLength(ProblemsLength);
        builder.HasIndex(h => new { h.At, h.Node });
    }
}
