using System.Globalization;
using System.Text;
using Dispatch.Core.Conflicts;

namespace Dispatch.Web.Rotation;

/// <summary>The filters of the list of conflicts, as its address says.</summary>
/// <param name="Open">True: not settled; false: settled; null: all.</param>
public sealed record ConflictsView(ConflictKind? Kind, long? ModeratorId, bool? Open, int Page)
{
    public const string Root = "/conflicts";

    public static ConflictsView Of(string? kind, long? moderator, string? state, int? page) => new(
        Enum.TryParse<ConflictKind>(kind, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : null, moderator,
        state switch { "open" => true, "settled" => false, _ => null }, Math.Max(page ?? 1, 1));

    public bool IsNarrowed => Kind is not null || ModeratorId is not null || Open is not null;

    public string State => Open switch { true => "open", false => "settled", null => "" };

    public string Url => new Query(Root).Add("kind", Kind?.ToString().ToLowerInvariant()).Add("moderator", ModeratorId?.ToString(CultureInfo.InvariantCulture))
        .Add("state", State).Add("page", Page > 1 ? Page.ToString(CultureInfo.InvariantCulture) : null).ToString();
}

/// <summary>An address with what is asked for, without what is not.</summary>
internal sealed class Query(string root)
{
    private readonly StringBuilder _url = new(root);
    private bool _any;

    public Query Add(string key, string? value)
    {
        if (string.IsNullOrEmpty(value)) return this;
        _url.Append(_any ? '&' : '?').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        _any = true;
        return this;
    }

    public override string ToString() => _url.ToString();
}
