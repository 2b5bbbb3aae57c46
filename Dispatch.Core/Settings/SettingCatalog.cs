using Dispatch.Core.Alerts;
using Dispatch.Core.Reporting;
using Dispatch.Core.Retention;

namespace Dispatch.Core.Settings;

/// <summary>Every setting that may change while Dispatch runs, in the order of its page.</summary>
public static class SettingCatalog
{
    public static IReadOnlyList<SettingDefinition> All { get; } = [.. RoutingSettings.Definitions, .. AlertSettings.Definitions, .. ReportSettings.Definitions, .. RetentionSettings.Definitions];

    /// <summary>What stored rows say of these settings; one that says nothing valid is not in it.</summary>
    public static Dictionary<string, int> Values(IEnumerable<SettingDefinition> definitions, IEnumerable<Setting> rows)
    {
        var values = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (definitions.FirstOrDefault(d => d.Key == row.Key)?.Effective(row.Value) is { } value) values[row.Key] = value;
        }
        return values;
    }
}
