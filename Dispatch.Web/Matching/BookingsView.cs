using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;

namespace Dispatch.Web.Matching;

/// <summary>The filters of the booking desk, as its address says.</summary>
/// <param name="Status"><c>open</c>, <c>over</c>, <c>all</c>, or a <see cref="BookingStatus"/> in lower case.</param>
public sealed record BookingsView(string Status, string Zone, long? DriverId, string Search, bool ByPickup, int Page)
{
    public const string Open = "open", Over = "over", Any = "all";
    public const int PageSize = 50;
    private const string Path = "/bookings";

    public static readonly IReadOnlyList<string> Statuses = [Open, .. Enum.GetNames<BookingStatus>().Select(n => n.ToLowerInvariant()), Over, Any];

    public static BookingsView Of(string? status, string? zone, long? driver, string? search, string? sort, int? page)
    {
        var word = status?.ToLowerInvariant();
        return new BookingsView(
            word is not null && Statuses.Contains(word, StringComparer.Ordinal) ? word : Open, zone?.Trim() ?? "", driver, search?.Trim() ?? "",
            string.Equals(sort, "pickup", StringComparison.OrdinalIgnoreCase), Math.Max(page ?? 1, 1));
    }

    public BookingSearch Filter => new(
        Search, Enum.TryParse<BookingStatus>(Status, ignoreCase: true, out var status) ? status : null, Status switch { Open => true, Over => false, _ => null }, Zone, DriverId,
        Sort: ByPickup ? BookingSort.PickupTime : BookingSort.CreatedAt, Descending: !ByPickup, Skip: (Page - 1) * PageSize, Take: PageSize);

    public bool IsNarrowed => Status != Open || Zone.Length > 0 || DriverId is not null || Search.Length > 0;

    public string Url => Address(Path, paged: true);

    /// <summary>Everything that the filters find, not only the page in view.</summary>
    public string CsvUrl => Address(Path + "/export.csv", paged: false);

    private string Address(string path, bool paged)
    {
        var url = new StringBuilder(path);
        void Add(string key, string value) => url.Append(url.Length == path.Length ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        if (Status != Open) Add("status", Status);
        if (Zone.Length > 0) Add("zone", Zone);
        if (DriverId is { } driver) Add("driver", driver.ToString(CultureInfo.InvariantCulture));
        if (Search.Length > 0) Add("q", Search);
        if (ByPickup) Add("sort", "pickup");
        if (paged && Page > 1) Add("page", Page.ToString(CultureInfo.InvariantCulture));
        return url.ToString();
    }
}
