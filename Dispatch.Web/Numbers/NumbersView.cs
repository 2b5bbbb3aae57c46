using System.Globalization;
using System.Text;
using Dispatch.Core.Numbers;

namespace Dispatch.Web.Numbers;

/// <summary>The filters of the list of numbers, as its address says.</summary>
/// <param name="State">Empty, <c>live</c>, <c>over</c>, or a <see cref="NumberState"/> in lower case.</param>
/// <param name="Sort">Empty (the newest first), <c>client</c>, <c>since</c> (the longest in their state first) or <c>event</c> (the last event first).</param>
public sealed record NumbersView(string State, string Worker, string Search, string Sort, int Page)
{
    public const int PageSize = 50;
    public const string Live = "live", Over = "over";
    private const string Path = "/numbers";

    public static readonly IReadOnlyList<string> States = [.. Enum.GetNames<NumberState>().Select(n => n.ToLowerInvariant())];
    public static readonly IReadOnlyList<string> Sorts = ["", "client", "since", "event"];

    public static NumbersView Of(string? state, string? worker, string? search, string? sort, int? page)
    {
        var (word, order) = (state?.ToLowerInvariant() ?? "", sort?.ToLowerInvariant() ?? "");
        return new NumbersView(
            word is Live or Over || States.Contains(word, StringComparer.Ordinal) ? word : "", worker?.Trim() ?? "", search?.Trim() ?? "",
            Sorts.Contains(order, StringComparer.Ordinal) ? order : "", Math.Max(page ?? 1, 1));
    }

    public NumberSearch Filter
    {
        get
        {
            var (sort, descending) = Sort switch
            {
                "client" => (NumberSort.Client, false),
                "since" => (NumberSort.StateSince, false),
                "event" => (NumberSort.LastEventAt, true),
                _ => (NumberSort.Id, true),
            };
            return new NumberSearch(
                Search.Length > 0 ? Search : null, States.Contains(State, StringComparer.Ordinal) ? Enum.Parse<NumberState>(State, ignoreCase: true) : null,
                State switch { Live => true, Over => false, _ => null }, Worker.Length > 0 ? Worker : null, Sort: sort, Descending: descending, Skip: (Page - 1) * PageSize, Take: PageSize);
        }
    }

    public bool IsNarrowed => State.Length > 0 || Worker.Length > 0 || Search.Length > 0;

    public string Url => Address(Path, paged: true);

    /// <summary>Everything that the filters find, not only the page in view.</summary>
    public string CsvUrl => Address(Path + "/export.csv", paged: false);

    private string Address(string path, bool paged)
    {
        var url = new StringBuilder(path);
        void Add(string key, string value) => url.Append(url.Length == path.Length ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        if (State.Length > 0) Add("state", State);
        if (Worker.Length > 0) Add("worker", Worker);
        if (Search.Length > 0) Add("q", Search);
        if (Sort.Length > 0) Add("sort", Sort);
        if (paged && Page > 1) Add("page", Page.ToString(CultureInfo.InvariantCulture));
        return url.ToString();
    }
}
