using System.Globalization;
using Dispatch.Core.Numbers;

namespace Dispatch.Web.Numbers;

/// <summary>The filters of the list of clients, as its address says.</summary>
/// <param name="Status">Null: all.</param>
public sealed record ClientsView(ClientStatus? Status, string Search, int Page)
{
    public const int PageSize = 50;
    public const string All = "all";

    /// <param name="status">Nothing, or nonsense: those who wait.</param>
    public static ClientsView Of(string? status, string? search, int? page) => new(
        string.Equals(status, All, StringComparison.OrdinalIgnoreCase) ? null
            : Enum.TryParse<ClientStatus>(status, ignoreCase: true, out var wanted) && Enum.IsDefined(wanted) ? wanted : ClientStatus.AwaitingValidation,
        search?.Trim() ?? "", Math.Max(page ?? 1, 1));

    public ClientSearch Filter => new(Status, Search.Length > 0 ? Search : null, (Page - 1) * PageSize, PageSize);

    public bool IsNarrowed => Search.Length > 0;

    /// <summary>As the address says it; empty: those who wait.</summary>
    public string StatusWord => Status switch
    {
        null => All,
        ClientStatus.AwaitingValidation => "",
        { } other => other.ToString().ToLowerInvariant(),
    };

    public string Url
    {
        get
        {
            List<string> parts = [];
            if (StatusWord.Length > 0) parts.Add("status=" + StatusWord);
            if (Search.Length > 0) parts.Add("q=" + Uri.EscapeDataString(Search));
            if (Page > 1) parts.Add("page=" + Page.ToString(CultureInfo.InvariantCulture));
            return parts.Count == 0 ? "/clients" : "/clients?" + string.Join('&', parts);
        }
    }
}
