using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Dispatch.Bench;

/// <summary>
/// Commands and answers per second through RabbitMQ. Commands: from rows in the outbox to all of them confirmed and marked, beside a bare client that publishes
/// the same bytes to a queue of the same kind with the same confirms. Answers: from a full queue to all of them stored with one row of effect each and
/// acknowledged, beside a bare client that only acknowledges. Alternating rounds.
/// </summary>
internal static class BusBench
{
    private const int InFlight = 256;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var uri = new Uri(arguments.Text("uri", "amqp://guest:guest@localhost:5672/"));
        var (provider, messages, rounds) = (arguments.Text("provider", "sqlite"), arguments.Number("messages", 5000), arguments.Number("rounds", 3));
        Console.WriteLine($"bus on {provider}: {rounds} rounds of {messages} commands and {messages} answers, {InFlight} in flight; {Measured.Machine}");
        await using var store = await BenchDatabase.CreateAsync(provider);
        await using var services = await StartAsync(store, uri);
        List<double> commands = [], answers = [];
        for (var round = 0; round <= rounds; round++)
        {
            var ours = await CommandsAsync(services, messages);
            var bare = await BareCommandsAsync(uri, messages);
            var stored = await AnswersAsync(services, uri, messages, round);
            var taken = await BareAnswersAsync(uri, messages);
            if (round == 0) continue; // warm-up
            Console.WriteLine(FormattableString.Invariant($"  commands: Dispatch {ours:F0}/s, bare {bare:F0}/s; answers: Dispatch {stored:F0}/s, bare {taken:F0}/s"));
            commands.Add(ours / bare);
            answers.Add(stored / taken);
        }
        Console.WriteLine($"ratio of commands {Ratios(commands)}; of answers {Ratios(answers)}");
        return 0;
    }

    private static string Ratios(List<double> ratios) => string.Create(
        CultureInfo.InvariantCulture, $"{string.Join(", ", ratios.Select(r => r.ToString("F2", CultureInfo.InvariantCulture)))} (median {ratios.Order().ElementAt(ratios.Count / 2):F2})");

    private static async Task<ServiceProvider> StartAsync(BenchDatabase store, Uri uri)
    {
        var options = new DatabaseOptions { Provider = store.Provider, Path = Path.Combine(store.Folder, "dispatch.db"), ConnectionString = store.ConnectionString };
        var services = new ServiceCollection().AddLogging(b => b.AddConsole().SetMinimumLevel(LogLevel.Warning)).AddSingleton<DatabaseMigrator>()
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).Configure<BrokerOptions>(o => { o.Uri = uri; o.Prefetch = 200; })
            .AddSingleton<IWorkerDirectory, OneWorker>().AddSingleton<Counter>().AddSingleton<IWorkerAnswerHandler>(s => s.GetRequiredService<Counter>())
            .AddSingleton<IWorkerCommandFollower>(s => s.GetRequiredService<Counter>())
            .AddDispatchData(options).AddDispatchBroker().BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        await services.GetRequiredService<Database>().WriteAsync(s => s.ExecuteAsync("CREATE TABLE bench_effects (number_id bigint)"));
        foreach (var hosted in new IHostedService[] { services.GetRequiredService<BrokerConnection>(), services.GetRequiredService<OutboxRelay>() }) await hosted.StartAsync(CancellationToken.None);
        while (services.GetRequiredService<BrokerState>().Current.Status != BrokerStatus.Connected) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        return services;
    }

    private static async Task<double> CommandsAsync(ServiceProvider services, int messages)
    {
        var counter = services.GetRequiredService<Counter>();
        var published = counter.WaitFor(messages, published: true);
        var outbox = services.GetRequiredService<WorkerOutbox>();
        var commands = Enumerable.Range(1, messages).Select(i => Command(i)).ToList();
        var watch = Stopwatch.StartNew();
        await services.GetRequiredService<Database>().WriteAsync(s => outbox.AddAsync(s, commands, TimeProvider.System.GetUtcNow().UtcDateTime));
        await published;
        var perSecond = messages / watch.Elapsed.TotalSeconds;
        await PurgeAsync(services, Topology.Commands("bench"));
        return perSecond;
    }

    private static async Task<double> BareCommandsAsync(Uri uri, int messages)
    {
        await using var connection = await new ConnectionFactory { Uri = uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, null));
        await channel.QueueDeclareAsync("bench.bare", durable: true, exclusive: false, autoDelete: false, Quorum);
        var bodies = Enumerable.Range(1, messages).Select(i => WorkerCommands.Write(Command(i), TimeProvider.System.GetUtcNow().UtcDateTime)).ToList();
        var watch = Stopwatch.StartNew();
        await PublishAsync(channel, "", "bench.bare", bodies.Select(b => (b, Guid.NewGuid().ToString("N"))));
        var perSecond = messages / watch.Elapsed.TotalSeconds;
        await channel.QueuePurgeAsync("bench.bare");
        return perSecond;
    }

    private static async Task<double> AnswersAsync(ServiceProvider services, Uri uri, int messages, int round)
    {
        var counter = services.GetRequiredService<Counter>();
        await using var connection = await new ConnectionFactory { Uri = uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, null));
        var bodies = Enumerable.Range(1, messages).Select(i => WorkerAnswerWriter.Write(new SessionConnected("+33600") { NumberId = i, SessionId = $"session_{i}_{round}", WorkerId = "bench" }, $"a{round}-{i}"));
        // Held until all are in the queue: what is measured is taking them out.
        counter.Hold();
        var stored = counter.WaitFor(messages, published: false);
        await PublishAsync(channel, Topology.Exchange, Topology.AnswerKey("bench", "connected"), bodies.Select(b => (b.Body.ToArray(), b.MessageId!)));
        var watch = Stopwatch.StartNew();
        counter.Release();
        await stored;
        return messages / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> BareAnswersAsync(Uri uri, int messages)
    {
        await using var connection = await new ConnectionFactory { Uri = uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, null));
        await channel.QueueDeclareAsync("bench.bare", durable: true, exclusive: false, autoDelete: false, Quorum);
        await PublishAsync(channel, "", "bench.bare", Enumerable.Range(1, messages).Select(i => (WorkerCommands.Write(Command(i), DateTime.UnixEpoch), $"{i}")));
        await channel.BasicQosAsync(0, 200, global: false);
        var done = new TaskCompletionSource();
        var taken = 0;
        var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, e) =>
        {
            if (++taken % 50 == 0 || taken == messages) await channel.BasicAckAsync(e.DeliveryTag, multiple: true);
            if (taken == messages) done.TrySetResult();
        };
        var watch = Stopwatch.StartNew();
        await channel.BasicConsumeAsync("bench.bare", autoAck: false, consumer);
        await done.Task;
        return messages / watch.Elapsed.TotalSeconds;
    }

    private static async Task PublishAsync(IChannel channel, string exchange, string key, IEnumerable<(byte[] Body, string Id)> messages)
    {
        var flying = new Queue<Task>(InFlight);
        foreach (var (body, id) in messages)
        {
            if (flying.Count == InFlight) await flying.Dequeue();
            var properties = new BasicProperties { DeliveryMode = DeliveryModes.Persistent, ContentType = "application/json", MessageId = id };
            flying.Enqueue(channel.BasicPublishAsync(exchange, key, mandatory: true, properties, body, CancellationToken.None).AsTask());
        }
        await Task.WhenAll(flying);
    }

    private static async Task PurgeAsync(ServiceProvider services, string queue)
    {
        var uri = services.GetRequiredService<Microsoft.Extensions.Options.IOptions<BrokerOptions>>().Value.Uri!;
        await using var connection = await new ConnectionFactory { Uri = uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueuePurgeAsync(queue);
    }

    private static Dictionary<string, object?> Quorum => new(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };

    private static WorkerCommand Command(int number) => new("bench", WorkerAction.Create, number, $"session_{number}_2533b0aa", "+221771234567");

    private sealed class OneWorker : IWorkerDirectory
    {
        public Task<IReadOnlyList<WorkerRoute>> ListAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<WorkerRoute>>([new("bench", WorkerMode.Routed)]);

        public Task<bool> IsPairingAsync(string workerId, CancellationToken cancel) => Task.FromResult(false);
    }

    /// <summary>Counts what was committed.</summary>
    private sealed class Counter : IWorkerAnswerHandler, IWorkerCommandFollower
    {
        private readonly Lock _lock = new();
        private (int Left, TaskCompletionSource Done) _published, _stored;
        private TaskCompletionSource _open = Opened();

        public Task WaitFor(int count, bool published)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                if (published) _published = (count, done);
                else _stored = (count, done);
            }
            return done.Task;
        }

        public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _open.TrySetResult();

        public async Task HandleAsync(WriteSession session, WorkerAnswer answer, DateTime now)
        {
            // Nothing else writes meanwhile.
            await _open.Task;
            await session.ExecuteAsync("INSERT INTO bench_effects (number_id) VALUES (@number)", ("number", answer.NumberId));
            session.AfterCommit(() => Count(ref _stored, 1));
        }

        public Task CommandsAsync(WriteSession session, IReadOnlyList<CommandProgress> commands, DateTime now)
        {
            var published = commands.Count(c => c.Result == CommandResult.Published);
            session.AfterCommit(() => Count(ref _published, published));
            return Task.CompletedTask;
        }

        private void Count(ref (int Left, TaskCompletionSource Done) wanted, int more)
        {
            lock (_lock)
            {
                wanted.Left -= more;
                if (wanted.Left <= 0) wanted.Done?.TrySetResult();
            }
        }

        private static TaskCompletionSource Opened()
        {
            var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            open.SetResult();
            return open;
        }
    }
}
