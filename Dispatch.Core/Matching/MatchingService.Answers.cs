using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What drivers answer.</summary>
public sealed partial class MatchingService
{
    /// <summary>Accept or reject. Answered after the commit; asking the same again gives the same result. Null: there is no such booking or driver.</summary>
    public async Task<ResponseResult?> HandleDriverResponseAsync(long bookingId, long driverId, DriverResponse response, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        if (response.Type == DriverResponseKind.Timeout) throw new ArgumentException("A driver accepts or rejects; time is told by the clock.", nameof(response));
        Answer? answer;
        try
        {
            answer = await database.WriteAsync(session => response.Type == DriverResponseKind.Accepted
                ? AcceptAsync(session, frame, bookingId, driverId, response)
                : RejectAsync(session, frame, bookingId, driverId, response), cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // The index that gives a driver one active booking had the last word.
            answer = await database.WriteAsync(session => ExplainAsync(session, frame, bookingId, driverId, response, ResponseAction.DriverBusy), cancel);
        }
        if (answer is null) return null;
        if (response.Type == DriverResponseKind.Accepted && answer.Action is ResponseAction.AlreadyTaken or ResponseAction.DriverBusy)
            LogRace(bookingId, driverId, answer.LateMs, answer.Action);
        foreach (var orphan in answer.Check) await EscalateAsync(orphan, cancel);
        // Worded here: while the one writer decides, others wait for it.
        return new ResponseResult(answer.Action, Sentence(frame, answer.Facts, answer.Key, ("late", Late(answer.LateMs, answer.Facts.Language))), answer.LateMs);
    }

    /// <summary>The driver looks at the offer (its page was opened). False: no such offer.</summary>
    public async Task<bool> MarkSeenAsync(long bookingId, long driverId, CancellationToken cancel = default)
    {
        var now = (await frames.GetAsync(cancel)).Now;
        return await database.WriteAsync(async session =>
        {
            var rows = await session.Db.BookingNotifications.Where(n => n.BookingId == bookingId && n.DriverId == driverId)
                .ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, n => n.SeenAt ?? now).SetProperty(n => n.DeliveredAt, n => n.DeliveredAt ?? now));
            if (rows > 0) BookingClaims.Publish(session, bookingId, EventNames.OfferChanged);
            return rows > 0;
        }, cancel);
    }

    private async Task<Answer?> AcceptAsync(WriteSession session, MatchingFrame frame, long bookingId, long driverId, DriverResponse response)
    {
        if (await AnswerFacts.ReadAsync(session, bookingId, driverId) is not { } facts) return null;
        // Already somebody else's: not even tried, for a try costs a savepoint and its undoing. Only advice; the guard decides.
        if (facts.Status != BookingStatus.Pending) return await ExplainAsync(session, frame, facts, response, null);
        var won = await BookingClaims.AcceptAsync(session, bookingId, driverId, response.Method, response.At, frame.Now);
        if (won is null) return await ExplainAsync(session, frame, bookingId, driverId, response, null);
        var booking = (await ReadAsync(session, bookingId))!;
        var driver = await session.Db.Drivers.AsNoTracking().FirstAsync(d => d.Id == driverId);
        var offer = await session.Db.BookingNotifications.AsNoTracking().FirstAsync(n => n.BookingId == bookingId && n.DriverId == driverId);
        var seen = offer.SeenAt is { } s && s < response.At ? s : offer.SentAt;
        await BookingClaims.MatchedAsync(
            session, bookingId, (int)(frame.Now - booking.MatchingStartedAt!.Value).TotalSeconds, (int)Math.Max(0, (frame.Now - response.At).TotalMilliseconds),
            seen is { } from ? (int)Math.Max(0, (response.At - from).TotalMilliseconds) : null, frame.Now);
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.Assigned, frame.Now, driverId);
        await AnnounceAsync(session, frame, booking, driver, won, TemplateKey.DriverAssigned);
        return new Answer(ResponseAction.Assigned, TemplateKey.DriverAssigned, facts, null, won.Orphans);
    }

    /// <summary>Winner, losers and customer hear it, after the commit.</summary>
    private async Task AnnounceAsync(WriteSession session, MatchingFrame frame, Booking booking, Driver driver, Won won, TemplateKey key)
    {
        await drivers.TellAsync(session, frame, booking, [driver.Id], key, $"{key}:{booking.Id}:{booking.Round}",
            ("customer", booking.CustomerName), ("phone", PhoneNumbers.Show(booking.CustomerPhone)));
        await drivers.NotifyOtherDriversBookingTakenAsync(session, frame, booking, won.Told.Where(t => t.DriverId != driver.Id), TemplateKey.DriverTaken);
        await clients.NotifyDriverFoundAsync(session, frame, booking, driver);
    }

    private static async Task<Answer?> RejectAsync(WriteSession session, MatchingFrame frame, long bookingId, long driverId, DriverResponse response)
    {
        if (await AnswerFacts.ReadAsync(session, bookingId, driverId) is not { } facts) return null;
        return facts.Offer is not null && await BookingClaims.RejectAsync(session, bookingId, driverId, response.Method, response.At, frame.Now)
            ? new Answer(ResponseAction.Rejected, TemplateKey.DriverRejected, facts, null, [bookingId])
            : await ExplainAsync(session, frame, bookingId, driverId, response, null);
    }

    private static async Task<Answer?> ExplainAsync(
        WriteSession session, MatchingFrame frame, long bookingId, long driverId, DriverResponse response, ResponseAction? known) =>
        await AnswerFacts.ReadAsync(session, bookingId, driverId) is { } facts ? await ExplainAsync(session, frame, facts, response, known) : null;

    /// <summary>Why an answer changed nothing: what the rows say now, which is what they will say if he asks again.</summary>
    private static async Task<Answer> ExplainAsync(WriteSession session, MatchingFrame frame, AnswerFacts facts, DriverResponse response, ResponseAction? known)
    {
        var offer = facts.Offer;
        var action = known ?? (offer is null ? ResponseAction.NotOffered
            : offer.Response is not null || offer.Withdrawn is not null ? MatchingRules.Closed(offer.Response, offer.Withdrawn)
            : offer.ExpiresAt <= frame.Now ? ResponseAction.OfferExpired
            : facts.Driver == DriverStatus.Busy ? ResponseAction.DriverBusy
            // Open, in time and free, and still not won: another transaction is in the middle of deciding it.
            : throw new StaleReadException("offer"));
        // The booking was his, and is not any more.
        if (action == ResponseAction.Assigned && (facts.HolderId != facts.DriverId || facts.Status == BookingStatus.Cancelled)) action = ResponseAction.BookingCancelled;
        long? late = null;
        if (action == ResponseAction.AlreadyTaken)
        {
            late = offer!.LostByMs;
            if (late is null && response.Type == DriverResponseKind.Accepted && facts.AcceptedAt is { } taken)
            {
                late = (long)Math.Max(0, (frame.Now - taken).TotalMilliseconds);
                await BookingClaims.RecordLossAsync(session, facts.BookingId, facts.DriverId, late.Value, response.At);
                session.Publish(Topics.Booking(facts.BookingId), EventNames.OfferChanged, facts.BookingId);
            }
        }
        return new Answer(action, Key(action), facts, late, []);
    }

    private static TemplateKey Key(ResponseAction action) => action switch
    {
        ResponseAction.Assigned => TemplateKey.DriverAssigned,
        ResponseAction.Rejected => TemplateKey.DriverRejected,
        ResponseAction.AlreadyTaken => TemplateKey.DriverAlreadyTaken,
        ResponseAction.BookingCancelled => TemplateKey.DriverBookingCancelled,
        ResponseAction.OfferExpired or ResponseAction.NotOffered => TemplateKey.DriverOfferExpired,
        ResponseAction.DriverBusy => TemplateKey.DriverBusy,
    };

    private static string Sentence(MatchingFrame frame, AnswerFacts facts, TemplateKey key, (string, string) late) => frame.Texts.Fill(
        key, facts.Language,
        [
            .. frame.Ride(facts.BookingId, facts.PickupAddress, facts.DropAddress, facts.PickupTime, facts.Language),
            ("customer", facts.CustomerName), ("phone", PhoneNumbers.Show(facts.CustomerPhone)), late,
        ]);

    private static string Late(long? milliseconds, string language) => milliseconds switch
    {
        null => language == "en" ? "a moment" : "un instant",
        < 1000 => $"{milliseconds} ms",
        < 60_000 => $"{milliseconds / 1000} s",
        _ => $"{milliseconds / 60_000} min",
    };

    /// <param name="Check">Bookings that may have lost their last open offer by it.</param>
    private sealed record Answer(ResponseAction Action, TemplateKey Key, AnswerFacts Facts, long? LateMs, IReadOnlyList<long> Check);
}
