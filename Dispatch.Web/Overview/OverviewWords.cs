using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Overview;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Overview;

/// <summary>What the figures of the overview say, in the reader's language.</summary>
public sealed class OverviewWords(IStringLocalizer<Resources.Overview> words, IStringLocalizer<Resources.Text> text, BrowserTime time)
{
    /// <summary>Where the figure's list is.</summary>
    public static string Href(OverviewTile tile) => tile switch
    {
        OverviewTile.Waiting => "/waiting",
        OverviewTile.Moderators => "/board",
        OverviewTile.Queue => "/rotation",
        OverviewTile.Matchings => "/matchings",
        OverviewTile.Drivers => "/drivers",
        OverviewTile.Numbers => "/numbers",
        OverviewTile.Actions => "/actions",
        OverviewTile.System => "/workers",
    };

    public static string Icon(HealthLevel level) => level switch
    {
        HealthLevel.Healthy => "check_circle",
        HealthLevel.Warning => "warning",
        HealthLevel.Critical => "error",
    };

    public string Figure(OverviewTile tile, OverviewNow now) => tile switch
    {
        OverviewTile.Waiting => Number(now.Waiting),
        OverviewTile.Moderators => Number(now.Online),
        OverviewTile.Queue => Number(now.Queue),
        OverviewTile.Matchings => Number(now.Matchings),
        OverviewTile.Drivers => Number(now.Reachable),
        OverviewTile.Numbers => Number(OverviewRules.NumbersConnected(now)),
        OverviewTile.Actions => Number(now.ActionsDue),
        OverviewTile.System => words["Level_" + OverviewRules.LevelOf(tile, now)],
    };

    /// <summary>The line under the figure.</summary>
    public string Detail(OverviewTile tile, OverviewNow now) => tile switch
    {
        OverviewTile.Waiting => now.Oldest is { } oldest ? words["Oldest", Length(now.At - oldest)] : words["NobodyWaits"],
        OverviewTile.Moderators => words["AwayOffline", now.Moderators.GetValueOrDefault(PresenceState.Away), now.Moderators.GetValueOrDefault(PresenceState.Offline)],
        OverviewTile.Queue => Plural.Of(words, "Unheld", now.Unheld),
        OverviewTile.Matchings => words["Searching"],
        OverviewTile.Drivers => words["OfDrivers", now.Drivers.Values.Sum()],
        OverviewTile.Numbers => words["NumbersLost", OverviewRules.NumbersLost(now), now.Numbers.Values.Sum()],
        OverviewTile.Actions => Plural.Of(words, "Late", now.ActionsLate),
        OverviewTile.System => words["DatabaseTook", Milliseconds(now.Database)],
    };

    /// <summary>What is wrong there, as a sentence.</summary>
    public string Problem(OverviewTile tile, OverviewNow now) => tile switch
    {
        OverviewTile.Waiting => words["Problem_Waiting", Length(now.Oldest is { } oldest ? now.At - oldest : TimeSpan.Zero)],
        OverviewTile.Moderators => words["Problem_Moderators"],
        OverviewTile.Queue => Plural.Of(words, "Problem_Queue", now.Unheld),
        OverviewTile.Drivers => words["Problem_Drivers"],
        OverviewTile.Numbers => Plural.Of(words, "Problem_Numbers", OverviewRules.NumbersLost(now)),
        OverviewTile.Actions => Plural.Of(words, "Problem_Actions", now.ActionsLate),
        OverviewTile.System when OverviewRules.IsBrokerDown(now) => words["Problem_Broker", time.Short(now.Broker.Since)],
        OverviewTile.System when now.Loops.Any(l => l.FailingSince is not null) => words["Problem_Loops", string.Join(", ", now.Loops.Where(l => l.FailingSince is not null).Select(l => l.Name))],
        OverviewTile.System when now.Database >= OverviewRules.SlowDatabase => words["Problem_Database", Milliseconds(now.Database)],
        OverviewTile.System => words["Problem_Unsent", Length(now.OldestUnsent is { } unsent ? now.At - unsent : TimeSpan.Zero)],
        OverviewTile.Matchings => "",
    };

    public string Alerts(OverviewNow now) =>
        words["OpenAlerts", Plural.Of(words, "Critical", now.Alerts.GetValueOrDefault(AlertSeverity.Critical)), Plural.Of(words, "Warnings", now.Alerts.GetValueOrDefault(AlertSeverity.Warning))];

    public string Length(TimeSpan length) => RelativeTime.Length(length < TimeSpan.Zero ? TimeSpan.Zero : length, text);

    /// <summary>A wait of a chart; a dash for none.</summary>
    public string Wait(TimeSpan? wait) => wait is { } length ? RelativeTime.Length(length, text) : "-";

    public static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);

    private static string Milliseconds(TimeSpan took) => ((long)Math.Ceiling(took.TotalMilliseconds)).ToString("N0", CultureInfo.CurrentCulture);
}
