using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingOnSqlite(PostgresServer postgres) : MatchingCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingOnPostgres(PostgresServer postgres) : MatchingCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Seed 003, unit and integration tests 1 and 2: who is asked, who wins, who is told, what is counted.</summary>
public abstract class MatchingCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    [Fact]
    public async Task StartMatching_TenAvailable_NotifiesAllOfThemMostRecentFirst()
    {
        var drivers = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            drivers.Add(await DriverAsync());
            Clock.Advance(Seconds(1));
        }
        await DriverAsync(status: DriverStatus.Offline);
        await DriverAsync(status: DriverStatus.Paused);
        var booking = await BookingAsync();

        var result = await Matching.StartMatchingAsync(booking);

        Assert.True(result.Success);
        Assert.Equal(drivers.AsEnumerable().Reverse(), result.DriverIds);
        Assert.Equal((10, 0, 0), (result.DriversNotified, result.Errors.Count, result.Pending));
        Assert.Equal(10, Node.Gateway.Sent.Count);
        var offers = await OffersAsync(booking);
        Assert.All(offers, o => Assert.Equal((Clock.Now, Clock.Now.AddSeconds(30), (DriverResponseKind?)null), (o.SentAt!.Value, o.ExpiresAt, o.Response)));
        var metrics = await MetricsAsync(booking);
        Assert.Equal((result.MatchingMetricsId, 10, 10, 0), (metrics.Id, metrics.TotalDriversNotified, metrics.ReachableDrivers, metrics.TotalDriversResponded));
        Assert.Equal(1, await CountAsync(booking, TemplateKey.ClientSearchStarted));
        var report = (await Node.Get<BookingQueries>().FindAsync(booking))!.Events.Single(e => e.Kind == BookingEventKind.SearchStarted).Report!;
        Assert.Equal((10, 1, 1), (report.Chosen, report.Counts[Exclusion.Offline], report.Counts[Exclusion.Paused]));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task StartMatching_Twice_SaysThatItRuns()
    {
        await DriverAsync();
        var booking = await SearchedAsync();

        Assert.Equal(MatchingStart.AlreadyStarted, (await Matching.StartMatchingAsync(booking)).Start);
        Assert.Equal(MatchingStart.NotFound, (await Matching.StartMatchingAsync(booking + 1000)).Start);
        Assert.Single(Node.Gateway.Sent, m => m.Text.Contains("NOUVELLE COURSE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartMatching_OneSendFails_MarksThatRowAndStopsNothing()
    {
        Node.MatchingSettings.MaxAsks = 1;
        var drivers = await DriversAsync(5);
        var bad = (await ReadDriverAsync(drivers[2])).Phone;
        Node.Gateway.OnSend = (m, _) => Task.FromResult(m.Address == bad ? SendResult.Failed(SendFailure.BadRecipient) : SendResult.Sent(Node.Gateway.NextId()));
        var booking = await BookingAsync();

        var result = await Matching.StartMatchingAsync(booking);

        Assert.Equal([$"driver {drivers[2]}: BadRecipient"], result.Errors);
        Assert.Equal(5, result.DriversNotified);
        Assert.Null((await OfferAsync(booking, drivers[2])).SentAt);
        // What never reached him is not his silence.
        Clock.Advance(Seconds(31));
        await RunLoopsAsync();
        var ended = await OfferAsync(booking, drivers[2]);
        Assert.Equal(((DriverResponseKind?)null, (OfferWithdrawal?)OfferWithdrawal.Undelivered), (ended.Response, ended.Withdrawn));
        Assert.Equal(DriverResponseKind.Timeout, (await OfferAsync(booking, drivers[1])).Response);
    }

    [Fact]
    public async Task StartMatching_WithOptions_LeavesOutWhoIsTooFarOrExcluded()
    {
        var near = await DriverAsync(latitude: 14.68, longitude: -17.43);
        var far = await DriverAsync(latitude: 15.68, longitude: -17.43);
        var excluded = await DriverAsync(latitude: 14.67, longitude: -17.43);
        var nowhere = await DriverAsync();
        var booking = await BookingAsync();

        var result = await Matching.StartMatchingAsync(booking, new MatchingOptions(MaxDistance: 5, ExcludeDriverIds: [excluded], PriorityMode: PriorityMode.Distance));

        Assert.Equal([near], result.DriverIds);
        var leftOut = (await Node.Get<BookingQueries>().FindAsync(booking))!.Events.Single(e => e.Report is not null).Report!.LeftOut.ToDictionary(l => l.DriverId, l => l.Reason);
        Assert.Equal((Exclusion.TooFar, Exclusion.ByRequest, Exclusion.NoPosition), (leftOut[far], leftOut[excluded], leftOut[nowhere]));
        Assert.Equal(Exclusion.TooFar, Assert.Single(await Node.Get<DriverQueries>().WhyNotAsync(booking, far)).Reason);
        Assert.Empty(await Node.Get<DriverQueries>().WhyNotAsync(booking, near));
    }

    [Fact]
    public async Task StartMatching_NobodyAvailable_StaysOpenAndAlertsAndAsksWhoComesLater()
    {
        var booking = await BookingAsync("Plateau");
        var result = await Matching.StartMatchingAsync(booking);
        Assert.Equal((true, 0), (result.Success, result.DriversNotified));
        var alert = Assert.Single((await Node.Get<AlertStore>().ListAsync(new AlertSearch())).Items);
        Assert.Equal((AlertKind.LowDriverAvailability, "Plateau"), (alert.Kind, alert.Subject));

        Clock.Advance(Seconds(60));
        var late = await DriverAsync();

        Assert.Equal(late, Assert.Single(await OffersAsync(booking)).DriverId);
        Assert.Equal(ResponseAction.Assigned, (await AcceptAsync(booking, late))!.Action);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task StartMatching_WithoutAChannel_OffersThroughTheApi()
    {
        await Node.Database.WriteAsync(async s =>
        {
            await s.ExecuteAsync("DELETE FROM profiles");
            await s.ExecuteAsync("DELETE FROM channels");
        });
        var driver = await DriverAsync();
        var booking = await SearchedAsync();

        var offer = await OfferAsync(booking, driver);
        Assert.Equal((NotificationMethod.Api, (DateTime?)Clock.Now), (offer.Method, offer.SentAt));
        Assert.Equal(ResponseAction.Assigned, (await AcceptAsync(booking, driver))!.Action);
    }

    [Fact]
    public async Task Accept_First_WinsAndEveryoneIsTold()
    {
        var drivers = await DriversAsync(4);
        var booking = await SearchedAsync();
        await RejectAsync(booking, drivers[3]);
        Clock.Advance(Seconds(4));

        var won = (await AcceptAsync(booking, drivers[0]))!;
        Assert.Equal(5, await SendAllAsync());

        Assert.Equal((ResponseAction.Assigned, true), (won.Action, won.Success));
        var row = await ReadBookingAsync(booking);
        Assert.Equal((BookingStatus.Accepted, (long?)drivers[0]), (row.Status, row.DriverId));
        Assert.Equal(DriverStatus.Busy, (await ReadDriverAsync(drivers[0])).Status);
        var messages = await MessagesAsync(booking);
        Assert.Equal([drivers[1], drivers[2]], messages.Where(m => m.Kind == nameof(TemplateKey.DriverTaken)).Select(m => m.DriverId!.Value).Order());
        Assert.Single(messages, m => m.Kind == nameof(TemplateKey.DriverAssigned) && m.DriverId == drivers[0]);
        var found = Assert.Single(messages, m => m.Kind == nameof(TemplateKey.ClientDriverFound));
        Assert.Contains("CHAUFFEUR TROUVÉ", found.Text, StringComparison.Ordinal);
        Assert.Contains("4,5/5", found.Text, StringComparison.Ordinal);
        Assert.All(messages, m => Assert.Equal(MessageStatus.Sent, m.Status));
        var metrics = await MetricsAsync(booking);
        Assert.Equal((MatchingFinalStatus.Matched, 4, 2), (metrics.FinalStatus!.Value, metrics.TimeToMatch!.Value, metrics.TotalDriversResponded));
        Assert.Equal((0, 4000), (metrics.AcceptMs!.Value, metrics.HumanMs!.Value));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Accept_AfterTheWinner_IsTakenSoManyMillisecondsBeforeAndNeverCountedAgainstHim()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();
        await AcceptAsync(booking, drivers[0]);
        Clock.Advance(TimeSpan.FromMilliseconds(230));

        var lost = (await AcceptAsync(booking, drivers[1]))!;
        Clock.Advance(Seconds(60));
        var again = (await AcceptAsync(booking, drivers[1]))!;

        Assert.Equal((ResponseAction.AlreadyTaken, (long?)230), (lost.Action, lost.LostByMs));
        Assert.Contains("230 ms", lost.Message, StringComparison.Ordinal);
        Assert.Equal((lost.Action, lost.LostByMs, lost.Message), (again.Action, again.LostByMs, again.Message));
        var offer = await OfferAsync(booking, drivers[1]);
        Assert.Equal(((DriverResponseKind?)null, (OfferWithdrawal?)OfferWithdrawal.Taken, (long?)230), (offer.Response, offer.Withdrawn, offer.LostByMs));
        var stats = await Node.Get<MetricsService>().GetDriverResponseStatsAsync(drivers[1], new TimeFrame(Clock.Now.AddHours(-1), Clock.Now));
        Assert.Equal((1, 0, 0, 0), (stats.NearMisses, stats.Rejected, stats.TimeoutCount, (await ReadDriverAsync(drivers[1])).ConsecutiveTimeouts));
    }

    [Fact]
    public async Task Answer_GivenTwice_GivesTheSameResult()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();

        var first = (await AcceptAsync(booking, drivers[0]))!;
        var second = (await AcceptAsync(booking, drivers[0]))!;
        Assert.Equal((ResponseAction.Assigned, first.Message), (second.Action, second.Message));

        var other = await SearchedAsync();
        await RejectAsync(other, drivers[1]);
        Assert.Equal(ResponseAction.Rejected, (await RejectAsync(other, drivers[1]))!.Action);
        Assert.Equal(1, await CountAsync(booking, TemplateKey.DriverAssigned));
        Assert.Equal(1, (await MetricsAsync(booking)).TotalDriversResponded);
    }

    [Fact]
    public async Task Answer_ToWhatWasNotOffered_SaysSo()
    {
        var driver = await DriverAsync(status: DriverStatus.Offline);
        var booking = await SearchedAsync();

        Assert.Equal(ResponseAction.NotOffered, (await AcceptAsync(booking, driver))!.Action);
        Assert.Null(await AcceptAsync(booking + 1000, driver));
        Assert.Null(await AcceptAsync(booking, driver + 1000));
    }

    [Fact]
    public async Task Accept_WithAnotherRide_IsBusyAndHisOtherOffersAreGone()
    {
        var drivers = await DriversAsync(2);
        var one = await SearchedAsync();
        var two = await SearchedAsync();

        await AcceptAsync(one, drivers[0]);

        Assert.Equal(OfferWithdrawal.DriverBusy, (await OfferAsync(two, drivers[0])).Withdrawn);
        Assert.Equal(ResponseAction.DriverBusy, (await AcceptAsync(two, drivers[0]))!.Action);
        Assert.Equal(ResponseAction.Assigned, (await AcceptAsync(two, drivers[1]))!.Action);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Complete_FreesTheDriverWhoIsAskedAboutOpenBookingsAtOnce()
    {
        var driver = await DriverAsync();
        var one = await SearchedAsync();
        await AcceptAsync(one, driver);
        var waiting = await SearchedAsync();
        Assert.Empty(await OffersAsync(waiting));

        var outcome = await Matching.CompleteAsync(one);

        Assert.Equal((BookingResult.Done, BookingStatus.Completed), (outcome.Result, outcome.Status));
        Assert.Equal(driver, Assert.Single(await OffersAsync(waiting)).DriverId);
        Assert.Equal(BookingResult.WrongStatus, (await Matching.CompleteAsync(one)).Result);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Cancel_DuringTheSearch_EndsEveryOfferAndTellsWhoeverWasAsked()
    {
        var drivers = await DriversAsync(3);
        var booking = await SearchedAsync();
        await RejectAsync(booking, drivers[0]);

        var outcome = await Matching.CancelMatchingAsync(booking, "Le client ne vient pas");
        await RunLoopsAsync();

        Assert.Equal((BookingResult.Done, BookingStatus.Cancelled), (outcome.Result, outcome.Status));
        Assert.Equal(2, await CountAsync(booking, TemplateKey.DriverBookingCancelled));
        Assert.Equal(ResponseAction.BookingCancelled, (await AcceptAsync(booking, drivers[1]))!.Action);
        Assert.Equal(MatchingFinalStatus.Cancelled, (await MetricsAsync(booking)).FinalStatus);
        Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(0, await Node.Get<TimeoutManager>().RunOnceAsync(Clock.Now));
        Assert.Equal(0, await Node.Get<TimeoutManager>().CleanupAsync());
        Assert.Equal(BookingResult.WrongStatus, (await Matching.CancelMatchingAsync(booking, "again")).Result);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Cancel_OfAnAcceptedBooking_FreesItsDriver()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();
        await AcceptAsync(booking, driver);

        await Matching.CancelMatchingAsync(booking, "no");

        Assert.Equal(DriverStatus.Available, (await ReadDriverAsync(driver)).Status);
        Assert.Equal(1, await CountAsync(booking, TemplateKey.DriverRideCancelled));
        Assert.Equal(ResponseAction.BookingCancelled, (await AcceptAsync(booking, driver))!.Action);
    }

    [Fact]
    public async Task Assign_ByHand_TakesItFromTheSearch()
    {
        var drivers = await DriversAsync(2);
        var outside = await DriverAsync(status: DriverStatus.Offline);
        var booking = await SearchedAsync();

        var outcome = await Matching.AssignAsync(booking, outside);

        Assert.Equal((BookingResult.Done, (long?)outside), (outcome.Result, outcome.DriverId));
        Assert.Equal(ResponseAction.AlreadyTaken, (await AcceptAsync(booking, drivers[0]))!.Action);
        Assert.Equal(BookingResult.DriverBusy, (await Matching.AssignAsync(await SearchedAsync(), outside)).Result);
        Assert.Equal(BookingResult.WrongStatus, (await Matching.AssignAsync(booking, drivers[1])).Result);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task BackOut_SearchesAgainThreeTimesAndNeverAsksHimAgain()
    {
        var drivers = await DriversAsync(5);
        var booking = await SearchedAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ResponseAction.Assigned, (await AcceptAsync(booking, drivers[i]))!.Action);
            var outcome = await Matching.DriverBackOutAsync(booking, drivers[i]);
            Assert.Equal((BookingResult.Done, BookingStatus.Pending), (outcome.Result, outcome.Status));
            Assert.NotEqual(i + 2, (await OfferAsync(booking, drivers[i])).Round);
            Assert.Equal(i + 2, (await OfferAsync(booking, drivers[4])).Round);
            Assert.Equal(DriverStatus.Available, (await ReadDriverAsync(drivers[i])).Status);
        }
        await AcceptAsync(booking, drivers[3]);

        Assert.Equal(BookingStatus.Failed, (await Matching.DriverBackOutAsync(booking, drivers[3])).Status);
        Assert.Equal(BookingResult.WrongStatus, (await Matching.DriverBackOutAsync(booking, drivers[3])).Result);
        Assert.Contains((await Node.Get<AlertStore>().ListAsync(new AlertSearch())).Items, a => a.Kind == AlertKind.MatchingFailure && a.ResourceId == booking);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Fail_TellsEveryoneAndCanBeTriedAgain()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();

        Assert.True(await Matching.FailAsync(booking, "The gateway broke."));
        Assert.False(await Matching.FailAsync(booking, "again"));

        Assert.Equal(ResponseAction.BookingCancelled, (await AcceptAsync(booking, driver))!.Action);
        Assert.True((await Matching.RetryAsync(booking)).Success);
        Assert.Equal(ResponseAction.Assigned, (await AcceptAsync(booking, driver))!.Action);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task OfferOnItsWay_WhenSomebodyWins_IsToldWhenItArrives()
    {
        var drivers = await DriversAsync(2);
        var slow = (await ReadDriverAsync(drivers[1])).Phone;
        var hold = new TaskCompletionSource();
        Node.Gateway.OnSend = async (m, _) =>
        {
            if (m.Address == slow && m.Text.Contains("NOUVELLE", StringComparison.Ordinal)) await hold.Task;
            return SendResult.Sent(Node.Gateway.NextId());
        };
        Node.MatchingSettings.BroadcastWait = TimeSpan.Zero;
        var booking = await BookingAsync();
        await Matching.StartMatchingAsync(booking);
        await Eventually.Async(() => Node.Gateway.Sent.Any(m => m.Address == slow));

        await AcceptAsync(booking, drivers[0]);
        Assert.Equal(0, await CountAsync(booking, TemplateKey.DriverTaken));
        hold.SetResult();
        await Eventually.Async(async () => (await OfferAsync(booking, drivers[1])).SentAt is not null);
        await SendAllAsync();

        Assert.Equal(drivers[1], Assert.Single(await MessagesAsync(booking), m => m.Kind == nameof(TemplateKey.DriverTaken)).DriverId);
        Node.MatchingSettings.BroadcastWait = Seconds(3);
    }

    [Fact]
    public async Task Receipts_OfAnOffer_AreTheOffersAndNobodyElses()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();
        var offer = (await MessagesAsync(booking)).Single(m => m.Kind == nameof(TemplateKey.DriverOffer));
        Clock.Advance(Seconds(2));

        var result = await Node.SubmitAsync(Profile, [], [new InboundStatus(offer.ProviderMessageId!, MessageStatus.Delivered, Clock.Now), new InboundStatus("of-somebody-else", MessageStatus.Read, Clock.Now)]);
        Clock.Advance(Seconds(1));
        await Node.SubmitAsync(Profile, [], [new InboundStatus(offer.ProviderMessageId!, MessageStatus.Read, Clock.Now)]);

        Assert.Equal(1, result.StatusesApplied);
        var after = await OfferAsync(booking, driver);
        Assert.Equal((Clock.Now.AddSeconds(-1), Clock.Now), (after.DeliveredAt!.Value, after.SeenAt!.Value));
        Assert.Equal("of-somebody-else", Assert.Single(await Node.ReadAsync(db => db.EarlyStatuses.ToListAsync())).ProviderMessageId);
    }
}
