using System.Collections.Frozen;
using Dispatch.Core.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.JSInterop;
using Dispatch.Web.Account;

namespace Dispatch.Web.Conversations;

/// <summary>
/// A page over live data: subscribes, reads the snapshot, then reads again after each signal, never twice at once. The loop is started
/// from the component's own life cycle and stays on its synchronization context, so that the language of the circuit is that of
/// everything rendered from a signal (dotnet/aspnetcore issue 28521).
/// </summary>
public abstract partial class LiveComponent : ComponentBase, IAsyncDisposable
{
    private static readonly IReadOnlySet<LiveEvent> Nothing = FrozenSet<LiveEvent>.Empty;
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;

    [Inject]
    public required LiveHub Hub { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    [Inject]
    public required ILoggerFactory Loggers { get; set; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; set; }

    /// <summary>At most one re-read in this time.</summary>
    protected virtual TimeSpan Interval => TimeSpan.FromMilliseconds(150);

    protected LiveSubscription? Live { get; private set; }
    // Taken once: the source is disposed with the page, and a click that was still on its way must end quietly.
    protected LiveComponent() => Stopping = _stop.Token;

    protected CancellationToken Stopping { get; }

    /// <summary>The first read is done.</summary>
    protected bool Loaded { get; private set; }

    /// <summary>The last read failed: the id that the log has too. Null: fine.</summary>
    protected string? FailureId { get; private set; }

    /// <summary>The signed-in person; the same value is the moderator's id.</summary>
    protected long Me { get; private set; }

    protected bool IsInRole(string role) => _roles.Contains(role);

    private readonly HashSet<string> _roles = new(StringComparer.Ordinal);

    protected sealed override async Task OnInitializedAsync()
    {
        var user = (await Authentication).User;
        if (user.Identity?.IsAuthenticated != true) return;
        Me = user.Id();
        foreach (var role in Dispatch.Core.People.Roles.All.Where(user.IsInRole)) _roles.Add(role);
        Live = Hub.Subscribe(LiveTopics());
        await ReloadAsync();
        _listening = ListenAsync(Live);
    }

    protected abstract IReadOnlyCollection<string> LiveTopics();

    /// <summary>Reads everything this component shows.</summary>
    /// <param name="changes">What was signalled; empty: the first read, or a retry.</param>
    protected abstract Task ReadAsync(IReadOnlySet<LiveEvent> changes);

    protected Task ReloadAsync() => ReadSafelyAsync(Nothing);

    private async Task ReadSafelyAsync(IReadOnlySet<LiveEvent> changes)
    {
        try
        {
            await ReadAsync(changes);
            FailureId = null;
            Loaded = true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // going
        }
        catch (Exception e) when (e is not JSDisconnectedException)
        {
            FailureId = Guid.NewGuid().ToString("N")[..8];
            LogReadFailed(Loggers.CreateLogger(GetType()), e, FailureId);
        }
    }

    private async Task ListenAsync(LiveSubscription live)
    {
        try
        {
            await foreach (var changes in live.ReadAsync(Interval, Clock, Stopping))
            {
                await InvokeAsync(async () =>
                {
                    using var reading = live.BeginRead(GetType().Name);
                    await ReadSafelyAsync(changes);
                    StateHasChanged();
                });
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or JSDisconnectedException)
        {
            // the page is left or its browser gone
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Live?.Dispose();
        await _listening;
        _stop.Dispose();
        await DisposeMoreAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask DisposeMoreAsync() => ValueTask.CompletedTask;

    [LoggerMessage(Level = LogLevel.Error, Message = "A page could not read its data ({Id})")]
    private static partial void LogReadFailed(ILogger logger, Exception exception, string id);
}
