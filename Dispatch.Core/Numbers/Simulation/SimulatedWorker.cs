using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways.Simulation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers.Simulation;

/// <summary>
/// The demo's worker: a worker like any other at its end of the bus, with <see cref="SimulatedPhones"/> instead of WhatsApp. Some of its answers come twice or late, as
/// those of a real one do. It registers itself and makes two clients who await validation.
/// </summary>
public sealed partial class SimulatedWorker(
    IWorkerBus bus, WorkerService workers, NumberService numbers, Database database, IOptions<SimulatorOptions> options, IOptions<NumberOptions> timing, TimeProvider clock,
    ILogger<SimulatedWorker> logger) : BackgroundService
{
    public const string Id = "demo";
    private const int Capacity = 50;
    private const double TwiceChance = 0.1, LateChance = 0.05;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200), Beat = TimeSpan.FromSeconds(15);

    /// <summary>Names and fates (last digit) of the demo's clients.</summary>
    private static readonly (string Name, string Phone)[] Clients = [("Teranga Couture", "+221771234501"), ("Ndar Voyages", "+221771234504")];

    private readonly SimulatedPhones _phones = new(options.Value.Speed, options.Value.Seed);
    private readonly Random _random = options.Value.Seed is { } seed ? new Random(seed) : new Random();
    private readonly Lock _lock = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>Registered before the first request is answered; a demo that its user changed stays as changed.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled) return;
        await workers.RegisterAsync(Id, WorkerMode.Routed, Capacity, cancel: cancellationToken);
        await using (var db = database.Read())
        {
            if (!await db.Clients.AnyAsync(cancellationToken))
            {
                foreach (var (name, phone) in Clients) await numbers.RegisterAsync(name, phone, NumberActor.System, cancellationToken);
            }
        }
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var port = await bus.ConnectWorkerAsync(new WorkerRoute(Id, WorkerMode.Routed), stoppingToken);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var reading = ReadAsync(port, end.Token);
                try
                {
                    await LiveAsync(port, reading, end.Token);
                }
                finally
                {
                    await end.CancelAsync();
                    await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFault(e);
                await Task.Delay(Tick * 5, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ReadAsync(IWorkerPort port, CancellationToken stop)
    {
        await foreach (var delivery in port.ReadAsync(stop))
        {
            if (delivery.Command is not { } command)
            {
                await delivery.RejectAsync(requeue: false);
                continue;
            }
            lock (_lock)
            {
                // At least once is what the bus promises; once is what a worker makes of it.
                if (delivery.Message.MessageId is not { } id || _seen.Add(id)) _phones.Handle(command, clock.GetUtcNow().UtcDateTime);
            }
            await delivery.AckAsync();
        }
    }

    private async Task LiveAsync(IWorkerPort port, Task reading, CancellationToken stop)
    {
        var (beatAt, healthAt) = (DateTime.MinValue, DateTime.MinValue);
        using var timer = new PeriodicTimer(Tick, clock);
        do
        {
            var now = clock.GetUtcNow().UtcDateTime;
            if (now >= beatAt)
            {
                IReadOnlyList<HeldNumber> held;
                lock (_lock) held = _phones.Held;
                await port.AnswerAsync(new WorkerAlive(beatAt == DateTime.MinValue, Capacity, "simulator", true, held));
                beatAt = now + Beat;
            }
            IReadOnlyList<WorkerAnswer> due;
            lock (_lock)
            {
                if (now >= healthAt)
                {
                    _phones.ReportHealth(now);
                    healthAt = now + (timing.Value.HealthInterval / options.Value.Speed);
                }
                due = _phones.TakeDue(now);
            }
            foreach (var answer in due) await SayAsync(port, answer, stop);
        }
        while (!reading.IsCompleted && await timer.WaitForNextTickAsync(stop));
        await reading;
    }

    private async Task SayAsync(IWorkerPort port, WorkerAnswer answer, CancellationToken stop)
    {
        if (_random.NextDouble() < LateChance) await Task.Delay(Tick * 2, clock, stop);
        var message = WorkerAnswerWriter.Write(answer with { WorkerId = Id }, Guid.NewGuid().ToString("N"));
        var health = answer is HealthReported;
        await port.AnswerAsync(message, health);
        if (_random.NextDouble() < TwiceChance) await port.AnswerAsync(message, health);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The simulated worker lost its bus and connects again")]
    private partial void LogFault(Exception exception);
}
