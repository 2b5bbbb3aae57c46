using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>Bookings: made, scheduled, changed. Their search and their driver are <see cref="MatchingService"/>'s.</summary>
public sealed class BookingService(Database database, MatchingFrames frames, TimeoutSignal timeouts)
{
    /// <summary>
    /// Makes a booking: Pending until its search is started, or Scheduled with <see cref="NewBooking.StartAt"/>. With an effect key that was used before, the booking it made is
    /// the answer, as it is now (<see cref="BookingOutcome.Repeated"/>): an integration that never heard our answer asks again, perhaps on another node.
    /// </summary>
    public async Task<BookingOutcome> CreateAsync(NewBooking booking, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        // Asked again after its time has passed, it is still the booking that was made.
        if (BookingRules.Check(booking, frame.Now) is { Count: > 0 } errors && !(errors.All(BookingRules.IsOfTime) && await IsKnownAsync(booking.EffectKey, cancel)))
            return new BookingOutcome(BookingResult.BadInput, Errors: errors);
        var row = new Booking
        {
            CustomerName = Text(booking.CustomerName)!, CustomerPhone = PhoneNumbers.Read(booking.CustomerPhone)!, PickupAddress = Text(booking.PickupAddress)!,
            DropAddress = Text(booking.DropAddress)!, PickupLatitude = booking.PickupLatitude, PickupLongitude = booking.PickupLongitude, DropLatitude = booking.DropLatitude,
            DropLongitude = booking.DropLongitude, Zone = Text(booking.Zone), PickupTime = booking.PickupTime!.Value.ToUniversalTime(), Price = booking.Price,
            Language = booking.Language ?? frame.Settings.Language, Status = booking.StartAt is null ? BookingStatus.Pending : BookingStatus.Scheduled, StatusAt = frame.Now,
            StartAt = booking.StartAt?.ToUniversalTime(), MaxDistance = booking.MaxDistance, WavePolicy = booking.WavePolicy, PriorityMode = booking.PriorityMode, CreatedAt = frame.Now,
            EffectKey = booking.EffectKey,
        };
        return await database.WriteAsync(async session =>
        {
            if (row.EffectKey is not null && await session.Db.Bookings.AsNoTracking().FirstOrDefaultAsync(b => b.EffectKey == row.EffectKey) is { } known)
                return new BookingOutcome(BookingRules.IsRepetition(known, row) ? BookingResult.Done : BookingResult.OtherBooking, known.Id, known.Status, known.Version, known.DriverId) { Repeated = true };
            row.Id = 0;
            session.Db.Bookings.Add(row);
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // The same effect key on another node; done again, the read above finds it.
                throw new StaleReadException("effect key");
            }
            await DriverNotificationService.AddEventAsync(
                session, row, row.StartAt is null ? BookingEventKind.Created : BookingEventKind.Scheduled, frame.Now, actorId: actorId);
            BookingClaims.Publish(session, row.Id);
            if (row.StartAt is not null) session.AfterCommit(timeouts.Wake);
            return new BookingOutcome(BookingResult.Done, row.Id, row.Status, row.Version);
        }, cancel);
    }

    private async Task<bool> IsKnownAsync(string? key, CancellationToken cancel)
    {
        await using var db = database.Read();
        return key is not null && await db.Bookings.AnyAsync(b => b.EffectKey == key, cancel);
    }

    /// <summary>Another pickup time for a booking without a driver, and when its search begins (null: when somebody starts it).</summary>
    public async Task<BookingOutcome> RescheduleAsync(long bookingId, DateTime pickupTime, DateTime? startAt, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        if (BookingRules.CheckTimes(pickupTime, startAt, frame.Now) is { Count: > 0 } errors) return new BookingOutcome(BookingResult.BadInput, bookingId, Errors: errors);
        return await database.WriteAsync(async session =>
        {
            var changed = await RescheduleAsync(session, bookingId, pickupTime, startAt, frame.Now);
            var booking = await session.Db.Bookings.AsNoTracking().FirstOrDefaultAsync(b => b.Id == bookingId);
            if (booking is null) return new BookingOutcome(BookingResult.NotFound, bookingId);
            if (!changed) return new BookingOutcome(BookingResult.WrongStatus, bookingId, booking.Status, booking.Version, booking.DriverId);
            await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.TimeChanged, frame.Now, actorId: actorId);
            BookingClaims.Publish(session, bookingId);
            session.AfterCommit(timeouts.Wake);
            return new BookingOutcome(BookingResult.Done, bookingId, booking.Status, booking.Version);
        }, cancel);
    }

    /// <summary>False: it is searched right now, has a driver, or is over.</summary>
    internal static async Task<bool> RescheduleAsync(WriteSession session, long bookingId, DateTime pickupTime, DateTime? startAt, DateTime now)
    {
        var status = startAt is null ? BookingStatus.Pending : BookingStatus.Scheduled;
        return await session.Db.Bookings
            .Where(b => b.Id == bookingId && (b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.TimedOut || b.Status == BookingStatus.Failed
                || (b.Status == BookingStatus.Pending && b.MatchingStartedAt == null)))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.PickupTime, pickupTime).SetProperty(b => b.StartAt, startAt).SetProperty(b => b.Status, status)
                .SetProperty(b => b.StatusAt, now).SetProperty(b => b.Version, b => b.Version + 1).SetProperty(b => b.MatchingStartedAt, (DateTime?)null)
                .SetProperty(b => b.MatchingDeadline, (DateTime?)null).SetProperty(b => b.Question, (BookingQuestion?)null)) > 0;
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : OutsideText.Mend(text.Trim());
}
