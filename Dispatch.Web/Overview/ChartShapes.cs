using System.Globalization;
using System.Text;

namespace Dispatch.Web.Overview;

/// <summary>Pure: figures as points of an SVG that is 100 wide. What is not known is a gap, not a zero.</summary>
public static class ChartShapes
{
    private const int SparkHeight = 24;

    /// <summary>The points of a line 100 by 24.</summary>
    public static string Sparkline(IReadOnlyList<long?> values)
    {
        var most = Math.Max(1, values.Max(v => v ?? 0));
        var points = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is not { } value) continue;
            Append(points, values.Count == 1 ? 50 : 100.0 * i / (values.Count - 1), SparkHeight - 1 - ((SparkHeight - 2) * (double)value / most));
        }
        return points.ToString();
    }

    /// <summary>Each stretch of known values as points of a line 100 by 100; a value alone becomes a short dash.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyList<double?> values, double most)
    {
        var lines = new List<string>();
        var points = new StringBuilder();
        var count = 0;
        for (var i = 0; i <= values.Count; i++)
        {
            if (i < values.Count && values[i] is { } value)
            {
                Append(points, X(i, values.Count), 100 - (100 * value / most));
                count++;
                continue;
            }
            if (count == 1) Append(points, Math.Min(100, X(i - 1, values.Count) + 0.8), 100 - (100 * values[i - 1]!.Value / most));
            if (count > 0) lines.Add(points.ToString());
            points.Clear();
            count = 0;
        }
        return lines;
    }

    /// <summary>A round figure not below the highest, 2 at least: 1, 2 or 5 times a power of ten.</summary>
    public static double Top(double most)
    {
        // Not 1, or the line in the middle would be at a half.
        if (most <= 2) return 2;
        var power = Math.Pow(10, Math.Floor(Math.Log10(most)));
        return power * (most / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }

    private static double X(int i, int count) => count <= 1 ? 50 : 100.0 * i / (count - 1);

    private static void Append(StringBuilder points, double x, double y) =>
        points.Append(points.Length > 0 ? " " : "").Append(x.ToString("0.##", CultureInfo.InvariantCulture)).Append(',').Append(y.ToString("0.##", CultureInfo.InvariantCulture));
}
