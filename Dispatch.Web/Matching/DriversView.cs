using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;

namespace Dispatch.Web.Matching;

/// <summary>The filters of the list of drivers, as its address says.</summary>
/// <param name="Status">Empty, or a <see cref="DriverStatus"/> in lower case.</param>
public sealed record DriversView(string Status, string Zone, string Search, int Page)
{
    public const int PageSize = 50;
    private const string Path = "/drivers";

    public static readonly IReadOnlyList<string> Statuses = [.. Enum.GetNames<DriverStatus>().Select(n => n.ToLowerInvariant())];

    public static DriversView Of(string? status, string? zone, string? search, int? page)
    {
        var word = status?.ToLowerInvariant();
        return new DriversView(word is not null && Statuses.Contains(word, StringComparer.Ordinal) ? word : "", zone?.Trim() ?? "", search?.Trim() ?? "", Math.Max(page ?? 1, 1));
    }

    public DriverSearch Filter => new(
        Search, Enum.TryParse<DriverStatus>(Status, ignoreCase: true, out var status) ? status : null, Zone, Skip: (Page - 1) * PageSize, Take: PageSize);

    public bool IsNarrowed => Status.Length > 0 || Zone.Length > 0 || Search.Length > 0;

    public string Url => Address(Path, paged: true);

    /// <summary>Everybody whom the filters find, not only the page in view.</summary>
    public string CsvUrl => Address(Path + "/export.csv", paged: false);

    private string Address(string path, bool paged)
    {
        var url = new StringBuilder(path);
        void Add(string key, string value) => url.Append(url.Length == path.Length ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        if (Status.Length > 0) Add("status", Status);
        if (Zone.Length > 0) Add("zone", Zone);
        if (Search.Length > 0) Add("q", Search);
        if (paged && Page > 1) Add("page", Page.ToString(CultureInfo.InvariantCulture));
        return url.ToString();
    }
}
