using Dispatch.Core.Live;
using Dispatch.Core.Overview;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Overview;

/// <summary>One look tells whether Dispatch is well: what is wrong first, eight figures with their last hours, the past as charts, the parts underneath.</summary>
public sealed partial class OverviewPage
{
    private static readonly TimeSpan ChartsEvery = TimeSpan.FromSeconds(20);
    private OverviewNow? _now;
    private IReadOnlyDictionary<OverviewTile, IReadOnlyList<long?>> _trends = new Dictionary<OverviewTile, IReadOnlyList<long?>>();
    private OverviewCharts? _charts;
    private OverviewRange _shown;
    private DateTime _chartsAt;
    private IDisposable? _tick;

    [SupplyParameterFromQuery(Name = "range")]
    public string? RangeParameter { get; set; }

    [Inject]
    public required OverviewQueries Queries { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    private OverviewRange Range => OverviewView.Of(RangeParameter);

    /// <summary>Everything that happens in the house changes a figure here.</summary>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(2);

    protected override IReadOnlyCollection<string> LiveTopics() => OverviewView.Topics;

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        // What ends by the clock alone (a wait that becomes long) is signalled by nobody.
        _tick ??= Time.OnTick(() => _ = InvokeAsync(async () =>
        {
            await ReloadAsync();
            StateHasChanged();
        }));
        await Time.GetZoneAsync();
        var range = Range;
        var now = await Queries.LatestAsync(Stopping);
        if (_charts is null || range != _shown || now.At - _chartsAt >= ChartsEvery)
        {
            var charts = await Queries.ChartsAsync(range, now.At, Stopping);
            var trends = await Queries.TrendsAsync(now.At, Stopping);
            if (range == Range) (_charts, _trends, _shown, _chartsAt) = (charts, trends, range, now.At);
        }
        _now = now;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != Range) await ReloadAsync();
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _tick?.Dispose();
        return ValueTask.CompletedTask;
    }
}
