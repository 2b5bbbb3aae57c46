using System.Globalization;
using Dispatch.Core.Alerts;

namespace Dispatch.Web.Alerts;

/// <summary>The filters of the list of alerts, as its address says.</summary>
/// <param name="All">With those that are over.</param>
public sealed record AlertsView(bool All, AlertSeverity? Severity, AlertKind? Kind, int Page)
{
    public const int PageSize = 50;

    public static AlertsView Of(string? state, string? severity, string? kind, int? page) => new(
        string.Equals(state, "all", StringComparison.OrdinalIgnoreCase), Read<AlertSeverity>(severity), Read<AlertKind>(kind), Math.Max(page ?? 1, 1));

    public AlertSearch Search => new(All ? null : true, Kind, Severity, (Page - 1) * PageSize, PageSize);

    public bool IsNarrowed => Severity is not null || Kind is not null;

    public string Url
    {
        get
        {
            List<string> parts = [];
            if (All) parts.Add("state=all");
            if (Severity is { } severity) parts.Add("severity=" + severity);
            if (Kind is { } kind) parts.Add("kind=" + kind);
            if (Page > 1) parts.Add("page=" + Page.ToString(CultureInfo.InvariantCulture));
            return parts.Count == 0 ? "/alerts" : "/alerts?" + string.Join('&', parts);
        }
    }

    private static T? Read<T>(string? word)
        where T : struct, Enum => Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null;
}
