using Dispatch.Core.Live;
using Dispatch.Core.Overview;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dispatch.Web.Overview;

/// <summary>
/// The overview for a screen on the wall: nothing but the figures, large, in turn with the charts of the last hour and day. A script renews the sign-in and
/// keeps the screen on as long as the page is open; whoever may not see it any more is put out by the same request.
/// </summary>
public sealed partial class WallPage
{
    private const int Pages = 3;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(20);
    private OverviewNow? _now;
    private IReadOnlyDictionary<OverviewTile, IReadOnlyList<long?>> _trends = new Dictionary<OverviewTile, IReadOnlyList<long?>>();
    private OverviewCharts? _charts;
    private Task _turning = Task.CompletedTask;
    private int _page;
    private bool _held;

    [Inject]
    public required OverviewQueries Queries { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(2);

    protected override IReadOnlyCollection<string> LiveTopics() => OverviewView.Topics;

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        await Time.GetZoneAsync();
        var page = _page;
        var now = await Queries.LatestAsync(Stopping);
        var charts = page == 0 ? null : await Queries.ChartsAsync(page == 1 ? OverviewRange.Hour : OverviewRange.Day, now.At, Stopping);
        if (page == 0 && changes.Count == 0) _trends = await Queries.TrendsAsync(now.At, Stopping);
        if (page == _page) (_now, _charts) = (now, charts);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        try
        {
            await Browser.CallAsync("wall", "stay");
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            return;
        }
        _turning = RunAsync();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Turn, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(Stopping))
            {
                // Held, the figures are read all the same: what ends by the clock alone is signalled by nobody.
                await InvokeAsync(_held ? ReloadAsync : TurnAsync);
                await InvokeAsync(StateHasChanged);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // the page is left
        }
    }

    private Task TurnAsync()
    {
        _page = (_page + 1) % Pages;
        return ReloadAsync();
    }

    protected override async ValueTask DisposeMoreAsync() => await _turning;
}
