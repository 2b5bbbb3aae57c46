using Dispatch.Core.Numbers;

namespace Dispatch.Tests.Numbers;

/// <summary>The transition table of issue 5: every state with every event, and what must hold of all of them.</summary>
public sealed class NumberRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static readonly NumberOptions Options = new();

    /// <summary>
    /// An event, then what it makes of which states (<c>From&gt;To</c>; From alone: applied without leaving it), the states in which it says nothing new (R), was overtaken (L);
    /// everything else is illegal. Facts as <see cref="Facts"/> gives them: generation 3, a deadline that has passed, never paired before the scan.
    /// </summary>
    private const string Table = """
        Validate         | Registered>Validated
        Reject           | Registered>Rejected
        Restart          | Validated CommandSent>Validated WaitingForWorker>Validated Starting>Validated WaitingQr>Validated Scanned>Validated Connected>Validated Degraded>Validated Reconnecting>Validated QrExhausted>Validated LoggedOut>Validated Banned>Validated Replaced>Validated Stopped>Validated Failed>Validated
        Logout           | Validated>LoggedOut CommandSent>LoggedOut WaitingForWorker>LoggedOut Starting>LoggedOut WaitingQr>LoggedOut Scanned>LoggedOut Connected>LoggedOut Degraded>LoggedOut Reconnecting>LoggedOut QrExhausted>LoggedOut Banned>LoggedOut Replaced>LoggedOut Stopped>LoggedOut Failed>LoggedOut
        Stop             | Validated>Stopped CommandSent>Stopped WaitingForWorker>Stopped Starting>Stopped WaitingQr>Stopped Scanned>Stopped Connected>Stopped Degraded>Stopped Reconnecting>Stopped QrExhausted>Stopped Failed>Stopped
        Move             | Validated>WaitingForWorker CommandSent>WaitingForWorker WaitingForWorker Starting>WaitingForWorker WaitingQr>WaitingForWorker Scanned>WaitingForWorker Connected>WaitingForWorker Degraded>WaitingForWorker Reconnecting>WaitingForWorker QrExhausted>WaitingForWorker LoggedOut>WaitingForWorker Banned>WaitingForWorker Replaced>WaitingForWorker Stopped>WaitingForWorker Failed>WaitingForWorker
        CommandPublished | Validated>CommandSent | R *
        CommandReturned  | Validated>WaitingForWorker CommandSent>WaitingForWorker WaitingForWorker | R *
        DeadlinePassed   | Validated>WaitingForWorker CommandSent WaitingForWorker Starting>WaitingForWorker WaitingQr>WaitingForWorker Scanned>Validated Connected>Degraded Degraded Reconnecting>Validated | L *
        WorkerLost       | Validated>WaitingForWorker CommandSent>WaitingForWorker WaitingForWorker Starting>WaitingForWorker WaitingQr>WaitingForWorker Scanned>WaitingForWorker Connected>WaitingForWorker Degraded>WaitingForWorker Reconnecting>WaitingForWorker | L *
        Starting         | Validated>Starting CommandSent>Starting WaitingForWorker>Starting Failed>Starting Connected>Reconnecting Degraded>Reconnecting | R Starting WaitingQr Scanned Reconnecting
        QrGenerated      | Validated>WaitingQr CommandSent>WaitingQr WaitingForWorker>WaitingQr Starting>WaitingQr WaitingQr Degraded>WaitingQr Reconnecting>WaitingQr Failed>WaitingQr | L Scanned
        PairingCode      | Validated>WaitingQr CommandSent>WaitingQr WaitingForWorker>WaitingQr Starting>WaitingQr WaitingQr | L Scanned
        Scanned          | Validated>Scanned CommandSent>Scanned WaitingForWorker>Scanned Starting>Scanned WaitingQr>Scanned Failed>Scanned QrExhausted>Scanned | R Scanned | L Connected Degraded Reconnecting
        Connected        | Validated>Connected CommandSent>Connected WaitingForWorker>Connected Starting>Connected WaitingQr>Connected Scanned>Connected Degraded>Connected Reconnecting>Connected Failed>Connected QrExhausted>Connected | R Connected
        Healthy          | Validated>Connected CommandSent>Connected WaitingForWorker>Connected Starting>Connected WaitingQr>Connected Scanned>Connected Connected Degraded>Connected Reconnecting>Connected Failed>Connected QrExhausted>Connected
        Unhealthy        | Connected>Degraded Degraded | R Validated CommandSent WaitingForWorker Starting WaitingQr Scanned Reconnecting | L QrExhausted LoggedOut Banned Replaced Stopped Failed
        Closed           | Validated>Starting CommandSent>Starting WaitingForWorker>Starting Starting WaitingQr>Starting Scanned Connected>Reconnecting Degraded>Reconnecting Reconnecting | L QrExhausted LoggedOut Banned Replaced Stopped Failed
        CodesUsedUp      | Validated>QrExhausted CommandSent>QrExhausted WaitingForWorker>QrExhausted Starting>QrExhausted WaitingQr>QrExhausted | R QrExhausted | L Scanned LoggedOut Banned Replaced Stopped Failed
        LoggedOut        | Validated>LoggedOut CommandSent>LoggedOut WaitingForWorker>LoggedOut Starting>LoggedOut WaitingQr>LoggedOut Scanned>LoggedOut Connected>LoggedOut Degraded>LoggedOut Reconnecting>LoggedOut | R LoggedOut | L Stopped Banned Replaced Failed QrExhausted
        SessionStopped   | Validated>WaitingForWorker CommandSent>WaitingForWorker WaitingForWorker Starting>WaitingForWorker WaitingQr>WaitingForWorker Scanned>WaitingForWorker Connected>WaitingForWorker Degraded>WaitingForWorker Reconnecting>WaitingForWorker | R QrExhausted LoggedOut Banned Replaced Stopped Failed
        CommandFailed    | Validated>Failed CommandSent>Failed WaitingForWorker>Failed | L *
        """;

    private static readonly NumberState[] States = Enum.GetValues<NumberState>();
    private static readonly NumberTrigger[] Triggers = Enum.GetValues<NumberTrigger>();

    public static TheoryData<NumberTrigger> AllTriggers => [.. Triggers];

    /// <summary>A number as it would be in this state; the worker's name is "1".</summary>
    private static NumberFacts Facts(NumberState state) => new(
        state, state == NumberState.WaitingForWorker ? NumberReason.NoAnswer : NumberReason.None, null, IsBegun(state) ? 3 : 0, 0, 0,
        state == NumberState.WaitingQr ? 2 : 0, state == NumberState.WaitingQr ? Now : null, IsBegun(state) ? "1" : null, null,
        state is NumberState.Connected or NumberState.Degraded or NumberState.Reconnecting or NumberState.Scanned, false, Now.AddMinutes(-5),
        NumberRules.IsLive(state) ? Now : null);

    private static bool IsBegun(NumberState state) => state is not (NumberState.Registered or NumberState.Rejected);

    private static NumberSignal Signal(NumberTrigger trigger) => trigger switch
    {
        NumberTrigger.Validate => new NumberSignal(trigger, WorkerId: "1"),
        NumberTrigger.Move => new NumberSignal(trigger, WorkerId: "2"),
        NumberTrigger.CommandReturned => new NumberSignal(trigger, Reason: NumberReason.NobodyListens),
        NumberTrigger.Closed => new NumberSignal(trigger, 3, 428, "1"),
        _ when trigger >= NumberTrigger.Starting => new NumberSignal(trigger, 3, WorkerId: "1"),
        _ => new NumberSignal(trigger),
    };

    private static NumberDecision Decide(NumberFacts facts, NumberSignal signal) => NumberRules.Decide(facts, signal, Options, Now);

    [Fact]
    public void Table_NamesEveryEvent() => Assert.Equal(Triggers.Select(t => t.ToString()).Order(), Rows().Select(r => r[0]).Order());

    [Theory]
    [MemberData(nameof(AllTriggers))]
    public void Decide_EveryState_AsTheTableSays(NumberTrigger trigger)
    {
        var row = Rows().Single(r => r[0] == trigger.ToString());
        var moves = Words(row[1]).Select(w => w.Split('>')).ToDictionary(w => Enum.Parse<NumberState>(w[0]), w => Enum.Parse<NumberState>(w[^1]));
        var verdicts = new Dictionary<NumberState, NumberVerdict>();
        foreach (var part in row.Skip(2))
        {
            var words = Words(part);
            var verdict = words[0] switch { "R" => NumberVerdict.Repeated, "L" => NumberVerdict.Late, _ => throw new InvalidOperationException(part) };
            foreach (var state in words[1] == "*" ? States.Except(moves.Keys) : words.Skip(1).Select(Enum.Parse<NumberState>)) verdicts[state] = verdict;
        }

        foreach (var state in States)
        {
            var decision = Decide(Facts(state), Signal(trigger));
            // Nothing was ever started: no worker can speak of it, whatever it says.
            var never = !IsBegun(state) && trigger >= NumberTrigger.Starting;
            var verdict = never ? NumberVerdict.Illegal : moves.ContainsKey(state) ? NumberVerdict.Applied : verdicts.GetValueOrDefault(state, NumberVerdict.Illegal);
            Assert.True(verdict == decision.Verdict, $"{state} with {trigger}: {decision.Verdict}, wanted {verdict}");
            Assert.True(moves.GetValueOrDefault(state, state) == decision.State, $"{state} with {trigger}: {decision.State}, wanted {moves.GetValueOrDefault(state, state)}");
        }
    }

    [Fact]
    public void Decide_Always_HoldsWhatMustHold()
    {
        foreach (var state in States)
        {
            foreach (var trigger in Triggers)
            {
                var facts = Facts(state);
                foreach (var signal in Variants(trigger))
                {
                    var decision = Decide(facts, signal);
                    var what = $"{state} with {signal}: {decision}";
                    if (!decision.Changes)
                    {
                        Assert.True(decision.State == state && !decision.NewSession && decision.Alert == NumberAlert.None && !decision.StoreCode, what);
                        continue;
                    }
                    // Whatever can hang has a deadline, and what has ended has none.
                    Assert.True(NumberRules.IsLive(decision.State) == decision.DueAt is not null, what);
                    Assert.True(decision.DueAt is null || decision.DueAt > Now || state == decision.State, what);
                    // A code outlives no step away from it.
                    Assert.True(decision.State == NumberState.WaitingQr || state == decision.State || decision.DropCode, what);
                    Assert.True(!decision.StoreCode || decision.State == NumberState.WaitingQr, what);
                    Assert.True(!decision.NewSession || (decision.State == NumberState.Validated && decision.WorkerId is not null && decision.Command is NumberCommand.Create or NumberCommand.Restart), what);
                    Assert.True(decision.State != NumberState.Connected || decision.Paired == true || state == NumberState.Connected, what);
                    Assert.True(decision.State is not (NumberState.Banned or NumberState.Replaced) || decision.Alert != NumberAlert.None, what);
                    Assert.True(decision.Command is null || decision.WorkerId is not null, what);
                }
            }
        }
    }

    [Fact]
    public void Decide_OldGeneration_IsRecordedAndChangesNothing()
    {
        foreach (var state in States.Where(IsBegun))
        {
            foreach (var trigger in Triggers)
            {
                var decision = Decide(Facts(state), Signal(trigger) with { Generation = 2 });
                Assert.Equal((NumberVerdict.OldGeneration, state, true), (decision.Verdict, decision.State, decision.Record));
            }
        }
    }

    [Fact]
    public void Decide_AnotherWorkersAnswer_IsRecordedAndChangesNothing()
    {
        foreach (var state in States.Where(IsBegun))
        {
            foreach (var trigger in Triggers.Where(t => t >= NumberTrigger.Starting))
            {
                var decision = Decide(Facts(state), Signal(trigger) with { WorkerId = "9" });
                Assert.Equal((NumberVerdict.ForeignWorker, state), (decision.Verdict, decision.State));
            }
        }
    }

    [Theory]
    [InlineData(401, NumberState.LoggedOut, NumberAlert.Lost)]
    [InlineData(419, NumberState.LoggedOut, NumberAlert.Lost)]
    [InlineData(411, NumberState.LoggedOut, NumberAlert.Lost)]
    [InlineData(402, NumberState.Banned, NumberAlert.Banned)]
    [InlineData(403, NumberState.Banned, NumberAlert.Banned)]
    [InlineData(406, NumberState.Banned, NumberAlert.Banned)]
    [InlineData(405, NumberState.Failed, NumberAlert.Lost)]
    [InlineData(408, NumberState.Reconnecting, NumberAlert.None)]
    [InlineData(428, NumberState.Reconnecting, NumberAlert.None)]
    [InlineData(440, NumberState.Replaced, NumberAlert.Lost)]
    [InlineData(500, NumberState.Reconnecting, NumberAlert.None)]
    [InlineData(503, NumberState.Reconnecting, NumberAlert.None)]
    [InlineData(515, NumberState.Reconnecting, NumberAlert.None)]
    [InlineData(777, NumberState.Reconnecting, NumberAlert.None)]
    public void Closed_OfAConnectedNumber_FollowsTheReasonTable(int code, NumberState state, NumberAlert alert)
    {
        var decision = Decide(Facts(NumberState.Connected), new NumberSignal(NumberTrigger.Closed, 3, code, "1"));

        Assert.Equal((NumberVerdict.Applied, state, alert, code), (decision.Verdict, decision.State, decision.Alert, decision.Code));
        Assert.Equal(NumberReason.ByCode, decision.Reason);
    }

    [Theory]
    [InlineData(515, null, NumberState.Scanned)]
    [InlineData(408, null, NumberState.QrExhausted)]
    [InlineData(408, false, NumberState.QrExhausted)]
    [InlineData(408, true, NumberState.Starting)]
    [InlineData(428, null, NumberState.Starting)]
    [InlineData(401, null, NumberState.LoggedOut)]
    public void Closed_WhileACodeIsShown_SaysWhatFollows(int code, bool? registered, NumberState state) =>
        Assert.Equal(state, Decide(Facts(NumberState.WaitingQr), new NumberSignal(NumberTrigger.Closed, 3, code, "1", Registered: registered)).State);

    [Fact]
    public void Closed_With515AfterTheScan_IsProgress()
    {
        var decision = Decide(Facts(NumberState.Scanned), new NumberSignal(NumberTrigger.Closed, 3, 515, "1"));

        Assert.Equal((NumberVerdict.Repeated, NumberState.Scanned, NumberAlert.None), (decision.Verdict, decision.State, decision.Alert));
    }

    [Fact]
    public void Closed_With500AgainAndAgain_AsksForANewScan()
    {
        var facts = Facts(NumberState.Connected);
        for (var i = 0; i < Options.MaxRestarts; i++)
        {
            var decision = Decide(facts, new NumberSignal(NumberTrigger.Closed, 3, 500, "1"));
            Assert.Equal(NumberState.Reconnecting, decision.State);
            facts = facts with { State = decision.State, Attempts = decision.Attempts };
        }

        Assert.Equal(NumberState.LoggedOut, Decide(facts, new NumberSignal(NumberTrigger.Closed, 3, 500, "1")).State);
        // A worker that counts by itself says when it gives up.
        Assert.Equal(NumberState.Reconnecting, Decide(facts, new NumberSignal(NumberTrigger.Closed, 3, 500, "1", Reconnects: true)).State);
        Assert.Equal(NumberState.LoggedOut, Decide(Facts(NumberState.Connected), new NumberSignal(NumberTrigger.Closed, 3, 500, "1", Reconnects: false)).State);
    }

    [Fact]
    public void Overdue_CommandSent_AsksAgainAndThenGivesUp()
    {
        var facts = Facts(NumberState.CommandSent);
        var asked = 0;
        for (;;)
        {
            var decision = Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed));
            if (decision.State == NumberState.Failed)
            {
                Assert.Equal((NumberReason.NoAnswer, NumberAlert.Lost), (decision.Reason, decision.Alert));
                break;
            }
            Assert.Equal(NumberCommand.Create, decision.Command);
            Assert.Equal(Now + Options.AnswerWithin, decision.DueAt);
            facts = facts with { State = decision.State, Reason = decision.Reason, Attempts = decision.Attempts };
            Assert.True(++asked < 20);
        }
        Assert.Equal(Options.MaxAsks - 1, asked);
    }

    [Fact]
    public void Overdue_ScannedTooLong_RestartsAFewTimesAndThenGivesUp()
    {
        var facts = Facts(NumberState.Scanned);
        for (var i = 1; i <= Options.MaxRestarts; i++)
        {
            var decision = Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed));
            Assert.Equal((NumberState.Validated, true, NumberCommand.Restart, i), (decision.State, decision.NewSession, decision.Command, decision.Restarts));
            facts = facts with { Restarts = decision.Restarts };
        }
        Assert.Equal(NumberState.Failed, Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed)).State);
    }

    [Fact]
    public void Overdue_Connected_IsDegradedWithAProbe()
    {
        var decision = Decide(Facts(NumberState.Connected), new NumberSignal(NumberTrigger.DeadlinePassed));

        Assert.Equal((NumberState.Degraded, NumberReason.HealthMissed, NumberCommand.Probe, NumberAlert.Degraded), (decision.State, decision.Reason, decision.Command, decision.Alert));
    }

    [Fact]
    public void Deadlines_AreThoseOfTheIssue()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), Due(NumberState.Validated, new NumberSignal(NumberTrigger.CommandPublished)));
        Assert.Equal(TimeSpan.FromSeconds(70), Due(NumberState.CommandSent, Signal(NumberTrigger.Starting)));
        Assert.Equal(TimeSpan.FromSeconds(70), Due(NumberState.Starting, Signal(NumberTrigger.QrGenerated)));
        Assert.Equal(TimeSpan.FromSeconds(60), Due(NumberState.WaitingQr, Signal(NumberTrigger.Scanned)));
        // Three reports that come every 30 s, and half an interval of grace.
        Assert.Equal(TimeSpan.FromSeconds(105), Due(NumberState.Scanned, Signal(NumberTrigger.Connected)));

        static TimeSpan? Due(NumberState state, NumberSignal signal) => Decide(Facts(state), signal).DueAt - Now;
    }

    [Fact]
    public void Qr_SixCodes_ThenItIsOver()
    {
        var facts = Facts(NumberState.Starting);
        for (var i = 1; i <= 6; i++)
        {
            // As the worker of seed 002 sends it: without a number.
            var decision = Decide(facts, Signal(NumberTrigger.QrGenerated));
            Assert.Equal((NumberState.WaitingQr, i, Now.AddSeconds(i == 1 ? 60 : 20)), (decision.State, decision.QrNumber, decision.QrExpiresAt));
            facts = facts with { State = NumberState.WaitingQr, QrNumber = decision.QrNumber };
        }

        Assert.Equal((NumberState.QrExhausted, NumberCommand.Stop), (Decide(facts, Signal(NumberTrigger.QrGenerated)).State, Decide(facts, Signal(NumberTrigger.QrGenerated)).Command));
        Assert.Equal(NumberState.QrExhausted, Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed)).State);
    }

    [Fact]
    public void Healthy_WithoutGeneration_ProvesAConnectionOnlyAfterACode()
    {
        var bare = new NumberSignal(NumberTrigger.Healthy);

        Assert.Equal(NumberState.Connected, Decide(Facts(NumberState.WaitingQr), bare).State);
        Assert.Equal(NumberState.Connected, Decide(Facts(NumberState.Scanned), bare).State);
        foreach (var state in new[] { NumberState.Validated, NumberState.CommandSent, NumberState.Starting, NumberState.WaitingForWorker })
            Assert.Equal((NumberVerdict.Late, state), (Decide(Facts(state), bare).Verdict, Decide(Facts(state), bare).State));
    }

    [Fact]
    public void Handover_OnlyTheOldWorkerLettingGo_BeginsTheNew()
    {
        var facts = Facts(NumberState.WaitingForWorker) with { Reason = NumberReason.Handover, NextWorkerId = "2" };

        foreach (var trigger in Triggers.Where(t => t >= NumberTrigger.Starting))
        {
            var decision = Decide(facts, Signal(trigger) with { Code = 428 });
            var lets = trigger is NumberTrigger.SessionStopped or NumberTrigger.LoggedOut;
            if (lets) Assert.Equal((NumberState.Validated, "2", true, NumberCommand.Create), (decision.State, decision.WorkerId, decision.NewSession, decision.Command));
            else Assert.False(decision.Changes, trigger.ToString());
        }
        Assert.Equal("2", Decide(facts, new NumberSignal(NumberTrigger.Closed, 3, 401, "1")).WorkerId);
        Assert.False(Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed)).NewSession);
        Assert.True(Decide(facts, new NumberSignal(NumberTrigger.DeadlinePassed, HolderGone: true)).NewSession);
    }

    [Fact]
    public void Healthy_OfAStoppedNumber_IsToldToStopOnceMore()
    {
        var decision = Decide(Facts(NumberState.Stopped), Signal(NumberTrigger.Healthy));
        Assert.Equal((NumberVerdict.Illegal, NumberCommand.Stop), (decision.Verdict, decision.Command));

        // The first one may still be on its way.
        Assert.Null(Decide(Facts(NumberState.Stopped) with { StateSince = Now.AddSeconds(-5) }, Signal(NumberTrigger.Healthy)).Command);
    }

    [Fact]
    public void MayBy_IsWhatTheTableAllows()
    {
        foreach (var trigger in new[] { NumberTrigger.Validate, NumberTrigger.Reject, NumberTrigger.Restart, NumberTrigger.Logout, NumberTrigger.Stop, NumberTrigger.Move })
            foreach (var state in States) Assert.Equal(NumberRules.MayBy(state, trigger), Decide(Facts(state), Signal(trigger)).Changes);
    }

    private static IEnumerable<NumberSignal> Variants(NumberTrigger trigger)
    {
        var signal = Signal(trigger);
        yield return signal;
        yield return signal with { HolderGone = true };
        if (trigger == NumberTrigger.WorkerLost) yield return signal with { HolderGone = true, WorkerId = "2" };
        if (trigger != NumberTrigger.Closed) yield break;
        foreach (var code in CloseReasons.Told) yield return signal with { Code = code };
    }

    private static string[][] Rows() => [.. Table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('|', StringSplitOptions.TrimEntries))];

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
