using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Numbers;

/// <summary>Issue 5, proof: five workers, 200 numbers, random kills of workers and of the broker. In real time, with deadlines that are twenty times as short.</summary>
public sealed class NumberStormTests(PostgresServer postgres)
{
    private const int WorkerCount = 5, NumberCount = 200;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(4), Storm = TimeSpan.FromSeconds(20), Calm = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task FiveWorkers_200Numbers_KillsOfAll_EveryNumberEndsAsItsWorkerHasIt()
    {
        await using var broker = await RabbitProcess.StartAsync(1);
        var store = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, postgres);
        var logs = new RecordingLogs();
        var services = Services(store, broker.Address("t1"), logs);
        List<IHostedService> running = [];
        var sockets = new OpenSockets();
        var (bus, numbers, database) = (services.GetRequiredService<IWorkerBus>(), services.GetRequiredService<NumberService>(), services.GetRequiredService<Database>());
        var workers = Enumerable.Range(1, WorkerCount).Select(i => new StormWorker(bus, new WorkerRoute($"storm{i}", WorkerMode.Routed), sockets, Lease)).ToList();
        try
        {
            foreach (var worker in workers) Assert.Equal(WorkerResult.Done, await services.GetRequiredService<WorkerService>().RegisterAsync(worker.Id, WorkerMode.Routed, NumberCount));
            foreach (var service in new IHostedService[] { services.GetRequiredService<BrokerConnection>(), services.GetRequiredService<OutboxRelay>(), services.GetRequiredService<NumberDeadlines>() })
            {
                await service.StartAsync(CancellationToken.None);
                running.Add(service);
            }
            foreach (var worker in workers) worker.Start();
            await Eventually.Async(() => ReadAsync(db => db.Workers.AllAsync(w => w.State == WorkerState.Up)));
            for (var i = 0; i < NumberCount; i++)
            {
                var made = await numbers.RegisterAsync($"Client {i}", $"+2217{i + 10_000_000}", NumberActor.System);
                Assert.Equal(NumberResult.Done, (await numbers.ValidateAsync(made.ClientId, null, NumberActor.System)).Result);
            }

            await RageAsync(broker, workers, numbers, await ReadAsync(db => db.Numbers.Select(n => n.Id).ToListAsync()));

            // Whoever is down comes back, and then it is quiet.
            foreach (var worker in workers.Where(w => !w.Runs)) worker.Start();
            await Eventually.Async(async () => (await DifferencesAsync(database, workers, sockets)).Count == 0, Calm);
            // And stays so.
            await Task.Delay(Lease, TimeProvider.System);
            await Eventually.Async(async () => (await DifferencesAsync(database, workers, sockets)).Count == 0, Calm);
            Assert.Empty(sockets.Fights);
            Assert.All(workers.SelectMany(w => w.Acts), act => Assert.Equal(1, act.Value));
            Assert.Equal(0, await ReadAsync(db => db.DeadLetters.CountAsync()));
        }
        finally
        {
            if (await DifferencesAsync(database, workers, sockets) is { Count: > 0 } left)
                TestContext.Current.TestOutputHelper?.WriteLine(string.Join(Environment.NewLine, left.Take(20).Concat(sockets.Fights.Take(10)).Concat(logs.Errors.Take(3))));
            foreach (var worker in workers) await worker.KillAsync();
            foreach (var service in Enumerable.Reverse(running)) await service.StopAsync(CancellationToken.None);
            await services.DisposeAsync();
            SqliteConnection.ClearAllPools();
            await store.DisposeAsync();
        }

        async Task<T> ReadAsync<T>(Func<DispatchDb, Task<T>> read)
        {
            await using var db = database.Read();
            return await read(db);
        }
    }

    private static async Task RageAsync(RabbitProcess broker, List<StormWorker> workers, NumberService numbers, List<long> ids)
    {
        var random = new Random(11);
        var end = TimeProvider.System.GetUtcNow() + Storm;
        var brokerDies = new Queue<DateTimeOffset>([end - (Storm * 0.7), end - (Storm * 0.3)]);
        List<(DateTimeOffset At, StormWorker Worker)> back = [];
        while (TimeProvider.System.GetUtcNow() is var now && now < end)
        {
            foreach (var (at, worker) in back.Where(b => b.At <= now).ToList())
            {
                worker.Start();
                back.Remove((at, worker));
            }
            if (brokerDies.TryPeek(out var dies) && dies <= now)
            {
                brokerDies.Dequeue();
                await broker.KillAsync();
                await broker.StartAsync();
            }
            // Never all of them: some stay away for longer than a lease, most do not.
            if (workers.Where(w => w.Runs).ToList() is { Count: > 2 } alive && random.NextDouble() < 0.3)
            {
                var victim = alive[random.Next(alive.Count)];
                await victim.KillAsync();
                back.Add((now + TimeSpan.FromSeconds(random.NextDouble() < 0.3 ? 7 : 0.5 + random.NextDouble()), victim));
            }
            await numbers.RestartAsync(ids[random.Next(ids.Count)], NumberActor.System);
            await numbers.MoveAsync(ids[random.Next(ids.Count)], null, NumberActor.System);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 400)), TimeProvider.System);
        }
    }

    /// <summary>Numbers that are not connected here and there with the same session, and nowhere else.</summary>
    private static async Task<List<string>> DifferencesAsync(Database database, List<StormWorker> workers, OpenSockets sockets)
    {
        await using var db = database.Read();
        var numbers = await db.Numbers.AsNoTracking().ToListAsync();
        return
        [
            .. from n in numbers
               let holder = workers.Find(w => w.Id == n.WorkerId)
               where n.State != NumberState.Connected || holder?.ConnectedSession(n.Id) != n.SessionId || sockets.HolderOf(n.Id) != n.WorkerId
                   || workers.Exists(w => w != holder && w.ConnectedSession(n.Id) is not null)
               select $"{n.Id}: {n.State} ({n.Reason}), generation {n.Generation}, on {n.WorkerId} as {n.SessionId}; there {holder?.ConnectedSession(n.Id)}, socket at {sockets.HolderOf(n.Id)}",
        ];
    }

    private static ServiceProvider Services(TestDatabase store, Uri broker, RecordingLogs logs) => new ServiceCollection()
        .AddSingleton(TimeProvider.System).AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).AddLogging(b => b.AddProvider(logs))
        .Configure<NodeOptions>(o => o.Name = "storm").Configure<BrokerOptions>(o => o.Uri = broker)
        .Configure<NumberOptions>(o =>
        {
            o.AnswerWithin = o.HealthInterval = TimeSpan.FromSeconds(2);
            o.QrSilence = o.ScannedFor = o.ReconnectWithin = TimeSpan.FromSeconds(4);
            o.WorkerSilence = TimeSpan.FromSeconds(2);
            o.Lease = Lease;
            o.MaxAsks = o.MaxRestarts = 100;
        })
        .AddDispatchData(store.Options).AddDispatchConversations().AddDispatchMatching().AddDispatchBroker().AddDispatchNumbers().BuildServiceProvider();
}
