using System.Collections.Concurrent;

namespace Dispatch.Bench.Mixed;

/// <summary>What is done to whom, and when: drawn from a seed before anything runs, so that a run can be had again.</summary>
/// <param name="Node">Which node; of no meaning for broker and database.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Node)
{
    public override string ToString() => FormattableString.Invariant($"{At.TotalSeconds,4:F0} s  {Kind}{(Kind is FaultKind.Kill or FaultKind.Freeze ? $" n{Node}" : "")}");
}

internal enum FaultKind { Kill, Freeze, Broker, Database }

internal static class Faults
{
    /// <summary>Every so often a node, killed or stopped by turns of a coin (each at least once where there is room); the broker after a third, the database after two thirds.</summary>
    public static IReadOnlyList<Fault> Plan(MixedOptions options, int nodes)
    {
        var random = new Random(options.Seed);
        var plan = new List<Fault>();
        for (var at = options.FaultEvery; at <= options.Duration - (options.FaultEvery / 2); at += options.FaultEvery)
        {
            var kind = plan.Count == 1 ? FaultKind.Freeze : plan.Count == 0 || random.Next(2) == 0 ? FaultKind.Kill : FaultKind.Freeze;
            plan.Add(new Fault(at, kind, random.Next(nodes)));
        }
        plan.Add(new Fault((options.Duration / 3) + (options.FaultEvery / 2), FaultKind.Broker, 0));
        plan.Add(new Fault((options.Duration * 2 / 3) + (options.FaultEvery / 2), FaultKind.Database, 0));
        return [.. plan.OrderBy(f => f.At)];
    }

    /// <summary>Does it; returns when everything is back.</summary>
    public static async Task RunAsync(Cluster cluster, IReadOnlyList<Fault> plan, MixedOptions options, Action<string> say)
    {
        var began = TimeProvider.System.GetTimestamp();
        // One thing at a time to one node: who is still coming back is not hit again before he is there.
        var turns = new ConcurrentDictionary<string, SemaphoreSlim>(StringComparer.Ordinal);
        await Task.WhenAll(plan.Select(async fault =>
        {
            var wait = fault.At - TimeProvider.System.GetElapsedTime(began);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, TimeProvider.System);
            var node = cluster.Nodes[fault.Node];
            var turn = turns.GetOrAdd(fault.Kind is FaultKind.Kill or FaultKind.Freeze ? node.Name : fault.Kind.ToString(), _ => new SemaphoreSlim(1));
            await turn.WaitAsync();
            try
            {
                say(fault.ToString());
                await DoAsync(cluster, node, fault.Kind, options);
            }
            finally
            {
                turn.Release();
            }
        }));
    }

    private static async Task DoAsync(Cluster cluster, NodeProcess node, FaultKind kind, MixedOptions options)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                await node.KillAsync();
                await node.StartAsync();
                break;
            case FaultKind.Freeze:
                node.Freeze();
                await Task.Delay(options.FreezeFor, TimeProvider.System);
                node.Thaw();
                break;
            case FaultKind.Broker:
                await cluster.Rabbit!.KillAsync();
                await Task.Delay(options.Away, TimeProvider.System);
                await StartBrokerAsync(cluster.Rabbit, options.Away);
                break;
            case FaultKind.Database:
                await cluster.Database.RestartAsync(options.Away);
                break;
        }
    }

    /// <summary>Right after a crash its port or its name may still be taken, and it ends at once: whoever watches over it starts it again.</summary>
    private static async Task StartBrokerAsync(Servers.RabbitProcess broker, TimeSpan pause)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await broker.StartAsync();
                return;
            }
            catch (InvalidOperationException) when (tries < 5)
            {
                await Task.Delay(pause, TimeProvider.System);
            }
        }
    }
}
