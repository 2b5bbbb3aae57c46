using System.Collections.Concurrent;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>
/// The bus over RabbitMQ. A lost connection ends the session and a new one begins: channels, consumers and deliveries of the old one are not carried over,
/// what was not acknowledged comes again.
/// </summary>
public sealed partial class RabbitBus : IWorkerBus
{
    private static readonly TimeSpan LookAtWorkers = TimeSpan.FromSeconds(2);
    private static readonly double[] BackOff = [0.2, 0.5, 1, 2, 5];

    private readonly BrokerOptions _options;
    private readonly IWorkerDirectory _directory;
    private readonly Leases _leases;
    private readonly string _node;
    private readonly BrokerState _state;
    private readonly ILogger<RabbitBus> _logger;
    private readonly ConcurrentDictionary<string, LegacyLink> _links = new(StringComparer.Ordinal);
    private readonly string _endpoint;
    private RabbitSession? _session;

    public RabbitBus(
        IOptions<BrokerOptions> options, IWorkerDirectory directory, Leases leases, IOptions<NodeOptions> node, BrokerState state, ILogger<RabbitBus> logger)
    {
        _options = options.Value;
        _directory = directory;
        _leases = leases;
        _node = node.Value.Name;
        _state = state;
        _logger = logger;
        var uri = _options.Uri ?? throw new InvalidOperationException("Broker:Uri is not set.");
        _endpoint = uri.IsDefaultPort || uri.Port < 0 ? uri.Host : $"{uri.Host}:{uri.Port}";
        state.Set(BrokerKind.RabbitMq, BrokerStatus.Connecting, _endpoint, null);
    }

    public BrokerKind Kind => BrokerKind.RabbitMq;

    public WaitReason? Obstacle(WorkerRoute worker)
    {
        if (worker.Mode == WorkerMode.Legacy) return _links.TryGetValue(worker.WorkerId, out var link) ? link.Obstacle : WaitReason.BrokerDown;
        return Volatile.Read(ref _session) is { IsOpen: true } ? null : WaitReason.BrokerDown;
    }

    public Task<WaitReason?> PublishAsync(WorkerRoute worker, BusMessage command)
    {
        if (worker.Mode == WorkerMode.Legacy)
            return _links.TryGetValue(worker.WorkerId, out var link) ? link.PublishAsync(command) : Task.FromResult<WaitReason?>(WaitReason.BrokerDown);
        return Volatile.Read(ref _session) is { } session ? session.PublishAsync(worker.WorkerId, command) : Task.FromResult<WaitReason?>(WaitReason.BrokerDown);
    }

    public async Task RunAsync(IBusReceiver receiver, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var workers = LookAfterWorkersAsync(receiver, over.Token);
        try
        {
            for (var failures = 0; ; failures++)
            {
                _state.Set(BrokerKind.RabbitMq, failures == 0 ? BrokerStatus.Connecting : BrokerStatus.Down, _endpoint, _state.Current.Error);
                try
                {
                    await using var session = await RabbitSession.OpenAsync(_options, _node, _logger, stop);
                    failures = 0;
                    await DeclareWorkersAsync(session, stop);
                    Volatile.Write(ref _session, session);
                    _state.Set(BrokerKind.RabbitMq, BrokerStatus.Connected, _endpoint, null);
                    LogConnected(_endpoint);
                    receiver.Reachable();
                    await session.ConsumeAsync(receiver, stop);
                    _state.Set(BrokerKind.RabbitMq, BrokerStatus.Down, _endpoint, "closed");
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    var error = RabbitWire.Describe(e);
                    // The first of an outage and no other: an hour without a broker is one line.
                    if (_state.Current.Error != error) LogDown(_endpoint, error);
                    _state.Set(BrokerKind.RabbitMq, BrokerStatus.Down, _endpoint, error);
                }
                finally
                {
                    Volatile.Write(ref _session, null);
                }
                stop.ThrowIfCancellationRequested();
                await Task.Delay(TimeSpan.FromSeconds(BackOff[Math.Min(failures, BackOff.Length - 1)]), TimeProvider.System, stop);
            }
        }
        finally
        {
            await over.CancelAsync();
            await workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var link in _links.Values) await link.DisposeAsync();
            _links.Clear();
        }
    }

    public async Task<IWorkerPort> ConnectWorkerAsync(WorkerRoute worker, CancellationToken cancel) => await RabbitWorkerPort.ConnectAsync(_options, worker, cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values) await link.DisposeAsync();
        if (Interlocked.Exchange(ref _session, null) is { } session) await session.DisposeAsync();
    }

    private async Task DeclareWorkersAsync(RabbitSession session, CancellationToken stop)
    {
        foreach (var worker in (await _directory.ListAsync(stop)).Where(w => w.Mode == WorkerMode.Routed)) await session.EnsureQueueAsync(worker.WorkerId);
    }

    /// <summary>A worker that was registered gets its queue or its link, one that was removed loses its link.</summary>
    private async Task LookAfterWorkersAsync(IBusReceiver receiver, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var workers = await _directory.ListAsync(stop);
                var legacy = new HashSet<string>(StringComparer.Ordinal);
                // Nothing can route inside a shared queue: of two legacy workers in one virtual host only the first is served.
                foreach (var host in workers.Where(w => w.Mode == WorkerMode.Legacy).GroupBy(w => w.VirtualHost, StringComparer.Ordinal))
                {
                    var worker = host.MinBy(w => w.WorkerId, StringComparer.Ordinal)!;
                    if (host.Skip(1).Any()) LogSharedQueue(host.Key ?? "/", worker.WorkerId);
                    legacy.Add(worker.WorkerId);
                    _links.GetOrAdd(worker.WorkerId, _ => new LegacyLink(worker, _options, _directory, _leases, _node, receiver, _logger));
                }
                foreach (var gone in _links.Keys.Where(id => !legacy.Contains(id)))
                {
                    if (_links.TryRemove(gone, out var link)) await link.DisposeAsync();
                }
                if (Volatile.Read(ref _session) is { IsOpen: true } session) await DeclareWorkersAsync(session, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogWorkersFailed(e);
            }
            await Task.Delay(LookAtWorkers, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the broker at {Endpoint}")]
    private partial void LogConnected(string endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker at {Endpoint} is away: {Error}")]
    private partial void LogDown(string endpoint, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Several legacy workers share the queue in {VirtualHost}; only {WorkerId} is served")]
    private partial void LogSharedQueue(string virtualHost, string workerId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking after the queues of workers failed; trying again")]
    private partial void LogWorkersFailed(Exception exception);
}
