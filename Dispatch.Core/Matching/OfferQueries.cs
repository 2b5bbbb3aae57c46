using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>An offer as its driver sees it behind the link. Names and addresses are text from outside.</summary>
/// <param name="State">Null: he can answer. Otherwise how it ended for him.</param>
/// <param name="PickupAt">In the configured time zone, as is <paramref name="AnswerUntil"/>; the rest is UTC.</param>
/// <param name="PickupDistance">Kilometres from the driver to the pickup; null: not known.</param>
/// <param name="RideDistance">Kilometres from pickup to drop as the crow flies; null: not known.</param>
/// <param name="CustomerPhone">Only while the ride is his.</param>
/// <param name="LostByMs">With <see cref="ResponseAction.AlreadyTaken"/>, when he had accepted: by how much.</param>
public sealed record OfferView(
    OfferRef Offer, ResponseAction? State, string PickupAddress, string DropAddress, string? Zone, DateTime PickupAt, decimal? Price, double? PickupDistance,
    double? RideDistance, DateTime AskedAt, DateTime ExpiresAt, DateTime AnswerUntil, DateTime ReadAt, string? CustomerName, string? CustomerPhone, long? LostByMs);

/// <summary>What the page behind an offer's link reads.</summary>
public sealed class OfferQueries(Database database, MatchingFrames frames)
{
    /// <summary>Null: there is no such offer (any more). A link of an earlier wave is over, also when the driver is being asked again: the newer link counts.</summary>
    public async Task<OfferView?> FindAsync(OfferRef offer, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        await using var db = database.Read();
        var found = await (from n in db.BookingNotifications
                           join b in db.Bookings on n.BookingId equals b.Id
                           where n.BookingId == offer.BookingId && n.DriverId == offer.DriverId
                           select new { Row = n, Booking = b }).FirstOrDefaultAsync(cancel);
        if (found is null) return null;
        var (row, booking) = (found.Row, found.Booking);
        var state = State(offer, row, booking, frame.Now);
        var isHis = state == ResponseAction.Assigned && booking.Status == BookingStatus.Accepted;
        return new OfferView(
            offer, state, booking.PickupAddress, booking.DropAddress, booking.Zone, frame.Local(booking.PickupTime), booking.Price, row.Distance,
            MatchingRules.Distance(booking.PickupLatitude, booking.PickupLongitude, booking.DropLatitude, booking.DropLongitude),
            row.SentAt ?? row.CreatedAt, row.ExpiresAt, frame.Local(row.ExpiresAt), frame.Now, isHis ? booking.CustomerName : null, isHis ? PhoneNumbers.Show(booking.CustomerPhone) : null, row.LostByMs);
    }

    /// <summary>What an offer looks like now to somebody who holds the link <paramref name="offer"/>. Pure; null: open.</summary>
    public static ResponseAction? State(OfferRef offer, BookingNotification row, Booking booking, DateTime now)
    {
        if (row.Round != offer.Round || row.Wave != offer.Wave) return ResponseAction.OfferExpired;
        if (row.Response is not null || row.Withdrawn is not null)
        {
            var closed = MatchingRules.Closed(row.Response, row.Withdrawn);
            var isHis = booking.DriverId == row.DriverId && booking.Status is BookingStatus.Accepted or BookingStatus.Completed;
            return closed == ResponseAction.Assigned && !isHis ? ResponseAction.BookingCancelled : closed;
        }
        return row.ExpiresAt <= now ? ResponseAction.OfferExpired : null;
    }
}
