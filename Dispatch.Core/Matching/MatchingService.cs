using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Matching;

/// <summary>
/// Finds a driver for a booking (seed 003). Gathers, asks <see cref="MatchingRules"/>, claims through <see cref="BookingClaims"/>, and tells after the
/// commit. Everything that changes a booking's search or its driver goes through here.
/// </summary>
public sealed partial class MatchingService(
    Database database, MatchingFrames frames, DriverNotificationService drivers, ClientNotificationService clients, AdminAlertService admins, AlertStore alerts,
    ServiceMessageSender sender, TimeoutSignal timeouts, AskedCustomers asked, ILogger<MatchingService> logger)
{
    /// <summary>
    /// Begins the search of a Pending or Scheduled booking: every offer row is committed in one transaction with the start, then sent. Answers when the
    /// offers are handed over, or after <see cref="MatchingSettings.BroadcastWait"/>.
    /// </summary>
    public async Task<MatchingResult> StartMatchingAsync(long bookingId, MatchingOptions? options = null, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var started = await database.WriteAsync(session => StartAsync(session, frame, bookingId, options, actorId), cancel);
        if (started.Start != MatchingStart.Started) return new MatchingResult(started.Start, 0, [], [], null);
        return await SendOffersAsync(frame, started, cancel);
    }

    /// <summary>A search that failed is made again: the customer's choice 1, or an operator's. A search whose driver backed out began again by itself.</summary>
    public async Task<MatchingResult> RetryAsync(long bookingId, MatchingOptions? options = null, long? actorId = null, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        var started = await database.WriteAsync(session => RestartAsync(session, frame, bookingId, options, actorId), cancel);
        if (started.Start != MatchingStart.Started) return new MatchingResult(started.Start, 0, [], [], null);
        return await SendOffersAsync(frame, started, cancel);
    }

    /// <summary>A larger radius (null: none) while the search goes on; whoever is within it now is asked at once.</summary>
    public async Task<BookingOutcome> WidenAsync(long bookingId, double? maxDistance, long? actorId = null, CancellationToken cancel = default)
    {
        if (BookingRules.Check(new MatchingOptions(maxDistance)) is { Count: > 0 } errors) return new BookingOutcome(BookingResult.BadInput, bookingId, Errors: errors);
        var frame = await frames.GetAsync(cancel);
        return await database.WriteAsync(async session =>
        {
            var booking = await ReadAsync(session, bookingId);
            if (booking is null) return new BookingOutcome(BookingResult.NotFound, bookingId);
            if (!await NextWaveAsync(session, booking, frame, maxDistance, booking.NextWaveAt)) return Outcome(BookingResult.WrongStatus, booking);
            var wave = await drivers.BroadcastToAvailableDriversAsync(session, frame, booking, BookingEventKind.Widened, actorId);
            session.AfterCommit(() => sender.Enqueue(wave.MessageIds));
            session.AfterCommit(timeouts.Wake);
            return Outcome(BookingResult.Done, booking);
        }, cancel);
    }

    /// <summary>In the transaction of a due time or of an answer; the messages are enqueued after it.</summary>
    internal async Task<bool> BeginScheduledAsync(WriteSession session, MatchingFrame frame, long bookingId)
    {
        var started = await StartAsync(session, frame, bookingId, null, null);
        session.AfterCommit(() => sender.Enqueue(started.MessageIds));
        return started.Start == MatchingStart.Started;
    }

    /// <summary>In the transaction of the customer's answer.</summary>
    internal async Task<bool> RestartInAsync(WriteSession session, MatchingFrame frame, long bookingId)
    {
        var started = await RestartAsync(session, frame, bookingId, null, null);
        session.AfterCommit(() => sender.Enqueue(started.MessageIds));
        return started.Start == MatchingStart.Started;
    }

    private async Task<Started> StartAsync(WriteSession session, MatchingFrame frame, long bookingId, MatchingOptions? options, long? actorId)
    {
        if (await ReadAsync(session, bookingId) is not { } booking) return new Started(MatchingStart.NotFound, [], [], null);
        if (booking is { Status: BookingStatus.Pending, MatchingStartedAt: not null }) return new Started(MatchingStart.AlreadyStarted, [], [], null);
        if (booking.Status is not (BookingStatus.Pending or BookingStatus.Scheduled)) return new Started(MatchingStart.NotPending, [], [], null);
        return await BeginAsync(session, frame, booking, options, BookingEventKind.SearchStarted, actorId);
    }

    private async Task<Started> RestartAsync(WriteSession session, MatchingFrame frame, long bookingId, MatchingOptions? options, long? actorId)
    {
        if (await ReadAsync(session, bookingId) is not { } booking) return new Started(MatchingStart.NotFound, [], [], null);
        if (booking.Status == BookingStatus.Pending) return new Started(MatchingStart.AlreadyStarted, [], [], null);
        if (booking.Status is not (BookingStatus.TimedOut or BookingStatus.Failed)) return new Started(MatchingStart.NotPending, [], [], null);
        var started = await BeginAsync(session, frame, booking, options, BookingEventKind.Retried, actorId);
        if (started.Start == MatchingStart.Started) await alerts.ResolveAsync(session, $"booking-timeout:{bookingId}", frame.Now);
        return started;
    }

    /// <summary>A new round: deadline, first wave, metrics, the customer's word, all or nothing.</summary>
    private async Task<Started> BeginAsync(
        WriteSession session, MatchingFrame frame, Booking booking, MatchingOptions? options, BookingEventKind kind, long? actorId)
    {
        var now = frame.Now;
        var deadline = now + frame.Settings.BookingTimeout;
        var policy = options?.WavePolicy ?? booking.WavePolicy;
        var nextWave = policy == WavePolicy.AllAtOnce ? (DateTime?)null : now + frame.Settings.WaveInterval;
        var excluded = options?.ExcludeDriverIds is { } ids ? string.Join(',', booking.Excluded.Concat(ids).Distinct()) : booking.ExcludedDriverIds;
        var distance = options?.MaxDistance ?? booking.MaxDistance;
        var priority = options?.PriorityMode ?? booking.PriorityMode;
        var (from, version) = (booking.Status, booking.Version);
        var rows = await session.Db.Bookings.Where(b => b.Id == booking.Id && b.Status == from && b.Version == version).ExecuteUpdateAsync(set => set
            .SetProperty(b => b.Status, BookingStatus.Pending).SetProperty(b => b.StatusAt, now).SetProperty(b => b.Version, version + 1)
            .SetProperty(b => b.Round, booking.Round + 1).SetProperty(b => b.Wave, 1).SetProperty(b => b.ExhaustedWave, 0)
            .SetProperty(b => b.MatchingStartedAt, now).SetProperty(b => b.MatchingDeadline, deadline).SetProperty(b => b.NextWaveAt, nextWave)
            .SetProperty(b => b.StartAt, (DateTime?)null).SetProperty(b => b.Question, (BookingQuestion?)null).SetProperty(b => b.Reason, (string?)null)
            .SetProperty(b => b.WavePolicy, policy).SetProperty(b => b.PriorityMode, priority).SetProperty(b => b.MaxDistance, distance)
            .SetProperty(b => b.ExcludedDriverIds, excluded));
        if (rows == 0) throw new StaleReadException("booking");
        (booking.Status, booking.Version, booking.Wave, booking.MatchingStartedAt, booking.MatchingDeadline) = (BookingStatus.Pending, version + 1, 1, now, deadline);
        booking.Round++;
        (booking.WavePolicy, booking.PriorityMode, booking.MaxDistance, booking.ExcludedDriverIds) = (policy, priority, distance, excluded);
        var metrics = await SetMetricsAsync(session, frame, booking);
        var wave = await drivers.BroadcastToAvailableDriversAsync(session, frame, booking, kind, actorId);
        await session.Db.MatchingMetrics.Where(m => m.Id == metrics).ExecuteUpdateAsync(set => set.SetProperty(m => m.ReachableDrivers, wave.Available));
        if (wave.DriverIds.Count == 0) await NobodyLeftAsync(session, frame, booking, wave.Available);
        await clients.NotifySearchStartedAsync(session, frame, booking, wave.DriverIds.Count);
        BookingClaims.Publish(session, booking.Id);
        session.AfterCommit(timeouts.Wake);
        LogStarted(booking.Id, wave.DriverIds.Count, booking.MaxDistance, booking.Round);
        return new Started(MatchingStart.Started, wave.DriverIds, wave.MessageIds, metrics);
    }

    private async Task<MatchingResult> SendOffersAsync(MatchingFrame frame, Started started, CancellationToken cancel)
    {
        var sending = sender.SendAsync(started.MessageIds, CancellationToken.None);
        try
        {
            var results = await sending.WaitAsync(frame.Settings.BroadcastWait, cancel);
            return new MatchingResult(
                MatchingStart.Started, started.DriverIds.Count, started.DriverIds,
                [.. results.Where(r => r.Failure is not null).OrderBy(r => r.DriverId).Select(r => $"driver {r.DriverId}: {r.Failure}")],
                started.MetricsId, started.MessageIds.Count - results.Count);
        }
        catch (TimeoutException)
        {
            // Paced channels take their time; what is still on its way is on the booking's time line.
            return new MatchingResult(MatchingStart.Started, started.DriverIds.Count, started.DriverIds, [], started.MetricsId, started.MessageIds.Count);
        }
    }

    /// <summary>The metrics row is one per booking: a new round measures afresh. A search that found nobody stays counted (<see cref="FailedSearch"/>).</summary>
    private static async Task<long> SetMetricsAsync(WriteSession session, MatchingFrame frame, Booking booking)
    {
        var hour = frame.Local(frame.Now).Hour;
        var known = await session.Db.MatchingMetrics.Where(m => m.BookingId == booking.Id).Select(m => (long?)m.Id).FirstOrDefaultAsync();
        if (known is { } id)
        {
            await session.ExecuteAsync(FailedSearch.Keep, ("round", booking.Round - 1), ("booking", booking.Id));
            await session.Db.MatchingMetrics.Where(m => m.Id == id).ExecuteUpdateAsync(set => set
                .SetProperty(m => m.StartedAt, frame.Now).SetProperty(m => m.Hour, hour).SetProperty(m => m.TotalDriversResponded, 0).SetProperty(m => m.Waves, 1)
                .SetProperty(m => m.AcceptedAt, (DateTime?)null).SetProperty(m => m.TimeToMatch, (int?)null).SetProperty(m => m.BroadcastMs, (int?)null)
                .SetProperty(m => m.AcceptMs, (int?)null).SetProperty(m => m.HumanMs, (int?)null).SetProperty(m => m.FinalStatus, (MatchingFinalStatus?)null)
                .SetProperty(m => m.EndedAt, (DateTime?)null));
            return id;
        }
        var metrics = new MatchingMetrics { BookingId = booking.Id, Zone = booking.Zone, StartedAt = frame.Now, Hour = hour, Waves = 1, CreatedAt = frame.Now };
        session.Db.MatchingMetrics.Add(metrics);
        await session.Db.SaveChangesAsync();
        return metrics.Id;
    }

    /// <summary>The fence of waves: whoever saw an older one does nothing. The row is locked from here on.</summary>
    private static async Task<bool> NextWaveAsync(WriteSession session, Booking booking, MatchingFrame frame, double? maxDistance, DateTime? nextWave)
    {
        var (wave, round) = (booking.Wave, booking.Round);
        var rows = await session.Db.Bookings
            .Where(b => b.Id == booking.Id && b.Status == BookingStatus.Pending && b.MatchingStartedAt != null && b.Wave == wave && b.Round == round && b.MatchingDeadline > frame.Now)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.Wave, wave + 1).SetProperty(b => b.Version, b => b.Version + 1)
                .SetProperty(b => b.MaxDistance, maxDistance).SetProperty(b => b.NextWaveAt, nextWave));
        if (rows == 0) return false;
        booking.Wave++;
        booking.Version++;
        (booking.MaxDistance, booking.NextWaveAt) = (maxDistance, nextWave);
        return true;
    }

    /// <summary>Until the deadline only a driver who becomes available can still be asked; admins learn it now and not in five minutes.</summary>
    private async Task NobodyLeftAsync(WriteSession session, MatchingFrame frame, Booking booking, int available)
    {
        await session.Db.Bookings.Where(b => b.Id == booking.Id && b.Wave == booking.Wave).ExecuteUpdateAsync(set => set.SetProperty(b => b.ExhaustedWave, booking.Wave));
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.NobodyLeft, frame.Now);
        await admins.AlertLowDriverAvailabilityAsync(session, frame, booking.Zone, available);
    }

    private static Task<Booking?> ReadAsync(WriteSession session, long bookingId) => session.Db.Bookings.AsNoTracking().FirstOrDefaultAsync(b => b.Id == bookingId);

    private static BookingOutcome Outcome(BookingResult result, Booking booking) => new(result, booking.Id, booking.Status, booking.Version, booking.DriverId);

    private sealed record Started(MatchingStart Start, IReadOnlyList<long> DriverIds, IReadOnlyList<long> MessageIds, long? MetricsId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Matching started: booking {BookingId}, {DriversNotified} drivers, radius {SearchRadius}, round {Round}")]
    private partial void LogStarted(long bookingId, int driversNotified, double? searchRadius, int round);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Driver timeout: booking {BookingId}, {TotalTimeouts} drivers")]
    private partial void LogTimeouts(long bookingId, int totalTimeouts);

    [LoggerMessage(Level = LogLevel.Information, Message = "Race detected: booking {BookingId}, driver {DriverId} was {LostByMs} ms late ({Action})")]
    private partial void LogRace(long bookingId, long driverId, long? lostByMs, ResponseAction action);

    [LoggerMessage(Level = LogLevel.Error, Message = "Matching of booking {BookingId} failed")]
    private partial void LogFailed(Exception exception, long bookingId);
}
