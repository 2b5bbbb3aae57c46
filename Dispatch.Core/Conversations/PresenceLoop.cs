using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>Section <c>Node</c>: who this process is among several.</summary>
public sealed class NodeOptions
{
    public const string Section = "Node";

    /// <summary>Unique per running process, the same after its restart.</summary>
    public string Name { get; set; } = Environment.MachineName;
}

/// <summary>Ends grace periods and lets go of disabled people. At start it lets go of the circuits of this node's previous run, which a crash left behind.</summary>
public sealed partial class PresenceLoop(
    DispatcherOrchestrator orchestrator, IOptions<NodeOptions> node, TimeProvider clock, ILogger<PresenceLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        await orchestrator.EndGraceAsync(now, cancel) + await orchestrator.SettleDisabledAsync(now, cancel);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await orchestrator.HandleNodeStartedAsync(node.Value.Name, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RunOnceAsync(clock.GetUtcNow().UtcDateTime, stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFault(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking after presence failed; trying again in a second")]
    private partial void LogFault(Exception exception);
}
