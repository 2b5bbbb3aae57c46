using System.Collections.Concurrent;
using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Broker;

/// <summary>The broker's services of one process. Time between processes cannot be faked, so the clock is the real one unless given.</summary>
internal sealed class BrokerNode : IAsyncDisposable
{
    private static readonly IDataProtectionProvider Keys = new EphemeralDataProtectionProvider();
    private readonly ServiceProvider _services;
    private readonly List<IHostedService> _started = [];

    public BrokerNode(
        TestDatabase store, Uri? broker, IReadOnlyList<WorkerRoute> workers, string node = "node-1", Action<BrokerOptions>? options = null, TimeProvider? clock = null, IWorkerBus? bus = null,
        IDataProtectionProvider? keys = null)
    {
        Directory = new Workers(workers);
        Handler = new EffectHandler();
        Follower = new RecordingFollower();
        var services = new ServiceCollection().AddSingleton(clock ?? TimeProvider.System).AddSingleton<IWorkerDirectory>(Directory).AddSingleton<IWorkerAnswerHandler>(Handler)
            .AddSingleton<IWorkerCommandFollower>(Follower).AddLogging(b => b.AddProvider(Logs)).Configure<NodeOptions>(o => o.Name = node)
            .Configure<BrokerOptions>(o => { o.Uri = broker; options?.Invoke(o); })
            .AddSingleton(keys ?? Keys).AddDispatchData(store.Options).AddDispatchBroker();
        if (bus is not null) services.AddSingleton(bus);
        _services = services.BuildServiceProvider();
    }

    public Workers Directory { get; }
    public EffectHandler Handler { get; }
    public RecordingFollower Follower { get; }
    public RecordingLogs Logs { get; } = new();
    public IWorkerBus Bus => Get<IWorkerBus>();
    public Database Database => Get<Database>();
    public OutboxRelay Relay => Get<OutboxRelay>();
    public AnswerReceiver Receiver => Get<AnswerReceiver>();
    public DeadLetters DeadLetters => Get<DeadLetters>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Connection and relay, as the host runs them.</summary>
    public async Task<BrokerNode> StartAsync()
    {
        await EnsureEffectsAsync();
        foreach (var service in new IHostedService[] { Get<BrokerConnection>(), Relay })
        {
            await service.StartAsync(CancellationToken.None);
            _started.Add(service);
        }
        return this;
    }

    /// <summary>A table for what answers did: an effect that is committed with the inbox row or not at all.</summary>
    public async Task<BrokerNode> EnsureEffectsAsync()
    {
        await Database.WriteAsync(s => s.ExecuteAsync("CREATE TABLE IF NOT EXISTS effects (worker_id varchar(64), number_id bigint, action varchar(40), what varchar(200))"));
        return this;
    }

    public Task<IReadOnlyList<string>> AddAsync(params WorkerCommand[] commands) => AddAsync(TimeSpan.Zero, commands);

    public Task<IReadOnlyList<string>> AddAsync(TimeSpan expires, params WorkerCommand[] commands) => Database.WriteAsync(s =>
        Get<WorkerOutbox>().AddAsync(s, commands, Get<TimeProvider>().GetUtcNow().UtcDateTime, expires == TimeSpan.Zero ? null : expires));

    public Task<List<OutboxCommand>> OutboxAsync() => ReadAsync(db => db.WorkerOutbox.OrderBy(c => c.Id).ToListAsync());

    public async Task<T> ReadAsync<T>(Func<DispatchDb, Task<T>> read)
    {
        await using var db = Database.Read();
        return await read(db);
    }

    /// <summary>What answers did, in the order of their commit.</summary>
    public Task<List<string>> EffectsAsync(string action) => Database.WriteAsync(s => s.QueryAsync(
        "SELECT what FROM effects WHERE action = @action ORDER BY what", r => r.GetString(0), ("action", action)));

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Enumerable.Reverse(_started)) await service.StopAsync(CancellationToken.None).InTime(TimeSpan.FromSeconds(60));
        SqliteConnection? pool = null;
        await using (var db = Database.Read())
        {
            if (db.Database.GetDbConnection() is SqliteConnection sqlite) pool = new SqliteConnection(sqlite.ConnectionString);
        }
        await _services.DisposeAsync();
        if (pool is null) return;
        SqliteConnection.ClearPool(pool);
        await pool.DisposeAsync();
    }

    internal sealed class Workers(IReadOnlyList<WorkerRoute> workers) : IWorkerDirectory
    {
        public IReadOnlyList<WorkerRoute> Routes { get; set; } = workers;
        public bool Pairing { get; set; }

        public Task<IReadOnlyList<WorkerRoute>> ListAsync(CancellationToken cancel) => Task.FromResult(Routes);

        public Task<bool> IsPairingAsync(string workerId, CancellationToken cancel) => Task.FromResult(Pairing);
    }

    /// <summary>Writes down what it was given, in the session it was given.</summary>
    internal sealed class EffectHandler : IWorkerAnswerHandler
    {
        /// <summary>Throws for these.</summary>
        public Func<WorkerAnswer, bool> Fails { get; set; } = _ => false;

        public int Calls;

        public Task HandleAsync(WriteSession session, WorkerAnswer answer, DateTime now)
        {
            Interlocked.Increment(ref Calls);
            if (Fails(answer)) throw new InvalidOperationException("told to fail");
            var what = answer switch
            {
                QrGenerated qr => qr.Code,
                SendReported sent => sent.Ref,
                HealthReported health => health.Status,
                _ => answer.SessionId ?? "",
            };
            session.Publish(Topics.Broker, "effect", answer.NumberId ?? 0);
            return session.ExecuteAsync("INSERT INTO effects (worker_id, number_id, action, what) VALUES (@worker, @number, @action, @what)",
                ("worker", answer.WorkerId), ("number", answer.NumberId), ("action", WorkerAnswers.Action(answer)), ("what", what));
        }
    }

    internal sealed class RecordingFollower : IWorkerCommandFollower
    {
        public ConcurrentQueue<CommandProgress> Progress { get; } = new();

        public Task CommandsAsync(WriteSession session, IReadOnlyList<CommandProgress> commands, DateTime now)
        {
            session.AfterCommit(() =>
            {
                foreach (var command in commands) Progress.Enqueue(command);
            });
            return Task.CompletedTask;
        }
    }
}
