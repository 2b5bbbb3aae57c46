using System.Data.Common;
using Dispatch.Core.Data;

namespace Dispatch.Core.Matching;

/// <summary>
/// What a driver's answer is judged and worded by, in one statement without the model: of a hundred who accept at once, ninety-nine come here one
/// after the other, on the one writer.
/// </summary>
/// <param name="HolderId">The driver who has the booking.</param>
/// <param name="Offer">Null: he was never asked.</param>
internal sealed record AnswerFacts(
    long BookingId, long DriverId, BookingStatus Status, long? HolderId, DateTime? AcceptedAt, string PickupAddress, string DropAddress, DateTime PickupTime,
    string CustomerName, string CustomerPhone, string Language, DriverStatus Driver, AnswerFacts.OfferState? Offer)
{
    internal const string Text =
        "SELECT b.status, b.driver_id, b.accepted_at, b.pickup_address, b.drop_address, b.pickup_time, b.customer_name, b.customer_phone, d.language, d.status, "
        + "n.expires_at, n.response, n.withdrawn, n.lost_by_ms "
        + "FROM bookings b JOIN drivers d ON d.id = @driver LEFT JOIN booking_notifications n ON n.driver_id = @driver AND n.booking_id = @booking WHERE b.id = @booking";

    public sealed record OfferState(DateTime ExpiresAt, DriverResponseKind? Response, OfferWithdrawal? Withdrawn, long? LostByMs);

    /// <summary>Null: there is no such booking or driver.</summary>
    public static async Task<AnswerFacts?> ReadAsync(WriteSession session, long bookingId, long driverId) =>
        await session.QueryAsync(Text, r => Map(r, bookingId, driverId), ("booking", bookingId), ("driver", driverId)) is [var facts] ? facts : null;

    private static AnswerFacts Map(DbDataReader r, long bookingId, long driverId) => new(
        bookingId, driverId, Enum.Parse<BookingStatus>(r.GetString(0)), r.IsDBNull(1) ? null : r.GetInt64(1), r.IsDBNull(2) ? null : Moment(r, 2), r.GetString(3), r.GetString(4),
        Moment(r, 5), r.GetString(6), r.GetString(7), r.GetString(8), Enum.Parse<DriverStatus>(r.GetString(9)),
        r.IsDBNull(10) ? null : new OfferState(Moment(r, 10), Word<DriverResponseKind>(r, 11), Word<OfferWithdrawal>(r, 12), r.IsDBNull(13) ? null : r.GetInt64(13)));

    private static DateTime Moment(DbDataReader r, int column) => DateTime.SpecifyKind(r.GetDateTime(column), DateTimeKind.Utc);

    private static T? Word<T>(DbDataReader r, int column)
        where T : struct, Enum => r.IsDBNull(column) ? null : Enum.Parse<T>(r.GetString(column));
}
