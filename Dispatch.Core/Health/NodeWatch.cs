using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Loops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Health;

/// <summary>
/// Each process looks at itself every few seconds: database, disk, clock, loops, gateways. What it finds is in <see cref="NodeProblems"/> at once and becomes alerts and a row of history
/// as soon as the database takes them.
/// </summary>
public sealed partial class NodeWatch : HostedLoop
{
    private readonly DatabaseProbe _probe;
    private readonly GatewayWatch _gateways;
    private readonly NodeProblems _problems;
    private readonly NodeRecorder _recorder;
    private readonly AlertThresholds _thresholds;
    private readonly IServiceProvider _services;
    private readonly AlertOptions _options;
    private readonly string _node;
    private readonly ILogger _logger;
    private HostedLoop[]? _loops;
    private BackgroundService[] _others = [];
    private long _awaySince;
    private long _lookedAt;
    private DateTime _clockAt;
    private DateTime? _recordAt;

    public NodeWatch(
        DatabaseProbe probe, GatewayWatch gateways, NodeProblems problems, NodeRecorder recorder, AlertThresholds thresholds, IServiceProvider services, IOptions<AlertOptions> options,
        IOptions<NodeOptions> node, TimeProvider clock, ILogger<NodeWatch> logger)
        : base(clock, logger)
    {
        _probe = probe;
        _gateways = gateways;
        _problems = problems;
        _recorder = recorder;
        _thresholds = thresholds;
        _services = services;
        _options = options.Value;
        _node = node.Value.Name;
        _logger = logger;
    }

    /// <summary>One look and what follows from it; returns what is wrong.</summary>
    public async Task<IReadOnlyList<NodeProblem>> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var (facts, answered) = await LookAsync(now, cancel);
        if (answered)
        {
            try
            {
                await _thresholds.ReadAsync(cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                LogNoThresholds(e);
            }
        }
        var problems = _problems.Set(NodeRules.Judge(facts, _thresholds.Last, _node, now));
        HealthCheckRow? row = null;
        if (_recordAt is not { } at || now >= at)
        {
            row = new HealthCheckRow { Node = _node, At = now, Status = NodeRules.StatusOf(problems), Problems = Names(problems), DatabaseMs = facts.DatabaseMs };
            _recordAt = now + _options.HealthInterval;
        }
        await _recorder.RecordAsync(problems, row, answered, now, cancel);
        return problems;
    }

    private async Task<(NodeFacts Facts, bool Answered)> LookAsync(DateTime now, CancellationToken cancel)
    {
        var jump = Jump(now);
        var probe = await _probe.AskAsync(cancel);
        var timestamp = Clock.GetTimestamp();
        if (probe.TookMs is not null || probe.Full) _awaySince = 0;
        else if (_awaySince == 0) _awaySince = timestamp;
        var away = _awaySince == 0 ? TimeSpan.Zero : Clock.GetElapsedTime(_awaySince, timestamp);
        // Away since this very look is still away.
        if (_awaySince != 0 && away == TimeSpan.Zero) away = TimeSpan.FromTicks(1);
        var difference = probe.ClockDifference is { } d && d.Duration() > jump.Duration() ? d : jump;
        return (new NodeFacts(away, probe.TookMs, probe.Full, _probe.FreeMegabytes(), difference, Loops(), _gateways.Look()), probe is { TookMs: not null, Full: false });
    }

    /// <summary>By how much the clock was set since the last look: time passed by it, less the time that passed.</summary>
    private TimeSpan Jump(DateTime now)
    {
        var (before, at) = (_lookedAt, _clockAt);
        (_lookedAt, _clockAt) = (Clock.GetTimestamp(), now);
        return before == 0 ? TimeSpan.Zero : now - at - Clock.GetElapsedTime(before, _lookedAt);
    }

    private IReadOnlyList<LoopView> Loops()
    {
        if (_loops is null)
        {
            // Not in the constructor: this is one of them.
            var services = _services.GetServices<IHostedService>().ToList();
            _loops = [.. services.OfType<HostedLoop>()];
            _others = [.. services.OfType<BackgroundService>().Except(_loops)];
        }
        return
        [
            .. _loops.Where(l => l != this).Select(l => l.View()),
            .. _others.Where(o => o.ExecuteTask is { IsCompleted: true }).Select(o => new LoopView(o.GetType().Name, LoopState.Stopped, TimeSpan.Zero, TimeSpan.Zero)),
        ];
    }

    private static string Names(IEnumerable<NodeProblem> problems)
    {
        var text = string.Join(", ", problems.Select(p => p.Name));
        return text.Length <= HealthCheckConfiguration.ProblemsLength ? text : text[..HealthCheckConfiguration.ProblemsLength];
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return _options.NodeInterval;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The thresholds of alerts could not be read; the last ones hold")]
    private partial void LogNoThresholds(Exception exception);
}
