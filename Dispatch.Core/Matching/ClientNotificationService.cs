using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>Everything that customers are told (seed 003). Writes only inside a transaction at hand; messages leave after its commit.</summary>
public sealed class ClientNotificationService(ServiceMessageSender sender)
{
    internal Task NotifySearchStartedAsync(WriteSession session, MatchingFrame frame, Booking booking, int drivers) =>
        TellAsync(session, frame, booking, TemplateKey.ClientSearchStarted, $"{booking.Round}", ("count", Number(drivers)), ("minutes", Minutes(frame)));

    internal Task NotifySearchProgressAsync(WriteSession session, MatchingFrame frame, Booking booking, int drivers, int seen) =>
        TellAsync(session, frame, booking, TemplateKey.ClientSearchProgress, $"{booking.Round}.{booking.Wave}", ("count", Number(drivers)), ("seen", Number(seen)),
            ("until", frame.Local(booking.MatchingDeadline!.Value).ToString("HH:mm", CultureInfo.InvariantCulture)));

    internal Task NotifyDriverFoundAsync(WriteSession session, MatchingFrame frame, Booking booking, Driver driver) =>
        TellAsync(session, frame, booking, TemplateKey.ClientDriverFound, $"{booking.Round}", ("driver", driver.Name), ("phone", PhoneNumbers.Show(driver.Phone)),
            ("rating", driver.Rating is { } r ? r.ToString("0.#", CultureInfo.GetCultureInfo(booking.Language)) : "-"), ("vehicle", driver.VehicleType), ("plate", driver.VehiclePlate));

    /// <summary>With the choices 1 to 3; the question itself is on the booking.</summary>
    internal Task NotifySearchFailedAsync(WriteSession session, MatchingFrame frame, Booking booking) =>
        TellAsync(session, frame, booking, TemplateKey.ClientSearchFailed, $"{booking.Round}");

    /// <param name="effect">Makes the message one of its kind for this booking.</param>
    internal async Task TellAsync(WriteSession session, MatchingFrame frame, Booking booking, TemplateKey key, string effect, params (string, string)[] more)
    {
        var text = frame.Texts.Fill(key, booking.Language, [.. frame.Ride(booking, booking.Language), .. more]);
        var ids = await ServiceMessages.QueueAsync(
            session, frame.ChannelId, [new NewServiceMessage(MessageAudience.Customer, key.ToString(), booking.CustomerPhone, text, $"{key}:{booking.Id}:{effect}", booking.Id)], frame.Now);
        if (frame.ChannelId is not null) session.AfterCommit(() => sender.Enqueue(ids));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Minutes(MatchingFrame frame) => Math.Ceiling(frame.Settings.BookingTimeout.TotalMinutes).ToString(CultureInfo.InvariantCulture);
}
