using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>What the guarded update of a racer found.</summary>
/// <param name="Told">Drivers whose open offer ended by it, with whether the offer had reached them.</param>
/// <param name="Orphans">Other bookings that lost an open offer because their driver is busy now.</param>
internal sealed record Won(IReadOnlyList<(long DriverId, bool Sent)> Told, IReadOnlyList<long> Orphans);

/// <summary>
/// The one guarded update of all seven racers: accept, reject, offer expiry, booking expiry, cancel, assignment by hand, system error. Each names the
/// state it needs; zero rows: somebody was faster, nothing happened. Rows are always met in the order booking, driver, offers by id, messages, metrics, so
/// that transactions do not lock each other out.
/// </summary>
internal static class BookingClaims
{
    private const string Open = "response IS NULL AND withdrawn IS NULL";

    /// <summary>Accept. The offer and the driver are looked at by the same statement; they are claimed after it.</summary>
    private const string Accept =
        "UPDATE bookings SET status = 'Accepted', driver_id = @driver, status_at = @now, accepted_at = @now, next_wave_at = NULL, version = version + 1 "
        + "WHERE id = @booking AND status = 'Pending' "
        + "AND EXISTS (SELECT 1 FROM booking_notifications n WHERE n.booking_id = @booking AND n.driver_id = @driver AND n.response IS NULL AND n.withdrawn IS NULL AND n.expires_at > @now) "
        + "AND EXISTS (SELECT 1 FROM drivers d WHERE d.id = @driver AND d.status <> 'Busy')";

    private const string Assign =
        "UPDATE bookings SET status = 'Accepted', driver_id = @driver, status_at = @now, accepted_at = @now, next_wave_at = NULL, start_at = NULL, question = NULL, version = version + 1 "
        + "WHERE id = @booking AND status IN ('Pending','Scheduled','TimedOut','Failed') AND EXISTS (SELECT 1 FROM drivers d WHERE d.id = @driver AND d.status <> 'Busy')";

    private const string TimeOut =
        "UPDATE bookings SET status = 'TimedOut', status_at = @now, next_wave_at = NULL, question = 'Choice', question_repeats = 0, asked_at = @now, version = version + 1 "
        + "WHERE id = @booking AND status = 'Pending' AND matching_deadline <= @now";

    private const string Fail =
        "UPDATE bookings SET status = 'Failed', status_at = @now, next_wave_at = NULL, reason = @reason, question = 'Choice', question_repeats = 0, asked_at = @now, version = version + 1 "
        + "WHERE id = @booking AND status = 'Pending'";

    private const string Cancel =
        "UPDATE bookings SET status = 'Cancelled', status_at = @now, next_wave_at = NULL, start_at = NULL, question = NULL, reason = @reason, version = version + 1 "
        + "WHERE id = @booking AND status = @from";

    private const string BackOut =
        "UPDATE bookings SET driver_id = NULL, status = 'Pending', status_at = @now, accepted_at = NULL, matching_started_at = NULL, matching_deadline = NULL, "
        + "rematches = rematches + 1, excluded_driver_ids = @excluded, version = version + 1 WHERE id = @booking AND status = 'Accepted' AND driver_id = @driver";

    private const string Reopened =
        "UPDATE matching_metrics SET final_status = NULL, ended_at = NULL, accepted_at = NULL, time_to_match = NULL, accept_ms = NULL, human_ms = NULL "
        + "WHERE booking_id = @booking AND final_status = 'Matched'";

    private const string Complete =
        "UPDATE bookings SET status = 'Completed', status_at = @now, version = version + 1 WHERE id = @booking AND status = 'Accepted'";

    private const string Occupy =
        "UPDATE drivers SET status = 'Busy', status_since = @now, last_seen_at = @now, consecutive_timeouts = 0 WHERE id = @driver AND status <> 'Busy'";

    private const string Release =
        "UPDATE drivers SET status = 'Available', status_since = @now WHERE id = @driver AND status = 'Busy'";

    private const string Answered = "UPDATE drivers SET last_seen_at = @now, consecutive_timeouts = 0 WHERE id = @driver";

    private const string TakeOffer =
        "UPDATE booking_notifications SET response = 'Accepted', responded_at = @at, closed_at = @now, method = @method, seen_at = COALESCE(seen_at, @at) "
        + "WHERE booking_id = @booking AND driver_id = @driver AND response IS NULL AND withdrawn IS NULL AND expires_at > @now";

    private const string RejectOffer =
        "UPDATE booking_notifications SET response = 'Rejected', responded_at = @at, closed_at = @now, method = @method, seen_at = COALESCE(seen_at, @at) "
        + "WHERE booking_id = @booking AND driver_id = @driver AND response IS NULL AND withdrawn IS NULL AND expires_at > @now";

    private const string Lost =
        "UPDATE booking_notifications SET responded_at = @at, lost_by_ms = @late, seen_at = COALESCE(seen_at, @at) "
        + "WHERE booking_id = @booking AND driver_id = @driver AND responded_at IS NULL";

    private const string Matched =
        "UPDATE matching_metrics SET accepted_at = @now, time_to_match = @seconds, accept_ms = @accept, human_ms = @human, total_drivers_responded = total_drivers_responded + 1, "
        + "final_status = 'Matched', ended_at = @now WHERE booking_id = @booking";

    private const string Responded = "UPDATE matching_metrics SET total_drivers_responded = total_drivers_responded + 1 WHERE booking_id = @booking";

    private const string Ended = "UPDATE matching_metrics SET final_status = @final, ended_at = @now WHERE booking_id = @booking AND final_status IS NULL";

    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
    [
        Accept, Assign, TimeOut, Fail, Cancel, BackOut, Reopened, Complete, Occupy, Release, Answered, TakeOffer, RejectOffer, Lost, Matched, Responded, Ended,
        AnswerFacts.Text,
        CloseOffers(dialect), LeaveOthers(dialect), .. LockOffers(dialect) is { } text ? new[] { text } : [],
    ];

    /// <summary>Null: not won; whatever it tried is undone. Otherwise the booking is the driver's, and every other open offer of both has ended.</summary>
    public static async Task<Won?> AcceptAsync(WriteSession session, long bookingId, long driverId, NotificationMethod method, DateTime at, DateTime now)
    {
        Won? won = null;
        var kept = await session.TryAsync(async () =>
        {
            if (await session.ExecuteAsync(Accept, ("driver", driverId), ("now", now), ("booking", bookingId)) == 0) return false;
            if (await session.ExecuteAsync(Occupy, ("now", now), ("driver", driverId)) == 0) return false;
            await LockAsync(session, bookingId, driverId);
            if (await session.ExecuteAsync(TakeOffer, ("at", at), ("now", now), ("method", method), ("booking", bookingId), ("driver", driverId)) == 0) return false;
            won = await SettleAsync(session, bookingId, driverId, OfferWithdrawal.Taken, now);
            return true;
        });
        return kept ? won : null;
    }

    /// <summary>By hand. Null: the booking or the driver was not to be had.</summary>
    public static async Task<Won?> AssignAsync(WriteSession session, long bookingId, long driverId, DateTime now)
    {
        Won? won = null;
        var kept = await session.TryAsync(async () =>
        {
            if (await session.ExecuteAsync(Assign, ("driver", driverId), ("now", now), ("booking", bookingId)) == 0) return false;
            if (await session.ExecuteAsync(Occupy, ("now", now), ("driver", driverId)) == 0) return false;
            await LockAsync(session, bookingId, driverId);
            won = await SettleAsync(session, bookingId, driverId, OfferWithdrawal.Assigned, now);
            return true;
        });
        return kept ? won : null;
    }

    /// <summary>False: the offer was not open any more.</summary>
    public static async Task<bool> RejectAsync(WriteSession session, long bookingId, long driverId, NotificationMethod method, DateTime at, DateTime now)
    {
        await session.ExecuteAsync(Answered, ("now", now), ("driver", driverId));
        if (await session.ExecuteAsync(RejectOffer, ("at", at), ("now", now), ("method", method), ("booking", bookingId), ("driver", driverId)) == 0) return false;
        await session.ExecuteAsync(Responded, ("booking", bookingId));
        Publish(session, bookingId);
        return true;
    }

    /// <summary>Remembers by how much somebody lost; the first time only.</summary>
    public static Task RecordLossAsync(WriteSession session, long bookingId, long driverId, long lateMs, DateTime at) =>
        session.ExecuteAsync(Lost, ("at", at), ("late", lateMs), ("booking", bookingId), ("driver", driverId));

    public static Task<Won?> TimeOutAsync(WriteSession session, long bookingId, DateTime now) =>
        EndAsync(session, bookingId, OfferWithdrawal.BookingTimedOut, MatchingFinalStatus.Timeout, now, TimeOut, ("now", now), ("booking", bookingId));

    public static Task<Won?> FailAsync(WriteSession session, long bookingId, string reason, DateTime now) =>
        EndAsync(session, bookingId, OfferWithdrawal.Failed, MatchingFinalStatus.Failed, now, Fail, ("now", now), ("reason", reason), ("booking", bookingId));

    public static Task<Won?> CancelAsync(WriteSession session, long bookingId, BookingStatus from, string reason, DateTime now) =>
        EndAsync(session, bookingId, OfferWithdrawal.Cancelled, MatchingFinalStatus.Cancelled, now, Cancel, ("now", now), ("reason", reason), ("booking", bookingId), ("from", from));

    /// <summary>The driver gives the ride back; the booking is Pending without a search, its driver free and never asked for it again.</summary>
    public static async Task<bool> BackOutAsync(WriteSession session, long bookingId, long driverId, string excluded, DateTime now)
    {
        if (await session.ExecuteAsync(BackOut, ("now", now), ("excluded", excluded), ("booking", bookingId), ("driver", driverId)) == 0) return false;
        await ReleaseAsync(session, driverId, now);
        await session.ExecuteAsync(Reopened, ("booking", bookingId));
        Publish(session, bookingId);
        return true;
    }

    public static async Task<bool> CompleteAsync(WriteSession session, long bookingId, long driverId, DateTime now)
    {
        if (await session.ExecuteAsync(Complete, ("now", now), ("booking", bookingId)) == 0) return false;
        await ReleaseAsync(session, driverId, now);
        Publish(session, bookingId);
        return true;
    }

    public static async Task ReleaseAsync(WriteSession session, long driverId, DateTime now)
    {
        await session.ExecuteAsync(Release, ("now", now), ("driver", driverId));
        session.Publish(Topics.Drivers, EventNames.DriverChanged, driverId);
    }

    public static Task MatchedAsync(WriteSession session, long bookingId, int? seconds, int acceptMs, int? humanMs, DateTime now) =>
        session.ExecuteAsync(Matched, ("now", now), ("seconds", seconds), ("accept", acceptMs), ("human", humanMs), ("booking", bookingId));

    public static void Publish(WriteSession session, long bookingId, string name = EventNames.BookingChanged)
    {
        session.Publish(Topics.Booking(bookingId), name, bookingId);
        session.Publish(Topics.Bookings, name, bookingId);
    }

    private static async Task<Won?> EndAsync(
        WriteSession session, long bookingId, OfferWithdrawal why, MatchingFinalStatus final, DateTime now, string guard, params (string, object?)[] arguments)
    {
        if (await session.ExecuteAsync(guard, arguments) == 0) return null;
        await LockAsync(session, bookingId, 0);
        var told = await CloseAsync(session, bookingId, why, now);
        await ServiceMessages.WithdrawAsync(session, bookingId, nameof(TemplateKey.DriverOffer), now);
        await session.ExecuteAsync(Ended, ("final", final), ("now", now), ("booking", bookingId));
        session.AfterCommit(() => MatchingInstruments.OnEnded(final));
        Publish(session, bookingId);
        return new Won(told, []);
    }

    /// <summary>The booking has a driver: its other offers and his other offers end here.</summary>
    private static async Task<Won> SettleAsync(WriteSession session, long bookingId, long driverId, OfferWithdrawal why, DateTime now)
    {
        var told = await CloseAsync(session, bookingId, why, now);
        var orphans = await session.QueryAsync(LeaveOthers(session.Dialect), r => r.GetInt64(0), ("now", now), ("driver", driverId));
        await ServiceMessages.WithdrawAsync(session, bookingId, nameof(TemplateKey.DriverOffer), now);
        await ServiceMessages.WithdrawOfDriverAsync(session, driverId, nameof(TemplateKey.DriverOffer), now);
        session.AfterCommit(() => MatchingInstruments.OnEnded(MatchingFinalStatus.Matched));
        Publish(session, bookingId, EventNames.BookingMatched);
        foreach (var orphan in orphans) Publish(session, orphan);
        session.Publish(Topics.Drivers, EventNames.DriverChanged, driverId);
        return new Won(told, orphans);
    }

    private static Task<List<(long, bool)>> CloseAsync(WriteSession session, long bookingId, OfferWithdrawal why, DateTime now) =>
        session.QueryAsync(CloseOffers(session.Dialect), r => (r.GetInt64(0), !r.IsDBNull(1)), ("why", why), ("now", now), ("booking", bookingId));

    private static async Task LockAsync(WriteSession session, long bookingId, long driverId)
    {
        if (LockOffers(session.Dialect) is { } sql) await session.QueryAsync(sql, r => r.GetInt64(0), ("booking", bookingId), ("driver", driverId));
    }

    private static string CloseOffers(SqlDialect dialect) => dialect.Update(
        "booking_notifications", "withdrawn = @why, closed_at = @now", $"booking_id = @booking AND {Open}", ["driver_id", "sent_at"]);

    private static string LeaveOthers(SqlDialect dialect) => dialect.Update(
        "booking_notifications", "withdrawn = 'DriverBusy', closed_at = @now", $"driver_id = @driver AND {Open}", ["booking_id"]);

    /// <summary>
    /// Two winners end each other's offers: driver 1 wins A and has an offer for B, driver 2 wins B and has one for A. Locked by id first, they meet in one
    /// order. SQLite has one writer and needs none of it.
    /// </summary>
    private static string? LockOffers(SqlDialect dialect) => dialect.Provider switch
    {
        DatabaseProvider.Sqlite => null,
        DatabaseProvider.PostgreSql => $"SELECT id FROM booking_notifications WHERE {Open} AND (booking_id = @booking OR driver_id = @driver) ORDER BY id FOR UPDATE",
        DatabaseProvider.SqlServer => $"SELECT id FROM booking_notifications WITH (UPDLOCK, ROWLOCK) WHERE {Open} AND (booking_id = @booking OR driver_id = @driver) ORDER BY id",
    };
}
