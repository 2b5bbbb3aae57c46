using System.Runtime.InteropServices;
using Dispatch.Core.Conversations;
using Dispatch.Core.Nodes;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Startup;

/// <summary>
/// The way from a signal to the end: first not ready, and every open page is told to go elsewhere; then, after <c>Node:DrainFor</c>, the end itself. The framework's own lifetime would cut all
/// open pages the moment the signal comes, before any hosted service could say a word. A second signal does not wait.
/// </summary>
internal sealed partial class DrainingLifetime(
    NodeHeartbeat heartbeat, IOptions<NodeOptions> node, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<DrainingLifetime> logger) : IHostLifetime, IDisposable
{
    private readonly CancellationTokenSource _hurry = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _asked;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }) _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _hurry.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _asked) > 1) _hurry.Cancel();
        else _ = EndAsync();
    }

    private async Task EndAsync()
    {
        var wait = node.Value.DrainFor;
        try
        {
            heartbeat.Drain();
            if (wait > TimeSpan.Zero)
            {
                LogDraining(wait.TotalSeconds);
                await Task.Delay(wait, clock, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Asked to end: nobody new is taken, open pages are told to go to another node, and the end comes in {Seconds} s")]
    private partial void LogDraining(double seconds);
}
