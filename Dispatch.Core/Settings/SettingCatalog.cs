using Dispatch.Core.Alerts;
using Dispatch.Core.Retention;

namespace Dispatch.Core.Settings;

/// <summary>Every setting that may change while Dispatch runs, in the order of its page.</summary>
public static class SettingCatalog
{
    public static IReadOnlyList<SettingDefinition> All { get; } = [.. RoutingSettings.Definitions, .. AlertSettings.Definitions, .. RetentionSettings.Definitions];
}
