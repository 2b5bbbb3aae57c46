using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Loops;

namespace Dispatch.Core.Health;

/// <summary>What a process finds when it looks at itself.</summary>
/// <param name="DatabaseAwayFor">How long the database has not answered, or not taken a write; zero: it does.</param>
/// <param name="DatabaseMs">How long it took to answer; null: it did not.</param>
/// <param name="DatabaseFull">A write failed for want of space, and the last try did too.</param>
/// <param name="FreeMegabytes">Of the disk that the database lies on; null: not this machine's.</param>
/// <param name="ClockDifference">Ours minus the database's, or by how much ours was set since the last look.</param>
public sealed record NodeFacts(
    TimeSpan DatabaseAwayFor, int? DatabaseMs, bool DatabaseFull, long? FreeMegabytes, TimeSpan ClockDifference, IReadOnlyList<LoopView> Loops, IReadOnlyList<GatewayView> Gateways)
{
    public static NodeFacts Well { get; } = new(TimeSpan.Zero, 1, false, null, TimeSpan.Zero, [], []);
}

/// <summary>Something that is wrong with this process, from its memory: also when no database can take an alert.</summary>
/// <param name="Since">UTC.</param>
/// <param name="Blocks">The process cannot do its job.</param>
public sealed record NodeProblem(AlertKind Kind, AlertSeverity Severity, string Key, string? Subject, string? Details, DateTime Since, bool Blocks, long? ResourceId = null)
{
    /// <summary>Stored in the health history.</summary>
    public string Name => Subject is null ? Kind.ToString() : $"{Kind} {Subject}";

    /// <summary>As an alert is, for words and lists.</summary>
    public Alert AsAlert() => new()
    {
        Kind = Kind, Severity = Severity, DedupeKey = Key, ResourceId = ResourceId, Subject = Subject, Details = Details, FirstSeenAt = Since, LastSeenAt = Since,
    };
}
