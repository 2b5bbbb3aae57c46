using System.Diagnostics.Metrics;

namespace Dispatch.Core.Profiles;

/// <summary>Counters of the watch, under the meter <c>Dispatch.Profiles</c>.</summary>
public sealed class RotationMetrics : IDisposable
{
    private readonly Meter _meter = new("Dispatch.Profiles");
    private readonly Counter<long> _found;
    private readonly Counter<long> _repaired;
    private readonly Counter<long> _failed;

    public RotationMetrics()
    {
        _found = _meter.CreateCounter<long>("dispatch.assignments.found", description: "Findings of the watch over assignments");
        _repaired = _meter.CreateCounter<long>("dispatch.assignments.repaired", description: "Findings that were put right");
        _failed = _meter.CreateCounter<long>("dispatch.assignments.checks_failed", description: "Checks that failed themselves");
    }

    public void OnChecked(CheckResult result)
    {
        var check = new KeyValuePair<string, object?>("check", result.Check);
        if (result.Found > 0) _found.Add(result.Found, check);
        if (result.Repaired > 0) _repaired.Add(result.Repaired, check);
        if (result.Failed) _failed.Add(1, check);
    }

    public void Dispose() => _meter.Dispose();
}
