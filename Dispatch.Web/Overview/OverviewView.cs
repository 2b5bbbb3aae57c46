using Dispatch.Core.Live;
using Dispatch.Core.Overview;

namespace Dispatch.Web.Overview;

/// <summary>The range of the charts, as the address says it, and what the page listens to.</summary>
internal static class OverviewView
{
    public static readonly IReadOnlyCollection<string> Topics =
    [
        Core.Live.Topics.Board, Core.Live.Topics.Waiting, Core.Live.Topics.Queue, Core.Live.Topics.Bookings, Core.Live.Topics.Drivers, Core.Live.Topics.Numbers,
        Core.Live.Topics.Outreach, Core.Live.Topics.Broker, Core.Live.Topics.Alerts,
    ];

    public static OverviewRange Of(string? range) => range switch
    {
        "1h" => OverviewRange.Hour,
        "7d" => OverviewRange.Week,
        "30d" => OverviewRange.Month,
        _ => OverviewRange.Day,
    };

    public static string Url(OverviewRange range) => range switch
    {
        OverviewRange.Hour => "/overview?range=1h",
        OverviewRange.Day => "/overview",
        OverviewRange.Week => "/overview?range=7d",
        OverviewRange.Month => "/overview?range=30d",
    };
}
