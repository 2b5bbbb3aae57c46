using System.Globalization;
using Dispatch.Core.Alerts;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Alerts;

/// <summary>An alert as a sentence, and the page where one sees to it.</summary>
public sealed class AlertWords(IStringLocalizer<Resources.Alerts> words, IStringLocalizer<Resources.Rotation> findings)
{
    /// <summary>{0} is the id of what it is about, {1} its subject, {2} its details.</summary>
    public string Say(Alert alert) => words["Alert_" + alert.Kind, alert.ResourceId?.ToString(CultureInfo.InvariantCulture) ?? "-", Subject(alert), alert.Details ?? ""];

    /// <summary>Where to go; every alert leads somewhere.</summary>
    public static string Href(Alert alert) => alert.Kind switch
    {
        AlertKind.BookingTimeout or AlertKind.MatchingFailure or AlertKind.NotificationFailure when alert.ResourceId is { } id => Invariant($"/bookings/{id}"),
        AlertKind.BookingTimeout or AlertKind.MatchingFailure or AlertKind.NotificationFailure => "/matchings",
        AlertKind.LowDriverAvailability => "/drivers",
        AlertKind.DatabaseError or AlertKind.MatchingHealth => "/matching",
        AlertKind.Assignment => "/findings?state=open",
        AlertKind.NumberLost or AlertKind.NumberBanned or AlertKind.NumberDegraded or AlertKind.NumberPhoneUnseen when NumberId(alert) is { } number => Invariant($"/numbers/{number}"),
        AlertKind.NumberLost or AlertKind.NumberBanned or AlertKind.NumberDegraded or AlertKind.NumberPhoneUnseen => "/numbers",
        AlertKind.WorkerDown or AlertKind.WorkerUnknown or AlertKind.BrokerDown => "/workers",
        AlertKind.DeadLetters => "/dead-letters",
        AlertKind.ModeratorsFull or AlertKind.NobodyThere => "/waiting",
        AlertKind.LockHeld => "/rotation",
        AlertKind.ActionsLate => "/actions",
        AlertKind.GatewaySilent => "/profiles",
        AlertKind.LoopStopped or AlertKind.DatabaseAway or AlertKind.DiskFull or AlertKind.ClockOff or AlertKind.NodeGone => "/ops/health",
        AlertKind.Report when alert.ResourceId is { } report => Invariant($"/reports/{report}"),
        AlertKind.Report => "/reports",
        AlertKind.DailyReport => "/matching/report?day=" + Uri.EscapeDataString(alert.Subject ?? ""),
    };

    private string Subject(Alert alert)
    {
        if (alert.Kind is AlertKind.DiskFull && alert.Subject is null) return words["TheDatabase"];
        if (alert.Subject is not { Length: > 0 } subject || string.Equals(subject, "-", StringComparison.Ordinal)) return words["AllZones"];
        return alert.Kind switch
        {
            AlertKind.MatchingHealth => words["Component_" + subject],
            AlertKind.Assignment => findings["Finding_" + subject],
            AlertKind.LockHeld => words["Lock_" + subject],
            AlertKind.Report => words["Report_" + subject],
            // Zones and days are what they are called.
            _ => subject,
        };
    }

    /// <summary>Its subject names a number as <c>#12</c>.</summary>
    private static long? NumberId(Alert alert) => alert.ResourceId
        ?? (alert.Subject is ['#', .. var id] && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
