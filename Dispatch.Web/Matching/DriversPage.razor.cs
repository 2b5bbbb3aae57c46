using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Matching;

/// <summary>Every driver, filtered by the address, live.</summary>
public sealed partial class DriversPage
{
    private IReadOnlyList<string> _zones = [];
    private DriverPage? _list;
    private DriverCounts? _counts;
    private DriversView? _shown;
    private Notices? _notices;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "zone")]
    public string? ZoneParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required DriverQueries Queries { get; set; }

    [Inject]
    public required BookingQueries Bookings { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private DriversView View => DriversView.Of(StatusParameter, ZoneParameter, SearchParameter, PageParameter);

    private IEnumerable<(DriverStatus Status, int Count)> Counts =>
    [
        (DriverStatus.Available, _counts!.Available), (DriverStatus.Busy, _counts.Busy), (DriverStatus.Paused, _counts.Paused), (DriverStatus.Offline, _counts.Offline),
    ];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Drivers];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        if (changes.Count == 0) _zones = await Bookings.ZonesAsync(Stopping);
        var list = await Queries.ListAsync(view.Filter, Stopping);
        var counts = await Queries.CountsAsync(Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) (_list, _counts) = (list, counts);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private async Task AddAsync()
    {
        if (await Dialogs.OpenAsync<DriverForm>(Words["Add"], [], DriverForm.Size) is not string name) return;
        await ReloadAsync();
        Notices.Say(Words["Added", name]);
    }

    private void Go(DriversView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
