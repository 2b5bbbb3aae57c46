namespace Dispatch.Web.Shared;

/// <summary>Addresses that came from outside: followed only when they stay here.</summary>
internal static class LocalUrl
{
    /// <summary>A path of this site: one leading slash, no second one, no backslash (browsers read it as a slash), no control signs.</summary>
    public static bool IsLocal(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.Any(c => char.IsControl(c) || c == '\\');

    public static string Or(string? url, string standard) => IsLocal(url) ? url! : standard;
}
