using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

/// <summary>What was executed, a line per execution, the newest first. Live on its first page.</summary>
public sealed partial class LogPage
{
    private IReadOnlyList<AccountName> _accounts = [];
    private IReadOnlyList<string> _kinds = [];
    private Core.Outreach.LogPage? _list;
    private LogView? _shown;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "account")]
    public long? AccountParameter { get; set; }

    [SupplyParameterFromQuery(Name = "action")]
    public string? ActionParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    public string? FromParameter { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    public string? ToParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required SequenceQueries Sequences { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private LogView View => LogView.Of(StatusParameter, AccountParameter, ActionParameter, SearchParameter, FromParameter, ToParameter, PageParameter);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        // A person who reads further back is not pushed on by what happens now.
        if (changes.Count > 0 && view.Page > 1 && view == _shown) return;
        _shown = view;
        if (changes.Count == 0) (_accounts, _kinds) = (await Queries.AccountNamesAsync(Stopping), Sequences.Kinds);
        var zone = await Time.GetZoneAsync();
        var list = await Queries.LogAsync(view.Filter(zone), Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(LogView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
