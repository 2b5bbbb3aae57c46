using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>The booking desk: every booking, filtered by the address, live.</summary>
public sealed partial class BookingsPage
{
    private IReadOnlyList<string> _zones = [];
    private BookingPage? _list;
    private BookingsView? _shown;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "zone")]
    public string? ZoneParameter { get; set; }

    [SupplyParameterFromQuery(Name = "driver")]
    public long? DriverParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required BookingQueries Queries { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private BookingsView View => BookingsView.Of(StatusParameter, ZoneParameter, DriverParameter, SearchParameter, SortParameter, PageParameter);

    /// <summary>Every offer and answer of the house moves this list.</summary>
    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(750);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Bookings];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        if (changes.Count == 0) _zones = await Queries.ZonesAsync(Stopping);
        var list = await Queries.ListAsync(view.Filter, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(BookingsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private string StatusText(string status) => status switch
    {
        BookingsView.Open => Words["StatusOpen"],
        BookingsView.Over => Words["StatusOver"],
        BookingsView.Any => Text["All"],
        _ => Words["Status_" + Enum.Parse<BookingStatus>(status, ignoreCase: true)],
    };
}
