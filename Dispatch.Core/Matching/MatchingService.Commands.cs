using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What people and errors decide.</summary>
public sealed partial class MatchingService
{
    /// <summary>Ends a booking that is not over: scheduled, searched, accepted, or waiting for its customer's choice. Whoever was asked or has it is told.</summary>
    public async Task<BookingOutcome> CancelMatchingAsync(long bookingId, string? reason, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var words = Clean(reason);
        var (outcome, freed) = await database.WriteAsync(async session =>
        {
            var booking = await ReadAsync(session, bookingId);
            if (booking is null) return (new BookingOutcome(BookingResult.NotFound, bookingId), (long?)null);
            if (booking.Status is BookingStatus.Cancelled or BookingStatus.Completed) return (Outcome(BookingResult.WrongStatus, booking), null);
            // Lost to somebody who was faster (an accept): read again and cancel what is there now.
            if (await BookingClaims.CancelAsync(session, bookingId, booking.Status, words, frame.Now) is not { } won) throw new StaleReadException("booking");
            var driver = booking.Status == BookingStatus.Accepted ? booking.DriverId : null;
            if (driver is { } id)
            {
                await BookingClaims.ReleaseAsync(session, id, frame.Now);
                await drivers.TellAsync(session, frame, booking, [id], TemplateKey.DriverRideCancelled, $"ride-cancelled:{bookingId}:{booking.Version}", ("reason", words));
            }
            await drivers.NotifyOtherDriversBookingTakenAsync(session, frame, booking, won.Told, TemplateKey.DriverBookingCancelled);
            await clients.TellAsync(session, frame, booking, TemplateKey.ClientCancelled, "", ("reason", words));
            await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.Cancelled, frame.Now, driver, actorId, words.Length > 0 ? words : null);
            await alerts.ResolveAsync(session, $"booking-timeout:{bookingId}", frame.Now);
            return (Outcome(BookingResult.Done, (await ReadAsync(session, bookingId))!), driver);
        }, cancel);
        if (freed is { } free) await OfferOpenBookingsAsync(free, cancel);
        return outcome;
    }

    /// <summary>By hand, over the search: to any driver who has no ride, asked or not.</summary>
    public async Task<BookingOutcome> AssignAsync(long bookingId, long driverId, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        (BookingOutcome Outcome, IReadOnlyList<long> Orphans) done;
        try
        {
            done = await database.WriteAsync(session => AssignAsync(session, frame, bookingId, driverId, actorId), cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // The index that gives a driver one active booking had the last word.
            return new BookingOutcome(BookingResult.DriverBusy, bookingId);
        }
        foreach (var orphan in done.Orphans) await EscalateAsync(orphan, cancel);
        return done.Outcome;
    }

    private async Task<(BookingOutcome Outcome, IReadOnlyList<long> Orphans)> AssignAsync(WriteSession session, MatchingFrame frame, long bookingId, long driverId, long? actorId)
    {
        if (await ReadAsync(session, bookingId) is null) return (new BookingOutcome(BookingResult.NotFound, bookingId), []);
        if (await session.Db.Drivers.AsNoTracking().FirstOrDefaultAsync(d => d.Id == driverId) is not { } driver)
            return (new BookingOutcome(BookingResult.DriverNotFound, bookingId), []);
        var won = await BookingClaims.AssignAsync(session, bookingId, driverId, frame.Now);
        var booking = (await ReadAsync(session, bookingId))!;
        if (won is null)
        {
            var open = booking.Status is BookingStatus.Pending or BookingStatus.Scheduled or BookingStatus.TimedOut or BookingStatus.Failed;
            return (Outcome(open ? BookingResult.DriverBusy : BookingResult.WrongStatus, booking), (IReadOnlyList<long>)[]);
        }
        if (booking.MatchingStartedAt is { } started)
        {
            // A search that had found nobody stays one that found nobody.
            await session.Db.MatchingMetrics.Where(m => m.BookingId == bookingId && m.FinalStatus == null).ExecuteUpdateAsync(set => set
                .SetProperty(m => m.AcceptedAt, frame.Now).SetProperty(m => m.EndedAt, frame.Now).SetProperty(m => m.FinalStatus, MatchingFinalStatus.Matched)
                .SetProperty(m => m.TimeToMatch, (int)(frame.Now - started).TotalSeconds));
        }
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.AssignedByHand, frame.Now, driverId, actorId);
        await alerts.ResolveAsync(session, $"booking-timeout:{bookingId}", frame.Now);
        await AnnounceAsync(session, frame, booking, driver, won, TemplateKey.DriverAssignedByHand);
        return (Outcome(BookingResult.Done, booking), won.Orphans);
    }

    /// <summary>The driver who has the ride cannot do it: the booking is searched again at once (so often as allowed) and he is not asked again.</summary>
    public async Task<BookingOutcome> DriverBackOutAsync(long bookingId, long driverId, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var outcome = await database.WriteAsync(async session =>
        {
            var booking = await ReadAsync(session, bookingId);
            if (booking is null) return new BookingOutcome(BookingResult.NotFound, bookingId);
            var again = MatchingRules.SearchesAgain(booking.Rematches, frame.Settings);
            if (!await BookingClaims.BackOutAsync(session, bookingId, driverId, string.Join(',', booking.Excluded.Append(driverId).Distinct()), frame.Now))
                return Outcome(BookingResult.WrongStatus, booking);
            booking = (await ReadAsync(session, bookingId))!;
            await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.DriverBackedOut, frame.Now, driverId);
            await drivers.TellAsync(session, frame, booking, [driverId], TemplateKey.DriverBackedOut, $"backed-out:{bookingId}:{booking.Round}");
            if (again)
            {
                await clients.TellAsync(session, frame, booking, TemplateKey.ClientDriverBackedOut, $"{booking.Round}");
                var started = await BeginAsync(session, frame, booking, null, BookingEventKind.SearchStarted, null);
                session.AfterCommit(() => sender.Enqueue(started.MessageIds));
            }
            else
            {
                await GiveUpAsync(session, frame, booking, "Drivers backed out too often.");
            }
            return Outcome(BookingResult.Done, (await ReadAsync(session, bookingId))!);
        }, cancel);
        if (outcome.Succeeded) await OfferOpenBookingsAsync(driverId, cancel);
        return outcome;
    }

    /// <summary>Something broke in the middle of a search: it ends, drivers and customer are told, admins alerted. False: it was decided before.</summary>
    /// <param name="reason">Plain words without anything secret; shown to operators.</param>
    public async Task<bool> FailAsync(long bookingId, string reason, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        return await database.WriteAsync(async session =>
        {
            var booking = await ReadAsync(session, bookingId);
            return booking is not null && await GiveUpAsync(session, frame, booking, Clean(reason));
        }, cancel);
    }

    /// <summary>The ride is done; the driver is free.</summary>
    public async Task<BookingOutcome> CompleteAsync(long bookingId, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var outcome = await database.WriteAsync(async session =>
        {
            var booking = await ReadAsync(session, bookingId);
            if (booking is null) return new BookingOutcome(BookingResult.NotFound, bookingId);
            if (booking is not { Status: BookingStatus.Accepted, DriverId: { } driver }) return Outcome(BookingResult.WrongStatus, booking);
            if (!await BookingClaims.CompleteAsync(session, bookingId, driver, frame.Now)) throw new StaleReadException("booking");
            await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.Completed, frame.Now, driver, actorId);
            return Outcome(BookingResult.Done, (await ReadAsync(session, bookingId))!);
        }, cancel);
        if (outcome is { Succeeded: true, DriverId: { } free }) await OfferOpenBookingsAsync(free, cancel);
        return outcome;
    }

    private async Task<bool> GiveUpAsync(WriteSession session, MatchingFrame frame, Booking booking, string reason)
    {
        if (await BookingClaims.FailAsync(session, booking.Id, reason, frame.Now) is not { } won) return false;
        booking = (await ReadAsync(session, booking.Id))!;
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.Failed, frame.Now, note: reason);
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.CustomerAsked, frame.Now, note: nameof(BookingQuestion.Choice));
        await drivers.NotifyOtherDriversBookingTakenAsync(session, frame, booking, won.Told, TemplateKey.DriverBookingCancelled);
        await clients.NotifySearchFailedAsync(session, frame, booking);
        session.AfterCommit(asked.Invalidate);
        await admins.AlertSystemErrorAsync(session, frame, SystemErrorType.MatchingFailure, booking.Id);
        return true;
    }

    private static string Clean(string? reason) => OutsideText.Cut(OutsideText.Mend(reason?.Trim() ?? ""), MatchingConfiguration.ReasonLength);
}
