using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>The filters of the list of prospects, as its address says.</summary>
/// <param name="Sequence">A, B or C; null: whichever.</param>
/// <param name="Step">The last step that left; 0: none.</param>
/// <param name="Sort">Null: the newest first.</param>
public sealed record ProspectsView(ProspectStage? Stage, long? Account, char? Sequence, string Search, ProspectSort? Sort, int Page, int? Step = null)
{
    public const int PageSize = 50;
    private const string Path = "/prospects";

    public static ProspectsView Of(string? stage, long? account, string? sequence, string? search, string? sort, int? page, int? step = null) => new(
        OutreachUrl.Word<ProspectStage>(stage), account is > 0 ? account : null, sequence?.ToUpperInvariant() is [>= 'A' and <= 'C' and var letter] ? letter : null, search?.Trim() ?? "",
        OutreachUrl.Word<ProspectSort>(sort) is { } given and not ProspectSort.CreatedAt ? given : null, Math.Max(page ?? 1, 1), step is >= 0 and <= 99 ? step : null);

    public ProspectSearch Filter => new(
        Stage, Account, Sequence, Search.Length > 0 ? Search : null, Sort ?? ProspectSort.CreatedAt, Sort != ProspectSort.Name, (Page - 1) * PageSize, PageSize, Step);

    public bool IsNarrowed => Stage is not null || Account is not null || Sequence is not null || Step is not null || Search.Length > 0;

    public string Url => Address(Path).Page(Page).ToString();

    /// <summary>Everybody whom the filters find, not only the page in view.</summary>
    public string CsvUrl => Address(Path + "/export.csv").ToString();

    private OutreachUrl Address(string path) => new OutreachUrl(path).Add("stage", Stage).Add("account", Account).Add("seq", Sequence?.ToString()).Add("step", Step).Add("q", Search).Add("sort", Sort);
}
