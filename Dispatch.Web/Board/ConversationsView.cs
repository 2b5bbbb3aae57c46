using System.Globalization;
using System.Text;
using Dispatch.Core.Conversations;

namespace Dispatch.Web.Board;

/// <summary>The filters of the list of all conversations, as its address says.</summary>
/// <param name="Status"><c>open</c>, <c>all</c>, or a <see cref="ConversationStatus"/> in lower case.</param>
public sealed record ConversationsView(string Status, long? ProfileId, long? ModeratorId, string Search, int Page)
{
    public const string Open = "open", Any = "all";

    public static readonly IReadOnlyList<string> Statuses =
        [Open, .. Enum.GetNames<ConversationStatus>().Select(n => n.ToLowerInvariant()), Any];

    public static ConversationsView Of(string? status, long? profile, long? moderator, string? search, int? page)
    {
        var word = status?.ToLowerInvariant();
        return new ConversationsView(
            word is not null && Statuses.Contains(word, StringComparer.Ordinal) ? word : Open, profile, moderator, search?.Trim() ?? "", Math.Max(page ?? 1, 1));
    }

    public ConversationFilter Filter => new(
        Enum.TryParse<ConversationStatus>(Status, ignoreCase: true, out var status) ? status : null, ProfileId, ModeratorId, Search,
        Status == Open ? true : null);

    public bool IsNarrowed => Status != Open || ProfileId is not null || ModeratorId is not null || Search.Length > 0;

    public string Url
    {
        get
        {
            var url = new StringBuilder("/conversations");
            void Add(string key, string value) => url.Append(url.Length == "/conversations".Length ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
            if (Status != Open) Add("status", Status);
            if (ProfileId is { } profile) Add("profile", profile.ToString(CultureInfo.InvariantCulture));
            if (ModeratorId is { } moderator) Add("moderator", moderator.ToString(CultureInfo.InvariantCulture));
            if (Search.Length > 0) Add("q", Search);
            if (Page > 1) Add("page", Page.ToString(CultureInfo.InvariantCulture));
            return url.ToString();
        }
    }
}
