using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Numbers;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class NumberRaceOnSqlite(PostgresServer postgres) : NumberRaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class NumberRaceOnPostgres(PostgresServer postgres) : NumberRaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Issue 5: each pair that can meet over a number, for real and many times. Two nodes where the database allows it.</summary>
public abstract class NumberRaceCompliance(DatabaseProvider provider, PostgresServer postgres) : NumberTest(provider, postgres)
{
    private const int Rounds = 40;
    private DispatcherFixture _other = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
        await AddWorkerAsync("1", 1000);
        await AddWorkerAsync("2", 1000);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Validate_ByFourAdminsAtOnce_OneSession()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var (client, number) = await RegisterAsync();

            var outcomes = await AtOnceAsync(Enumerable.Range(0, 4).Select(n => (Func<Task<NumberOutcome>>)(() => ValidateAsync(client, n % 2 == 0 ? "1" : "2", n < 2 ? Node : _other))).ToArray());

            var won = Assert.Single(outcomes, o => o.Succeeded);
            Assert.All(outcomes.Where(o => !o.Succeeded), o => Assert.Equal(NumberResult.AlreadyDecided, o.Result));
            Assert.Equal(won.SessionId, Assert.Single(await CommandsAsync(number)).SessionId);
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Validate_AgainstReject_OneOfThem()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var (client, number) = await RegisterAsync();

            var outcomes = await AtOnceAsync<NumberOutcome>(() => ValidateAsync(client, "1"), () => _other.Get<NumberService>().RejectAsync(client, "no", Admin));

            Assert.Single(outcomes, o => o.Succeeded);
            Assert.Equal(outcomes[0].Succeeded ? NumberState.Validated : NumberState.Rejected, (await NumberAsync(number)).State);
            Assert.Equal(outcomes[0].Succeeded ? 1 : 0, (await CommandsAsync(number)).Count);
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Seats_TwentyForFive_NeverMore()
    {
        await AddWorkerAsync("tiny", 5);
        var clients = new List<long>();
        for (var i = 0; i < 20; i++) clients.Add((await RegisterAsync()).Client);

        var outcomes = await AtOnceAsync(clients.Select((c, i) => (Func<Task<NumberOutcome>>)(() => ValidateAsync(c, "tiny", i % 2 == 0 ? Node : _other))).ToArray());

        Assert.Equal(5, outcomes.Count(o => o.Succeeded));
        Assert.All(outcomes.Where(o => !o.Succeeded), o => Assert.Equal(NumberResult.WorkerFull, o.Result));
        Assert.Equal(5, (await WorkerAsync("tiny")).Held);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Answer_AgainstDeadline_TheAnswerIsNeverLost()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await StartedAsync("1");
            await DueInAMomentAsync(number.Id);

            await AtOnce.Async(() => TellAsync("1", Qr(1), number), () => DueAsync(_other));

            var now = await NumberAsync(number.Id);
            Assert.Equal((NumberState.WaitingQr, 1L, 1), (now.State, now.Generation, now.QrNumber));
            Assert.NotNull((await SessionAsync(now)).ProtectedQr);
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Connected_AgainstScannedTooLong_EitherItIsConnectedOrItBeganAnew()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await WaitingAsync("1");
            await TellAsync("1", new SessionScanned(), number);
            await DueInAMomentAsync(number.Id);

            await AtOnce.Async(() => TellAsync("1", new SessionConnected(), number), () => DueAsync(_other));

            var now = await NumberAsync(number.Id);
            Assert.Equal(now.Generation == 1 ? NumberState.Connected : NumberState.Validated, now.State);
            var said = (await TimeLineAsync(number.Id)).Single(e => e.Kind == NumberTrigger.Connected);
            Assert.Equal(now.Generation == 1 ? NumberVerdict.Applied : NumberVerdict.OldGeneration, said.Verdict);
            Assert.Equal(now.Generation == 1 ? 0 : 1, (await CommandsAsync(number.Id, WorkerAction.Restart)).Count);
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Restart_AgainstAnAnswerOfTheOldGeneration_TheNewSessionStands()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await WaitingAsync("1");

            await AtOnce.Async(
                async () => Assert.Equal(NumberResult.Done, (await Node.Get<NumberService>().RestartAsync(number.Id, Admin)).Result),
                () => TellAsync("1", new SessionConnected(), number, _other),
                () => TellAsync("1", Qr(2), number, _other));

            var now = await NumberAsync(number.Id);
            Assert.Equal((NumberState.Validated, 2L), (now.State, now.Generation));
            Assert.Null((await SessionAsync(now)).ProtectedQr);
            Assert.Equal(2, (await TimeLineAsync(number.Id)).Count(e => e.Kind is NumberTrigger.Connected or NumberTrigger.QrGenerated && e.QrNumber is null or 2));
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Restart_ByTwoWhoSawTheSame_OneNewSession()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await WaitingAsync("1");

            var outcomes = await AtOnceAsync<NumberOutcome>(
                () => Node.Get<NumberService>().RestartAsync(number.Id, Admin, number.Generation), () => _other.Get<NumberService>().RestartAsync(number.Id, Admin, number.Generation));

            Assert.Single(outcomes, o => o.Succeeded);
            Assert.Single(outcomes, o => o.Result == NumberResult.Changed);
            Assert.Equal(2, (await NumberAsync(number.Id)).Generation);
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Drain_AgainstRestartAndStop_SeatsAndSessionsAgree()
    {
        await AddWorkerAsync("3", 1000);
        for (var i = 0; i < Rounds; i++)
        {
            var number = await ConnectedAsync("3");
            await Node.Get<WorkerService>().DrainAsync("3");

            await AtOnce.Async(
                () => DueAsync(_other), () => Node.Get<NumberService>().RestartAsync(number.Id, Admin),
                () => TellAsync("3", new SessionClosed(0, "stopped", false, true), number));

            var now = await NumberAsync(number.Id);
            Assert.True(NumberRules.IsLive(now.State));
            // Nobody but the one that holds it was told to open a session, until it let go.
            Assert.All(await CommandsAsync(number.Id, WorkerAction.Create), c => Assert.True(c.WorkerId == now.WorkerId || c.SessionId == number.SessionId));
            await Node.Get<NumberService>().StopAsync(number.Id, Admin);
            await Node.Get<WorkerService>().ResumeAsync("3");
        }
        Assert.Equal(0, (await WorkerAsync("3")).Held);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task SameAnswer_OnTwoNodesAtOnce_CountsOnce()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await StartedAsync("1");
            // Without an index it would count as the next code each time.
            var answer = Delivery("1", Qr(1) with { Index = null, NumberId = number.Id, SessionId = number.SessionId });

            await AtOnce.Async(() => DeliverAsync(answer), () => DeliverAsync(answer, _other), () => DeliverAsync(answer), () => DeliverAsync(answer, _other));

            Assert.Equal(1, (await NumberAsync(number.Id)).QrNumber);
            Assert.Single(await TimeLineAsync(number.Id), e => e.Kind == NumberTrigger.QrGenerated);
        }
    }

    [Fact]
    public async Task Deadline_OnTwoNodesAtOnce_FiresOnce()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var number = await WaitingAsync("1");
            await TellAsync("1", new SessionScanned(), number);
            await DueInAMomentAsync(number.Id);

            await AtOnce.Async(() => DueAsync(), () => DueAsync(_other), () => DueAsync(), () => DueAsync(_other));

            Assert.Equal(2, (await NumberAsync(number.Id)).Generation);
            Assert.Single(await CommandsAsync(number.Id, WorkerAction.Restart));
        }
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Link_OpenedByTwoBrowsersAtOnce_ServesOne()
    {
        var number = await WaitingAsync("1");
        for (var i = 0; i < Rounds; i++)
        {
            var link = await Node.Get<NumberCodes>().MakeLinkAsync(number.Id, null);

            var viewers = await AtOnceAsync(Enumerable.Range(0, 4).Select(n => (Func<Task<bool>>)(async () =>
                await (n % 2 == 0 ? Node : _other).Get<NumberCodes>().SpendLinkAsync(link!.Token) is not null)).ToArray());

            Assert.Single(viewers, v => v);
        }
    }

    [Fact]
    public async Task Everything_AtOnce_OverAFewNumbers_KeepsTheRowsConsistent()
    {
        var numbers = new List<WhatsAppNumber>();
        for (var i = 0; i < 6; i++) numbers.Add(await ConnectedAsync(i % 2 == 0 ? "1" : "2"));
        var random = new Random(5);
        for (var round = 0; round < Rounds; round++)
        {
            Clock.Advance(TimeSpan.FromSeconds(random.Next(1, 40)));
            await BeatAsync("1");
            await BeatAsync("2");
            var doers = new List<Func<Task>> { () => DueAsync(), () => DueAsync(_other) };
            for (var i = 0; i < 6; i++)
            {
                var number = await NumberAsync(numbers[random.Next(numbers.Count)].Id);
                var node = random.Next(2) == 0 ? Node : _other;
                var what = random.Next(9);
                doers.Add(what switch
                {
                    0 => () => node.Get<NumberService>().RestartAsync(number.Id, Admin),
                    1 => () => node.Get<NumberService>().MoveAsync(number.Id, null, Admin),
                    2 => () => node.Get<NumberService>().StopAsync(number.Id, Admin),
                    3 => () => TellAsync(number.WorkerId!, Qr(1), number, node),
                    4 => () => TellAsync(number.WorkerId!, new SessionConnected(), number, node),
                    5 => () => TellAsync(number.WorkerId!, new SessionClosed(random.Next(2) == 0 ? 428 : 401), number, node),
                    6 => () => TellAsync(number.WorkerId!, new SessionClosed(0, "stopped", false, true), number, node),
                    7 => () => TellAsync(number.WorkerId!, new HealthReported("HEALTHY"), number, node),
                    _ => () => TellAsync(number.WorkerId!, new SessionScanned(), number, node),
                });
            }
            await AtOnce.Async([.. doers]);
            await AssertNumbersConsistentAsync();
        }
        Assert.Empty(Node.Logs.Errors.Concat(_other.Logs.Errors));
    }

    private Task DueInAMomentAsync(long id) => Node.Database.WriteAsync(session =>
        session.Db.Numbers.Where(n => n.Id == id).ExecuteUpdateAsync(set => set.SetProperty(n => n.DueAt, Clock.Now).SetProperty(n => n.Version, n => n.Version + 1)));
}
