using System.Globalization;
using System.Text;

namespace Dispatch.Web.Conversations;

/// <summary>What the inbox shows, as its address says: <c>/?c=12&amp;filter=unread&amp;q=awa</c>. It can be sent to oneself or bookmarked.</summary>
public sealed record InboxView(long? Open, string Filter, string Search)
{
    public const string All = "all", Unread = "unread", Unanswered = "waiting", Line = "line";

    public static InboxView Of(long? open, string? filter, string? search) =>
        new(open, filter is Unread or Unanswered or Line ? filter : All, search?.Trim() ?? "");

    public bool IsNarrowed => Filter is Unread or Unanswered || Search.Length > 0;

    /// <param name="open">0: none.</param>
    public InboxView With(long? open = null, string? filter = null, string? search = null) =>
        new(open switch { null => Open, 0 => null, _ => open }, filter ?? Filter, search ?? Search);

    public string Url
    {
        get
        {
            var url = new StringBuilder("/");
            void Add(string key, string value) => url.Append(url.Length == 1 ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
            if (Open is { } id) Add("c", id.ToString(CultureInfo.InvariantCulture));
            if (Filter != All) Add("filter", Filter);
            if (Search.Length > 0) Add("q", Search);
            return url.ToString();
        }
    }
}
