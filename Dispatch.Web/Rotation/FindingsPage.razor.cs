using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Rotation;

/// <summary>What the watch over assignments found: what is still so first. What a person has to look at is an alert too, and goes with it.</summary>
public sealed partial class FindingsPage
{
    private const int PageSize = 50;
    private IReadOnlyList<FindingRow>? _rows;
    private FindingsView? _shown;
    private int _total;

    [SupplyParameterFromQuery(Name = "state")]
    public string? StateParameter { get; set; }

    [SupplyParameterFromQuery(Name = "kind")]
    public string? KindParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required ProfileQueries Profiles { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private FindingsView View => FindingsView.Of(StateParameter, KindParameter, PageParameter);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (changes.Count > 0 && !changes.Any(c => c.Name == EventNames.FindingRaised)) return;
        var view = View;
        _shown = view;
        var (rows, total) = await Profiles.FindingsAsync((view.Page - 1) * PageSize, PageSize, view.State, view.Kind, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) (_rows, _total) = (rows, total);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(FindingsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static FindingState StateOf(FindingRow row) => row.Repaired ? FindingState.Repaired : row.ResolvedAt is null ? FindingState.Open : FindingState.Over;

    private static string Icon(FindingRow row) => StateOf(row) switch
    {
        FindingState.Open => "warning",
        FindingState.Repaired => "build",
        FindingState.Over => "check",
    };

    private static FindingState? StateOf(ChangeEventArgs e) => Enum.TryParse<FindingState>(e.Value as string, out var state) ? state : null;

    private static FindingKind? KindOf(ChangeEventArgs e) => Enum.TryParse<FindingKind>(e.Value as string, out var kind) ? kind : null;
}
