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
        AlertKind.DailyReport => "/matching/report?day=" + Uri.EscapeDataString(alert.Subject ?? ""),
    };

    private string Subject(Alert alert)
    {
        if (alert.Subject is not { Length: > 0 } subject || string.Equals(subject, "-", StringComparison.Ordinal)) return words["AllZones"];
        return alert.Kind switch
        {
            AlertKind.MatchingHealth => words["Component_" + subject],
            AlertKind.Assignment => findings["Finding_" + subject],
            // Zones and days are what they are called.
            _ => subject,
        };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
