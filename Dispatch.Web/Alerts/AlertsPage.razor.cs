using Dispatch.Core.Alerts;
using Dispatch.Core.Health;
using Dispatch.Core.Live;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Alerts;

/// <summary>What somebody should look at, who does, and what is over; live, filtered by the address.</summary>
public sealed partial class AlertsPage
{
    private AlertPage? _list;
    private IReadOnlyList<NodeProblem> _unsaved = [];
    private AlertsView? _shown;
    private Notices? _notices;

    [SupplyParameterFromQuery(Name = "state")]
    public string? StateParameter { get; set; }

    [SupplyParameterFromQuery(Name = "severity")]
    public string? SeverityParameter { get; set; }

    [SupplyParameterFromQuery(Name = "kind")]
    public string? KindParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required AlertStore Alerts { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required NodeProblems Problems { get; set; }

    [Inject]
    public required AlertThresholds Thresholds { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private AlertsView View => AlertsView.Of(StateParameter, SeverityParameter, KindParameter, PageParameter);
    private string Title => _list is { Total: > 0 } && !View.All ? $"({_list.Total}) {Words["Alerts"]}" : Words["Alerts"];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Alerts];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        // From the memory of this process: what no database could take yet.
        _unsaved = Problems.Current;
        var list = await Alerts.ListAsync(view.Search, Stopping);
        _unsaved = [.. _unsaved.Where(p => !list.Items.Any(a => a.ResolvedAt is null && string.Equals(a.DedupeKey, p.Key, StringComparison.Ordinal)))];
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private async Task AcknowledgeAsync(Alert alert)
    {
        var done = await Alerts.AcknowledgeAsync(alert.Id, Me, Stopping);
        await ReloadAsync();
        Notices.Say(Words[done ? "Acknowledged" : "AlreadySeen"]);
    }

    private async Task ResolveAsync(Alert alert)
    {
        var done = await Alerts.ResolveAsync(alert.Id, Me, Stopping);
        await ReloadAsync();
        Notices.Say(Words[done ? "Resolved" : "AlreadyResolved"]);
    }

    /// <summary>Null: it does not come too often.</summary>
    private int? FlapsOf(Alert alert) => alert.ResolvedAt is null && _list?.Beginnings.GetValueOrDefault(alert.DedupeKey) is { } often && TellingRules.Flaps(often, Thresholds.Last) ? often : null;

    private string Name(long id) => id == Me ? Words["You"] : _list?.Names.GetValueOrDefault(id) ?? Words["Somebody"];

    private void Go(AlertsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
