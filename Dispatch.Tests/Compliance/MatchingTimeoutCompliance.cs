using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingTimeoutOnSqlite(PostgresServer postgres) : MatchingTimeoutCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingTimeoutOnPostgres(PostgresServer postgres) : MatchingTimeoutCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Seed 003, timeout management: 30 seconds a driver, 5 minutes a booking, and what follows.</summary>
public abstract class MatchingTimeoutCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    private TimeoutManager Timeouts => Node.Get<TimeoutManager>();

    [Fact]
    public async Task Driver_SilentFor30Seconds_IsATimeoutAndTheNextWaveAsksAgain()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();
        await RejectAsync(booking, drivers[0]);
        Clock.Advance(Seconds(29.9));
        Assert.Equal(0, await Timeouts.RunOnceAsync(Clock.Now));

        Clock.Advance(Seconds(0.1));
        Assert.Equal(1, await Timeouts.RunOnceAsync(Clock.Now));
        await SendAllAsync();

        // Escalated at once: whoever was silent is asked again, whoever refused is not.
        Assert.Equal(2, (await ReadBookingAsync(booking)).Wave);
        var silent = await OfferAsync(booking, drivers[1]);
        Assert.Equal((2, 2, (DriverResponseKind?)null), (silent.Wave, silent.Asked, silent.Response));
        Assert.Equal(DriverResponseKind.Rejected, (await OfferAsync(booking, drivers[0])).Response);
        Assert.Equal(1, await CountAsync(booking, TemplateKey.ClientSearchProgress));

        Clock.Advance(Seconds(30));
        await RunLoopsAsync();
        Assert.Equal(DriverResponseKind.Timeout, (await OfferAsync(booking, drivers[1])).Response);
        Assert.Equal(ResponseAction.OfferExpired, (await AcceptAsync(booking, drivers[1]))!.Action);
        var row = await ReadBookingAsync(booking);
        Assert.Equal((BookingStatus.Pending, row.Wave), (row.Status, row.ExhaustedWave));
        Assert.Contains((await Node.Get<AlertStore>().ListAsync(new AlertSearch())).Items, a => a.Kind == AlertKind.LowDriverAvailability);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Accept_AfterItsTimeButBeforeTheLoop_IsExpired()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();
        Clock.Advance(Seconds(30));

        Assert.Equal(ResponseAction.OfferExpired, (await AcceptAsync(booking, driver))!.Action);
        Assert.Equal(ResponseAction.OfferExpired, (await RejectAsync(booking, driver))!.Action);
    }

    [Fact]
    public async Task Booking_NobodyFor5Minutes_TimesOutTellsTheCustomerAndAlertsAdmins()
    {
        Node.MatchingSettings.AdminNumbers = ["+221 77 000 00 01"];
        await DriversAsync(2);
        var booking = await SearchedAsync("Plateau");
        for (var i = 0; i < 10; i++)
        {
            Clock.Advance(Seconds(29));
            await RunLoopsAsync();
        }
        Assert.Equal(BookingStatus.Pending, (await ReadBookingAsync(booking)).Status);

        Clock.Advance(Seconds(10));
        await RunLoopsAsync();

        var row = await ReadBookingAsync(booking);
        Assert.Equal((BookingStatus.TimedOut, (BookingQuestion?)BookingQuestion.Choice), (row.Status, row.Question));
        Assert.Equal((MatchingFinalStatus.Timeout, 2), ((await MetricsAsync(booking)).FinalStatus!.Value, (await OffersAsync(booking)).Count));
        var messages = await MessagesAsync(booking);
        Assert.Contains("AUCUN CHAUFFEUR DISPONIBLE", Assert.Single(messages, m => m.Kind == nameof(TemplateKey.ClientSearchFailed)).Text, StringComparison.Ordinal);
        var admin = Assert.Single(messages, m => m.Audience == MessageAudience.Admin);
        Assert.Equal("221770000001", admin.Address);
        Assert.Contains("Aucun chauffeur trouvé après 5 minutes", admin.Text, StringComparison.Ordinal);
        Assert.Contains(Node.Gateway.Sent, m => m.Address == "221770000001");
        var alert = Assert.Single((await Node.Get<AlertStore>().ListAsync(new AlertSearch(Kind: AlertKind.BookingTimeout))).Items);
        Assert.Equal((AlertSeverity.Critical, (long?)booking, 1), (alert.Severity, alert.ResourceId, alert.Count));
        Assert.Equal(0, await Timeouts.RunOnceAsync(Clock.Now));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Offer_NeverOutlivesItsBooking()
    {
        var booking = await SearchedAsync();
        Clock.Advance(TimeSpan.FromMinutes(4.75));
        var late = await DriverAsync();

        Assert.Equal(Clock.Now.AddSeconds(15), (await OfferAsync(booking, late)).ExpiresAt);
    }

    [Fact]
    public async Task ThreeSeenAndIgnoredInARow_PauseHimAndOneTapBringsHimBack()
    {
        Node.MatchingSettings.MaxAsks = 1;
        var driver = await DriverAsync();
        var unseen = await DriverAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(DriverStatus.Available, (await ReadDriverAsync(driver)).Status);
            var booking = await SearchedAsync();
            await Matching.MarkSeenAsync(booking, driver);
            Clock.Advance(Seconds(31));
            await RunLoopsAsync();
            await Matching.CancelMatchingAsync(booking, "");
        }

        Assert.Equal(DriverStatus.Paused, (await ReadDriverAsync(driver)).Status);
        // What he never saw is not held against him.
        Assert.Equal((DriverStatus.Available, 0), ((await ReadDriverAsync(unseen)).Status, (await ReadDriverAsync(unseen)).ConsecutiveTimeouts));
        var phone = (await ReadDriverAsync(driver)).Phone;
        Assert.Contains(Node.Gateway.Sent, m => m.Address == phone && m.Text.Contains("en pause", StringComparison.Ordinal));
        var open = await SearchedAsync();
        Assert.DoesNotContain(await OffersAsync(open), o => o.DriverId == driver);

        await Node.ReceiveAsync(Profile, phone, "PRÊT");

        Assert.Equal((DriverStatus.Available, 0), ((await ReadDriverAsync(driver)).Status, (await ReadDriverAsync(driver)).ConsecutiveTimeouts));
        Assert.Contains(await OffersAsync(open), o => o.DriverId == driver);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Answer_BetweenIgnoredOffers_StartsTheCountAfresh()
    {
        Node.MatchingSettings.MaxAsks = 1;
        var driver = await DriverAsync();
        for (var i = 0; i < 5; i++)
        {
            var booking = await SearchedAsync();
            await Matching.MarkSeenAsync(booking, driver);
            if (i == 2) await RejectAsync(booking, driver);
            Clock.Advance(Seconds(31));
            await RunLoopsAsync();
            await Matching.CancelMatchingAsync(booking, "");
        }
        Assert.Equal((DriverStatus.Available, 2), ((await ReadDriverAsync(driver)).Status, (await ReadDriverAsync(driver)).ConsecutiveTimeouts));
    }

    [Fact]
    public async Task Progressive_AsksTheNearestFirstAndGrows()
    {
        Node.MatchingSettings.FirstWave = 2;
        var drivers = new List<long>();
        for (var i = 0; i < 7; i++) drivers.Add(await DriverAsync(latitude: 14.67 + (i * 0.01), longitude: -17.43));
        var booking = await BookingAsync();
        var started = await Matching.StartMatchingAsync(booking, new MatchingOptions(WavePolicy: WavePolicy.Progressive));
        Assert.Equal(drivers[..2], started.DriverIds);

        Clock.Advance(Seconds(15));
        await RunLoopsAsync();
        Assert.Equal(drivers[..6].Order(), (await OffersAsync(booking)).Select(o => o.DriverId).Order());
        Clock.Advance(Seconds(15));
        await RunLoopsAsync();

        Assert.Contains(await OffersAsync(booking), o => o.DriverId == drivers[6]);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Radius_WhenNobodyIsLeftWithinIt_Doubles()
    {
        var near = await DriverAsync(latitude: 14.68, longitude: -17.43);
        var far = await DriverAsync(latitude: 14.74, longitude: -17.43);
        var booking = await BookingAsync();
        await Matching.StartMatchingAsync(booking, new MatchingOptions(MaxDistance: 5));

        await RejectAsync(booking, near);

        Assert.Equal(10, (await ReadBookingAsync(booking)).MaxDistance);
        Assert.Contains(await OffersAsync(booking), o => o.DriverId == far);
        Assert.Equal(BookingResult.BadInput, (await Matching.WidenAsync(booking, -1)).Result);
        Assert.Equal(BookingResult.Done, (await Matching.WidenAsync(booking, null)).Result);
        Assert.Null((await ReadBookingAsync(booking)).MaxDistance);
    }

    [Fact]
    public async Task Scheduled_BeginsByItself()
    {
        await DriverAsync();
        var booking = await BookingAsync(startAt: Clock.Now.AddMinutes(10));
        Assert.Equal(0, await Timeouts.RunOnceAsync(Clock.Now));
        Assert.Equal(Clock.Now.AddMinutes(10), await Timeouts.NextDueAsync());
        Clock.Advance(TimeSpan.FromMinutes(10));

        await RunLoopsAsync();

        Assert.Equal(BookingStatus.Pending, (await ReadBookingAsync(booking)).Status);
        Assert.Single(await OffersAsync(booking));
    }

    [Fact]
    public async Task WhatFellDueWhileDown_FiresAtTheFirstLookAfterARestart()
    {
        await DriversAsync(3);
        var one = await SearchedAsync();
        await RestartAsync();
        Clock.Advance(TimeSpan.FromHours(1));

        Assert.True(await Timeouts.RunOnceAsync(Clock.Now) >= 4);

        Assert.Equal(BookingStatus.TimedOut, (await ReadBookingAsync(one)).Status);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Loop_SleepsUntilTheEarliestAndIsWokenByAnEarlierOne()
    {
        await DriverAsync();
        var booking = await BookingAsync(startAt: Clock.Now.AddHours(1));
        await Timeouts.StartAsync(CancellationToken.None);
        await Bookings.RescheduleAsync(booking, Clock.Now.AddHours(2), Clock.Now.AddMilliseconds(500));

        await Eventually.Async(async () =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(50));
            return (await ReadBookingAsync(booking)).MatchingStartedAt is not null;
        });
        await Timeouts.StopAsync(CancellationToken.None).InTime();
    }

    [Fact]
    public async Task SearchLeftWithoutAWaveByACrash_IsFoundBySweep()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();
        await Node.Database.WriteAsync(s => s.ExecuteAsync(
            "UPDATE booking_notifications SET response = 'Timeout', closed_at = @now WHERE booking_id = @b", ("now", Clock.Now), ("b", booking)));

        await RestartAsync();
        await Timeouts.RunOnceAsync(Clock.Now);

        Assert.Equal(2, (await ReadBookingAsync(booking)).Wave);
        Assert.All(await OffersAsync(booking), o => Assert.Equal(2, o.Asked));
        Assert.Equal(2, drivers.Length);
    }

    [Fact]
    public async Task Message_LostBetweenSendingAndSent_IsUncertainAndNeverSentAgain()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE service_messages SET status = 'Sending', sent_at = NULL WHERE driver_id = @d", ("d", driver)));
        var before = Node.Gateway.Sent.Count;
        await RestartAsync();
        Clock.Advance(Seconds(61));

        await SendAllAsync();

        var offer = (await MessagesAsync(booking)).Single(m => m.DriverId == driver);
        Assert.Equal((Core.Conversations.MessageStatus.Uncertain, "Unknown"), (offer.Status, offer.Error));
        Assert.DoesNotContain(Node.Gateway.Sent, m => m.Id == offer.Id);
        Assert.Equal(1, before);
    }

    [Fact]
    public async Task Message_WhoseSenderSleptBeforeTheCall_IsUncertainAndDoesNotLeaveWhenItWakes()
    {
        await DriverAsync();
        var booking = await BookingAsync();
        var sender = Node.Get<ServiceMessageSender>();
        var slept = false;
        sender.BeforeCall = async () =>
        {
            if (slept) return;
            slept = true;
            Clock.Advance(Seconds(61));
            Assert.True(await sender.SweepAsync(Clock.Now) > 0);
        };

        await Matching.StartMatchingAsync(booking).InTime();
        await Eventually.Async(async () => slept && (await MessagesAsync(booking)).Exists(m => m.Status == Core.Conversations.MessageStatus.Uncertain));

        Assert.Empty(Node.Gateway.Sent);
    }

    [Fact]
    public async Task Message_SweptWhileItsCallIsOnItsWay_IsSentWhenTheGatewayAnswers()
    {
        await DriverAsync();
        var booking = await BookingAsync();
        var release = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Node.Gateway.OnSend = (_, _) => release.Task;
        var searching = Matching.StartMatchingAsync(booking);
        await Eventually.Async(() => !Node.Gateway.Sent.IsEmpty);
        Clock.Advance(Seconds(61));
        Assert.True(await Node.Get<ServiceMessageSender>().SweepAsync(Clock.Now) > 0);

        release.SetResult(SendResult.Sent("late"));
        await searching.InTime();
        await Eventually.Async(async () => (await MessagesAsync(booking)).Exists(m => m.Kind == nameof(TemplateKey.DriverOffer) && m.Status == Core.Conversations.MessageStatus.Sent));
        Assert.NotNull((await OffersAsync(booking)).Single().SentAt);
    }

    [Fact]
    public async Task Retry_AfterATimeout_KeepsTheFailedSearchInTheFigures()
    {
        var booking = await SearchedAsync("Plateau");
        var byHand = await SearchedAsync("Plateau");
        Clock.Advance(TimeSpan.FromMinutes(5));
        await RunLoopsAsync();
        var metrics = Node.Get<MetricsService>();
        TimeFrame Frame() => TimeFrame.Last(TimeSpan.FromHours(1), Clock.Now.AddSeconds(1));
        Assert.Equal(1.0, await metrics.GetTimeoutRateAsync(Frame()));
        var drivers = await DriversAsync(2);

        await Matching.RetryAsync(booking);
        await AcceptAsync(booking, drivers[0]);
        Assert.True((await Matching.AssignAsync(byHand, drivers[1])).Succeeded);

        var stats = await metrics.GetMatchingStatsAsync(Frame());
        Assert.Equal((3, 1, 2), (stats.Searches, stats.Matched, stats.TimedOut));
        Assert.Equal((2.0 / 3, 0.0), (stats.TimeoutRate, stats.AverageMatchingSeconds));
        Assert.Equal((2, 1), (stats.ByReach.Single(r => r.Reach == Reach.None).Searches, stats.ByReach.Single(r => r.Reach == Reach.Few).Matched));
        var zone = await metrics.GetMetricsByZoneAsync("Plateau", stats.Frame);
        Assert.Equal((3, 1), (zone.TotalBookings, zone.SuccessfulMatches));
        Assert.Equal(3, (await metrics.HoursAsync(stats.Frame)).Sum(h => h.TotalBookings));
        Assert.Equal((MatchingFinalStatus.Matched, MatchingFinalStatus.Timeout), ((await MetricsAsync(booking)).FinalStatus, (await MetricsAsync(byHand)).FinalStatus));
        var day = await metrics.GenerateDailyReportAsync(DateOnly.FromDateTime(Clock.Now));
        Assert.Equal((3, 2), (day.Stats.Searches, day.Stats.TimedOut));
        Assert.Equal(3, (await metrics.GenerateWeeklyReportAsync(DateOnly.FromDateTime(Clock.Now))).Days[0].Searches);

        // He cannot after all: the search that begins is one more, and what failed before it is not forgotten.
        await Matching.DriverBackOutAsync(byHand, drivers[1]);
        Assert.Equal((4, 2), ((await metrics.GetMatchingStatsAsync(Frame())).Searches, (await metrics.GetMatchingStatsAsync(Frame())).TimedOut));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Health_TellsWhatIsWrongAndAlertsWhileItLasts()
    {
        await DriversAsync(1);
        await SearchedAsync();
        var health = Node.Get<MatchingHealthService>();
        Assert.Equal(HealthLevel.Healthy, (await health.RunOnceAsync()).Overall);
        Assert.Equal(1, health.Last!.Metrics.ActiveMatchings);

        Clock.Advance(Seconds(45));
        var late = await health.RunOnceAsync();
        Assert.Equal((HealthLevel.Warning, HealthLevel.Warning), (late.Overall, late.Components.Timeouts.Level));
        Assert.Equal(1, (await health.CheckActiveTimeoutsAsync()).Overdue);
        Assert.Single((await Node.Get<AlertStore>().ListAsync(new AlertSearch(Kind: AlertKind.MatchingHealth))).Items);

        await RunLoopsAsync();
        Assert.Equal(HealthLevel.Healthy, (await health.RunOnceAsync()).Components.Timeouts.Level);
        Assert.Empty((await Node.Get<AlertStore>().ListAsync(new AlertSearch(Kind: AlertKind.MatchingHealth))).Items);
        Assert.True(await health.CheckDatabaseConnectivityAsync() && await health.CheckWhatsAppServiceHealthAsync());
    }

    [Fact]
    public async Task Reports_CountWhatHappened()
    {
        Node.MatchingSettings.AdminNumbers = ["+22177000001"];
        var drivers = await DriversAsync(3);
        var won = await SearchedAsync("Plateau");
        Clock.Advance(Seconds(6));
        await RejectAsync(won, drivers[0]);
        await AcceptAsync(won, drivers[1]);
        await AcceptAsync(won, drivers[2]);
        var lost = await SearchedAsync("Ngor");
        await RejectAsync(lost, drivers[0]);
        await RejectAsync(lost, drivers[2]);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await RunLoopsAsync();

        var metrics = Node.Get<MetricsService>();
        var stats = await metrics.GetMatchingStatsAsync(TimeFrame.Last(TimeSpan.FromHours(1), Clock.Now.AddSeconds(1)));
        Assert.Equal((2, 1, 1, 0), (stats.Searches, stats.Matched, stats.TimedOut, stats.Cancelled));
        Assert.Equal((6.0, 0.5, 0.25), (stats.AverageMatchingSeconds, stats.TimeoutRate, stats.AcceptanceRate));
        Assert.Equal((2, 1), (stats.ByReach.Single(r => r.Reach == Reach.Few).Searches, stats.ByReach.Single(r => r.Reach == Reach.Few).Matched));
        Assert.Equal((3, 1), (stats.WinSpread.Drivers, stats.WinSpread.Most));
        var zone = await metrics.GetMetricsByZoneAsync("Plateau", stats.Frame);
        Assert.Equal((1, 1, 0.0, 8), (zone.TotalBookings, zone.SuccessfulMatches, zone.TimeoutRate, Assert.Single(zone.PeakHours)));
        Assert.Equal(2, (await metrics.GetMetricsByHourAsync(8, stats.Frame)).TotalBookings);
        Assert.Equal((6.0, 0.25, 0.5, 0), (await metrics.GetAverageMatchingTimeAsync(stats.Frame), await metrics.GetAcceptanceRateAsync(stats.Frame),
            await metrics.GetTimeoutRateAsync(stats.Frame), await metrics.GetActiveMatchingsAsync()));
        var day = await metrics.GenerateDailyReportAsync(DateOnly.FromDateTime(Clock.Now));
        Assert.Equal((2, drivers[1]), (day.Stats.Searches, day.TopDrivers[0].DriverId));
        var week = await metrics.GenerateWeeklyReportAsync(DateOnly.FromDateTime(Clock.Now).AddDays(-6));
        Assert.Equal((2, 0, 2), (week.Stats.Searches, week.Before.Searches, week.Days[^1].Searches));

        Clock.Advance(TimeSpan.FromDays(1));
        await Node.Get<MatchingHealthService>().RunOnceAsync();
        await Node.Get<MatchingHealthService>().RunOnceAsync();
        await SendAllAsync();
        Assert.Single(Node.Gateway.Sent, m => m.Text.Contains("RAPPORT DU 2026-03-02", StringComparison.Ordinal));
    }
}
