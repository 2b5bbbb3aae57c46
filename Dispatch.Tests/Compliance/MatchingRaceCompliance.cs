using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingRaceOnSqlite(PostgresServer postgres) : MatchingRaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingRaceOnPostgres(PostgresServer postgres) : MatchingRaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Seed 003, race conditions: real concurrency, many times. Two nodes where the database allows it, so that nothing is settled inside one process.</summary>
public abstract class MatchingRaceCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    /// <summary>The seven racers of invariant 3.</summary>
    public enum Racer { Accept, Reject, OfferExpiry, BookingExpiry, Cancel, Assign, Fail }

    private const int PairRounds = 8;
    private DispatcherFixture _other = null!;

    public static TheoryData<Racer, Racer> Pairs()
    {
        var data = new TheoryData<Racer, Racer>();
        foreach (var a in Enum.GetValues<Racer>())
        {
            foreach (var b in Enum.GetValues<Racer>().Where(b => b >= a)) data.Add(a, b);
        }
        return data;
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task CreateAsync_OneKeyAtOnceOnTwoNodes_MakesOneBooking()
    {
        for (var i = 0; i < 20; i++)
        {
            var wanted = new NewBooking
            {
                CustomerName = "Awa", CustomerPhone = $"+33 6 78 00 00 {i:00}", PickupAddress = "Sandaga", DropAddress = "Almadies", PickupTime = Clock.Now.AddHours(1), EffectKey = $"ride-{i}",
            };

            var made = await AtOnceAsync(Enumerable.Range(0, 8).Select(n => (Func<Task<BookingOutcome>>)(() => (n % 2 == 0 ? Node : _other).Get<BookingService>().CreateAsync(wanted))).ToArray());

            Assert.All(made, m => Assert.Equal((BookingResult.Done, made[0].Id), (m.Result, m.Id)));
            Assert.Single(made, m => !m.Repeated);
        }
        Assert.Equal(20, await Node.ReadAsync(db => db.Bookings.CountAsync()));
        Assert.Equal(20, await Node.ReadAsync(db => db.BookingEvents.CountAsync()));
    }

    [Fact]
    public async Task CreateAsync_AskedAgainWhenItsTimeHasPassed_IsTheBookingThatWasMadeAndNotTheRideOfAnotherDay()
    {
        var wanted = new NewBooking
        {
            CustomerName = "Awa", CustomerPhone = "+33 6 78 00 00 99", PickupAddress = "Sandaga", DropAddress = "Almadies", PickupTime = Clock.Now.AddHours(1), StartAt = Clock.Now.AddSeconds(5),
            EffectKey = "commute",
        };
        var made = await Bookings.CreateAsync(wanted);
        Clock.Advance(TimeSpan.FromHours(3));

        var again = await Bookings.CreateAsync(wanted);
        Assert.Equal((BookingResult.Done, made.Id, true), (again.Result, again.Id, again.Repeated));
        Assert.Equal(BookingResult.BadInput, (await Bookings.CreateAsync(wanted with { EffectKey = "another" })).Result);
        await Matching.CancelMatchingAsync(made.Id, "over");
        Assert.Equal(BookingResult.Done, (await Bookings.CreateAsync(wanted)).Result);
        Assert.Equal(BookingResult.OtherBooking, (await Bookings.CreateAsync(wanted with { PickupTime = wanted.PickupTime!.Value.AddDays(1), StartAt = null })).Result);
    }

    [Fact]
    public async Task HundredDrivers_AcceptOneBookingAtOnce_OneWinsAnd99AreTold()
    {
        const int rounds = 200;
        var drivers = await DriversAsync(100);
        for (var i = 0; i < rounds; i++)
        {
            var booking = await SearchedAsync();

            var results = await AtOnceAsync(drivers.Select((d, n) => (Func<Task<ResponseResult?>>)(() => AcceptAsync(booking, d, n % 2 == 0 ? Node : _other))).ToArray());

            var winner = drivers[Array.FindIndex(results, r => r!.Action == ResponseAction.Assigned)];
            Assert.Single(results, r => r!.Action == ResponseAction.Assigned);
            Assert.Equal(99, results.Count(r => r is { Action: ResponseAction.AlreadyTaken, LostByMs: not null }));
            Assert.Equal(winner, (await ReadBookingAsync(booking)).DriverId);
            var told = (await MessagesAsync(booking)).Where(m => m.Kind == nameof(TemplateKey.DriverTaken)).Select(m => m.DriverId!.Value).ToList();
            Assert.Equal(99, told.Distinct().Count());
            Assert.Equal(99, told.Count);
            Assert.DoesNotContain(winner, told);
            Assert.Equal(1, await CountAsync(booking, TemplateKey.ClientDriverFound));
            await Matching.CompleteAsync(booking);
        }
        Assert.All(await Node.ReadAsync(db => db.Drivers.ToListAsync()), d => Assert.Equal(0, d.ConsecutiveTimeouts));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FiftyBookings_AndTheSameHundredDrivers_AllAcceptEverything_NobodyHasTwo()
    {
        var drivers = await DriversAsync(100);
        var bookings = new long[50];
        for (var i = 0; i < bookings.Length; i++) bookings[i] = await SearchedAsync();
        var random = new Random(7);
        var answers = (from b in bookings from d in drivers select (b, d)).OrderBy(_ => random.Next()).ToArray();

        var results = await AtOnceAsync(answers.Chunk(100).Select((chunk, n) => (Func<Task<(long, long, ResponseResult)[]>>)(async () =>
        {
            var mine = new List<(long, long, ResponseResult)>();
            foreach (var (b, d) in chunk) mine.Add((b, d, (await AcceptAsync(b, d, n % 2 == 0 ? Node : _other))!));
            return [.. mine];
        })).ToArray());

        var won = results.SelectMany(r => r).Where(r => r.Item3.Action == ResponseAction.Assigned).ToList();
        Assert.Equal(50, won.Count);
        Assert.Equal(50, won.Select(w => w.Item1).Distinct().Count());
        Assert.Equal(50, won.Select(w => w.Item2).Distinct().Count());
        Assert.All(results.SelectMany(r => r), r => Assert.True(r.Item3.Action is ResponseAction.Assigned or ResponseAction.AlreadyTaken or ResponseAction.DriverBusy, $"{r}"));
        foreach (var (b, d, _) in won) Assert.Equal(d, (await ReadBookingAsync(b)).DriverId);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FiftyBookings_StartedAtOnce_AskEveryDriverOnceEach()
    {
        await DriversAsync(100);
        var bookings = new long[50];
        for (var i = 0; i < bookings.Length; i++) bookings[i] = await BookingAsync();

        var results = await AtOnceAsync(bookings.Select((b, n) => (Func<Task<MatchingResult>>)(() => (n % 2 == 0 ? Node : _other).Matching.StartMatchingAsync(b))).ToArray());

        Assert.All(results, r => Assert.Equal((100, 100), (r.DriversNotified, r.DriverIds.Distinct().Count())));
        await SendAllAsync();
        Assert.Equal(5000, Node.Gateway.Sent.Concat(_other == Node ? [] : _other.Gateway.Sent).Count(m => m.Text.Contains("NOUVELLE", StringComparison.Ordinal)));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ThreeDrivers_AndTheCancelAtOnce_LeaveOneTruth()
    {
        var drivers = await DriversAsync(3);
        for (var i = 0; i < 40; i++)
        {
            var booking = await SearchedAsync();

            var accepts = Task.WhenAll(drivers.Select(d => Task.Run(() => AcceptAsync(booking, d))));
            var cancel = await _other.Matching.CancelMatchingAsync(booking, "client");
            var results = await accepts.InTime();

            // Cancelling an accepted booking is allowed: it ends cancelled in every order, and at most one of them had it.
            Assert.Equal(BookingStatus.Cancelled, cancel.Status);
            Assert.InRange(results.Count(r => r!.Action == ResponseAction.Assigned), 0, 1);
            await AssertSoundAsync();
        }
    }

    [Fact]
    public async Task OneDriver_AcceptsAndRejectsAtOnce_OneAnswerCountsAndBothCallsSayWhich()
    {
        var drivers = await DriversAsync(2);
        for (var i = 0; i < 40; i++)
        {
            var booking = await SearchedAsync();

            var results = await AtOnceAsync(() => AcceptAsync(booking, drivers[0]), () => RejectAsync(booking, drivers[0], _other));

            var offer = await OfferAsync(booking, drivers[0]);
            var counted = offer.Response == DriverResponseKind.Accepted ? ResponseAction.Assigned : ResponseAction.Rejected;
            Assert.All(results, r => Assert.Equal(counted, r!.Action));
            Assert.Equal(counted == ResponseAction.Assigned ? BookingStatus.Accepted : BookingStatus.Pending, (await ReadBookingAsync(booking)).Status);
            await Matching.CancelMatchingAsync(booking, "done");
        }
        await AssertSoundAsync();
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Racers_Pairwise_OneOfThemDecidesAndTheRowsAgree(Racer first, Racer second)
    {
        var drivers = await DriversAsync(3);
        for (var i = 0; i < PairRounds; i++)
        {
            foreach (var d in drivers) await Drivers.SetStatusAsync(d, DriverStatus.Available);
            var booking = await SearchedAsync();
            if (first is Racer.OfferExpiry or Racer.BookingExpiry || second is Racer.OfferExpiry or Racer.BookingExpiry) await MakeDueAsync(booking, first, second);

            var won = await AtOnceAsync(() => RunAsync(first, Node, booking, drivers[0]), () => RunAsync(second, _other, booking, drivers[1]));

            await AssertEndAsync(booking, first, second, won);
            await AssertSoundAsync();
            if ((await ReadBookingAsync(booking)).Status is not (BookingStatus.Cancelled or BookingStatus.Completed)) await Matching.CancelMatchingAsync(booking, "done");
        }
    }

    /// <summary>True: it was the one that happened.</summary>
    private async Task<bool> RunAsync(Racer racer, DispatcherFixture node, long booking, long driver) => racer switch
    {
        Racer.Accept => (await AcceptAsync(booking, driver, node))!.Action == ResponseAction.Assigned,
        Racer.Reject => (await RejectAsync(booking, driver, node))!.Action == ResponseAction.Rejected,
        Racer.OfferExpiry => await node.Matching.ExpireOffersAsync(Clock.Now) > 0,
        Racer.BookingExpiry => await node.Matching.HandleBookingTimeoutAsync(booking),
        Racer.Cancel => (await node.Matching.CancelMatchingAsync(booking, "client")).Succeeded,
        Racer.Assign => (await node.Matching.AssignAsync(booking, driver)).Succeeded,
        Racer.Fail => await node.Matching.FailAsync(booking, "broken"),
    };

    /// <summary>Due at this very instant, while the racer's own offer still has its time, so that all of them are able to win.</summary>
    private Task MakeDueAsync(long booking, Racer first, Racer second) => Node.Database.WriteAsync(async session =>
    {
        if (first == Racer.BookingExpiry || second == Racer.BookingExpiry)
            await session.Db.Bookings.Where(b => b.Id == booking).ExecuteUpdateAsync(set => set.SetProperty(b => b.MatchingDeadline, Clock.Now));
        if (first == Racer.OfferExpiry || second == Racer.OfferExpiry)
            await session.Db.BookingNotifications.Where(n => n.BookingId == booking && n.DriverId != session.Db.Drivers.Min(d => d.Id))
                .ExecuteUpdateAsync(set => set.SetProperty(n => n.ExpiresAt, Clock.Now));
        // An offer never outlives its booking; here the booking was cut short by hand.
        if (first == Racer.BookingExpiry || second == Racer.BookingExpiry)
            await session.Db.Bookings.Where(b => b.Id == booking).ExecuteUpdateAsync(set => set.SetProperty(b => b.MatchingStartedAt, Clock.Now.AddMinutes(-5)));
    });

    private async Task AssertEndAsync(long booking, Racer first, Racer second, bool[] won)
    {
        var row = await ReadBookingAsync(booking);
        var winners = new[] { (first, won[0]), (second, won[1]) }.Where(w => w.Item2).Select(w => w.Item1).ToList();
        Racer[] endings = [Racer.Accept, Racer.BookingExpiry, Racer.Assign, Racer.Fail];
        // Of those that end a search only one can have; a cancel may come after an accept, an assignment after a failure, an escalation after anything.
        var decisive = winners.Where(endings.Contains).ToList();
        var allowedPairs = decisive.Count == 2 && decisive.Contains(Racer.Assign) && decisive.Exists(d => d is Racer.BookingExpiry or Racer.Fail);
        Assert.True(decisive.Count <= 1 || allowedPairs, $"{first}, {second}: {string.Join(" and ", winners)} won");
        var expected = winners.Contains(Racer.Cancel) ? BookingStatus.Cancelled
            : decisive.Contains(Racer.Accept) || decisive.Contains(Racer.Assign) ? BookingStatus.Accepted
            : decisive.Contains(Racer.BookingExpiry) ? BookingStatus.TimedOut
            : decisive.Contains(Racer.Fail) ? BookingStatus.Failed
            : BookingStatus.Pending;
        Assert.Equal(expected, row.Status);
        if (first == second && first is not (Racer.Reject or Racer.OfferExpiry)) Assert.Single(winners);
    }
}
