using System.Globalization;

namespace Dispatch.Core.Alerts;

/// <summary>From facts and thresholds to the alerts that should be open. Pure: what is not wanted any more is over.</summary>
public static class AlertRules
{
    /// <summary>What these rules decide about; whatever else is open belongs to whoever raised it.</summary>
    public static IReadOnlyList<AlertKind> Kinds { get; } = [AlertKind.ModeratorsFull, AlertKind.NobodyThere, AlertKind.LockHeld, AlertKind.ActionsLate, AlertKind.NodeGone];

    public static IReadOnlyList<WantedAlert> Judge(AlertFacts facts, AlertSettings limits, DateTime now) =>
        [.. People(facts, limits, now), .. Locks(facts, limits, now), .. Actions(facts, limits, now), .. Nodes(facts, limits, now)];

    private static IEnumerable<WantedAlert> People(AlertFacts facts, AlertSettings limits, DateTime now)
    {
        // One of the two: whoever is not there cannot be full.
        if (facts.Online == 0)
        {
            if (facts.OldestWaitingAt is { } since && now - since >= limits.NobodyThere)
                yield return new WantedAlert(AlertKind.NobodyThere, AlertSeverity.Critical, "nobody-there", Details: Number(facts.Waiting));
        }
        else if (facts.Full == facts.Online && facts.Waiting >= limits.FullWaiting)
        {
            yield return new WantedAlert(AlertKind.ModeratorsFull, AlertSeverity.Warning, "moderators-full", Subject: Number(facts.Online), Details: Number(facts.Waiting));
        }
    }

    private static IEnumerable<WantedAlert> Locks(AlertFacts facts, AlertSettings limits, DateTime now) => facts.Locks
        .Where(l => now - l.Since >= limits.LockHeld)
        .Select(l => new WantedAlert(
            AlertKind.LockHeld, AlertSeverity.Warning, $"lock-held:{l.Kind}:{l.ResourceId.ToString(CultureInfo.InvariantCulture)}", l.ResourceId, l.Kind,
            $"#{l.ModeratorId.ToString(CultureInfo.InvariantCulture)}") { Since = l.Since });

    private static IEnumerable<WantedAlert> Actions(AlertFacts facts, AlertSettings limits, DateTime now) => facts.Late
        .Where(l => now - l.DueAt >= limits.ActionsLate)
        .Select(l => new WantedAlert(AlertKind.ActionsLate, AlertSeverity.Critical, $"actions-late:{l.AccountId.ToString(CultureInfo.InvariantCulture)}", l.AccountId) { Since = l.DueAt });

    private static IEnumerable<WantedAlert> Nodes(AlertFacts facts, AlertSettings limits, DateTime now) => facts.Nodes
        .Where(n => !n.Stopped && now - n.LastAt >= limits.NodeGone)
        .Select(n => new WantedAlert(AlertKind.NodeGone, AlertSeverity.Critical, $"node-gone:{n.Node}", Subject: n.Node) { Since = n.LastAt });

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
