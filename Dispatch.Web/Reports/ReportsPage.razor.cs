using Dispatch.Core.Live;
using Dispatch.Core.Reporting;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Reports;

/// <summary>The reports that were made: the newest, or the one that the address names, and what changed against the week before in words.</summary>
public sealed partial class ReportsPage
{
    private IReadOnlyList<ReportHead> _heads = [];
    private Report? _report;
    private (long? Id, ReportKind Kind) _shown;

    [Parameter]
    public long? Id { get; set; }

    [SupplyParameterFromQuery(Name = "kind")]
    public string? KindParameter { get; set; }

    [Inject]
    public required ReportService Queries { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    private ReportKind Kind => Id is not null && _report is not null ? _report.Head.Kind : Asked;

    private ReportKind Asked => string.Equals(KindParameter, "week", StringComparison.Ordinal) ? ReportKind.Weekly : ReportKind.Daily;

    /// <summary>A report is made once and stays as it is.</summary>
    protected override IReadOnlyCollection<string> LiveTopics() => [];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var asked = (Id, Asked);
        _shown = asked;
        var report = asked.Id is { } id ? await Queries.FindAsync(id, Stopping) : null;
        var heads = await Queries.ListAsync(report?.Head.Kind ?? asked.Asked, cancel: Stopping);
        if (asked.Id is null && heads.Count > 0) report = await Queries.FindAsync(heads[0].Id, Stopping);
        if (asked == _shown) (_heads, _report) = (heads, report);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != (Id, Asked)) await ReloadAsync();
    }
}
