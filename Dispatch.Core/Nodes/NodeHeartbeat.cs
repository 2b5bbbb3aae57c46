using System.Reflection;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Nodes;

/// <summary>
/// Says every two seconds that this process lives and looks for those that do not: what only they held (people's open pages) is let go, once, by whoever marks them first. Leases, deadlines
/// and sends need none of this: they end by themselves.
/// </summary>
public sealed partial class NodeHeartbeat(
    Database database, NodeSelf self, DispatcherOrchestrator orchestrator, IOptions<NodeOptions> node, TimeProvider clock, ILogger<NodeHeartbeat> logger)
    : HostedLoop(clock, logger), IHostedLifecycleService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly string Software = typeof(NodeHeartbeat).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
    private readonly ILogger _logger = logger;
    private bool _begun;
    private DateTime? _beatAt, _heardSince;

    /// <summary>One sign of life, and a look at the others; returns the names of those that were found gone.</summary>
    public async Task<IReadOnlyList<string>> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var row = new Node
        {
            Name = node.Value.Name, Instance = self.Instance, Version = Software[..Math.Min(Software.Length, 40)],
            State = self.IsDraining ? NodeState.Draining : NodeState.Up,
        };
        if (!_begun)
        {
            await database.WriteAsync(session => NodeStore.BeginAsync(session, row, now), cancel);
            _begun = true;
            self.Heard(nameTaken: false);
        }
        else
        {
            var result = await database.WriteAsync(session => NodeStore.BeatAsync(session, row, node.Value.LostAfter, now), cancel);
            if (result == BeatResult.NameTaken && !self.IsNameTaken) LogNameTaken(_logger, row.Name);
            self.Heard(result == BeatResult.NameTaken);
            if (result == BeatResult.Revived)
            {
                LogRevived(_logger);
                self.Revive();
            }
        }
        // Whoever could not be heard himself (the database was away, the process was frozen) does not judge the others: they have to be heard first.
        if (_beatAt is not { } last || now - last > node.Value.LostAfter / 2) _heardSince = now;
        _beatAt = now;
        if (now - _heardSince < node.Value.LostAfter) return [];
        var lost = await orchestrator.SettleLostNodesAsync(row.Name, node.Value.LostAfter, now, cancel);
        foreach (var name in lost) LogLost(_logger, name);
        return lost;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>This process is about to end, said here and to the others at once. Open pages are told by <see cref="NodeSelf.Drained"/>.</summary>
    public void Drain()
    {
        self.Drain();
        Wake();
    }

    /// <summary>Whoever stops the host without a signal has not said it before.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Drain();
        return Task.CompletedTask;
    }

    /// <summary>Nobody has to wait until it is missed, or until its leases lapse: all its loops have ended.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (!_begun) return;
        try
        {
            await orchestrator.EndNodeAsync(node.Value.Name, self.Instance, Clock.GetUtcNow().UtcDateTime, cancellationToken);
        }
        catch (Exception e)
        {
            LogNotEnded(_logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Another process says that it is node {Name}: Node:Name must be unique, and this node is not ready")]
    private static partial void LogNameTaken(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The other nodes had taken this one for gone; its open pages are told again")]
    private static partial void LogRevived(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Name} is gone: its people get the grace period to come back elsewhere")]
    private static partial void LogLost(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That this node ends could not be stored; the others find out by themselves")]
    private static partial void LogNotEnded(ILogger logger, Exception exception);
}
