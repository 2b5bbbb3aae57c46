using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Alerts;

public enum SystemErrorType { MatchingFailure, DatabaseError, NotificationFailure }

/// <summary>Tells admins (seed 003): an alert for the bell, and a message to each admin's number, both once per cause while it lasts.</summary>
public sealed partial class AdminAlertService(
    AlertStore alerts, ServiceMessageSender sender, MatchingFrames frames, Database database, ILogger<AdminAlertService> logger)
{
    /// <summary>Nobody was found in time. In the transaction that says so.</summary>
    internal async Task AlertBookingTimeoutAsync(WriteSession session, MatchingFrame frame, Booking booking)
    {
        await alerts.RaiseAsync(session, AlertKind.BookingTimeout, AlertSeverity.Critical, $"booking-timeout:{booking.Id}", frame.Now, booking.Id, booking.Zone);
        await TellAsync(session, frame, TemplateKey.AdminBookingTimeout, $"{booking.Id}.{booking.Round}", booking.Id,
        [
            .. frame.Ride(booking, frame.Settings.Language), ("customer", booking.CustomerName), ("phone", PhoneNumbers.Show(booking.CustomerPhone)),
            ("minutes", Math.Ceiling(frame.Settings.BookingTimeout.TotalMinutes).ToString(CultureInfo.InvariantCulture)),
        ]);
    }

    /// <summary>Fewer drivers than wanted, or nobody left to ask. One alert per zone; admins get a message only when it is new.</summary>
    internal async Task AlertLowDriverAvailabilityAsync(WriteSession session, MatchingFrame frame, string? zone, int available)
    {
        var subject = string.IsNullOrEmpty(zone) ? "-" : zone;
        var isNew = await alerts.RaiseAsync(
            session, AlertKind.LowDriverAvailability, AlertSeverity.Warning, $"low-availability:{subject}", frame.Now, subject: subject,
            details: available.ToString(CultureInfo.InvariantCulture));
        if (!isNew) return;
        await TellAsync(session, frame, TemplateKey.AdminLowAvailability, $"{subject}:{frame.Now.Ticks}", null,
            [("zone", subject), ("count", available.ToString(CultureInfo.InvariantCulture))]);
    }

    internal async Task AlertSystemErrorAsync(WriteSession session, MatchingFrame frame, SystemErrorType type, long? bookingId)
    {
        var kind = type switch
        {
            SystemErrorType.MatchingFailure => AlertKind.MatchingFailure,
            SystemErrorType.DatabaseError => AlertKind.DatabaseError,
            SystemErrorType.NotificationFailure => AlertKind.NotificationFailure,
        };
        var isNew = await alerts.RaiseAsync(session, kind, AlertSeverity.Critical, bookingId is { } id ? $"{kind}:{id}" : $"{kind}", frame.Now, bookingId);
        if (!isNew) return;
        await TellAsync(session, frame, TemplateKey.AdminSystemError, $"{type}:{bookingId}:{frame.Now.Ticks}", bookingId,
            [("type", type.ToString()), ("booking", bookingId?.ToString(CultureInfo.InvariantCulture) ?? "-")]);
    }

    /// <summary>An error of Dispatch itself, outside any transaction. Never throws: whoever reports an error has one already.</summary>
    public async Task AlertSystemErrorAsync(SystemErrorType type, long? bookingId = null, CancellationToken cancel = default)
    {
        try
        {
            var frame = await frames.GetAsync(cancel);
            await database.WriteAsync(session => AlertSystemErrorAsync(session, frame, type, bookingId), cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogNotRaised(e, type);
        }
    }

    /// <summary>The day's figures to the bell and the admins, once per day whoever asks. False: it was sent before.</summary>
    public async Task<bool> SendDailyMetricsReportAsync(DailyReport report, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var day = report.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return await database.WriteAsync(async session =>
        {
            // Resolved or not: an admin who put the report away does not get it again.
            if (session.Db.Alerts.Any(a => a.Kind == AlertKind.DailyReport && a.DedupeKey == $"daily-report:{day}")) return false;
            await alerts.RaiseAsync(session, AlertKind.DailyReport, AlertSeverity.Info, $"daily-report:{day}", frame.Now, subject: day);
            await TellAsync(session, frame, TemplateKey.AdminDailyReport, day, null,
            [
                ("day", day), ("searches", report.Stats.Searches.ToString(CultureInfo.InvariantCulture)), ("matched", report.Stats.Matched.ToString(CultureInfo.InvariantCulture)),
                ("timeouts", report.Stats.TimedOut.ToString(CultureInfo.InvariantCulture)),
                ("average", report.Stats.AverageMatchingSeconds is { } s ? string.Create(CultureInfo.InvariantCulture, $"{s:0} s") : "-"),
            ]);
            return true;
        }, cancel);
    }

    private async Task TellAsync(
        WriteSession session, MatchingFrame frame, TemplateKey key, string effect, long? bookingId, IReadOnlyList<(string, string)> values)
    {
        var numbers = frame.Settings.AdminNumbers.Select(PhoneNumbers.Read).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (numbers.Count == 0) return;
        var text = frame.Texts.Fill(key, frame.Settings.Language, values);
        var ids = await ServiceMessages.QueueAsync(
            session, frame.ChannelId, numbers.ConvertAll(n => new NewServiceMessage(MessageAudience.Admin, key.ToString(), n, text, $"{key}:{effect}:{n}", bookingId)), frame.Now);
        if (frame.ChannelId is not null) session.AfterCommit(() => sender.Enqueue(ids));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The alert {Type} could not be raised")]
    private partial void LogNotRaised(Exception exception, SystemErrorType type);
}
