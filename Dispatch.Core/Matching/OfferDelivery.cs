using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What becomes of the messages that carry offers: an offer counts from the moment it left; receipts say that it arrived and was read.</summary>
public sealed class OfferDelivery(MatchingFrames frames) : IServiceMessageFollower
{
    private const string OfferKind = nameof(TemplateKey.DriverOffer);

    private const string Broadcast =
        "UPDATE matching_metrics SET broadcast_ms = @ms WHERE booking_id = @booking AND waves = 1 AND (broadcast_ms IS NULL OR broadcast_ms < @ms)";

    internal static IEnumerable<string> Statements => [Broadcast];

    public async Task SentAsync(WriteSession session, IReadOnlyList<ServiceMessageResult> results, DateTime now)
    {
        var left = results.Where(r => r.Kind == OfferKind && r.Failure is null).ToList();
        if (left.Count == 0) return;
        var frame = await frames.GetAsync();
        await OfferStore.MarkSentAsync(session, left.Select(r => (r.BookingId!.Value, r.DriverId!.Value)), frame.Settings.DriverTimeout, now);
        var bookings = left.Select(r => r.BookingId!.Value).Distinct().Order().ToList();
        var asked = await session.Db.Bookings.AsNoTracking().Where(b => bookings.Contains(b.Id)).Select(b => new { b.Id, b.Status, b.MatchingStartedAt }).ToListAsync();
        // Mostly the search goes on and nobody is late.
        if (asked.Exists(b => b.Status != BookingStatus.Pending)) await TellLateOnesAsync(session, frame, left, bookings, now);
        await session.ExecuteAllAsync([.. asked.Where(b => b.MatchingStartedAt is not null).OrderBy(b => b.Id).Select(b => new Statement(
            Broadcast, null, ("ms", (int)(now - b.MatchingStartedAt!.Value).TotalMilliseconds), ("booking", b.Id)))]);
        foreach (var booking in bookings) session.Publish(Topics.Booking(booking), EventNames.OfferChanged, booking);
        session.Publish(Topics.Bookings, EventNames.OfferChanged, bookings[0]);
    }

    public async Task StatusAsync(WriteSession session, ServiceMessage message, MessageStatus status, DateTime at)
    {
        if (message.Kind != OfferKind || status is not (MessageStatus.Delivered or MessageStatus.Read)) return;
        var seen = status == MessageStatus.Read;
        await session.Db.BookingNotifications
            // A receipt of an earlier wave says nothing about this one.
            .Where(n => n.BookingId == message.BookingId && n.DriverId == message.DriverId && n.CreatedAt <= message.CreatedAt)
            .ExecuteUpdateAsync(set => set.SetProperty(n => n.DeliveredAt, n => n.DeliveredAt ?? at).SetProperty(n => n.SeenAt, n => seen ? n.SeenAt ?? at : n.SeenAt));
        session.Publish(Topics.Booking(message.BookingId!.Value), EventNames.OfferChanged, message.BookingId.Value);
        session.Publish(Topics.Bookings, EventNames.OfferChanged, message.BookingId.Value);
    }

    /// <summary>Somebody won while these were on their way: whoever has the offer on his phone is told like the others.</summary>
    private static async Task TellLateOnesAsync(
        WriteSession session, MatchingFrame frame, IReadOnlyList<ServiceMessageResult> left, IReadOnlyList<long> bookings, DateTime now)
    {
        var drivers = left.Select(r => r.DriverId!.Value).Distinct().ToList();
        var late = await (from n in session.Db.BookingNotifications.AsNoTracking()
                          join b in session.Db.Bookings.AsNoTracking() on n.BookingId equals b.Id
                          join d in session.Db.Drivers.AsNoTracking() on n.DriverId equals d.Id
                          where bookings.Contains(n.BookingId) && drivers.Contains(n.DriverId) && n.SentAt == now && n.Response == null
                              && (n.Withdrawn == OfferWithdrawal.Taken || n.Withdrawn == OfferWithdrawal.Assigned || n.Withdrawn == OfferWithdrawal.Cancelled)
                          select new { Booking = b, n.Withdrawn, d.Id, d.Phone, d.Language }).ToListAsync();
        if (late.Count == 0) return;
        // Found by the sender's next look: this is its own transaction.
        await ServiceMessages.QueueAsync(session, frame.ChannelId, late.ConvertAll(l =>
        {
            var key = l.Withdrawn == OfferWithdrawal.Cancelled ? TemplateKey.DriverBookingCancelled : TemplateKey.DriverTaken;
            return new NewServiceMessage(
                MessageAudience.Driver, key.ToString(), l.Phone, frame.Texts.Fill(key, l.Language, frame.Ride(l.Booking, l.Language)),
                $"{key}:late:{l.Booking.Id}:{l.Id}:{now.Ticks}", l.Booking.Id, l.Id);
        }), now);
    }
}
