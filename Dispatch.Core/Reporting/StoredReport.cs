using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Reporting;

public enum ReportKind { Daily, Weekly }

/// <summary>A report as it was made: kept, never made again. One for each kind and first day; a unique index sees to it, whichever node was first.</summary>
public sealed class StoredReport
{
    public long Id { get; set; }
    public ReportKind Kind { get; set; }

    /// <summary>First day (yyyyMMdd) in the organisation's zone: of a week, its Monday.</summary>
    public int FirstDay { get; set; }
    public DateTime CreatedAt { get; set; }

    /// <summary>JSON of a <see cref="ReportBody"/>: figures only.</summary>
    public required string Body { get; set; }
}

internal sealed class ReportConfiguration : IEntityTypeConfiguration<StoredReport>
{
    public void Configure(EntityTypeBuilder<StoredReport> builder)
    {
        builder.ToTable("reports");
        builder.HasIndex(r => new { r.Kind, r.FirstDay }).IsUnique();
    }
}
