namespace Dispatch.Core.Moderators;

/// <summary>An expected wait in whole seconds: the middle and the range around it.</summary>
public sealed record ProfileWait(int Expected, int From, int To)
{
    /// <summary>With fewer holdings than this any figure would be a guess.</summary>
    public const int MinObservations = 10;

    /// <summary>Older holdings say nothing about today.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromHours(24);

    /// <summary>The newest holdings that are looked at.</summary>
    public const int MaxObservations = 200;

    public WaitEstimate Range => new(TimeSpan.FromSeconds(From), TimeSpan.FromSeconds(To));

    /// <summary>
    /// Pure: place in the line x observed hold time / profiles in rotation. The middle half of the recent hold times makes the range, rounded outwards to
    /// steps a person thinks in.
    /// </summary>
    /// <param name="sortedHolds">How long profiles were held lately, ascending.</param>
    /// <param name="place">1: next.</param>
    /// <param name="profiles">Profiles in rotation that this person may serve.</param>
    /// <returns>Null: unknown.</returns>
    public static ProfileWait? Estimate(IReadOnlyList<TimeSpan> sortedHolds, int place, int profiles)
    {
        if (place < 1 || profiles < 1 || sortedHolds.Count < MinObservations) return null;
        TimeSpan At(double quantile) => WaitEstimator.Quantile(sortedHolds, quantile) * place / profiles;
        return new ProfileWait(Seconds(At(0.5)), Seconds(WaitEstimator.RoundDown(At(0.25))), Seconds(WaitEstimator.RoundUp(At(0.75))));
    }

    private static int Seconds(TimeSpan time) => (int)Math.Min(int.MaxValue, Math.Round(time.TotalSeconds));
}

/// <summary>How true past expectations were.</summary>
/// <param name="Observations">How many waits with an expectation ended; the other figures are of the newest ones.</param>
/// <param name="InsideRange">Share of waits that ended within the range, 0 to 1; null below ten.</param>
/// <param name="MedianErrorSeconds">How far outside the range the middle wait ended; 0: inside. Null below ten.</param>
public sealed record WaitAccuracy(int Observations, double? InsideRange, int? MedianErrorSeconds)
{
    /// <summary>Pure: the error of a wait is its distance to the range that was told.</summary>
    public static WaitAccuracy Of(IReadOnlyCollection<WaitObservation> waits)
    {
        if (waits.Count < ProfileWait.MinObservations) return new WaitAccuracy(waits.Count, null, null);
        var errors = waits.Select(w => Math.Max(0, Math.Max(w.FromSeconds - w.WaitedSeconds, w.WaitedSeconds - w.ToSeconds))).Order().ToList();
        return new WaitAccuracy(waits.Count, (double)errors.Count(e => e == 0) / errors.Count, errors[errors.Count / 2]);
    }
}
