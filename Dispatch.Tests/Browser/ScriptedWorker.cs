using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.Browser;

/// <summary>A worker at its own end of the bus that says exactly what the test tells it, and nothing by itself but that it lives.</summary>
internal sealed class ScriptedWorker : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private static int s_number;

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<WorkerCommand> _commands = Channel.CreateUnbounded<WorkerCommand>();
    private readonly ConcurrentDictionary<long, HeldNumber> _held = new();
    private readonly IWorkerPort _port;
    private Task _running = Task.CompletedTask;

    private ScriptedWorker(string id, IWorkerPort port) => (Id, _port) = (id, port);

    public string Id { get; }

    public static async Task<ScriptedWorker> StartAsync(IServiceProvider services, int capacity = 50)
    {
        var id = $"scripted-{Interlocked.Increment(ref s_number)}";
        var registry = services.GetRequiredService<WorkerService>();
        Assert.Equal(WorkerResult.Done, await registry.RegisterAsync(id, WorkerMode.Routed, capacity));
        var worker = new ScriptedWorker(id, await services.GetRequiredService<IWorkerBus>().ConnectWorkerAsync(new WorkerRoute(id, WorkerMode.Routed), CancellationToken.None));
        worker._running = Task.WhenAll(worker.ReadAsync(), worker.LiveAsync());
        await Eventually.Async(async () => (await registry.FindAsync(id))!.State == WorkerState.Up);
        return worker;
    }

    /// <summary>The next command of this kind; others before it are skipped.</summary>
    public async Task<WorkerCommand> NextAsync(WorkerAction action)
    {
        for (;;)
        {
            var command = await _commands.Reader.ReadAsync().AsTask().InTime();
            if (command.Action == action) return command;
        }
    }

    /// <summary>Answers for the session of a command.</summary>
    public Task SayAsync(WorkerCommand command, WorkerAnswer answer)
    {
        var (number, session) = (command.NumberId!.Value, command.SessionId!);
        var state = answer switch { QrGenerated => "qr", SessionScanned => "scanned", SessionConnected => "connected", SessionClosed { Reconnects: not true } => "closed", _ => null };
        if (state is not null) _held[number] = new HeldNumber(number, session, state);
        return _port.AnswerAsync(answer with { NumberId = number, SessionId = session });
    }

    /// <summary>What no worker should say.</summary>
    public Task SayAsync(string body) => _port.AnswerAsync(new BusMessage(Encoding.UTF8.GetBytes(body), Guid.NewGuid().ToString("N"), null, null));

    private async Task ReadAsync()
    {
        await foreach (var delivery in _port.ReadAsync(_stop.Token))
        {
            if (delivery.Command is { } command) await _commands.Writer.WriteAsync(command);
            await delivery.AckAsync();
        }
    }

    private async Task LiveAsync()
    {
        using var timer = new PeriodicTimer(Beat, TimeProvider.System);
        var started = true;
        try
        {
            do
            {
                await _port.AnswerAsync(new WorkerAlive(started, null, "scripted", true, [.. _held.Values.Where(h => h.State != "closed")]));
                started = false;
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // the test is over
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _port.DisposeAsync();
        _stop.Dispose();
    }
}
