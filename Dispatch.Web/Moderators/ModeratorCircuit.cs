using Dispatch.Core.Conversations;
using Dispatch.Core.Nodes;
using Dispatch.Core.People;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Moderators;

/// <summary>
/// An open page is a moderator's connection: up with its circuit, down (with the grace period) when the browser is lost, up again when
/// it comes back. A fault in here is logged and never costs anybody the page.
/// </summary>
internal sealed partial class ModeratorCircuit(
    DispatcherOrchestrator orchestrator, AuthenticationStateProvider authentication, IOptions<NodeOptions> node, NodeSelf self, TimeProvider clock,
    ILogger<ModeratorCircuit> logger)
    : CircuitHandler, IDisposable
{
    private static readonly TimeSpan ActivityEvery = TimeSpan.FromSeconds(30), LongestPause = TimeSpan.FromSeconds(30);
    private string? _circuit;
    private long? _moderator;
    private long _lastActivity;
    private volatile bool _up;

    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _circuit = circuit.Id;
        authentication.AuthenticationStateChanged += OnAuthenticationChanged;
        self.Revived += OnRevived;
        return Task.CompletedTask;
    }

    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _up = true;
        return ConnectSafelyAsync(circuit.Id);
    }

    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _up = false;
        return SafelyAsync(circuit.Id, () => orchestrator.HandleUserDisconnectedAsync(circuit.Id, CancellationToken.None));
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _up = false;
        Dispose();
        return SafelyAsync(circuit.Id, () => orchestrator.HandleUserDisconnectedAsync(circuit.Id, CancellationToken.None));
    }

    /// <summary>Clicks and keys are the second signal of presence; written at most every half minute.</summary>
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => async context =>
    {
        if (_moderator is { } id && clock.GetElapsedTime(_lastActivity) >= ActivityEvery)
        {
            _lastActivity = clock.GetTimestamp();
            _ = SafelyAsync(context.Circuit.Id, () => orchestrator.RecordActivityAsync(id, CancellationToken.None));
        }
        await next(context);
    };

    private async Task ConnectAsync(string circuit)
    {
        var user = (await authentication.GetAuthenticationStateAsync()).User;
        if (user.Identity?.IsAuthenticated != true || !user.IsInRole(Roles.Moderator)) return;
        var id = user.Id();
        if (!await orchestrator.HandleUserConnectedAsync(id, circuit, node.Value.Name, CancellationToken.None))
        {
            LogNotDispatched(id);
            return;
        }
        // Connecting counts as activity already.
        _lastActivity = clock.GetTimestamp();
        _moderator = id;
        // Gone while it was told: the word of its end may have come first.
        if (!_up) await orchestrator.HandleUserDisconnectedAsync(circuit, CancellationToken.None);
    }

    /// <summary>The person was disabled or signed out elsewhere: what is still open is no presence any more.</summary>
    private void OnAuthenticationChanged(Task<AuthenticationState> change) => _ = SafelyAsync(_circuit!, async () =>
    {
        if ((await change).User.Identity?.IsAuthenticated != true) await orchestrator.HandleUserDisconnectedAsync(_circuit!, CancellationToken.None);
    });

    /// <summary>The cluster had let go of what is open here.</summary>
    private void OnRevived()
    {
        if (_up) _ = ConnectSafelyAsync(_circuit!);
    }

    /// <summary>A page that works while its person counts as absent would be worst of all: what fails (the database is away) is tried until it holds or the page is gone.</summary>
    private async Task ConnectSafelyAsync(string circuit)
    {
        if (!await SafelyAsync(circuit, () => ConnectAsync(circuit))) _ = TryAgainAsync();

        async Task TryAgainAsync()
        {
            var pause = TimeSpan.FromSeconds(1);
            do
            {
                await Task.Delay(pause, clock);
                if (pause < LongestPause) pause *= 2;
            }
            while (_up && !await SafelyAsync(circuit, () => ConnectAsync(circuit)));
        }
    }

    /// <summary>False: it failed, and the log says so.</summary>
    private async Task<bool> SafelyAsync(string circuit, Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e)
        {
            LogPresenceFailed(e, circuit);
            return false;
        }
    }

    public void Dispose()
    {
        authentication.AuthenticationStateChanged -= OnAuthenticationChanged;
        self.Revived -= OnRevived;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Moderator {ModeratorId} has a page open but is unknown to dispatching or disabled")]
    private partial void LogNotDispatched(long moderatorId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Presence of circuit {Circuit} could not be recorded")]
    private partial void LogPresenceFailed(Exception exception, string circuit);
}
