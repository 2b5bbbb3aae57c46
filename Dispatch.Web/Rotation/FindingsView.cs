using System.Globalization;
using Dispatch.Core.Profiles;

namespace Dispatch.Web.Rotation;

/// <summary>The filters of the list of findings, as its address says.</summary>
/// <param name="State">Null: all.</param>
public sealed record FindingsView(FindingState? State, FindingKind? Kind, int Page)
{
    public const string Root = "/findings";

    public static FindingsView Of(string? state, string? kind, int? page) => new(
        Enum.TryParse<FindingState>(state, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : null,
        Enum.TryParse<FindingKind>(kind, ignoreCase: true, out var what) && Enum.IsDefined(what) ? what : null, Math.Max(page ?? 1, 1));

    public bool IsNarrowed => State is not null || Kind is not null;

    public string Url => new Query(Root).Add("state", State?.ToString().ToLowerInvariant()).Add("kind", Kind?.ToString().ToLowerInvariant())
        .Add("page", Page > 1 ? Page.ToString(CultureInfo.InvariantCulture) : null).ToString();
}
