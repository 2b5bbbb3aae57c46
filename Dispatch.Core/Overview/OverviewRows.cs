using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Numbers;

namespace Dispatch.Core.Overview;

/// <summary>How everything is at one instant (UTC).</summary>
/// <param name="Oldest">Since when the first in the line waits; null: nobody does.</param>
/// <param name="ActionsDue">Actions whose time has come and that have not been taken; at most <see cref="Outreach.OutreachQueries.MaxCounted"/>.</param>
/// <param name="ActionsLate">Those of them that should have been taken <see cref="OverviewRules.LateAfter"/> ago.</param>
/// <param name="OldestUnsent">Since when the oldest message, command or answer that is to leave waits for it: the lag of events. Null: nothing waits.</param>
/// <param name="Database">How long the database took for the line of waiting conversations.</param>
/// <param name="CountedBehind">Events that the counts of the charts do not hold yet.</param>
public sealed record OverviewNow(
    DateTime At, int Waiting, DateTime? Oldest, IReadOnlyDictionary<PresenceState, int> Moderators, int Queue, int Unheld, int Matchings, IReadOnlyDictionary<DriverStatus, int> Drivers,
    IReadOnlyDictionary<NumberState, int> Numbers, int ActionsDue, int ActionsLate, DateTime? OldestUnsent, BrokerSnapshot Broker, TimeSpan Database, long CountedBehind,
    IReadOnlyDictionary<AlertSeverity, int> Alerts, IReadOnlyList<LoopStatus> Loops)
{
    public int Online => Moderators.GetValueOrDefault(PresenceState.Online);

    public int Reachable => Drivers.GetValueOrDefault(DriverStatus.Available);
}

/// <summary>A loop of this process.</summary>
/// <param name="LastPassAt">End of the last pass that was well; null: none yet.</param>
/// <param name="FailingSince">Null: the last pass was well.</param>
public sealed record LoopStatus(string Name, DateTime? LastPassAt, DateTime? FailingSince);

/// <summary>What a figure on the overview is about; its words are <c>Tile_{name}</c>.</summary>
public enum OverviewTile { Waiting, Moderators, Queue, Matchings, Drivers, Numbers, Actions, System }

public enum OverviewRange { Hour, Day, Week, Month }

/// <summary>A stretch of time of the charts.</summary>
/// <param name="WaitMedian">Of the answers in it; null: there were none.</param>
/// <param name="WaitP95">19 of 20 contacts waited no longer.</param>
public sealed record OverviewPoint(DateTime At, long Arrivals, long Opened, long Assignments, long Answers, TimeSpan? WaitMedian, TimeSpan? WaitP95, long Searches, long Matches, long Timeouts);

/// <param name="Zone">Empty: none was given.</param>
public sealed record OverviewZone(string Zone, long Searches, long Matches, long Timeouts);

/// <param name="Points">One for each stretch, the oldest first, without gaps.</param>
/// <param name="Total">Of the whole range.</param>
/// <param name="Zones">The one with the most searches first.</param>
public sealed record OverviewCharts(OverviewRange Range, IReadOnlyList<OverviewPoint> Points, OverviewPoint Total, IReadOnlyList<OverviewZone> Zones)
{
    public bool IsEmpty => Total is { Arrivals: 0, Assignments: 0, Answers: 0, Searches: 0, Matches: 0, Timeouts: 0 };
}
