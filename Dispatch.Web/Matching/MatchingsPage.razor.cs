using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>Every search that goes on, live, and what was matched a moment ago.</summary>
public sealed partial class MatchingsPage
{
    private static readonly TimeSpan JustNow = TimeSpan.FromMinutes(3);
    private IReadOnlyList<string> _zones = [];
    private IReadOnlyList<OpenMatching> _open = [];
    private MatchingBoard? _board;
    private (string Zone, bool ByAnswer) _shown;
    private IDisposable? _tick;
    private bool _hold;

    [SupplyParameterFromQuery(Name = "zone")]
    public string? ZoneParameter { get; set; }

    /// <summary><c>ends</c>; otherwise the newest answer first.</summary>
    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortParameter { get; set; }

    [Inject]
    public required BookingQueries Queries { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private string Zone => ZoneParameter?.Trim() ?? "";
    private bool ByAnswer => !string.Equals(SortParameter, "ends", StringComparison.OrdinalIgnoreCase);

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Bookings];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = _shown = (Zone, ByAnswer);
        if (changes.Count == 0) _zones = await Queries.ZonesAsync(Stopping);
        var board = await Queries.BoardAsync(view.Zone.Length > 0 ? view.Zone : null, Time.UtcNow - JustNow, Stopping);
        if (view != _shown) return;
        _board = board;
        _open = BoardOrder.Apply(board.Open, [.. _open.Select(o => o.Id)], view.ByAnswer, _hold);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (!Loaded || _shown == (Zone, ByAnswer)) return;
        _hold = false;
        await ReloadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // What is "just matched" stops being so without anything happening.
        if (firstRender) _tick = Time.OnTick(() => _ = InvokeAsync(TickAsync));
    }

    private async Task TickAsync()
    {
        if (_board?.Matched.Count is not > 0) return;
        await ReloadAsync();
        StateHasChanged();
    }

    private void Hold() => _hold = true;

    private void Release()
    {
        _hold = false;
        if (_board is not null) _open = BoardOrder.Apply(_board.Open, [], ByAnswer, hold: false);
    }

    private void Go(string? zone, string? sort) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["zone"] = string.IsNullOrEmpty(zone) ? null : zone, ["sort"] = string.IsNullOrEmpty(sort) ? null : sort,
        }),
        new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _tick?.Dispose();
        return ValueTask.CompletedTask;
    }
}
