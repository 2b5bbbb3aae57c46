using System.Diagnostics.Metrics;
using Dispatch.Core.Alerts;
using Dispatch.Core.Live;

namespace Dispatch.Core.Health;

/// <summary>What is wrong with this process now, in memory; pages, probes and metrics read it whatever the database does.</summary>
public sealed class NodeProblems : IDisposable
{
    private readonly LiveHub _live;
    private readonly Meter _meter = new("Dispatch.Node");
    private volatile IReadOnlyList<NodeProblem> _current = [];

    public NodeProblems(LiveHub live)
    {
        _live = live;
        _meter.CreateObservableGauge("dispatch.node.ready", () => IsReady ? 1 : 0, description: "1 while this process can do its job");
        _meter.CreateObservableGauge(
            "dispatch.node.problems", () => NodeRules.Kinds.Select(k => new Measurement<int>(_current.Count(p => p.Kind == k), new KeyValuePair<string, object?>("kind", k.ToString().ToLowerInvariant()))),
            description: "What is wrong with this process, by kind");
    }

    public IReadOnlyList<NodeProblem> Current => _current;

    /// <summary>False: this process cannot do its job; <see cref="Current"/> says why.</summary>
    public bool IsReady => !_current.Any(p => p.Blocks);

    /// <summary>Keeps since when what was known already lasts; tells the screens what changed.</summary>
    internal IReadOnlyList<NodeProblem> Set(IReadOnlyList<NodeProblem> problems)
    {
        var known = _current;
        var now = problems.Select(p => known.FirstOrDefault(k => string.Equals(k.Key, p.Key, StringComparison.Ordinal)) is { } old && old.Since < p.Since ? p with { Since = old.Since } : p).ToList();
        _current = now;
        if (!now.Select(p => (p.Key, p.Details)).SequenceEqual(known.Select(p => (p.Key, p.Details)))) _live.Publish(new LiveEvent(Topics.Alerts, EventNames.AlertChanged, 0));
        return now;
    }

    public void Dispose() => _meter.Dispose();
}
