using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Matching;

/// <summary>One booking: its time line, who was asked, what fires next, and what can be done about it.</summary>
public sealed partial class BookingView
{
    private BookingDetails? _details;
    private IReadOnlyList<TimeLineItem> _items = [];
    private IReadOnlyDictionary<long, string> _names = new Dictionary<long, string>();
    private Notices? _notices;
    private long _shown;
    private bool _busy;

    [Parameter]
    public long Id { get; set; }

    [Inject]
    public required BookingQueries Queries { get; set; }

    [Inject]
    public required DriverQueries Drivers { get; set; }

    [Inject]
    public required MatchingService Matching { get; set; }

    [Inject]
    public required BookingService Bookings { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private Booking? Booking => _details?.Booking;
    private bool IsSearched => Booking is { Status: BookingStatus.Pending, MatchingStartedAt: not null, MatchingDeadline: not null };

    /// <summary>Nobody was asked yet, or not in this round.</summary>
    private bool IsFresh => Booking is { Status: BookingStatus.Scheduled } or { Status: BookingStatus.Pending, MatchingStartedAt: null };
    private bool IsLost => Booking is { Status: BookingStatus.TimedOut or BookingStatus.Failed };

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Booking(Id)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var id = Id;
        if (_shown != id)
        {
            if (_shown != 0) Live?.Remove(Topics.Booking(_shown));
            Live?.Add(Topics.Booking(id));
            _shown = id;
            _details = null;
        }
        var details = await Queries.FindAsync(id, Stopping);
        long[] leftOut = [.. (details?.Events ?? []).SelectMany(e => e.Report?.LeftOut ?? []).Select(l => l.DriverId).Distinct()];
        var names = leftOut.All(_names.ContainsKey) ? _names : await Drivers.NamesAsync(leftOut, Stopping);
        if (id != Id) return;
        (_details, _names) = (details, names);
        _items = details is null ? [] : TimeLine.Build(details);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != Id) await ReloadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        await Time.GetZoneAsync();
        StateHasChanged();
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
