using Dispatch.Core.Alerts;

namespace Dispatch.Core.Settings;

/// <summary>Every setting that changes while Dispatch runs.</summary>
public static class SettingCatalog
{
    public static IReadOnlyList<SettingDefinition> All { get; } = [.. RoutingSettings.Definitions, .. AlertSettings.Definitions];
}
