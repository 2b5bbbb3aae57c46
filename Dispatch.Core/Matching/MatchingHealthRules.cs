using System.Globalization;

namespace Dispatch.Core.Matching;

/// <summary>Thresholds. Pure.</summary>
public static class MatchingHealthRules
{
    /// <param name="sentence">With <c>{0}</c> for the value.</param>
    public static ComponentHealth Judge(double value, double warning, double critical, string sentence)
    {
        var level = value >= critical ? HealthLevel.Critical : value >= warning ? HealthLevel.Warning : HealthLevel.Healthy;
        return new ComponentHealth(level, level == HealthLevel.Healthy ? "" : string.Format(CultureInfo.InvariantCulture, sentence, value));
    }
}
