using System.Diagnostics;
using Dispatch.Core.Conversations;

namespace Dispatch.Bench;

/// <summary>Time of one decision; floor: one pass over the same list that only finds the lowest turn.</summary>
internal static class DecisionBench
{
    public static int Run()
    {
        Console.WriteLine($"decide: {Measured.Machine}");
        foreach (var count in new[] { 10, 1_000, 100_000 })
        {
            var random = new Random(1);
            var agents = Enumerable.Range(1, count).Select(i => new Agent(
                i, $"m{i}", true, random.Next(10) > 1, true, false, random.Next(9), 8, random.Next(3), random.Next(count), null)).ToList();
            var rounds = Math.Max(20, 2_000_000 / count);
            var decide = Time(rounds, () => AssignmentService.FindNextOnlineAgent(agents).ChosenId ?? 0);
            var floor = Time(rounds, () => Lowest(agents));
            Console.WriteLine(FormattableString.Invariant(
                $"  {count,7} moderators: decision {decide:F2} us, bare pass {floor:F2} us, ratio {decide / floor:F1}"));
        }
        return 0;
    }

    private static long Lowest(List<Agent> agents)
    {
        Agent? best = null;
        foreach (var agent in agents)
        {
            if (best is null || agent.Turn < best.Turn) best = agent;
        }
        return best!.Id;
    }

    private static double Time(int rounds, Func<long> work)
    {
        long sum = 0;
        for (var i = 0; i < rounds / 5; i++) sum += work();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < rounds; i++) sum += work();
        watch.Stop();
        GC.KeepAlive(sum);
        return watch.Elapsed.TotalMicroseconds / rounds;
    }
}
