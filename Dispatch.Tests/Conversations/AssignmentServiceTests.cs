using Dispatch.Core.Conversations;
using FsCheck;
using FsCheck.Fluent;

namespace Dispatch.Tests.Conversations;

/// <summary>Properties of the pure decision, on any input at all: duplicates, negative numbers, empty and huge teams.</summary>
public class AssignmentServiceTests
{
    private static readonly Gen<Agent> AnyAgent =
        from id in Gen.Choose(-3, 40)
        from flags in Gen.Choose(0, 255)
        from load in Gen.Choose(-2, 6)
        from max in Gen.Choose(-1, 6)
        from priority in Gen.Choose(-1, 2)
        from turn in Gen.Choose(-2, 12)
        from rest in Gen.Choose(-1, 5)
        // Mostly able, or hardly a run would choose anybody.
        select new Agent(id, $"M{id}", (flags & 7) != 0, (flags & 24) != 0, (flags & 96) != 0, (flags & 128) != 0 && (flags & 1) != 0, load, max, priority, turn,
            rest < 0 ? null : new DateTime(2026, 1, 1, 0, rest, 0, DateTimeKind.Utc));

    private static readonly Gen<Agent[]> AnyTeam = Gen.OneOf(AnyAgent.ArrayOf(), AnyAgent.ArrayOf(60), Gen.Constant(Array.Empty<Agent>()));
    private static readonly Gen<Agent[]> DistinctTeam = AnyTeam.Select(team => team.DistinctBy(a => a.Id).ToArray());

    private static bool Able(Agent a, bool present) => a is { Enabled: true, Allowed: true, Paced: false } && a.OpenCount < a.MaxConversations && (!present || a.Present);

    private static void ForAll<T>(Gen<T> input, Func<T, bool> holds) =>
        Prop.ForAll(input.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void FindNextOnlineAgent_AnyTeam_NeverChoosesAnIneligibleOneAndAlwaysOneIfThereIs() => ForAll(AnyTeam, team =>
    {
        var chosen = AssignmentService.FindNextOnlineAgent(team).ChosenId;
        return chosen is null ? !team.Any(a => Able(a, true)) : team.Any(a => a.Id == chosen && Able(a, true));
    });

    [Fact]
    public void FindNextOfflineAgent_AnyTeam_NeverChoosesAnIneligibleOneAndAlwaysOneIfThereIs() => ForAll(AnyTeam, team =>
    {
        var chosen = AssignmentService.FindNextOfflineAgent(team).ChosenId;
        return chosen is null ? !team.Any(a => Able(a, false)) : team.Any(a => a.Id == chosen && Able(a, false));
    });

    [Fact]
    public void FindNextOnlineAgent_AnyTeam_IsTheFirstByPriorityTurnAndId() => ForAll(AnyTeam, team =>
        AssignmentService.FindNextOnlineAgent(team).ChosenId
        == team.Where(a => Able(a, true)).OrderByDescending(a => a.Priority).ThenBy(a => a.Turn).ThenBy(a => a.Id).FirstOrDefault()?.Id);

    [Fact]
    public void FindNextOfflineAgent_AnyTeam_IsTheLeastBusyThenTheLongestRestedThenTheLowestId() => ForAll(AnyTeam, team =>
        AssignmentService.FindNextOfflineAgent(team).ChosenId
        == team.Where(a => Able(a, false)).OrderBy(a => a.OpenCount).ThenBy(a => a.LastAssignedAt ?? DateTime.MinValue).ThenBy(a => a.Id).FirstOrDefault()?.Id);

    [Fact]
    public void FindAgent_AnyOrder_DecidesTheSame() => ForAll(
        from team in AnyTeam from shuffled in Gen.Shuffle(team) from preferred in Gen.Choose(-4, 41) select (team, shuffled, preferred),
        x =>
        {
            var one = AssignmentService.FindAgent(x.team, x.preferred);
            var two = AssignmentService.FindAgent(x.shuffled, x.preferred);
            return (one.ChosenId, one.Reason) == (two.ChosenId, two.Reason);
        });

    [Fact]
    public void FindAgent_AnyOrderOfDistinctPeople_ExplainsTheSame() => ForAll(
        from team in DistinctTeam from shuffled in Gen.Shuffle(team) select (team, shuffled),
        x => AssignmentService.FindAgent(x.team, null).Candidates.SequenceEqual(AssignmentService.FindAgent(x.shuffled, null).Candidates));

    [Fact]
    public void FindNextOnlineAgent_NormalTeam_ExplainsEveryoneOnce() => ForAll(DistinctTeam.Where(t => t.Length <= Decision.MaxStoredCandidates), team =>
        AssignmentService.FindNextOnlineAgent(team).Candidates.Select(c => c.Id).Order().SequenceEqual(team.Select(a => a.Id).Order()));

    [Fact]
    public void FindNextOnlineAgent_AnyTeam_ExplainsTheChosenOneFirstAndAloneAsChosen() => ForAll(DistinctTeam, team =>
    {
        var decision = AssignmentService.FindNextOnlineAgent(team);
        var chosen = decision.Candidates.Where(c => c.Verdict == Verdict.Chosen).ToList();
        return decision.ChosenId is null
            ? chosen.Count == 0
            : chosen.Count == 1 && decision.Candidates[0].Id == decision.ChosenId && decision.Candidates[0].Verdict == Verdict.Chosen;
    });

    [Fact]
    public void FindAgent_AnyTeam_KeepsABoundedExplanation() => ForAll(AnyTeam, team =>
        AssignmentService.FindAgent(team, null).Candidates.Count <= Decision.MaxStoredCandidates + 1);

    [Fact]
    public void FindNextOnlineAgent_AnyTeam_GivesAReasonThatIsTrue() => ForAll(AnyTeam, team => AssignmentService.FindNextOnlineAgent(team).Reason switch
    {
        DecisionReason.RoundRobin => team.Any(a => Able(a, true)),
        DecisionReason.Paced => team.Any(a => a.Paced && Able(a with { Paced = false }, true)),
        DecisionReason.EveryoneAtCapacity => team.Any(a => a is { Enabled: true, Allowed: true, Present: true } && a.OpenCount >= a.MaxConversations),
        DecisionReason.NobodyAllowed => !team.Any(a => a is { Enabled: true, Allowed: true, Present: true }),
        _ => false,
    });

    [Fact]
    public void FindNextOnlineAgent_EachVerdict_SaysWhatIsSo() => ForAll(DistinctTeam, team =>
    {
        var decision = AssignmentService.FindNextOnlineAgent(team);
        var best = team.FirstOrDefault(a => a.Id == decision.ChosenId);
        return decision.Candidates.All(c => team.Single(a => a.Id == c.Id) is var a && c.Verdict switch
        {
            Verdict.Chosen => a == best,
            Verdict.Disabled => !a.Enabled,
            Verdict.NotAllowed => !a.Allowed,
            Verdict.NotPresent => !a.Present,
            Verdict.AtCapacity => a.OpenCount >= a.MaxConversations,
            Verdict.Paced => a.Paced,
            Verdict.LowerPriority => a.Priority < best!.Priority,
            Verdict.LaterTurn => a.Priority == best!.Priority && (a.Turn, a.Id).CompareTo((best.Turn, best.Id)) > 0,
            _ => false,
        });
    });

    [Fact]
    public void FindNextOnlineAgent_NotAllowed_SaysWhy()
    {
        Agent[] team = [new(1, "Ana", true, true, false, false, 0, 8, 0, 1, null) { WhyNotAllowed = Verdict.NotHolder }, new(2, "Ben", true, true, true, false, 0, 8, 0, 2, null)];
        Assert.Equal([(2L, Verdict.Chosen), (1L, Verdict.NotHolder)], AssignmentService.FindNextOnlineAgent(team).Candidates.Select(c => (c.Id, c.Verdict)));
    }

    [Fact]
    public void FindNextOnlineAgent_AnyRun_IsFairToWithinOneTurn() => ForAll(
        from size in Gen.Choose(1, 15) from steps in Gen.Choose(1, 120) select (size, steps),
        x =>
        {
            var team = Enumerable.Range(1, x.size).Select(i => new Agent(i, $"M{i}", true, true, true, false, 0, int.MaxValue, 0, i, null)).ToList();
            var served = new int[x.size];
            for (var step = 0; step < x.steps; step++)
            {
                var i = (int)AssignmentService.FindNextOnlineAgent(team).ChosenId!.Value - 1;
                served[i]++;
                team[i] = team[i] with { Turn = x.size + step + 1, OpenCount = team[i].OpenCount + 1 };
            }
            return served.Max() - served.Min() <= 1;
        });

    [Fact]
    public void FindAgent_PreviousOwnerPresent_ComesBeforeEveryone()
    {
        var decision = AssignmentService.FindAgent([Person(1, turn: 1), Person(2, turn: 2)], preferredId: 2);

        Assert.Equal((2, DecisionReason.PreviousOwner), (decision.ChosenId, decision.Reason));
    }

    [Fact]
    public void FindAgent_PreviousOwnerFull_GoesToTheNextInTurn()
    {
        var decision = AssignmentService.FindAgent([Person(1), Person(2, load: 8)], preferredId: 2);

        Assert.Equal((1, DecisionReason.RoundRobin), (decision.ChosenId, decision.Reason));
    }

    [Fact]
    public void FindAgent_EveryonePresentIsFull_ParksRatherThanWaitForSomeoneAbsent()
    {
        var decision = AssignmentService.FindAgent([Person(1, load: 8), Person(2, present: false)], null);

        Assert.Equal((null, DecisionReason.EveryoneAtCapacity), (decision.ChosenId, decision.Reason));
    }

    [Fact]
    public void FindAgent_NobodyPresent_WaitsForTheLeastBusyAbsentOne()
    {
        var decision = AssignmentService.FindAgent([Person(1, present: false, load: 2), Person(2, present: false, load: 1)], 1);

        Assert.Equal((2, DecisionReason.LeastBusyOffline), (decision.ChosenId, decision.Reason));
        Assert.Equal(Verdict.MoreBusy, decision.Candidates.Single(c => c.Id == 1).Verdict);
    }

    [Fact]
    public void FindAgent_Nobody_SaysSo() => Assert.Equal(DecisionReason.NobodyAllowed, AssignmentService.FindAgent([], 7).Reason);

    private static Agent Person(long id, bool present = true, int load = 0, long turn = 0) =>
        new(id, $"M{id}", true, present, true, false, load, 8, 0, turn, null);
}
