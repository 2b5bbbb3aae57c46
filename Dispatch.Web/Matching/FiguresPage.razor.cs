using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>How matching goes: figures over the last days, by hour, zone and number of reachable drivers.</summary>
public sealed partial class FiguresPage
{
    private static readonly int[] Frames = [1, 7, 30, 90];
    private MatchingStats? _stats;
    private IReadOnlyList<HourMetrics> _hours = [];
    private IReadOnlyList<ZoneMetrics> _zones = [];
    private int _shown;

    [SupplyParameterFromQuery(Name = "days")]
    public int? DaysParameter { get; set; }

    [Inject]
    public required MetricsService Metrics { get; set; }

    [Inject]
    public required MatchingHealthService Health { get; set; }

    private int Days => Array.IndexOf(Frames, DaysParameter ?? 0) >= 0 ? DaysParameter!.Value : 7;

    /// <summary>Figures over days do not have to follow every answer.</summary>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Bookings];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var days = _shown = Days;
        var frame = TimeFrame.Last(TimeSpan.FromDays(days), Clock.GetUtcNow().UtcDateTime);
        var stats = await Metrics.GetMatchingStatsAsync(frame, Stopping);
        var hours = await Metrics.HoursAsync(frame, Stopping);
        var zones = await Metrics.ZonesAsync(frame, Stopping);
        if (days == Days) (_stats, _hours, _zones) = (stats, hours, zones);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != Days) await ReloadAsync();
    }

    private static IEnumerable<(string Name, ComponentHealth Health)> Components(HealthStatus status) =>
    [
        (nameof(HealthComponents.Database), status.Components.Database), (nameof(HealthComponents.Whatsapp), status.Components.Whatsapp),
        (nameof(HealthComponents.Timeouts), status.Components.Timeouts), (nameof(HealthComponents.Matching), status.Components.Matching),
    ];
}
