using System.Collections.Concurrent;
using System.Text;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Dispatch.Tests.Broker;

/// <summary>The trap of the seed's one queue for both directions, and its two cures, on a real RabbitMQ.</summary>
public sealed class TrapTests(RabbitServer rabbit)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task SharedQueue_PlainConsumersOnBothSides_LoseHalf()
    {
        const int messages = 100;
        await using var connection = await new ConnectionFactory { Uri = await rabbit.TakeHostAsync() }.CreateConnectionAsync();
        var got = new Dictionary<string, ConcurrentQueue<string>> { ["backend"] = new(), ["worker"] = new() };
        foreach (var side in got.Keys)
        {
            var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclareAsync("whatsapp.session.update", durable: true, exclusive: false, autoDelete: false);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, e) =>
            {
                got[side].Enqueue(Encoding.UTF8.GetString(e.Body.Span));
                await channel.BasicAckAsync(e.DeliveryTag, multiple: false);
            };
            await channel.BasicConsumeAsync("whatsapp.session.update", autoAck: false, consumer);
        }
        await using var publisher = await connection.CreateChannelAsync();
        foreach (var kind in new[] { "command", "answer" })
        {
            for (var i = 0; i < messages; i++) await publisher.BasicPublishAsync("", "whatsapp.session.update", Encoding.UTF8.GetBytes(kind));
        }
        await Eventually.Async(() => got.Values.Sum(q => q.Count) == 2 * messages);

        // Each side ate about half of what was meant for the other: exactly what Dispatch must not do.
        Assert.InRange(got["worker"].Count(m => m == "command"), 30, 70);
        Assert.InRange(got["backend"].Count(m => m == "answer"), 30, 70);
    }

    [Fact]
    public async Task RoutedWorkers_ThousandCommandsAndAnswers_ArriveOnceEach()
    {
        const int messages = 1000, workers = 4;
        var address = await rabbit.TakeHostAsync();
        await using var store = new Disposable(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!));
        var routes = Enumerable.Range(1, workers).Select(i => new WorkerRoute($"w{i}", WorkerMode.Routed)).ToArray();
        await using var node = await new BrokerNode(store.Database, address, routes).StartAsync();
        await using var crew = new Crew(node.Bus);
        foreach (var route in routes) crew.Start(route);

        var ids = await node.AddAsync([.. Enumerable.Range(0, messages).Select(i => Command($"w{(i % workers) + 1}", i))]);

        await Eventually.Async(async () => (await node.EffectsAsync("qr_generated")).Count >= messages, Long);
        await Eventually.Async(async () => (await node.OutboxAsync()).All(c => c.Status == OutboxStatus.Published), Long);
        Assert.Equal(ids.Order(StringComparer.Ordinal), crew.Acted.Select(a => a.CommandId).Order(StringComparer.Ordinal));
        Assert.All(crew.Acted, a => Assert.Equal($"w{(a.NumberId % workers) + 1}", a.WorkerId));
        Assert.Equal(Enumerable.Range(0, messages).Select(Crew.CodeOf).Order(StringComparer.Ordinal), (await node.EffectsAsync("qr_generated")).Order(StringComparer.Ordinal));
        Assert.Empty(node.Logs.Errors);
    }

    [Fact]
    public async Task LegacyWorker_HundredCommandsAndAnswers_ArriveOnceEach()
    {
        const int messages = 100;
        var address = await rabbit.TakeHostAsync();
        await using var store = new Disposable(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!));
        var route = new WorkerRoute("old", WorkerMode.Legacy);
        await using var node = await new BrokerNode(store.Database, address, [route]).StartAsync();
        await using var crew = new Crew(node.Bus);
        crew.Start(route);

        var ids = await node.AddAsync([.. Enumerable.Range(0, messages).Select(i => Command("old", i))]);

        await Eventually.Async(async () => (await node.EffectsAsync("qr_generated")).Count >= messages, Long);
        Assert.Equal(ids.Order(StringComparer.Ordinal), crew.Acted.Select(a => a.CommandId).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, messages).Select(Crew.CodeOf).Order(StringComparer.Ordinal), (await node.EffectsAsync("qr_generated")).Order(StringComparer.Ordinal));
        Assert.Empty(node.Logs.Errors);
    }

    /// <summary>Facts 5.3 measured that an answer in the same instant was always lost (40 of 40) when each step of the hand-over waits for the one before.</summary>
    [Fact]
    public async Task LegacyWorker_ThatAnswersInTheSameInstant_IsHeardNevertheless()
    {
        const int messages = 100;
        var address = await rabbit.TakeHostAsync();
        await using var store = new Disposable(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!));
        var route = new WorkerRoute("old", WorkerMode.Legacy);
        await using var node = await new BrokerNode(store.Database, address, [route], options: o => o.LegacySettle = TimeSpan.FromMilliseconds(500)).StartAsync();
        await using var crew = new Crew(node.Bus) { Slowness = 0 };
        crew.Start(route);

        await node.AddAsync([.. Enumerable.Range(0, messages).Select(i => Command("old", i))]);

        await Eventually.Async(() => crew.Acted.Count == messages, Long);
        await Eventually.Async(async () => (await node.OutboxAsync()).All(c => c.Status == OutboxStatus.Published), Long);
        // Not a promise (nothing can make one on a shared queue), but far from all.
        await Eventually.Async(async () => (await node.EffectsAsync("qr_generated")).Count >= messages * 95 / 100, Long);
        TestContext.Current.TestOutputHelper?.WriteLine($"{(await node.EffectsAsync("qr_generated")).Count} of {messages} answers in the instant of the hand-over arrived.");
    }

    [Fact]
    public async Task TwoLegacyWorkers_EachInItsVirtualHost_GetTheirOwn()
    {
        var (first, second) = (await rabbit.TakeHostAsync(), await rabbit.TakeHostAsync());
        await using var store = new Disposable(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!));
        WorkerRoute[] routes = [new("old", WorkerMode.Legacy), new("older", WorkerMode.Legacy, second.AbsolutePath.TrimStart('/'))];
        await using var node = await new BrokerNode(store.Database, first, routes).StartAsync();
        await using var crew = new Crew(node.Bus);
        foreach (var route in routes) crew.Start(route);

        await node.AddAsync([.. Enumerable.Range(0, 10).Select(i => Command(i % 2 == 0 ? "old" : "older", i))]);

        await Eventually.Async(async () => (await node.EffectsAsync("qr_generated")).Count == 10, Long);
        Assert.All(crew.Acted, a => Assert.Equal(a.NumberId % 2 == 0 ? "old" : "older", a.WorkerId));
    }

    [Fact]
    public async Task BrokerRestarts_InTheMiddleOfAThousandCommands_NothingIsLostOrDoubled()
    {
        const int messages = 1000;
        await using var broker = await RabbitProcess.StartAsync(1);
        await using var store = new Disposable(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!));
        var routes = new[] { new WorkerRoute("w1", WorkerMode.Routed), new WorkerRoute("w2", WorkerMode.Routed) };
        await using var node = await new BrokerNode(store.Database, broker.Address("t1"), routes).StartAsync();
        await using var crew = new Crew(node.Bus);
        foreach (var route in routes) crew.Start(route);
        List<string> ids = [];
        var adding = Task.Run(async () =>
        {
            for (var i = 0; i < messages; i++) ids.AddRange(await node.AddAsync(Command($"w{(i % 2) + 1}", i)));
        });
        await Eventually.Async(() => crew.Acted.Count > 100, Long);
        // Once in order, once as the power fails.
        await broker.StopAsync();
        await Eventually.Async(() => node.Get<BrokerState>().Current.Status != BrokerStatus.Connected);
        await broker.StartAsync();
        await Eventually.Async(() => crew.Acted.Count > 400 || adding.IsCompleted, Long);
        await broker.KillAsync();
        await broker.StartAsync();
        await adding.InTime(Long);

        await Eventually.Async(async () => (await node.EffectsAsync("qr_generated")).Count >= messages, Long);
        await Eventually.Async(async () => (await node.OutboxAsync()).All(c => c.Status == OutboxStatus.Published), Long);
        Assert.Equal(ids.Order(StringComparer.Ordinal), crew.Acted.Select(a => a.CommandId).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, messages).Select(Crew.CodeOf).Order(StringComparer.Ordinal), (await node.EffectsAsync("qr_generated")).Order(StringComparer.Ordinal));
        Assert.Equal(BrokerStatus.Connected, node.Get<BrokerState>().Current.Status);
    }

    private static WorkerCommand Command(string worker, long number) => new(worker, WorkerAction.Create, number, $"session_{number}_a", "+221771234567");

    private sealed record Disposable(TestDatabase Database) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Database.DisposeAsync();
    }
}
