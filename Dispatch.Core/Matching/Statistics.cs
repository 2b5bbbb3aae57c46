namespace Dispatch.Core.Matching;

/// <summary>Small statistics. Pure.</summary>
public static class Statistics
{
    public static Duration Measure(IEnumerable<int?> milliseconds)
    {
        var sorted = milliseconds.OfType<int>().Order().ToArray();
        return sorted.Length == 0 ? new Duration(null, null, null, 0) : new Duration(sorted.Average(), At(sorted, 0.5), At(sorted, 0.95), sorted.Length);
    }

    public static Spread Spread(IReadOnlyList<int> values) =>
        values.Count == 0 ? new Spread(0, 0, 0, 0, 0) : new Spread(values.Count, values.Average(), values.Min(), values.Max(), Gini(values));

    /// <summary>0: all the same; towards 1: one has everything. 0 for nothing at all.</summary>
    public static double Gini(IReadOnlyList<int> values)
    {
        var sum = values.Sum(v => (long)v);
        if (values.Count == 0 || sum == 0) return 0;
        double weighted = 0;
        var rank = 0;
        foreach (var value in values.Order()) weighted += (double)++rank * value;
        return (2 * weighted / (values.Count * (double)sum)) - ((values.Count + 1.0) / values.Count);
    }

    private static double At(int[] sorted, double quantile) => sorted[Math.Min(sorted.Length - 1, (int)(quantile * sorted.Length))];
}
