using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Dispatch.Tests.Broker;

/// <summary>
/// The comparison table of seed 002, ten of ten, against a real RabbitMQ: the queue and the messages as the document has them, byte by byte from a plain
/// client that knows nothing of Dispatch.
/// </summary>
public sealed class SeedOverRabbitTests(RabbitServer rabbit) : IAsyncLifetime
{
    private const string Queue = "whatsapp.session.update";

    private TestDatabase _store = null!;
    private BrokerNode _node = null!;
    private IConnection _connection = null!;
    private IChannel _worker = null!;
    private readonly ConcurrentQueue<JsonObject> _received = new();

    public async ValueTask InitializeAsync()
    {
        var address = await rabbit.TakeHostAsync();
        _store = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, null!);
        // The worker first, declaring its queues as amqplib's assertQueue does: Dispatch has to get along with what is there.
        _connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync();
        _worker = await _connection.CreateChannelAsync();
        await _worker.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
        await _worker.QueueDeclareAsync("numberHealth", durable: true, exclusive: false, autoDelete: false);
        _node = await new BrokerNode(_store, address, [new("1", WorkerMode.Legacy)]).StartAsync();
        await Eventually.Async(() => _node.Bus.Obstacle(new("1", WorkerMode.Legacy)) is null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        if (_connection is not null) await _connection.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
    }

    [Fact]
    public async Task Rows1And2And3_TheCommandArrivesOnTheQueue_ForItsWorker_WithItsSession()
    {
        await ListenAsync();
        await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 6, "session_6_2533b0aa", "+221771234567"));

        await Eventually.Async(() => !_received.IsEmpty);

        // What the backend of the seed sends, literally but for the time; and, because its worker reads them there, three fields at the top as well.
        var message = _received.Single();
        var worker = WorkerOfTheSeed(message, "1");
        Assert.Equal(("create", 6, "+221771234567"), worker);
        Assert.Null(WorkerOfTheSeed(message, "2"));
        foreach (var field in new[] { "numberId", "phoneNumber", "workerId" }) message.Remove(field);
        Assert.InRange((long)message["timestamp"]!, 1733396400000, 9999999999999);
        message["timestamp"] = 1733396400000;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(SeedMessages.Create), message), message.ToJsonString());
    }

    [Theory]
    [InlineData(SeedMessages.QrExpected, "data:image/png;base64,iVBORw0KGgoAAAANS...", true)]
    [InlineData(SeedMessages.QrCorrected, "data:image/png;base64,iVBORw0KGgoAAAANS...", true)]
    [InlineData(SeedMessages.QrRaw, "1@abc123def456...", false)]
    public async Task Rows4To8_EachQrMessageOfTheSeed_ComesIn(string body, string code, bool hasTime)
    {
        await SendAsync(Queue, body);

        await Eventually.Async(async () => (await _node.EffectsAsync("qr_generated")).Count == 1);

        Assert.Equal(code, Assert.Single(await _node.EffectsAsync("qr_generated")));
        var read = WorkerAnswers.Read(new BusDelivery(BusSource.Legacy, "1", new BusMessage(Encoding.UTF8.GetBytes(body), null, null, null))).Answer!;
        Assert.Equal((6L, hasTime), (read.NumberId, read.At is not null));
        // The same once more (the seed's worker has no ids) changes nothing.
        await SendAsync(Queue, body);
        await SendAsync(Queue, SeedMessages.ConnectedSent);
        await Eventually.Async(async () => (await _node.EffectsAsync("connected")).Count == 1);
        Assert.Single(await _node.EffectsAsync("qr_generated"));
    }

    [Theory]
    [InlineData(SeedMessages.ConnectedExpected)]
    [InlineData(SeedMessages.ConnectedSent)]
    public async Task Row9_ConnectedInEitherOrder_ComesIn(string body)
    {
        await SendAsync(Queue, body);

        await Eventually.Async(async () => (await _node.EffectsAsync("connected")).Count == 1);
        Assert.Equal("session_6_+221771234567", Assert.Single(await _node.EffectsAsync("connected")));
    }

    [Fact]
    public async Task Row10_HealthOnItsQueue_ComesIn()
    {
        await SendAsync("numberHealth", SeedMessages.Healthy);

        await Eventually.Async(async () => (await _node.EffectsAsync("health")).Count == 1);
        Assert.Equal("HEALTHY", Assert.Single(await _node.EffectsAsync("health")));
    }

    [Fact]
    public async Task Garbage_OnTheSharedQueue_IsADeadLetter_AndTheNextMessageComesIn()
    {
        await SendAsync(Queue, "not json at all");
        await SendAsync(Queue, """{"action":"qr_generated","numberId":6,"qrCode":"hello"}""");
        await SendAsync(Queue, SeedMessages.QrRaw);

        await Eventually.Async(async () => (await _node.EffectsAsync("qr_generated")).Count == 1);
        Assert.Equal(2, await _node.DeadLetters.CountOpenAsync());
        await Eventually.Async(async () => (await _worker.QueueDeclarePassiveAsync(Queue)).MessageCount == 0);
    }

    [Fact]
    public async Task NoWorkerListens_TheCommandStaysInTheOutbox_AndArrivesWhenOneComes()
    {
        var id = Assert.Single(await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 6, "session_6_a", "+33600")));
        await Eventually.Async(() => _node.Follower.Progress.Any(p => p is { Result: CommandResult.Waiting, Reason: WaitReason.NoConsumer }));
        Assert.Equal((OutboxStatus.Queued, WaitReason.NoConsumer), (await _node.OutboxAsync()).Select(c => (c.Status, c.Reason!.Value)).Single());

        await ListenAsync();

        await Eventually.Async(() => !_received.IsEmpty);
        await Eventually.Async(async () => (await _node.OutboxAsync())[0].Status == OutboxStatus.Published);
        Assert.Equal(id, _node.Follower.Progress.Last().CommandId);
    }

    [Fact]
    public async Task WorkerDiesWithACommandInHand_ItGoesBackIntoTheOutbox_AndNotRoundAndRound()
    {
        // A worker that never acknowledges.
        var other = await _connection.CreateChannelAsync();
        var got = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(other);
        consumer.ReceivedAsync += (_, _) =>
        {
            got.TrySetResult();
            return Task.CompletedTask;
        };
        await other.BasicConsumeAsync(Queue, autoAck: false, consumer);
        var id = Assert.Single(await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 6, "session_6_a", "+33600")));
        await got.Task.InTime();
        await Eventually.Async(async () => (await _node.OutboxAsync())[0].Status == OutboxStatus.Published);

        await other.CloseAsync();

        await Eventually.Async(() => _node.Follower.Progress.Any(p => p.CommandId == id && p.Reason == WaitReason.NoConsumer));
        await Eventually.Async(async () => (await _worker.QueueDeclarePassiveAsync(Queue)).MessageCount == 0);
        await ListenAsync();
        await Eventually.Async(() => !_received.IsEmpty);
    }

    [Fact]
    public async Task WorkerIsFull_TheCommandWaitsInTheQueueForIt_WithoutAHotLoop()
    {
        // One message at a time, and the first is held: the second has to wait in the queue.
        await _worker.BasicQosAsync(0, 1, global: false);
        var held = new TaskCompletionSource<ulong>();
        var second = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(_worker);
        consumer.ReceivedAsync += (_, e) =>
        {
            if (!held.TrySetResult(e.DeliveryTag)) second.TrySetResult();
            return Task.CompletedTask;
        };
        await _worker.BasicConsumeAsync(Queue, autoAck: false, consumer);
        await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 6, "session_6_a", "+33600"));
        var tag = await held.Task.InTime();
        await SendAsync(Queue, SeedMessages.QrRaw);
        await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 7, "session_7_a", "+33600"));
        await Eventually.Async(async () => (await _node.OutboxAsync()).All(c => c.Status == OutboxStatus.Published));
        // Meanwhile answers still come in.
        await SendAsync(Queue, SeedMessages.ConnectedSent);
        await Eventually.Async(async () => (await _node.EffectsAsync("connected")).Count == 1);

        await _worker.BasicAckAsync(tag, multiple: false);

        await second.Task.InTime();
        Assert.Equal(0, await _node.DeadLetters.CountOpenAsync());
    }

    [Fact]
    public async Task CommandOfAnotherBackend_WithoutAWorker_IsADeadLetter()
    {
        await SendAsync(Queue, SeedMessages.Create);

        await Eventually.Async(async () => await _node.DeadLetters.CountOpenAsync() == 1);
        Assert.Equal(DeadReason.NobodysCommand, (await _node.DeadLetters.ListAsync(new DeadLetterSearch())).Items[0].Reason);
    }

    [Fact]
    public async Task NumberBetweenScanAndConnection_NothingIsHandedOver()
    {
        _node.Directory.Pairing = true;
        await ListenAsync();
        await _node.AddAsync(new WorkerCommand("1", WorkerAction.Create, 6, "session_6_a", "+33600"));
        await SendAsync(Queue, SeedMessages.ConnectedSent);
        await Eventually.Async(async () => (await _node.EffectsAsync("connected")).Count == 1);
        Assert.Empty(_received);

        _node.Directory.Pairing = false;

        await Eventually.Async(() => !_received.IsEmpty);
    }

    /// <summary>The code of the seed (step 2, corrected) in C#: what it takes from where. Null: it ignores the message.</summary>
    private static (string, int, string)? WorkerOfTheSeed(JsonObject data, string me)
    {
        var target = (string?)data["workerId"] ?? (string?)data["data"]?["workerId"];
        if (target is not null && target != me) return null;
        return ((string)data["action"]!, (int)data["numberId"]!, (string)data["phoneNumber"]!);
    }

    private async Task ListenAsync()
    {
        var consumer = new AsyncEventingBasicConsumer(_worker);
        consumer.ReceivedAsync += async (_, e) =>
        {
            _received.Enqueue(JsonNode.Parse(e.Body.Span)!.AsObject());
            await _worker.BasicAckAsync(e.DeliveryTag, multiple: false);
        };
        await _worker.BasicConsumeAsync(Queue, autoAck: false, consumer);
    }

    private async Task SendAsync(string queue, string body)
    {
        await using var channel = await _connection.CreateChannelAsync();
        await channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes(body));
    }
}
