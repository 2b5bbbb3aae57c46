using System.Text.Json;
using Dispatch.Core.Data;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>
/// The shared queue of one worker that cannot be routed. RabbitMQ gives each message to one consumer, so this side and the worker would steal from each other:
/// here Dispatch consumes with a higher priority and gets everything, and steps aside for the instant in which it hands over a command. One node does it, by a
/// lease; one command at a time, and the next when the worker has answered or its time is over; none while a number is between scan and connection.
/// </summary>
internal sealed partial class LegacyLink : IAsyncDisposable
{
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(10), Renew = TimeSpan.FromSeconds(4), Retry = TimeSpan.FromSeconds(1), PairingPause = TimeSpan.FromMilliseconds(500);

    private readonly WorkerRoute _worker;
    private readonly BrokerOptions _options;
    private readonly IWorkerDirectory _directory;
    private readonly Leases _leases;
    private readonly string _node;
    private readonly IBusReceiver _receiver;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _running;
    private LegacyChannel? _channel;
    private WaitReason _away = WaitReason.BrokerDown;
    private long? _waitsFor;
    private DateTime _busyUntil;

    public LegacyLink(WorkerRoute worker, BrokerOptions options, IWorkerDirectory directory, Leases leases, string node, IBusReceiver receiver, ILogger logger)
    {
        _worker = worker;
        _options = options;
        _directory = directory;
        _leases = leases;
        _node = node;
        _receiver = receiver;
        _logger = logger;
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    public WaitReason? Obstacle
    {
        get
        {
            lock (_lock) return _channel is null ? _away : Now < _busyUntil ? WaitReason.Busy : null;
        }
    }

    // Time between processes, not of the business: no clock of a test may hold it up.
    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>Hands the command over. Null: it is in the queue while nobody but the worker reads it.</summary>
    public async Task<WaitReason?> PublishAsync(BusMessage command)
    {
        if (!_turn.Wait(0)) return WaitReason.Busy;
        try
        {
            LegacyChannel? channel;
            lock (_lock)
            {
                if (Now < _busyUntil) return WaitReason.Busy;
                channel = _channel;
                if (channel is null) return _away;
            }
            if (await _directory.IsPairingAsync(_worker.WorkerId, _stop.Token))
            {
                BusyFor(null, PairingPause);
                return WaitReason.Busy;
            }
            if (!await channel.HasWorkerAsync()) return WaitReason.NoConsumer;
            // Before it leaves: the answer may be faster than we.
            BusyFor(WorkerCommands.Read(command.Body, out _)?.NumberId, _options.LegacySettle);
            var reason = await channel.HandOverAsync(command);
            if (reason is not null) BusyFor(null, TimeSpan.Zero);
            return reason;
        }
        catch (Exception e) when (RabbitWire.IsLost(e))
        {
            return WaitReason.BrokerDown;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var name = "legacy:" + _worker.WorkerId;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await _leases.TryAcquireAsync(name, _node, LeaseFor, stop) is not { } lease)
                {
                    Away(WaitReason.Elsewhere);
                    await Task.Delay(Renew, TimeProvider.System, stop);
                    continue;
                }
                Away(WaitReason.BrokerDown);
                try
                {
                    await ServeAsync(name, stop);
                }
                finally
                {
                    Away(WaitReason.BrokerDown);
                    await _leases.ReleaseAsync(lease, CancellationToken.None);
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogEnded(_worker.WorkerId, RabbitWire.Describe(e));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Retry, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(string lease, CancellationToken stop)
    {
        await using var channel = await LegacyChannel.OpenAsync(_options, _worker, _node, stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        lock (_lock)
        {
            _channel = channel;
            _busyUntil = default;
        }
        _receiver.Reachable();
        var health = _worker.VirtualHost is null ? null : channel.PumpHealthAsync(_receiver, _logger, over.Token);
        Task[] tasks = [PumpAsync(channel, over.Token), KeepLeaseAsync(lease, over.Token), .. health is null ? Array.Empty<Task>() : [health]];
        var first = await Task.WhenAny(tasks);
        await over.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task KeepLeaseAsync(string name, CancellationToken stop)
    {
        do await Task.Delay(Renew, TimeProvider.System, stop);
        while (await _leases.TryAcquireAsync(name, _node, LeaseFor, stop) is not null);
    }

    private async Task PumpAsync(LegacyChannel channel, CancellationToken stop)
    {
        while (await channel.TakeAsync(_options.Prefetch, stop) is { } arrivals)
        {
            var looked = arrivals.ConvertAll(a => (Arrival: a, Look: Look(a)));
            var answers = looked.Where(l => !l.Look.IsCommand).ToList();
            if (answers.Count > 0)
            {
                if (!await RabbitSession.ReceiveAsync(channel.Channel, [.. answers.Select(a => Delivery(a.Arrival))], _receiver, _logger, stop)) return;
                foreach (var (arrival, look) in answers)
                {
                    await channel.Channel.BasicAckAsync(arrival.Tag, multiple: false, CancellationToken.None);
                    Answered(look.NumberId);
                }
            }
            var commands = looked.Where(l => l.Look.IsCommand).Select(l => l.Arrival).ToList();
            if (commands.Count > 0) await CameBackAsync(channel, commands, stop);
            else channel.WentWell();
        }
    }

    /// <summary>
    /// Commands in our hands: the worker was full, or it is gone. With a worker they go back while we step aside until it has taken them; without one they go
    /// back into the outbox. Never again and again to ourselves.
    /// </summary>
    private async Task CameBackAsync(LegacyChannel channel, List<Arrival> commands, CancellationToken stop)
    {
        LogCameBack(commands.Count, _worker.WorkerId);
        await _turn.WaitAsync(stop);
        try
        {
            if (await channel.StepAsideAsync(commands, stop)) return;
            foreach (var command in commands)
            {
                var known = command is { Origin: Topology.Origin, Message.MessageId: { } id } && await _receiver.TakeBackAsync(id, stop);
                if (!known && !await RabbitSession.ReceiveAsync(channel.Channel, [Delivery(command)], _receiver, _logger, stop)) return;
                await channel.Channel.BasicAckAsync(command.Tag, multiple: false, CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private BusDelivery Delivery(Arrival arrival) => new(BusSource.Legacy, _worker.WorkerId, arrival.Message, arrival.Redelivered);

    private static (bool IsCommand, long? NumberId) Look(Arrival arrival)
    {
        if (arrival.Origin == Topology.Origin) return (true, null);
        try
        {
            using var json = JsonDocument.Parse(arrival.Message.Body);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return default;
            var reader = new WireReader(json.RootElement);
            return (WorkerCommands.Action(reader.Text("action", 40)) is not null, reader.Number("numberId"));
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private void BusyFor(long? number, TimeSpan time)
    {
        lock (_lock)
        {
            _waitsFor = number;
            _busyUntil = Now + time;
        }
        if (time > TimeSpan.Zero) _ = WakeAsync(time);
        else _receiver.Reachable();
    }

    private async Task WakeAsync(TimeSpan after)
    {
        await Task.Delay(after, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stop.IsCancellationRequested) _receiver.Reachable();
    }

    private void Answered(long? number)
    {
        lock (_lock)
        {
            if (_waitsFor is null || number != _waitsFor) return;
            _waitsFor = null;
            _busyUntil = default;
        }
        _receiver.Reachable();
    }

    private void Away(WaitReason why)
    {
        lock (_lock)
        {
            _channel = null;
            _away = why;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link to legacy worker {WorkerId} ended ({Error}); trying again in a second")]
    private partial void LogEnded(string workerId, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} commands for legacy worker {WorkerId} came back")]
    private partial void LogCameBack(int count, string workerId);
}
