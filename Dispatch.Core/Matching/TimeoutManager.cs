using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Matching;

/// <summary>
/// Fires what is due. Due times are columns (the seed's <c>setDriverTimeout</c> and <c>setBookingTimeout</c> are the writing of an offer and of a search, their
/// <c>clear...</c> its end); one loop per node sleeps until the earliest, claims by guarded update, and looks first thing at start, so nothing that matters lives
/// in memory.
/// </summary>
public sealed partial class TimeoutManager(
    Database database, MatchingService matching, MatchingFrames frames, TimeoutSignal signal, AskedCustomers asked, AdminAlertService admins, TimeProvider clock, ILogger<TimeoutManager> logger)
    : HostedLoop(clock, logger, signal)
{
    private readonly ILogger _logger = logger;

    /// <summary>Another node's earlier due time is seen after this at the latest.</summary>
    private static readonly TimeSpan MaxSleep = TimeSpan.FromSeconds(1);

    /// <summary>How often the loop looks for searches that a crash left without a wave.</summary>
    private static readonly TimeSpan StuckInterval = TimeSpan.FromSeconds(15);

    private readonly Queue<double> _lags = new();
    private readonly Lock _lock = new();
    private DateTime _lookForStuckAt = DateTime.MinValue;
    private bool _warm;
    private const int Lags = 1000, PerPass = 200;

    /// <summary>Milliseconds between due and fired, 99th percentile of the last thousand; 0: nothing fired yet.</summary>
    public double LagP99
    {
        get
        {
            lock (_lock) return _lags.Count == 0 ? 0 : _lags.Order().ElementAt(Math.Min(_lags.Count - 1, (int)(_lags.Count * 0.99)));
        }
    }

    /// <summary>Fires everything that is due at <paramref name="now"/>; returns how many due times it was.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var fired = await matching.ExpireOffersAsync(now, cancel);
        fired += await FireAsync(now, b => b.Status == BookingStatus.Pending && b.MatchingDeadline <= now, b => b.MatchingDeadline,
            (id, frame) => matching.HandleBookingTimeoutAsync(id, frame, cancel), cancel);
        fired += await FireAsync(now, b => b.Status == BookingStatus.Pending && b.NextWaveAt != null && b.NextWaveAt <= now, b => b.NextWaveAt,
            (id, frame) => matching.AskNextWaveAsync(id, frame, cancel), cancel);
        fired += await FireAsync(now, b => b.Status == BookingStatus.Scheduled && b.StartAt <= now, b => b.StartAt,
            (id, frame) => database.WriteAsync(session => matching.BeginScheduledAsync(session, frame, id), cancel), cancel);
        fired += await ForgetQuestionsAsync(now, cancel);
        await asked.RefreshAsync(cancel);
        if (now >= _lookForStuckAt)
        {
            _lookForStuckAt = now + StuckInterval;
            await EscalateStuckAsync(cancel);
        }
        return fired;
    }

    /// <summary>The earliest due time of all; null: nothing is due ever.</summary>
    public async Task<DateTime?> NextDueAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        DateTime?[] due =
        [
            await db.BookingNotifications.Where(n => n.Response == null && n.Withdrawn == null).MinAsync(n => (DateTime?)n.ExpiresAt, cancel),
            await db.Bookings.Where(b => b.Status == BookingStatus.Pending).MinAsync(b => b.MatchingDeadline, cancel),
            await db.Bookings.Where(b => b.Status == BookingStatus.Pending && b.NextWaveAt != null).MinAsync(b => b.NextWaveAt, cancel),
            await db.Bookings.Where(b => b.Status == BookingStatus.Scheduled).MinAsync(b => b.StartAt, cancel),
        ];
        return due.Min();
    }

    /// <summary>
    /// The seed's <c>cleanup()</c>: ends open offers of bookings that are not searched any more. There are none, since whoever ends a search ends its offers in
    /// the same transaction; returns how many there were all the same.
    /// </summary>
    public async Task<int> CleanupAsync(CancellationToken cancel = default)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        return await database.WriteAsync(session => session.Db.BookingNotifications
            .Where(n => n.Response == null && n.Withdrawn == null && session.Db.Bookings.Any(b => b.Id == n.BookingId && b.Status != BookingStatus.Pending))
            .ExecuteUpdateAsync(set => set.SetProperty(n => n.Withdrawn, OfferWithdrawal.Failed).SetProperty(n => n.ClosedAt, now)), cancel);
    }

    private async Task<int> FireAsync(
        DateTime now, System.Linq.Expressions.Expression<Func<Booking, bool>> isDue, Func<Booking, DateTime?> due, Func<long, MatchingFrame, Task<bool>> fire, CancellationToken cancel)
    {
        var fired = 0;
        var failed = new List<long>();
        for (;;)
        {
            List<Booking> rows;
            await using (var db = database.Read())
            {
                rows = await db.Bookings.Where(isDue).Where(b => !failed.Contains(b.Id)).OrderBy(b => b.Id).Take(PerPass).ToListAsync(cancel);
            }
            if (rows.Count == 0) return fired;
            var frame = await frames.GetAsync(cancel) with { Now = now };
            foreach (var booking in rows)
            {
                try
                {
                    if (!await fire(booking.Id, frame))
                    {
                        // Somebody was faster, or the row says otherwise by now; it is not due any more.
                        failed.Add(booking.Id);
                        continue;
                    }
                    fired++;
                    Remember((Clock.GetUtcNow().UtcDateTime - due(booking)!.Value).TotalMilliseconds);
                }
                catch (Exception e) when (!cancel.IsCancellationRequested)
                {
                    // One that cannot be fired must not hold up the others; it is tried again with the next look.
                    LogNotFired(e, booking.Id);
                    failed.Add(booking.Id);
                    await admins.AlertSystemErrorAsync(SystemErrorType.MatchingFailure, booking.Id, cancel);
                }
            }
            if (rows.Count < PerPass) return fired;
        }
    }

    /// <summary>A customer who never answered is not waited for: his next words are an ordinary message.</summary>
    private async Task<int> ForgetQuestionsAsync(DateTime now, CancellationToken cancel)
    {
        var since = now - (await frames.GetAsync(cancel)).Settings.AnswerWithin;
        await using (var db = database.Read())
        {
            if (!await db.Bookings.AnyAsync(b => b.Question != null && b.AskedAt < since, cancel)) return 0;
        }
        return await database.WriteAsync(session => session.Db.Bookings.Where(b => b.Question != null && b.AskedAt < since)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.Question, (BookingQuestion?)null)), cancel);
    }

    private async Task EscalateStuckAsync(CancellationToken cancel)
    {
        List<long> stuck;
        await using (var db = database.Read())
        {
            stuck = await MatchingService.NeedsWave(db).OrderBy(b => b.Id).Take(PerPass).Select(b => b.Id).ToListAsync(cancel);
        }
        foreach (var id in stuck) await matching.EscalateAsync(id, cancel);
    }

    private void Remember(double lag)
    {
        MatchingInstruments.OnFired(lag);
        lock (_lock)
        {
            if (_lags.Count == Lags) _lags.Dequeue();
            _lags.Enqueue(Math.Max(0, lag));
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        if (!_warm)
        {
            // What was due at the start came first. The first to fire after that should not be the one for whom all of it is compiled: measured, that took 300 to 430 ms.
            await matching.WarmUpAsync(now, stop);
            _warm = true;
        }
        var due = await NextDueAsync(stop) - Clock.GetUtcNow().UtcDateTime;
        return due is { } d && d < MaxSleep ? d : MaxSleep;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The due time of booking {BookingId} could not be fired")]
    private partial void LogNotFired(Exception exception, long bookingId);
}
