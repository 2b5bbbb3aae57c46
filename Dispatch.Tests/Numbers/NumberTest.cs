using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Compliance;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Numbers;

/// <summary>What tests about numbers need. Answers come in through the receiver and its inbox, as the bus hands them over; loops are asked by the test.</summary>
public abstract class NumberTest(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    /// <summary>A real PNG of one pixel, as data URL.</summary>
    protected const string Picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    protected static readonly NumberOptions Options = new();
    private static int s_number;
    private static int s_message;

    protected static NumberActor Admin { get; } = NumberActor.Api;

    protected Task<NumberOutcome> ValidateAsync(long client, string? worker, DispatcherFixture? node = null) => (node ?? Node).Get<NumberService>().ValidateAsync(client, worker, Admin).InTime();

    /// <summary>A worker that has said that it lives.</summary>
    protected async Task AddWorkerAsync(string id, int capacity = 50, WorkerMode mode = WorkerMode.Routed)
    {
        Assert.Equal(WorkerResult.Done, await Node.Get<WorkerService>().RegisterAsync(id, mode, capacity));
        if (mode == WorkerMode.Routed) await BeatAsync(id, started: true);
    }

    protected Task BeatAsync(string worker, bool started = false, params HeldNumber[] held) => TellAsync(worker, new WorkerAlive(started, 50, "test", true, held));

    protected async Task<(long Client, long Number)> RegisterAsync(string name = "Boutique")
    {
        var outcome = await Node.Get<NumberService>().RegisterAsync(name, $"+22177{Interlocked.Increment(ref s_number) + 1_000_000}", Admin);
        Assert.Equal(NumberResult.Done, outcome.Result);
        return (outcome.ClientId, outcome.NumberId);
    }

    /// <summary>A number that a worker was told to create.</summary>
    protected async Task<WhatsAppNumber> StartedAsync(string worker)
    {
        var (client, number) = await RegisterAsync();
        Assert.Equal(NumberResult.Done, (await ValidateAsync(client, worker)).Result);
        return await NumberAsync(number);
    }

    protected async Task<WhatsAppNumber> WaitingAsync(string worker)
    {
        var number = await StartedAsync(worker);
        await TellAsync(worker, new SessionStarting(), number);
        await TellAsync(worker, Qr(1), number);
        return await NumberAsync(number.Id);
    }

    protected async Task<WhatsAppNumber> ConnectedAsync(string worker)
    {
        var number = await WaitingAsync(worker);
        await TellAsync(worker, new SessionScanned(), number);
        await TellAsync(worker, new SessionConnected(), number);
        return await NumberAsync(number.Id);
    }

    protected static QrGenerated Qr(int index) => new($"1@code-{index}-{Guid.NewGuid():N}", QrForm.Raw, index, QrSchedule.Life(index));

    /// <summary>The worker says it of the number's present session.</summary>
    protected Task TellAsync(string worker, WorkerAnswer answer, WhatsAppNumber? number = null, DispatcherFixture? node = null) =>
        DeliverAsync(Delivery(worker, number is null ? answer : answer with { NumberId = number.Id, SessionId = number.SessionId }), node);

    protected Task DeliverAsync(BusDelivery delivery, DispatcherFixture? node = null) => (node ?? Node).Get<AnswerReceiver>().ReceiveAsync([delivery], CancellationToken.None).InTime();

    protected BusDelivery Delivery(string worker, WorkerAnswer answer, string? id = null) => new(
        answer is HealthReported ? BusSource.Health : BusSource.Answers, worker,
        WorkerAnswerWriter.Write(answer with { WorkerId = worker, At = answer.At ?? Clock.Now }, id ?? $"m{Interlocked.Increment(ref s_message)}"));

    protected Task<WhatsAppNumber> NumberAsync(long id) => Node.ReadAsync(db => db.Numbers.AsNoTracking().FirstAsync(n => n.Id == id));

    protected Task<List<NumberEvent>> TimeLineAsync(long id) => Node.ReadAsync(db => db.NumberEvents.AsNoTracking().Where(e => e.NumberId == id).OrderBy(e => e.Id).ToListAsync());

    /// <summary>What lies in the outbox for the number and is wanted, oldest first.</summary>
    protected Task<List<OutboxCommand>> CommandsAsync(long id, WorkerAction? action = null) => Node.ReadAsync(db => db.WorkerOutbox.AsNoTracking()
        .Where(c => c.NumberId == id && c.Status != OutboxStatus.Withdrawn && (action == null || c.Action == action)).OrderBy(c => c.Id).ToListAsync());

    protected Task<int> DueAsync(DispatcherFixture? node = null) => (node ?? Node).Get<NumberDeadlines>().RunOnceAsync(Clock.Now).InTime();

    protected Task<NumberSession> SessionAsync(WhatsAppNumber number) =>
        Node.ReadAsync(db => db.NumberSessions.AsNoTracking().FirstAsync(s => s.NumberId == number.Id && s.Generation == number.Generation));

    protected async Task<IReadOnlyList<Alert>> AlertsAsync() => (await Node.Get<AlertStore>().ListAsync(new AlertSearch())).Items;

    protected Task<Worker> WorkerAsync(string id) => Node.ReadAsync(db => db.Workers.AsNoTracking().FirstAsync(w => w.Id == id));

    /// <summary>What must hold of all rows whatever happened.</summary>
    protected async Task AssertNumbersConsistentAsync()
    {
        var (numbers, workers, sessions) = await Node.ReadAsync(async db => (
            await db.Numbers.AsNoTracking().ToListAsync(), await db.Workers.AsNoTracking().ToListAsync(), await db.NumberSessions.AsNoTracking().ToListAsync()));
        foreach (var worker in workers)
        {
            var held = numbers.Count(n => NumberRules.IsLive(n.State) && (n.WorkerId == worker.Id || n.NextWorkerId == worker.Id));
            Assert.True(held == worker.Held, $"worker {worker.Id} counts {worker.Held}, holds {held}");
        }
        foreach (var number in numbers)
        {
            var own = sessions.Where(s => s.NumberId == number.Id).ToList();
            Assert.Equal(number.Generation, own.Count);
            Assert.Equal(number.Generation, own.Select(s => s.Generation).DefaultIfEmpty(0).Max());
            Assert.True(NumberRules.IsLive(number.State) == number.DueAt is not null, $"{number.State} is due {number.DueAt}");
            Assert.Equal(own.FirstOrDefault(s => s.Generation == number.Generation)?.SessionId, number.SessionId);
            // A code exists only where it can be scanned.
            Assert.All(own, s => Assert.True(s.ProtectedQr is null || (s.Generation == number.Generation && number.State == NumberState.WaitingQr), $"a code of generation {s.Generation} in {number.State}"));
        }
    }
}
