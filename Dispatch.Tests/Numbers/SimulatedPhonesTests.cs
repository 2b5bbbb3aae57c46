using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Core.Numbers.Simulation;

namespace Dispatch.Tests.Numbers;

/// <summary>The demo's phones: codes on the real schedule, and each fate by the last digit.</summary>
public sealed class SimulatedPhonesTests
{
    private static readonly DateTime Start = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Never_SixCodesOnTheRealSchedule_ThenTheyAreUsedUp()
    {
        var (phones, said) = (new SimulatedPhones(1, 1), new List<(double At, WorkerAnswer Answer)>());
        phones.Handle(Create("+221771234506"), Start);

        Run(phones, said, 0, 200);

        var codes = said.Where(s => s.Answer is QrGenerated).ToList();
        Assert.Equal([1, 61, 81, 101, 121, 141], codes.Select(c => c.At));
        Assert.Equal([1, 2, 3, 4, 5, 6], codes.Select(c => ((QrGenerated)c.Answer).Index!.Value));
        Assert.Equal(6, codes.Select(c => ((QrGenerated)c.Answer).Code).Distinct().Count());
        Assert.Equal((161.0, CloseReasons.LostOrUsedUp, false), (said[^1].At, ((SessionClosed)said[^1].Answer).Code, ((SessionClosed)said[^1].Answer).Registered));
        Assert.Empty(phones.Held);
    }

    [Theory]
    [InlineData("1", NumberState.Connected)]
    [InlineData("5", NumberState.Scanned)]
    [InlineData("6", NumberState.QrExhausted)]
    [InlineData("8", NumberState.Banned)]
    [InlineData("9", NumberState.LoggedOut)]
    public void Fate_BringsTheStateItPromises(string digit, NumberState state)
    {
        var (phones, said) = (new SimulatedPhones(1, 1), new List<(double, WorkerAnswer Answer)>());
        phones.Handle(Create("+22177123450" + digit), Start);
        Run(phones, said, 0, 240);

        Assert.Equal(state, Follow(said.Select(s => s.Answer)));
    }

    [Fact]
    public void Drops_ComesBackAgainAndAgain()
    {
        var (phones, said) = (new SimulatedPhones(1, 1), new List<(double, WorkerAnswer Answer)>());
        phones.Handle(Create("+221771234504"), Start);
        Run(phones, said, 0, 400);

        Assert.True(said.Count(s => s.Answer is SessionConnected) >= 3);
        Assert.Contains(said, s => s.Answer is SessionClosed { Code: CloseReasons.ClosedByServer });
        Assert.Equal(NumberState.Connected, Follow(said.Select(s => s.Answer).TakeWhile(a => a is not SessionConnected).Append(new SessionConnected())));
    }

    [Fact]
    public void Zombie_IsSilentUntilProbed()
    {
        var (phones, said) = (new SimulatedPhones(1, 1), new List<(double, WorkerAnswer Answer)>());
        phones.Handle(Create("+221771234507"), Start);
        Run(phones, said, 0, 200);
        said.Clear();
        phones.ReportHealth(Start.AddSeconds(200));
        Run(phones, said, 200, 210);
        Assert.DoesNotContain(said, s => s.Answer is HealthReported);

        phones.Handle(new WorkerCommand("demo", WorkerAction.Probe, 1, "s1"), Start.AddSeconds(210));
        Run(phones, said, 210, 212);
        Assert.Contains(said, s => s.Answer is HealthReported { Healthy: true });
    }

    [Fact]
    public void Restart_OfAPairedNumber_NeedsNoCode_AndALogoutDoes()
    {
        var (phones, said) = (new SimulatedPhones(1, 1), new List<(double, WorkerAnswer Answer)>());
        phones.Handle(Create("+221771234501"), Start);
        Run(phones, said, 0, 100);
        said.Clear();
        phones.Handle(new WorkerCommand("demo", WorkerAction.Restart, 1, "s2", "+221771234501"), Start.AddSeconds(100));
        Run(phones, said, 100, 110);
        Assert.DoesNotContain(said, s => s.Answer is QrGenerated);
        Assert.Contains(said, s => s.Answer is SessionConnected { SessionId: "s2" });

        phones.Handle(new WorkerCommand("demo", WorkerAction.Logout, 1, "s2"), Start.AddSeconds(110));
        phones.Handle(new WorkerCommand("demo", WorkerAction.Create, 1, "s3", "+221771234501"), Start.AddSeconds(111));
        Run(phones, said, 110, 115);
        Assert.Contains(said, s => s.Answer is QrGenerated { SessionId: "s3" });
    }

    [Fact]
    public void Speed_Twice_HalvesEverything()
    {
        var (phones, said) = (new SimulatedPhones(2, 1), new List<(double At, WorkerAnswer Answer)>());
        phones.Handle(Create("+221771234506"), Start);
        Run(phones, said, 0, 60);

        Assert.Equal([0.5, 30.5, 40.5, 50.5], said.Where(s => s.Answer is QrGenerated).Select(s => s.At));
        Assert.Equal(TimeSpan.FromSeconds(30), ((QrGenerated)said.First(s => s.Answer is QrGenerated).Answer).ValidFor);
    }

    private static WorkerCommand Create(string phone) => new("demo", WorkerAction.Create, 1, "s1", phone);

    private static void Run(SimulatedPhones phones, List<(double At, WorkerAnswer Answer)> said, double from, double to)
    {
        for (var at = from; at <= to; at += 0.5) said.AddRange(phones.TakeDue(Start.AddSeconds(at)).Select(a => (at, a)));
    }

    /// <summary>The answers through the transition table, from a command that was sent.</summary>
    private static NumberState Follow(IEnumerable<WorkerAnswer> answers)
    {
        var facts = new NumberFacts(NumberState.CommandSent, NumberReason.None, null, 1, 0, 0, 0, null, "demo", null, false, false, Start, Start);
        foreach (var answer in answers)
        {
            NumberSignal? signal = answer switch
            {
                SessionStarting => new(NumberTrigger.Starting, 1),
                QrGenerated qr => new(NumberTrigger.QrGenerated, 1, QrNumber: qr.Index),
                SessionScanned => new(NumberTrigger.Scanned, 1),
                SessionConnected => new(NumberTrigger.Connected, 1),
                SessionClosed closed => new(NumberTrigger.Closed, 1, closed.Code, Registered: closed.Registered, Reconnects: closed.Reconnects),
                _ => null,
            };
            if (signal is null) continue;
            var decision = NumberRules.Decide(facts, signal, new NumberOptions(), Start);
            facts = facts with { State = decision.State, QrNumber = decision.QrNumber, Paired = decision.Paired ?? facts.Paired, Attempts = decision.Attempts };
        }
        return facts.State;
    }
}
