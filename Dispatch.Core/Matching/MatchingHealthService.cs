using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Matching;

/// <summary>
/// How matching is (seed 003), checked each minute by every node for its own answers; what is not healthy is an alert while it lasts, raised and ended by one node (a lease): two that
/// see it differently (one is slow itself) would raise and end it in turn.
/// </summary>
public sealed partial class MatchingHealthService(
    Database database, MetricsService metrics, TimeoutManager timeouts, AlertStore alerts, AdminAlertService admins, MatchingFrames frames, IOptions<MatchingSettings> settings,
    Leases leases, IOptions<NodeOptions> node, TimeProvider clock, ILogger<MatchingHealthService> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "matching-health";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);
    private readonly ILogger _logger = logger;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1), Recent = TimeSpan.FromMinutes(15), Hour = TimeSpan.FromHours(1);

    /// <summary>Fewer than these and a share says nothing.</summary>
    private const int LeastMessages = 5, LeastSearches = 5;

    /// <summary>The last check; null: none yet.</summary>
    public HealthStatus? Last { get; private set; }

    public async Task<HealthStatus> CheckMatchingSystemHealthAsync(CancellationToken cancel = default)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        var limits = settings.Value.Health;
        var store = await DatabaseAsync(limits, cancel);
        if (store.Level == HealthLevel.Critical)
        {
            var unknown = new ComponentHealth(HealthLevel.Warning, "Not known while the database does not answer.");
            return Last = new HealthStatus(HealthLevel.Critical, new HealthComponents(store, unknown, unknown, unknown), new HealthFigures(0, null, 0), now);
        }
        var (whatsapp, errorRate) = await WhatsappAsync(limits, now, cancel);
        var due = await CheckActiveTimeoutsAsync(cancel);
        var late = TimeSpan.FromMilliseconds(due.OldestDueMs);
        var timeoutHealth = MatchingHealthRules.Judge(
            late.TotalSeconds, limits.TimeoutLagWarning.TotalSeconds, limits.TimeoutLagCritical.TotalSeconds, "The oldest due time is {0:0.0} s late.");
        var matching = await MatchingAsync(limits, now, cancel);
        HealthLevel[] levels = [store.Level, whatsapp.Level, timeoutHealth.Level, matching.Level];
        return Last = new HealthStatus(
            levels.Max(), new HealthComponents(store, whatsapp, timeoutHealth, matching),
            new HealthFigures(await metrics.GetActiveMatchingsAsync(cancel), await metrics.GetAverageMatchingTimeAsync(TimeFrame.Last(Hour, now), cancel), errorRate), now);
    }

    public async Task<bool> CheckDatabaseConnectivityAsync(CancellationToken cancel = default) =>
        (await DatabaseAsync(settings.Value.Health, cancel)).Level != HealthLevel.Critical;

    public async Task<bool> CheckWhatsAppServiceHealthAsync(CancellationToken cancel = default) =>
        (await WhatsappAsync(settings.Value.Health, Clock.GetUtcNow().UtcDateTime, cancel)).Health.Level != HealthLevel.Critical;

    public async Task<TimeoutHealth> CheckActiveTimeoutsAsync(CancellationToken cancel = default)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        await using var db = database.Read();
        var open = db.BookingNotifications.Where(n => n.Response == null && n.Withdrawn == null);
        var bookings = db.Bookings.Where(b => b.Status == BookingStatus.Pending && b.MatchingDeadline != null);
        var overdue = await open.CountAsync(n => n.ExpiresAt <= now, cancel) + await bookings.CountAsync(b => b.MatchingDeadline <= now, cancel);
        var oldest = new[] { await open.MinAsync(n => (DateTime?)n.ExpiresAt, cancel), await bookings.MinAsync(b => b.MatchingDeadline, cancel) }.Min();
        return new TimeoutHealth(
            await open.CountAsync(cancel) + await bookings.CountAsync(cancel), overdue, oldest is { } o && o < now ? (now - o).TotalMilliseconds : 0, timeouts.LagP99);
    }

    /// <summary>One check with its alerts, and the invariants that the database is trusted with, read once more from the rows.</summary>
    public async Task<HealthStatus> RunOnceAsync(CancellationToken cancel = default)
    {
        var status = await CheckMatchingSystemHealthAsync(cancel);
        if (status.Components.Database.Level == HealthLevel.Critical)
        {
            LogUnhealthy(nameof(HealthComponents.Database), status.Components.Database.Level, status.Components.Database.Reason);
            return status;
        }
        var unhealthy = new (string Name, ComponentHealth Is)[]
        {
            (nameof(HealthComponents.Database), status.Components.Database), (nameof(HealthComponents.Whatsapp), status.Components.Whatsapp),
            (nameof(HealthComponents.Timeouts), status.Components.Timeouts), (nameof(HealthComponents.Matching), status.Components.Matching),
        }.Where(c => c.Is.Level != HealthLevel.Healthy).ToList();
        foreach (var (name, component) in unhealthy) LogUnhealthy(name, component.Level, component.Reason);
        var wanted = unhealthy.ConvertAll(c => new WantedAlert(
            AlertKind.MatchingHealth, c.Is.Level == HealthLevel.Critical ? AlertSeverity.Critical : AlertSeverity.Warning, $"matching-health:{c.Name}", Subject: c.Name, Details: c.Is.Reason));
        await database.WriteAsync(session => alerts.SettleAsync(session, a => a.Kind == AlertKind.MatchingHealth, wanted, status.At), cancel);
        await ResolveAvailabilityAsync(status.At, cancel);
        await ReportAsync(status.At, cancel);
        return status;
    }

    private async Task<ComponentHealth> DatabaseAsync(MatchingHealthSettings limits, CancellationToken cancel)
    {
        var start = Clock.GetTimestamp();
        try
        {
            await using var db = database.Read();
            await db.Bookings.AnyAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogDatabase(e);
            return new ComponentHealth(HealthLevel.Critical, "The database does not answer.");
        }
        var took = Clock.GetElapsedTime(start);
        return took < limits.DatabaseWarning ? new ComponentHealth(HealthLevel.Healthy, "")
            : new ComponentHealth(HealthLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"The database took {took.TotalMilliseconds:0} ms to answer."));
    }

    private async Task<(ComponentHealth Health, double ErrorRate)> WhatsappAsync(MatchingHealthSettings limits, DateTime now, CancellationToken cancel)
    {
        var since = now - Recent;
        await using var db = database.Read();
        // The newest by id: an index on time would cost every message for one question a minute.
        var recent = await db.ServiceMessages.OrderByDescending(m => m.Id).Take(1000).Where(m => m.CreatedAt >= since && m.Direction == MessageDirection.Out)
            .Select(m => new { m.Status, m.Error }).ToListAsync(cancel);
        var done = recent.Where(m => m.Error != "Withdrawn" && m.Status is not (MessageStatus.Queued or MessageStatus.Sending)).ToList();
        var rate = done.Count == 0 ? 0 : (double)done.Count(m => m.Status is MessageStatus.Failed or MessageStatus.Uncertain) / done.Count;
        return (done.Count < LeastMessages ? new ComponentHealth(HealthLevel.Healthy, "")
            : MatchingHealthRules.Judge(rate, limits.SendFailuresWarning, limits.SendFailuresCritical, "{0:P0} of the last messages did not leave."), rate);
    }

    private async Task<ComponentHealth> MatchingAsync(MatchingHealthSettings limits, DateTime now, CancellationToken cancel)
    {
        await using var db = database.Read();
        // What the indexes promise; true unless somebody changed rows by hand.
        var twice = await db.Bookings.Where(b => b.Status == BookingStatus.Accepted).GroupBy(b => b.DriverId).CountAsync(g => g.Count() > 1, cancel);
        var idle = await db.Bookings.CountAsync(b => b.Status == BookingStatus.Accepted && db.Drivers.Any(d => d.Id == b.DriverId && d.Status != DriverStatus.Busy), cancel);
        if (twice + idle > 0)
            return new ComponentHealth(HealthLevel.Critical, string.Create(CultureInfo.InvariantCulture, $"{twice} drivers have two rides, {idle} rides have a driver who is not busy."));
        var frame = TimeFrame.Last(Hour, now);
        if (await metrics.GetEndedSearchesAsync(frame, cancel) < LeastSearches) return new ComponentHealth(HealthLevel.Healthy, "");
        return MatchingHealthRules.Judge(
            await metrics.GetTimeoutRateAsync(frame, cancel) ?? 0, limits.TimeoutRateWarning, limits.TimeoutRateCritical, "{0:P0} of the searches of the last hour found nobody.");
    }

    /// <summary>Enough drivers again: the alert about too few ends by itself.</summary>
    private async Task ResolveAvailabilityAsync(DateTime now, CancellationToken cancel)
    {
        var enough = settings.Value.LowAvailability;
        await using var db = database.Read();
        var open = await db.Alerts.Where(a => a.Kind == AlertKind.LowDriverAvailability && a.ResolvedAt == null && a.LastSeenAt < now - Interval)
            .Select(a => new { a.DedupeKey, a.Subject }).ToListAsync(cancel);
        foreach (var alert in open)
        {
            var available = await db.Drivers.CountAsync(d => d.Status == DriverStatus.Available && (alert.Subject == "-" || d.Zone == alert.Subject), cancel);
            if (available >= enough) await database.WriteAsync(session => alerts.ResolveAsync(session, alert.DedupeKey, now), cancel);
        }
    }

    /// <summary>Yesterday's figures, once, after the time of day that is configured.</summary>
    private async Task ReportAsync(DateTime now, CancellationToken cancel)
    {
        if (settings.Value.DailyReportAt is not { } at) return;
        var local = TimeZoneInfo.ConvertTimeFromUtc(now, frames.Zone);
        if (local.TimeOfDay < at) return;
        var day = DateOnly.FromDateTime(local).AddDays(-1);
        var key = $"daily-report:{day:yyyy-MM-dd}";
        await using (var db = database.Read())
        {
            if (await db.Alerts.AnyAsync(a => a.Kind == AlertKind.DailyReport && a.DedupeKey == key, cancel)) return;
        }
        var report = await metrics.GenerateDailyReportAsync(day, cancel);
        // A day without a search is nothing to tell: a new installation would begin with empty reports.
        if (report.Stats.Searches > 0) await admins.SendDailyMetricsReportAsync(report, cancel);
    }

    protected override TimeSpan FirstAfter => LeasedTurn.Look;

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (await _turn.IsDueAsync(now, Interval, stop)) await RunOnceAsync(stop);
        else if (Last is null || now - Last.At >= Interval) await CheckMatchingSystemHealthAsync(stop);
        return LeasedTurn.Look;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Matching health: {Component} is {Level}: {Reason}")]
    private partial void LogUnhealthy(string component, HealthLevel level, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database did not answer the health check")]
    private partial void LogDatabase(Exception exception);
}
