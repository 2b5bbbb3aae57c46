using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Loops;

namespace Dispatch.Core.Health;

/// <summary>From what a process finds to what is wrong with it. Pure; one cause is one problem.</summary>
public static class NodeRules
{
    /// <summary>Kinds that processes raise about themselves.</summary>
    public static IReadOnlyList<AlertKind> Kinds { get; } =
        [AlertKind.LoopStopped, AlertKind.DatabaseAway, AlertKind.DiskFull, AlertKind.ClockOff, AlertKind.GatewaySilent];

    /// <param name="node">The process, in keys of what is its own; what all share has one key for all.</param>
    public static IReadOnlyList<NodeProblem> Judge(NodeFacts facts, AlertSettings limits, string node, DateTime now)
    {
        var away = facts.DatabaseAwayFor >= limits.DatabaseAway;
        return
        [
            .. away ? [new NodeProblem(AlertKind.DatabaseAway, AlertSeverity.Critical, "database-away", null, null, now - facts.DatabaseAwayFor, Blocks: true)] : Array.Empty<NodeProblem>(),
            .. Disk(facts, limits, node, now), .. Clock(facts, limits, node, now),
            // Loops fail, and are stuck in their passes, because of the database: that is one problem and not twenty.
            .. Loops(facts, limits, node, now, databaseTrouble: facts.DatabaseAwayFor > TimeSpan.Zero || facts.DatabaseFull), .. Gateways(facts, limits, node, now),
        ];
    }

    public static NodeHealth StatusOf(IReadOnlyCollection<NodeProblem> problems) =>
        problems.Any(p => p.Blocks) ? NodeHealth.NotReady : problems.Count > 0 ? NodeHealth.Degraded : NodeHealth.Healthy;

    private static IEnumerable<NodeProblem> Disk(NodeFacts facts, AlertSettings limits, string node, DateTime now)
    {
        if (facts.DatabaseFull) yield return new NodeProblem(AlertKind.DiskFull, AlertSeverity.Critical, "disk-full", null, null, now, Blocks: true);
        else if (facts.FreeMegabytes is { } free && free < limits.DiskFree)
            yield return new NodeProblem(AlertKind.DiskFull, AlertSeverity.Warning, $"disk-low:{node}", node, $"{free.ToString(CultureInfo.InvariantCulture)} MB", now, Blocks: false);
    }

    private static IEnumerable<NodeProblem> Clock(NodeFacts facts, AlertSettings limits, string node, DateTime now)
    {
        if (facts.ClockDifference.Duration() < limits.ClockOff) yield break;
        yield return new NodeProblem(
            AlertKind.ClockOff, AlertSeverity.Critical, $"clock-off:{node}", node, facts.ClockDifference.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture) + " s", now, Blocks: true);
    }

    private static IEnumerable<NodeProblem> Loops(NodeFacts facts, AlertSettings limits, string node, DateTime now, bool databaseTrouble) => facts.Loops
        .Where(l => l.State == LoopState.Stopped || (!databaseTrouble && l.State != LoopState.NotStarted && l.Late >= limits.LoopStuck))
        .Select(l => new NodeProblem(AlertKind.LoopStopped, AlertSeverity.Critical, $"loop:{node}:{l.Name}", l.Name, node, now - l.Late, Blocks: true));

    /// <summary>Of a gateway nothing depends that this process could do better elsewhere: it stays ready.</summary>
    private static IEnumerable<NodeProblem> Gateways(NodeFacts facts, AlertSettings limits, string node, DateTime now) => facts.Gateways
        .Where(g => g.Waiting >= limits.GatewaySilent || g.Unanswered >= limits.GatewayFailures)
        .Select(g => new NodeProblem(
            AlertKind.GatewaySilent, AlertSeverity.Critical, $"gateway:{node}:{g.ChannelId.ToString(CultureInfo.InvariantCulture)}", null, null,
            g.Since ?? now - g.Waiting, Blocks: false, g.ChannelId));
}
