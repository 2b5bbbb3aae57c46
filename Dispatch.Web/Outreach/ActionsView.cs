using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>Tab and filters of the queue, as its address says.</summary>
/// <param name="Action">A kind such as <c>send_followup_A1</c>; empty: all.</param>
public sealed record ActionsView(ActionTab Tab, long? Account, string Action, string Search, int Page)
{
    public const int PageSize = 50;
    private const string Path = "/actions";

    /// <param name="tab">Nothing, or nonsense: what is pending.</param>
    public static ActionsView Of(string? tab, long? account, string? action, string? search, int? page) => new(
        OutreachUrl.Word<ActionTab>(tab) ?? ActionTab.Pending, account is > 0 ? account : null, ActionKinds.TypeOf(action) is null ? "" : action!, search?.Trim() ?? "", Math.Max(page ?? 1, 1));

    /// <summary>What ended is looked at from its end.</summary>
    public ActionSearch Filter => new(
        AccountId: Account, Search: Search.Length > 0 ? Search : null, Sort: Tab is ActionTab.Dead or ActionTab.Uncertain ? ActionSort.FinishedAt : ActionSort.DueAt,
        Descending: Tab is ActionTab.Dead or ActionTab.Uncertain, Skip: (Page - 1) * PageSize, Take: PageSize, Tab: Tab, Kind: Action.Length > 0 ? Action : null);

    public bool IsNarrowed => Account is not null || Action.Length > 0 || Search.Length > 0;

    public string Url => new OutreachUrl(Path).Add("tab", Tab == ActionTab.Pending ? null : (ActionTab?)Tab).Add("account", Account).Add("action", Action).Add("q", Search).Page(Page).ToString();
}
