using Dispatch.Core.Live;
using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>Every number with its state, filtered by the address, live. Never a code.</summary>
public sealed partial class NumbersPage
{
    private const int MaxWorkers = 500;
    private IReadOnlyList<NumberCount> _counts = [];
    private IReadOnlyList<string> _workers = [];
    private NumberPage? _list;
    private NumbersView? _shown;

    [SupplyParameterFromQuery(Name = "state")]
    public string? StateParameter { get; set; }

    [SupplyParameterFromQuery(Name = "worker")]
    public string? WorkerParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required NumberQueries Queries { get; set; }

    [Inject]
    public required WorkerService Registry { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private NumbersView View => NumbersView.Of(StateParameter, WorkerParameter, SearchParameter, SortParameter, PageParameter);
    private int Waiting => _counts.FirstOrDefault(c => c.State == NumberState.Registered)?.Count ?? 0;

    /// <summary>With the one that is filtered by, even when nobody knows it any more.</summary>
    private IEnumerable<string> Workers => View.Worker.Length == 0 || _workers.Contains(View.Worker, StringComparer.Ordinal) ? _workers : _workers.Append(View.Worker);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Numbers, Topics.Workers];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        if (changes.Count == 0 || changes.Any(c => c.Topic == Topics.Workers)) _workers = [.. (await Registry.PageAsync(take: MaxWorkers, cancel: Stopping)).Items.Select(w => w.Id)];
        var list = await Queries.ListAsync(view.Filter, Stopping);
        var counts = await Queries.CountsAsync(Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) (_list, _counts) = (list, [.. counts.OrderBy(c => c.State)]);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(NumbersView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";
}
