using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>One driver: status, statistics of the last month, newest offers.</summary>
public sealed partial class DriverView
{
    private const int Days = 30;
    private DriverDetails? _details;
    private Notices? _notices;
    private long _shown;

    [Parameter]
    public long Id { get; set; }

    [Inject]
    public required DriverQueries Queries { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private DriverRow? Driver => _details?.Driver;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Drivers, Topics.Bookings];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var id = _shown = Id;
        var details = await Queries.FindAsync(id, TimeFrame.Last(TimeSpan.FromDays(Days), Clock.GetUtcNow().UtcDateTime), Stopping);
        if (id == Id) _details = details;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != Id) await ReloadAsync();
    }

    private IEnumerable<(string Label, string Value, string? Help)> Tiles
    {
        get
        {
            var stats = _details!.Stats;
            yield return (Words["StatOffers"], Count(stats.NotificationsReceived), null);
            yield return (Words["StatSeen"], Count(stats.Seen), null);
            yield return (Words["StatAnswers"], Count(stats.ResponsesGiven), null);
            yield return (Words["StatAccepted"], Count(stats.Accepted), null);
            yield return (Words["StatRejected"], Count(stats.Rejected), null);
            yield return (Words["StatTimeouts"], Count(stats.TimeoutCount), null);
            yield return (Words["StatNearMisses"], Count(stats.NearMisses), Words["StatNearMissesHelp"]);
            yield return (Words["StatRate"], stats.AcceptanceRate?.ToString("P0", CultureInfo.CurrentCulture) ?? "–", null);
            yield return (Words["StatTime"], stats.AverageResponseTime is { } seconds ? Sentences.Span((long)(seconds * 1000)) : "–", null);
        }
    }

    private static string Count(int n) => n.ToString("N0", CultureInfo.CurrentCulture);

    private string Answer(DriverOfferRow offer) => offer switch
    {
        { LostByMs: { } late } => BookingText["Offer_Lost", Sentences.Span(late)],
        { Response: { } response } => BookingText["Offer_" + response],
        { Withdrawn: { } withdrawn } => BookingText["Withdrawn_" + withdrawn],
        { SentAt: null } => BookingText["Offer_Unsent"],
        _ => BookingText["Offer_Open", Sentences.Clock(offer.ExpiresAt)],
    };

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
