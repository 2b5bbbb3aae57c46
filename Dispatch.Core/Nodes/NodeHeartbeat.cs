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
    Database database, NodeStatus status, DispatcherOrchestrator orchestrator, IOptions<NodeOptions> node, TimeProvider clock, ILogger<NodeHeartbeat> logger)
    : HostedLoop(clock, logger), IHostedLifecycleService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly string Software = typeof(NodeHeartbeat).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
    private readonly ILogger _logger = logger;
    private bool _begun;

    /// <summary>One sign of life, and a look at the others; returns the names of those that were found gone.</summary>
    public async Task<IReadOnlyList<string>> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var off = await MeasureAsync(cancel);
        var row = new Node
        {
            Name = node.Value.Name, Instance = status.Instance, Version = Software[..Math.Min(Software.Length, 40)], ClockOffMs = off.TotalMilliseconds,
            State = status.IsDraining ? NodeState.Draining : NodeState.Up,
        };
        if (!_begun)
        {
            await database.WriteAsync(session => NodeStore.BeginAsync(session, row, now), cancel);
            _begun = true;
            status.Heard(false, off);
        }
        else
        {
            var result = await database.WriteAsync(session => NodeStore.BeatAsync(session, row, now), cancel);
            if (result == BeatResult.NameTaken && !status.IsNameTaken) LogNameTaken(_logger, row.Name);
            if (off.Duration() > NodeStatus.MaxClockOff && status.ClockOff.Duration() <= NodeStatus.MaxClockOff) LogClockOff(_logger, off.TotalSeconds);
            status.Heard(result == BeatResult.NameTaken, off);
            if (result == BeatResult.Revived)
            {
                LogRevived(_logger);
                status.Revive();
            }
        }
        var lost = await orchestrator.SettleLostNodesAsync(row.Name, node.Value.LostAfter, now, cancel);
        foreach (var name in lost) LogLost(_logger, name);
        return lost;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    /// <summary>How far this machine's clock is ahead of the database's, give or take half a round trip; zero where the database has none.</summary>
    private async Task<TimeSpan> MeasureAsync(CancellationToken cancel)
    {
        if (SqlDialect.For(database.Provider).Now is not { } sql) return TimeSpan.Zero;
        await using var db = database.Read();
        await db.Database.OpenConnectionAsync(cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "SELECT " + sql;
        var before = Clock.GetUtcNow().UtcDateTime;
        var there = (DateTime)(await command.ExecuteScalarAsync(cancel))!;
        var after = Clock.GetUtcNow().UtcDateTime;
        // A slow answer says little: what is certain is that the two moments lie around the other.
        return there < before ? before - there : there > after ? after - there : TimeSpan.Zero;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before anything else ends: not ready, and time for whoever balances the load to see it.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        status.Drain();
        Wake();
        if (node.Value.DrainFor > TimeSpan.Zero) await Task.Delay(node.Value.DrainFor, Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Nobody has to wait until it is missed.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (!_begun) return;
        try
        {
            await database.WriteAsync(session => session.ExecuteAsync(NodeStore.End, ("name", node.Value.Name), ("instance", status.Instance)), cancellationToken);
        }
        catch (Exception e)
        {
            LogNotEnded(_logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Another process says that it is node {Name}: Node:Name must be unique, and this node is not ready")]
    private static partial void LogNameTaken(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "The clock of this machine is {Seconds:0.0} s ahead of the database's: this node is not ready")]
    private static partial void LogClockOff(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The other nodes had taken this one for gone; its open pages are told again")]
    private static partial void LogRevived(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Name} is gone: its people get the grace period to come back elsewhere")]
    private static partial void LogLost(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That this node ends could not be stored; the others find out by themselves")]
    private static partial void LogNotEnded(ILogger logger, Exception exception);
}
