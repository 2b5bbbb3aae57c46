using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What the offer's page shows.</summary>
/// <param name="Action">Null: it can be answered until <paramref name="ExpiresAt"/>; otherwise what became of it for this driver.</param>
/// <param name="Customer">Name and number, for the winner only.</param>
/// <param name="RideDistance">Kilometres from pickup to drop as the crow flies; null: not known. <c>Distance</c> is the driver's way to the pickup.</param>
/// <param name="PickupLocal">In the configured time zone, as is <c>ExpiresLocal</c>.</param>
public sealed record OfferView(
    long BookingId, string PickupAddress, string DropAddress, DateTime PickupTime, decimal? Price, double? Distance, string Language, DateTime SentAt, DateTime ExpiresAt,
    ResponseAction? Action, long? LostByMs, string? Customer, string? CustomerPhone, double? RideDistance, DateTime PickupLocal, DateTime ExpiresLocal);

/// <summary>Offers by their signed links.</summary>
public sealed class OfferService(Database database, OfferTokens tokens, MatchingService matching, MatchingFrames frames)
{
    /// <summary>The offer behind a token; null: not a token of ours, or what it named is gone. Looking is noted as seen.</summary>
    /// <param name="isDriver">False: a messenger fetches the link for its preview; that is not a look.</param>
    public async Task<OfferView?> OpenAsync(string token, bool isDriver = true, CancellationToken cancel = default)
    {
        if (tokens.Read(token) is not { } offer || await ReadAsync(offer, cancel) is not { } view) return null;
        if (view.Action is null && isDriver) await matching.MarkSeenAsync(offer.BookingId, offer.DriverId, cancel);
        return view;
    }

    /// <summary>Null: not a token of ours. A token of an earlier wave is of no use any more.</summary>
    public async Task<ResponseResult?> AnswerAsync(string token, DriverResponseKind kind, DateTime at, CancellationToken cancel = default)
    {
        if (tokens.Read(token) is not { } offer || await ReadAsync(offer, cancel) is not { } view) return null;
        if (view.Action == ResponseAction.OfferExpired) return new ResponseResult(ResponseAction.OfferExpired, "");
        return await matching.HandleDriverResponseAsync(offer.BookingId, offer.DriverId, new DriverResponse(kind, at, NotificationMethod.Link), cancel);
    }

    private async Task<OfferView?> ReadAsync(OfferRef offer, CancellationToken cancel)
    {
        var frame = await frames.GetAsync(cancel);
        var now = frame.Now;
        await using var db = database.Read();
        var row = await (from n in db.BookingNotifications
                         join b in db.Bookings on n.BookingId equals b.Id
                         join d in db.Drivers on n.DriverId equals d.Id
                         where n.BookingId == offer.BookingId && n.DriverId == offer.DriverId
                         select new { Offer = n, Booking = b, d.Language }).FirstOrDefaultAsync(cancel);
        if (row is null) return null;
        var (n1, b1) = (row.Offer, row.Booking);
        ResponseAction? action = n1.Round != offer.Round || n1.Wave != offer.Wave ? ResponseAction.OfferExpired
            : n1.Response is not null || n1.Withdrawn is not null ? MatchingRules.Closed(n1.Response, n1.Withdrawn)
            : n1.ExpiresAt <= now ? ResponseAction.OfferExpired
            : null;
        var isHis = action == ResponseAction.Assigned && b1.DriverId == offer.DriverId && b1.Status == BookingStatus.Accepted;
        if (action == ResponseAction.Assigned && !isHis && b1.Status != BookingStatus.Completed) action = ResponseAction.BookingCancelled;
        return new OfferView(
            b1.Id, b1.PickupAddress, b1.DropAddress, b1.PickupTime, b1.Price, n1.Distance, row.Language, n1.SentAt ?? n1.CreatedAt, n1.ExpiresAt, action, n1.LostByMs,
            isHis ? b1.CustomerName : null, isHis ? b1.CustomerPhone : null,
            MatchingRules.Distance(b1.PickupLatitude, b1.PickupLongitude, b1.DropLatitude, b1.DropLongitude), frame.Local(b1.PickupTime), frame.Local(n1.ExpiresAt));
    }
}
