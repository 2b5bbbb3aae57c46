namespace Dispatch.Core.Conflicts;

/// <summary>Somebody who wants something, and since when (UTC).</summary>
public sealed record Contender(long ModeratorId, DateTime At);

/// <summary>Who comes first when several want the same. Pure.</summary>
public static class ConflictRules
{
    /// <summary>Who came first is served first; at the same instant the lower id. A person who contends twice counts once, with the earlier time.</summary>
    public static IReadOnlyList<Contender> PrioritizeByTimestamp(IEnumerable<Contender> contenders) =>
        [.. Once(contenders).OrderBy(c => c.At).ThenBy(c => c.ModeratorId)];

    /// <summary>The lower id first, whatever the time: for when no time can be told.</summary>
    public static IReadOnlyList<Contender> PrioritizeById(IEnumerable<Contender> contenders) => [.. Once(contenders).OrderBy(c => c.ModeratorId)];

    /// <summary>By which rule the first one comes before the second.</summary>
    public static ConflictRule Decided(Contender first, Contender second) => first.At == second.At ? ConflictRule.ModeratorId : ConflictRule.Timestamp;

    private static IEnumerable<Contender> Once(IEnumerable<Contender> contenders) =>
        contenders.GroupBy(c => c.ModeratorId).Select(g => g.MinBy(c => c.At)!);
}
