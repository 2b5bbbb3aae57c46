using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>The action queue: what waits and for what, what is on its way, what ended badly. Live.</summary>
public sealed partial class ActionsPage
{
    private readonly HashSet<long> _chosen = [];
    private IReadOnlyList<AccountName> _accounts = [];
    private IReadOnlyDictionary<ActionTab, int>? _counts;
    private ActionPage? _list;
    private ActionsView? _shown;
    private Notices? _notices;

    [SupplyParameterFromQuery(Name = "tab")]
    public string? TabParameter { get; set; }

    [SupplyParameterFromQuery(Name = "account")]
    public long? AccountParameter { get; set; }

    [SupplyParameterFromQuery(Name = "action")]
    public string? ActionParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required SequenceQueries Sequences { get; set; }

    [Inject]
    public required ActionBulk Bulk { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private ActionsView View => ActionsView.Of(TabParameter, AccountParameter, ActionParameter, SearchParameter, PageParameter);

    /// <summary>What a person has to look at stands in the tab's title.</summary>
    private string Title => _counts is { } counts && counts[ActionTab.Uncertain] + counts[ActionTab.Dead] is > 0 and var n ? $"({n}) {Text["Actions"]}" : Text["Actions"];

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        var other = _shown is not null && _shown != view;
        _shown = view;
        if (changes.Count == 0 || changes.Any(c => c.Name == EventNames.AccountChanged)) _accounts = await Queries.AccountNamesAsync(Stopping);
        var list = await Queries.ActionsAsync(view.Filter, Stopping);
        var counts = await Queries.TabsAsync(view.Account, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view != _shown) return;
        (_list, _counts) = (list, counts);
        // What is not in view any more is not decided about unseen, unless everything that was found was chosen.
        if (other) (_foundChosen, _) = (false, ClearChosen());
        else if (!_foundChosen) _chosen.IntersectWith(list.Items.Select(r => r.Id));
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private int ClearChosen()
    {
        var count = _chosen.Count;
        _chosen.Clear();
        return count;
    }

    private static string Count(int n) => n >= OutreachQueries.MaxCounted ? $"{OutreachQueries.MaxCounted.ToString("N0", CultureInfo.CurrentCulture)}+" : n.ToString("N0", CultureInfo.CurrentCulture);

    private static string WhyIcon(WaitReason? why) => why switch
    {
        null => "play_circle",
        WaitReason.Scheduled => "event",
        WaitReason.Retry => "replay",
        WaitReason.EarlierStep => "low_priority",
        WaitReason.Paused => "pause_circle",
        WaitReason.NoChannel => "link_off",
        WaitReason.Breaker => "electric_bolt",
        WaitReason.Window => "bedtime",
        WaitReason.Quota => "data_usage",
        WaitReason.Gap => "timer",
        _ => "format_list_numbered",
    };

    private void Go(ActionsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _run?.Stop();
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
