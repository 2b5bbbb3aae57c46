namespace Dispatch.Core.Moderators;

/// <summary>How long until the next conversation, honestly: a range.</summary>
public sealed record WaitEstimate(TimeSpan From, TimeSpan To);

/// <summary>
/// Pure: from how often somebody was given a conversation lately, how long a place in the queue takes. The middle half of the gaps
/// (first to third quartile) times the place, rounded outwards to steps a person thinks in.
/// </summary>
public static class WaitEstimator
{
    /// <summary>With fewer gaps than this any figure would be a guess.</summary>
    public const int MinObservations = 10;

    /// <summary>Older assignments say nothing about now: the morning is not the night.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromHours(6);

    /// <param name="assignments">When conversations were given out automatically (UTC), in any order.</param>
    /// <param name="place">1: next.</param>
    /// <returns>Null: unknown.</returns>
    public static WaitEstimate? Estimate(IReadOnlyCollection<DateTime> assignments, int place, DateTime now)
    {
        if (place < 1) return null;
        var recent = assignments.Where(a => a <= now && a > now - Horizon).Order().ToList();
        if (recent.Count <= MinObservations) return null;
        var gaps = new List<TimeSpan>(recent.Count);
        for (var i = 1; i < recent.Count; i++) gaps.Add(recent[i] - recent[i - 1]);
        // The gap that is still open counts once it is longer than usual: a quiet hour must not look like a busy one.
        var open = now - recent[^1];
        gaps.Sort();
        if (open > Quantile(gaps, 0.5))
        {
            gaps.Add(open);
            gaps.Sort();
        }
        return new WaitEstimate(RoundDown(Quantile(gaps, 0.25) * place), RoundUp(Quantile(gaps, 0.75) * place));
    }

    /// <summary>Linear between the neighbours; <paramref name="sorted"/> is ascending and not empty.</summary>
    internal static TimeSpan Quantile(IReadOnlyList<TimeSpan> sorted, double q)
    {
        var at = q * (sorted.Count - 1);
        var low = (int)at;
        var high = Math.Min(low + 1, sorted.Count - 1);
        return sorted[low] + ((sorted[high] - sorted[low]) * (at - low));
    }

    internal static TimeSpan RoundDown(TimeSpan time) => Step(time) * Math.Floor(time / Step(time));

    /// <summary>Never zero: "now" is a promise nobody can keep.</summary>
    internal static TimeSpan RoundUp(TimeSpan time) => Step(time) * Math.Max(1, Math.Ceiling(time / Step(time)));

    private static TimeSpan Step(TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => TimeSpan.FromSeconds(15),
        { TotalMinutes: < 10 } => TimeSpan.FromMinutes(1),
        { TotalMinutes: < 60 } => TimeSpan.FromMinutes(5),
        _ => TimeSpan.FromMinutes(30),
    };
}
