using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Numbers;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

public sealed class NumberDeadlineOnSqlite(PostgresServer postgres) : NumberDeadlineCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class NumberDeadlineOnPostgres(PostgresServer postgres) : NumberDeadlineCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>What happens when nothing happens, and when a worker goes (issue 5, sections 2 and 4).</summary>
public abstract class NumberDeadlineCompliance(DatabaseProvider provider, PostgresServer postgres) : NumberTest(provider, postgres)
{
    private NumberService Numbers => Node.Get<NumberService>();

    [Fact]
    public async Task NoAnswer_IsAskedAgain_AndThenGivenUp_ButALateConnectedCounts()
    {
        await AddWorkerAsync("1");
        var number = await StartedAsync("1");
        await PublishedAsync(number);
        await PassAsync(Options.AnswerWithin, "1");
        Assert.Equal(NumberState.CommandSent, (await NumberAsync(number.Id)).State);
        Assert.All(await CommandsAsync(number.Id), c => Assert.Equal(number.SessionId, c.SessionId));
        for (var i = 1; i < Options.MaxAsks; i++) await PassAsync(Options.AnswerWithin, "1");

        var failed = await NumberAsync(number.Id);
        Assert.Equal((NumberState.Failed, NumberReason.NoAnswer, 1L), (failed.State, failed.Reason, failed.Generation));
        Assert.Equal((AlertKind.NumberLost, $"#{number.Id}"), (Assert.Single(await AlertsAsync()).Kind, Assert.Single(await AlertsAsync()).Subject));
        Assert.Equal(0, (await WorkerAsync("1")).Held);

        await TellAsync("1", new SessionConnected(), number);
        Assert.Equal(NumberState.Connected, (await NumberAsync(number.Id)).State);
        Assert.Equal(1, (await WorkerAsync("1")).Held);
        Assert.Empty(await AlertsAsync());
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task QrSilent_After70Seconds_TheWorkerIsAsked_AndAfterTheSixthItIsOver()
    {
        await AddWorkerAsync("1");
        var number = await WaitingAsync("1");
        await PassAsync(Options.QrSilence - TimeSpan.FromSeconds(1), "1");
        Assert.Equal(NumberState.WaitingQr, (await NumberAsync(number.Id)).State);
        await PassAsync(TimeSpan.FromSeconds(1), "1");
        Assert.Equal((NumberState.WaitingForWorker, NumberReason.WorkerSilent), ((await NumberAsync(number.Id)).State, (await NumberAsync(number.Id)).Reason));

        await TellAsync("1", Qr(6), number);
        await PassAsync(Options.QrSilence, "1");
        Assert.Equal((NumberState.QrExhausted, 0), ((await NumberAsync(number.Id)).State, (await WorkerAsync("1")).Held));
    }

    [Fact]
    public async Task Scanned_Over60Seconds_IsRestartedWithANewGeneration()
    {
        await AddWorkerAsync("1");
        var number = await WaitingAsync("1");
        await TellAsync("1", new SessionScanned(), number);

        await PassAsync(Options.ScannedFor, "1");

        var again = await NumberAsync(number.Id);
        Assert.Equal((NumberState.Validated, 2L, NumberReason.ScannedTooLong), (again.State, again.Generation, again.Reason));
        var restart = Assert.Single(await CommandsAsync(number.Id, WorkerAction.Restart));
        Assert.Equal(again.SessionId, restart.SessionId);
        Assert.Empty(await CommandsAsync(number.Id, WorkerAction.Create));
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Health_MissedThreeTimes_IsDegradedWithAProbe_AndAReportHeals()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        for (var i = 0; i < 5; i++)
        {
            Clock.Advance(Options.HealthInterval);
            await BeatAsync("1", held: new HeldNumber(number.Id, number.SessionId, "connected"));
            await TellAsync("1", new HealthReported("HEALTHY"), number);
            await DueAsync();
            Assert.Equal(NumberState.Connected, (await NumberAsync(number.Id)).State);
        }
        // An ordinary report is no event.
        Assert.DoesNotContain(await TimeLineAsync(number.Id), e => e.Kind == NumberTrigger.Healthy);

        for (var i = 0; i < 4; i++) await PassAsync(Options.HealthInterval, "1", new HeldNumber(number.Id, number.SessionId, "reconnecting"));
        var degraded = await NumberAsync(number.Id);
        Assert.Equal((NumberState.Degraded, NumberReason.HealthMissed, NumberHealth.Missing), (degraded.State, degraded.Reason, degraded.Health));
        Assert.Single(await CommandsAsync(number.Id, WorkerAction.Probe));
        Assert.Equal(AlertKind.NumberDegraded, Assert.Single(await AlertsAsync()).Kind);

        await TellAsync("1", new HealthReported("HEALTHY"), number);
        Assert.Equal(NumberState.Connected, (await NumberAsync(number.Id)).State);
        Assert.Empty(await AlertsAsync());
    }

    [Fact]
    public async Task Phone_NotSeenFor12Days_IsRemindedOnce_UntilItIsSeen()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        Clock.Advance(Options.PhoneReminder - TimeSpan.FromMinutes(1));
        await DueAsync();
        Assert.DoesNotContain(await AlertsAsync(), a => a.Kind == AlertKind.NumberPhoneUnseen);
        Clock.Advance(TimeSpan.FromMinutes(2));
        await DueAsync();
        await DueAsync();
        Assert.Equal(1, Assert.Single(await AlertsAsync(), a => a.Kind == AlertKind.NumberPhoneUnseen).Count);

        // Its worker was lost meanwhile, so this is said of the session that is held now.
        var now = await NumberAsync(number.Id);
        await BeatAsync("1", held: new HeldNumber(now.Id, now.SessionId, "connected"));
        await TellAsync("1", new HealthReported("HEALTHY", null, Clock.Now), await NumberAsync(number.Id));
        Assert.DoesNotContain(await AlertsAsync(), a => a.Kind == AlertKind.NumberPhoneUnseen);
        Assert.Equal(Clock.Now + Options.PhoneReminder, (await NumberAsync(number.Id)).PhoneDueAt);
    }

    [Fact]
    public async Task Move_TheNewWorkerBegins_OnlyWhenTheOldOneLetGo()
    {
        await AddWorkerAsync("1");
        await AddWorkerAsync("2");
        var number = await ConnectedAsync("1");

        Assert.Equal(NumberResult.Done, (await Numbers.MoveAsync(number.Id, "2", Admin)).Result);
        var moving = await NumberAsync(number.Id);
        Assert.Equal((NumberState.WaitingForWorker, NumberReason.Handover, "1", "2", 1L), (moving.State, moving.Reason, moving.WorkerId, moving.NextWorkerId, moving.Generation));
        Assert.Single(await CommandsAsync(number.Id, WorkerAction.Stop));
        Assert.DoesNotContain(await CommandsAsync(number.Id), c => c.WorkerId == "2");
        await AssertNumbersConsistentAsync();

        await TellAsync("1", new SessionClosed(0, "stopped", false, true), number);
        var moved = await NumberAsync(number.Id);
        Assert.Equal((NumberState.Validated, "2", null, 2L), (moved.State, moved.WorkerId, moved.NextWorkerId, moved.Generation));
        Assert.Equal(moved.SessionId, Assert.Single(await CommandsAsync(number.Id), c => c.WorkerId == "2").SessionId);
        Assert.Equal((0, 1), ((await WorkerAsync("1")).Held, (await WorkerAsync("2")).Held));
        Assert.Equal(NumberResult.SameWorker, (await Numbers.MoveAsync(number.Id, "2", Admin)).Result);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Move_FromAWorkerThatIsSilent_WaitsForItsLease()
    {
        await AddWorkerAsync("1");
        await AddWorkerAsync("2");
        var number = await ConnectedAsync("1");
        await Numbers.MoveAsync(number.Id, "2", Admin);

        await PassAsync(Options.AnswerWithin, "2");
        await PassAsync(Options.AnswerWithin, "2");
        Assert.Equal(1, (await NumberAsync(number.Id)).Generation);
        await PassAsync(Options.AnswerWithin, "2");

        Assert.Equal(("2", 2L), ((await NumberAsync(number.Id)).WorkerId, (await NumberAsync(number.Id)).Generation));
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task DeadWorker_ItsNumbersGoToAnother_OnlyAfterItsLease()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        await AddWorkerAsync("2");

        await PassAsync(Options.WorkerSilence, "2");
        Assert.Equal(WorkerState.Down, (await WorkerAsync("1")).State);
        Assert.Contains(await AlertsAsync(), a => a is { Kind: AlertKind.WorkerDown, Subject: "1" });
        Assert.Equal("1", (await NumberAsync(number.Id)).WorkerId);
        await PassAsync(Options.Lease - Options.WorkerSilence, "2");

        var moved = await NumberAsync(number.Id);
        Assert.Equal(("2", 2L, NumberState.Validated), (moved.WorkerId, moved.Generation, moved.State));
        Assert.Contains(await AlertsAsync(), a => a.Kind == AlertKind.NumberLost);
        // Whatever it finds first when it comes back tells it to let go.
        Assert.Equal(("1", number.SessionId), Assert.Single((await CommandsAsync(number.Id, WorkerAction.Stop)).Select(c => (c.WorkerId, c.SessionId!))));
        // It holds it all the same: told once more.
        Clock.Advance(Options.AnswerWithin + TimeSpan.FromSeconds(1));
        await BeatAsync("1", started: false, new HeldNumber(number.Id, number.SessionId, "connected"));
        Assert.Equal(2, (await CommandsAsync(number.Id, WorkerAction.Stop)).Count(c => c.SessionId == number.SessionId));
        Assert.DoesNotContain(await AlertsAsync(), a => a.Kind == AlertKind.WorkerDown);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task RestartedWorker_WithinItsLease_KeepsItsNumbers_AndIsAskedForWhatItForgot()
    {
        await AddWorkerAsync("1");
        await AddWorkerAsync("2");
        var kept = await ConnectedAsync("1");
        var lost = await ConnectedAsync("1");
        await TellAsync("1", new WorkerStopping());
        Assert.Equal(WorkerState.Down, (await WorkerAsync("1")).State);
        await PassAsync(TimeSpan.FromSeconds(20), "2");

        await BeatAsync("1", started: true, new HeldNumber(kept.Id, kept.SessionId, "connected"));
        await PassAsync(TimeSpan.FromSeconds(2), "2");

        Assert.Equal((NumberState.Connected, "1", 1L), ((await NumberAsync(kept.Id)).State, (await NumberAsync(kept.Id)).WorkerId, (await NumberAsync(kept.Id)).Generation));
        Assert.Equal((NumberState.WaitingForWorker, "1", 1L), ((await NumberAsync(lost.Id)).State, (await NumberAsync(lost.Id)).WorkerId, (await NumberAsync(lost.Id)).Generation));
        Assert.Equal(lost.SessionId, Assert.Single(await CommandsAsync(lost.Id, WorkerAction.Create)).SessionId);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Drain_MovesOneByOne()
    {
        await AddWorkerAsync("1");
        var numbers = new List<WhatsAppNumber>();
        for (var i = 0; i < 3; i++) numbers.Add(await ConnectedAsync("1"));
        await AddWorkerAsync("2");
        Assert.Equal(WorkerResult.Done, await Node.Get<WorkerService>().DrainAsync("1"));

        foreach (var expected in numbers)
        {
            await DueAsync();
            await DueAsync();
            var moving = (await Task.WhenAll(numbers.Select(n => NumberAsync(n.Id)))).Where(n => n.NextWorkerId is not null).ToList();
            Assert.Equal(expected.Id, Assert.Single(moving).Id);
            await TellAsync("1", new SessionClosed(0, "stopped", false, true), expected);
        }
        await DueAsync();
        Assert.Equal((0, 3), ((await WorkerAsync("1")).Held, (await WorkerAsync("2")).Held));
        Assert.Equal(WorkerState.Draining, (await WorkerAsync("1")).State);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task UnknownWorker_IsShown_AndNothingElseHappens()
    {
        await BeatAsync("stranger", started: true);

        Assert.Equal((AlertKind.WorkerUnknown, "stranger"), (Assert.Single(await AlertsAsync()).Kind, Assert.Single(await AlertsAsync()).Subject));
        Assert.Equal(0, (await Node.Get<WorkerService>().PageAsync()).Total);
    }

    [Fact]
    public async Task Process_ThatWasDown_FiresWhatFellDueMeanwhile_FirstThing()
    {
        await AddWorkerAsync("1");
        var number = await WaitingAsync("1");
        await TellAsync("1", new SessionScanned(), number);
        Clock.Advance(Options.ScannedFor);
        await RestartAsync();

        await DueAsync();

        Assert.Equal(2, (await NumberAsync(number.Id)).Generation);
    }

    /// <summary>Time passes, and the worker goes on giving signs of life.</summary>
    private async Task PassAsync(TimeSpan time, string worker, params HeldNumber[] held)
    {
        for (var left = time; left > TimeSpan.Zero;)
        {
            var step = left < TimeSpan.FromSeconds(15) ? left : TimeSpan.FromSeconds(15);
            Clock.Advance(step);
            left -= step;
            await AliveAsync(worker, held);
            await DueAsync();
        }
    }

    /// <summary>A heartbeat that agrees with Dispatch about every number that is named nowhere else.</summary>
    private async Task AliveAsync(string worker, HeldNumber[] held)
    {
        var rest = await Node.ReadAsync(db => Task.FromResult(db.Numbers.Where(n => n.WorkerId == worker).ToList()));
        await BeatAsync(worker, false, [.. held, .. rest.Where(n => NumberRules.IsLive(n.State) && held.All(h => h.NumberId != n.Id)).Select(n => new HeldNumber(n.Id, n.SessionId, n.State == NumberState.Connected ? "connected" : "qr"))]);
    }

    private Task PublishedAsync(WhatsAppNumber number) => Node.Database.WriteAsync(session => Node.Get<IWorkerCommandFollower>().CommandsAsync(
        session, [new CommandProgress(1, "c", number.WorkerId!, number.Id, number.SessionId, WorkerAction.Create, CommandResult.Published, null, 1)], Clock.Now));
}
