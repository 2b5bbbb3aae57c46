using Dispatch.Core.Data;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>An available driver with how to reach him and what he did about the booking so far.</summary>
internal sealed record Reachable(Candidate Candidate, string Phone, string Language, bool HasRow);

/// <summary>The rows of offers: the statements whose cost is multiplied by every driver.</summary>
internal static class OfferStore
{
    private static readonly RowColumn[] Columns =
    [
        RowColumn.Id("booking_id"), RowColumn.Id("driver_id"), RowColumn.Number("round"), RowColumn.Number("wave"), RowColumn.Number("asked"),
        RowColumn.Moment("created_at"), RowColumn.Moment("sent_at"), RowColumn.Moment("expires_at"), RowColumn.Text("method"), RowColumn.Real("distance"),
    ];

    private const string AskAgain =
        "UPDATE booking_notifications SET asked = CASE WHEN round = @round THEN asked + 1 ELSE 1 END, round = @round, wave = @wave, created_at = @now, sent_at = @sent, "
        + "delivered_at = NULL, seen_at = NULL, responded_at = NULL, expires_at = @expires, response = NULL, withdrawn = NULL, closed_at = NULL, method = @method, "
        + "lost_by_ms = NULL, distance = @distance WHERE booking_id = @booking AND driver_id = @driver";

    private const string Notified =
        "UPDATE matching_metrics SET total_drivers_notified = (SELECT COUNT(*) FROM booking_notifications n WHERE n.booking_id = @booking), waves = @wave WHERE booking_id = @booking";

    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
        [AvailableText(dialect, null), AvailableText(dialect, 1), dialect.InsertRows("booking_notifications", Columns), AskAgain, SentText(dialect), Notified];

    /// <summary>
    /// Everybody who is available, kept so until the end of the transaction: a driver who wins another ride at this instant either does it before (and is not
    /// in the list) or after (and ends the offer made here).
    /// </summary>
    /// <param name="onlyDriver">Null: all.</param>
    public static Task<List<Reachable>> AvailableAsync(WriteSession session, long bookingId, int round, long? onlyDriver = null)
    {
        var sql = AvailableText(session.Dialect, onlyDriver);
        Reachable Map(System.Data.Common.DbDataReader r)
        {
            var known = !r.IsDBNull(6);
            var sameRound = known && r.GetInt32(6) == round;
            var response = r.IsDBNull(8) ? null : r.GetString(8);
            return new Reachable(
                new Candidate(
                    r.GetInt64(0), r.IsDBNull(1) ? null : r.GetDouble(1), r.IsDBNull(2) ? null : r.GetDouble(2),
                    r.IsDBNull(3) ? null : DateTime.SpecifyKind(r.GetDateTime(3), DateTimeKind.Utc), sameRound ? r.GetInt32(7) : 0,
                    sameRound && response == nameof(DriverResponseKind.Rejected), known && response is null && r.IsDBNull(9)),
                r.GetString(4), r.GetString(5), known);
        }
        return onlyDriver is { } driver
            ? session.QueryAsync(sql, Map, ("booking", bookingId), ("driver", driver))
            : session.QueryAsync(sql, Map, ("booking", bookingId));
    }

    public static async Task AddAsync(
        WriteSession session, Booking booking, IReadOnlyList<(Reachable Driver, double? Distance)> asked, DateTime expires, NotificationMethod method, DateTime now)
    {
        // Without a channel an offer is handed over by being readable: through the API.
        DateTime? sent = method == NotificationMethod.Api ? now : null;
        await session.InsertAsync<object?>(
            "booking_notifications", Columns,
            asked.Where(a => !a.Driver.HasRow).Select(a => new object?[]
                { booking.Id, a.Driver.Candidate.Id, booking.Round, booking.Wave, 1, now, sent, expires, method, a.Distance }).ToList(),
            [], _ => null);
        await session.ExecuteAllAsync([.. asked.Where(a => a.Driver.HasRow).OrderBy(a => a.Driver.Candidate.Id).Select(a => new Statement(
            AskAgain, null, ("round", booking.Round), ("wave", booking.Wave), ("now", now), ("sent", sent), ("expires", expires), ("method", method),
            ("distance", a.Distance), ("booking", booking.Id), ("driver", a.Driver.Candidate.Id)))]);
        await session.ExecuteAsync(Notified, ("booking", booking.Id), ("wave", booking.Wave));
    }

    /// <summary>These offers left now. When the way out was slow, the driver gets his whole time from here; never more than the booking has.</summary>
    public static async Task MarkSentAsync(WriteSession session, IEnumerable<(long Booking, long Driver)> offers, TimeSpan driverTimeout, DateTime now)
    {
        foreach (var (rows, _) in RowSet.Json(session.Dialect, offers.Order().ToList(), o => [o.Driver, o.Booking]))
        {
            await session.ExecuteAsync(SentText(session.Dialect), (RowSet.Parameter, rows), ("now", now), ("late", now - TimeSpan.FromSeconds(1)), ("expires", now + driverTimeout));
        }
    }

    private static string SentText(SqlDialect dialect) => dialect.UpdateRows(
        "booking_notifications", [RowColumn.Id("driver_id"), RowColumn.Id("booking_id")],
        "sent_at = @now, expires_at = CASE WHEN created_at > @late THEN expires_at "
        + "WHEN @expires < (SELECT b.matching_deadline FROM bookings b WHERE b.id = booking_notifications.booking_id) THEN @expires "
        + "ELSE (SELECT b.matching_deadline FROM bookings b WHERE b.id = booking_notifications.booking_id) END",
        "sent_at IS NULL", ["booking_id", "driver_id"]);

    private static string AvailableText(SqlDialect dialect, long? onlyDriver) =>
        $"SELECT d.id, d.latitude, d.longitude, d.last_seen_at, d.phone, d.language, n.round, n.asked, n.response, n.withdrawn FROM drivers d{(dialect.Provider == DatabaseProvider.SqlServer ? " WITH (REPEATABLEREAD)" : "")} "
        + "LEFT JOIN booking_notifications n ON n.booking_id = @booking AND n.driver_id = d.id WHERE d.status = 'Available'"
        + (onlyDriver is null ? " ORDER BY d.id" : " AND d.id = @driver")
        + (dialect.Provider == DatabaseProvider.PostgreSql ? " FOR SHARE OF d" : "");
}
