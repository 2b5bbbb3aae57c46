using System.Globalization;

namespace Dispatch.Web.Admin;

/// <summary>A line of the configuration.</summary>
/// <param name="Value">Null: it is set, and not shown.</param>
public sealed record ConfigurationLine(string Key, string? Value);

/// <summary>
/// The configuration that a restart reads, to look at. What may be seen is named: numbers, times, yes and no, and a few keys whose values are known to be harmless.
/// Everything else is hidden, so a secret under a key that nobody thought of stays one.
/// </summary>
public static class ConfigurationView
{
    private const int MostDigits = 9;

    private static readonly string[] Sections =
    [
        "Urls", "Database", "ConnectionStrings", "DataProtection", "Demo", "Api", "Webhooks", "Gateways", "Conversations", "Locks", "Conflicts", "Matching", "ServiceMessages", "Outreach", "Composer",
        "Broker", "Simulator", "Numbers", "Node",
    ];

    private static readonly string[] Harmless =
    [
        "Urls", "Database:Provider", "Database:Path", "DataProtection:Path", "Gateways:Whapi:BaseAddress", "Matching:TimeZone", "Matching:Language", "Matching:Channel", "Node:Name",
    ];

    private static readonly string[] Secret = ["key", "secret", "token", "password", "uri", "connectionstring", "number", "phone"];

    public static IReadOnlyList<ConfigurationLine> Lines(IConfiguration configuration) =>
    [
        .. Sections.SelectMany(s => configuration.GetSection(s).AsEnumerable()).Where(p => !string.IsNullOrEmpty(p.Value))
            .Select(p => new ConfigurationLine(p.Key, IsShown(p.Key, p.Value!) ? p.Value : null)).OrderBy(l => l.Key, StringComparer.OrdinalIgnoreCase),
    ];

    internal static bool IsShown(string key, string value)
    {
        if (Harmless.Contains(key, StringComparer.OrdinalIgnoreCase)) return true;
        // Not "Numbers:", which is a capability, but any name below it.
        var name = key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (Array.Exists(Secret, s => name.Contains(s, StringComparison.OrdinalIgnoreCase)) || key.StartsWith("ConnectionStrings", StringComparison.OrdinalIgnoreCase)) return false;
        return bool.TryParse(value, out _) || TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _)
            || (value.Length <= MostDigits && double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));
    }
}
