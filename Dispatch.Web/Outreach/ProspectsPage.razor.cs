using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>Every prospect, filtered by the address, live.</summary>
public sealed partial class ProspectsPage
{
    private IReadOnlyList<AccountName> _accounts = [];
    private ProspectPage? _list;
    private ProspectsView? _shown;
    private Notices? _notices;

    [SupplyParameterFromQuery(Name = "stage")]
    public string? StageParameter { get; set; }

    [SupplyParameterFromQuery(Name = "account")]
    public long? AccountParameter { get; set; }

    [SupplyParameterFromQuery(Name = "seq")]
    public string? SequenceParameter { get; set; }

    [SupplyParameterFromQuery(Name = "step")]
    public int? StepParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private ProspectsView View => ProspectsView.Of(StageParameter, AccountParameter, SequenceParameter, SearchParameter, SortParameter, PageParameter, StepParameter);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        if (changes.Count == 0 || changes.Any(c => c.Name == EventNames.AccountChanged)) _accounts = await Queries.AccountNamesAsync(Stopping);
        var list = await Queries.ProspectsAsync(view.Filter, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private async Task AddAsync()
    {
        if (await ProspectForm.AskAsync(Dialogs, Words["AddProspect"], _accounts, View.Account) is not { } made) return;
        await ReloadAsync();
        Notices.Say(Words["ProspectAdded", made.Name], Words["Open"], () =>
        {
            Navigation.NavigateTo(string.Create(CultureInfo.InvariantCulture, $"/prospects/{made.Id}"));
            return Task.CompletedTask;
        });
    }

    private void Go(ProspectsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private static long? Number(ChangeEventArgs e) => long.TryParse(Value(e), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
