using System.Globalization;

namespace Dispatch.Core.Overview;

/// <summary>Something that happened, on its way into the counts.</summary>
public readonly record struct Counted(RollupSeries Series, DateTime At, string Part = "", long Amount = 1);

/// <summary>One row to add to.</summary>
public readonly record struct RollupKey(RollupSeries Series, RollupGrain Grain, DateTime At, string Part);

/// <summary>Pure: which bucket a moment and a wait fall into, and what a histogram of waits says.</summary>
public static class RollupRules
{
    /// <summary>Each bucket of waits ends a quarter later than the one before: a percentile read from them is at most that far off.</summary>
    public const double WaitStep = 1.25;

    /// <summary>The last bucket takes everything from about 100 days on.</summary>
    public const int LastWaitBin = 72;

    public static IReadOnlyList<RollupGrain> Grains { get; } = [RollupGrain.FiveMinutes, RollupGrain.Hour, RollupGrain.Day];

    private static readonly RollupGrain[] DayOnly = [RollupGrain.Day];

    /// <summary>At which grains a series is counted: what only reports read, by the day alone.</summary>
    public static IReadOnlyList<RollupGrain> GrainsOf(RollupSeries series) => series is RollupSeries.Closed or RollupSeries.Reassigned or RollupSeries.Resolutions
        or RollupSeries.ReceivedBy or RollupSeries.AnswersBy or RollupSeries.MissedBy ? DayOnly : Grains;

    /// <summary>Start (UTC) of the stretch that holds the moment.</summary>
    /// <param name="zone">In which days begin at midnight.</param>
    public static DateTime Start(RollupGrain grain, DateTime utc, TimeZoneInfo zone) => grain switch
    {
        RollupGrain.FiveMinutes => Floor(utc, TimeSpan.FromMinutes(5)),
        RollupGrain.Hour => Floor(utc, TimeSpan.FromHours(1)),
        RollupGrain.Day => Midnight(DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), zone)), zone),
    };

    /// <summary>Midnight of the day in the zone, as UTC.</summary>
    public static DateTime Midnight(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        // In some places the clocks change at midnight and this minute does not exist.
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(30);
        return TimeZoneInfo.ConvertTimeToUtc(local, zone);
    }

    public static DateTime Floor(DateTime utc, TimeSpan step) => new(utc.Ticks - (utc.Ticks % step.Ticks), DateTimeKind.Utc);

    /// <summary>0: under a second; then each <see cref="WaitStep"/> longer than the last.</summary>
    public static int WaitBin(TimeSpan wait) =>
        wait.TotalSeconds < 1 ? 0 : Math.Min(LastWaitBin, 1 + (int)Math.Floor(Math.Log(wait.TotalSeconds) / Math.Log(WaitStep)));

    /// <summary>As it stands in <see cref="Rollup.Part"/>.</summary>
    public static string WaitPart(TimeSpan wait) => WaitBin(wait).ToString("00", CultureInfo.InvariantCulture);

    public static string PersonPart(long id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>A person and the bucket of his answer: <c>17/05</c>.</summary>
    public static string PersonPart(long id, TimeSpan wait) => $"{PersonPart(id)}/{WaitPart(wait)}";

    /// <summary>The wait that so many of all did not exceed; within a bucket as if spread evenly. Null: none.</summary>
    /// <param name="bins">How many waits by bucket.</param>
    /// <param name="share">0.5: the median.</param>
    public static TimeSpan? Percentile(IReadOnlyDictionary<int, long> bins, double share)
    {
        var total = bins.Values.Sum();
        if (total == 0) return null;
        var wanted = Math.Max(1, Math.Ceiling(total * share));
        long before = 0;
        foreach (var (bin, count) in bins.Where(b => b.Value > 0).OrderBy(b => b.Key))
        {
            if (before + count >= wanted)
            {
                var (from, to) = (bin == 0 ? 0 : Math.Pow(WaitStep, bin - 1), Math.Pow(WaitStep, bin));
                return TimeSpan.FromSeconds(from + ((to - from) * (wanted - before) / count));
            }
            before += count;
        }
        return null;
    }

    /// <summary>Everything that happened, summed by the rows it goes to: each thing counts once at every grain.</summary>
    public static Dictionary<RollupKey, long> Sum(IEnumerable<Counted> things, TimeZoneInfo zone)
    {
        var sums = new Dictionary<RollupKey, long>();
        foreach (var thing in things)
        {
            foreach (var grain in GrainsOf(thing.Series))
            {
                var key = new RollupKey(thing.Series, grain, Start(grain, thing.At, zone), thing.Part);
                sums[key] = sums.GetValueOrDefault(key) + thing.Amount;
            }
        }
        return sums;
    }
}
