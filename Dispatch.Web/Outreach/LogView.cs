using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>The filters of the log, as its address says.</summary>
/// <param name="Action">A kind such as <c>send_followup_A1</c>; empty: all.</param>
/// <param name="From">The first day, in the reader's zone.</param>
/// <param name="To">The last day, in it.</param>
public sealed record LogView(ActionStatus? Status, long? Account, string Action, string Search, DateOnly? From, DateOnly? To, int Page)
{
    public const int PageSize = 50;
    private const string Path = "/actions/log";

    /// <summary>What an execution can end as.</summary>
    public static readonly IReadOnlyList<ActionStatus> Statuses = [ActionStatus.Success, ActionStatus.Failed, ActionStatus.Uncertain];

    public static LogView Of(string? status, long? account, string? action, string? search, string? from, string? to, int? page) => new(
        OutreachUrl.Word<ActionStatus>(status), account is > 0 ? account : null, ActionKinds.TypeOf(action) is null ? "" : action!, search?.Trim() ?? "", OutreachUrl.Day(from),
        OutreachUrl.Day(to), Math.Max(page ?? 1, 1));

    public LogSearch Filter(TimeZoneInfo zone) => new(
        Status, Account, null, Action.Length > 0 ? Action : null, Search.Length > 0 ? Search : null, Start(From, 0, zone), Start(To, 1, zone), (Page - 1) * PageSize, PageSize);

    public bool IsNarrowed => Status is not null || Account is not null || Action.Length > 0 || Search.Length > 0 || From is not null || To is not null;

    public string Url => Address(Path).Page(Page).ToString();

    /// <summary>Everything that the filters find.</summary>
    /// <param name="zone">The reader's, for his days.</param>
    public string CsvUrl(TimeZoneInfo zone) => Address(Path + "/export.csv").Add("zone", From is null && To is null ? null : zone.Id).ToString();

    private OutreachUrl Address(string path) => new OutreachUrl(path)
        .Add("status", Status).Add("account", Account).Add("action", Action).Add("q", Search).Add("from", From).Add("to", To);

    /// <summary>UTC; an hour that a change of clocks leaves out is the one after it.</summary>
    private static DateTime? Start(DateOnly? day, int after, TimeZoneInfo zone)
    {
        if (day is not { } given || given.Year is < 2000 or > 9000) return null;
        var local = given.AddDays(after).ToDateTime(default, DateTimeKind.Unspecified);
        return TimeZoneInfo.ConvertTimeToUtc(zone.IsInvalidTime(local) ? local.AddHours(1) : local, zone);
    }
}
