using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>Figures about matching as people read them.</summary>
public sealed class FigureWords(IStringLocalizer<Resources.Figures> words, IStringLocalizer<Resources.Text> text)
{
    private const string None = "–";

    public static string Count(int n) => n.ToString("N0", CultureInfo.CurrentCulture);
    public static string Number(double n) => n.ToString("0.##", CultureInfo.CurrentCulture);
    public static string Share(double? share) => share?.ToString("P0", CultureInfo.CurrentCulture) ?? None;

    public string Seconds(double? seconds) => seconds switch
    {
        null => None,
        < 10 => words["Seconds", seconds.Value.ToString("0.#", CultureInfo.CurrentCulture)],
        _ => RelativeTime.Length(TimeSpan.FromSeconds(seconds.Value), text),
    };

    public string Milliseconds(double? milliseconds) => milliseconds switch
    {
        null => None,
        < 1000 => words["Milliseconds", milliseconds.Value.ToString("0", CultureInfo.CurrentCulture)],
        _ => Seconds(milliseconds / 1000),
    };

    public string Spread(Duration duration) =>
        duration.Count == 0 ? words["NotMeasured"] : words["MedianP95", Milliseconds(duration.Median), Milliseconds(duration.P95)];

    public string Zone(string? zone) => string.IsNullOrEmpty(zone) ? words["NoZone"] : zone;

    /// <summary>Each figure of the frame with its name and what it means.</summary>
    public IReadOnlyList<(string Name, string Value, string? Help)> Tiles(MatchingStats stats) =>
    [
        (words["Searches"], Count(stats.Searches), null),
        (words["MatchedRate"], Share(stats.Searches == 0 ? null : (double)stats.Matched / stats.Searches), null),
        (words["TimeoutRate"], Share(stats.TimeoutRate), null),
        (words["AverageTime"], Seconds(stats.AverageMatchingSeconds), null),
        (words["AcceptanceRate"], Share(stats.AcceptanceRate), null),
        (words["Broadcast"], Milliseconds(stats.Broadcast.Median), $"{words["BroadcastHelp"]}: {Spread(stats.Broadcast)}"),
        (words["Accept"], Milliseconds(stats.Accept.Median), $"{words["AcceptHelp"]}: {Spread(stats.Accept)}"),
        (words["Human"], Milliseconds(stats.Human.Median), $"{words["HumanHelp"]}: {Spread(stats.Human)}"),
    ];

    public IReadOnlyList<ChartBar> Hours(IEnumerable<HourMetrics> hours) =>
        [.. hours.Select(h => Bar(h.Hour.ToString(CultureInfo.CurrentCulture), words["HourOf", h.Hour], h.TotalBookings, h.SuccessfulMatches))];

    public IReadOnlyList<ChartBar> Zones(IEnumerable<ZoneMetrics> zones) => [.. zones.Select(z => Bar(Zone(z.Zone), Zone(z.Zone), z.TotalBookings, z.SuccessfulMatches))];

    public IReadOnlyList<ChartBar> Reach(IEnumerable<ReachMetrics> reach) =>
        [.. reach.Select(r => Bar(words["Reach_" + r.Reach], words["Reach_" + r.Reach], r.Searches, r.Matched))];

    private ChartBar Bar(string label, string name, int whole, int part) =>
        new(label, whole, part, words["BarTitle", name, whole, part], $"{Count(part)} / {Count(whole)} · {Share(whole == 0 ? null : (double)part / whole)}");
}
