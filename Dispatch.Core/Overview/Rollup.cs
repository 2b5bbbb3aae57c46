using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Overview;

/// <summary>
/// What is counted. Counts: messages that came in (<see cref="Arrivals"/>), conversations opened, given to somebody, answered after a wait (<see cref="Waits"/>: a
/// bucket of <see cref="RollupRules.WaitBin"/> each), searches begun, matched and timed out (each by zone). Highest in the time: the last six.
/// </summary>
public enum RollupSeries
{
    Arrivals, Opened, Assignments, Waits, Searches, Matches, Timeouts,
    // for reports, by day only: closed, from one person to another, how long a conversation was open (a bucket as for waits), and by moderator
    Closed, Reassigned, Resolutions, ReceivedBy, AnswersBy, MissedBy,
    // samples of what is so at one moment; the highest one of the time is kept
    WaitingNow, OnlineNow, QueueNow, MatchingsNow, DriversNow, LateActionsNow,
}

public enum RollupGrain { FiveMinutes, Hour, Day }

/// <summary>How often something happened in one stretch of time. What a page shows of the past is read from these rows and from nothing else.</summary>
public sealed class Rollup
{
    /// <summary>Of <see cref="Part"/>: a zone's length.</summary>
    public const int PartLength = 60;

    public RollupSeries Series { get; set; }
    public RollupGrain Grain { get; set; }

    /// <summary>Start of the stretch (UTC); a day begins at midnight in the organisation's zone.</summary>
    public DateTime At { get; set; }

    /// <summary>The zone, or the number of the wait's bucket; empty where a series has no parts.</summary>
    public string Part { get; set; } = "";
    public long Amount { get; set; }
}

/// <summary>How far a table of events has been counted. It moves in the transaction that adds what it passed, so nothing is counted twice or left out.</summary>
public sealed class RollupCursor
{
    public required string Source { get; set; }

    /// <summary>The last id that is in the counts.</summary>
    public long Position { get; set; }
    public DateTime MovedAt { get; set; }
}

internal sealed class RollupConfiguration : IEntityTypeConfiguration<Rollup>, IEntityTypeConfiguration<RollupCursor>
{
    public void Configure(EntityTypeBuilder<Rollup> builder)
    {
        builder.ToTable("rollups");
        // In the order of every question: one series, one grain, from then on.
        builder.HasKey(r => new { r.Series, r.Grain, r.At, r.Part });
        builder.Property(r => r.Part).HasMaxLength(Rollup.PartLength);
    }

    public void Configure(EntityTypeBuilder<RollupCursor> builder)
    {
        builder.ToTable("rollup_cursors");
        builder.HasKey(c => c.Source);
        builder.Property(c => c.Source).HasMaxLength(40);
    }
}
