using System.Collections.Concurrent;
using System.Text;
using Dispatch.Core.Broker;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Broker;

/// <summary>What the bus brought, in order.</summary>
internal sealed class RecordingReceiver : IBusReceiver
{
    private int _refuse;

    public ConcurrentQueue<BusDelivery> Deliveries { get; } = new();
    public ConcurrentQueue<string> TakenBack { get; } = new();
    public int WokenUp;

    /// <summary>So many batches are not stored.</summary>
    public void Refuse(int batches) => _refuse = batches;

    public Task ReceiveAsync(IReadOnlyList<BusDelivery> deliveries, CancellationToken stop)
    {
        if (Interlocked.Decrement(ref _refuse) >= 0) throw new InvalidOperationException("told to fail");
        foreach (var delivery in deliveries) Deliveries.Enqueue(delivery);
        return Task.CompletedTask;
    }

    public Task<bool> TakeBackAsync(string commandId, CancellationToken stop)
    {
        TakenBack.Enqueue(commandId);
        return Task.FromResult(true);
    }

    public void Reachable() => Interlocked.Increment(ref WokenUp);
}

public sealed class BusInProcess : BusCompliance
{
    protected override Task<Uri?> AddressAsync() => Task.FromResult<Uri?>(null);
}

public sealed class BusOverRabbit(RabbitServer rabbit) : BusCompliance
{
    protected override async Task<Uri?> AddressAsync() => await rabbit.TakeHostAsync();
}

/// <summary>What every bus has to do, whatever it is made of.</summary>
public abstract class BusCompliance : IAsyncLifetime
{
    private static readonly WorkerRoute One = new("one", WorkerMode.Routed), Two = new("two", WorkerMode.Routed);

    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingReceiver _receiver = new();
    private TestDatabase _store = null!;
    private BrokerNode _node = null!;
    private Task _running = Task.CompletedTask;

    private IWorkerBus Bus => _node.Bus;

    protected abstract Task<Uri?> AddressAsync();

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(Core.Data.DatabaseProvider.Sqlite, null!);
        _node = new BrokerNode(_store, await AddressAsync(), [One, Two], options: o => o.DeliveryLimit = 3);
        _running = Bus.RunAsync(_receiver, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_node is not null) await _node.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Publish_WorkerListens_ArrivesThereOnceWithItsIds()
    {
        await using var one = await ConnectAsync(One);
        await using var two = await ConnectAsync(Two);
        await PublishAsync(One, Command(One, 6), "c-1");

        var delivery = await NextAsync(one);
        await delivery.AckAsync();

        Assert.Equal(("c-1", "session_6_a", "create"), (delivery.Message.MessageId, delivery.Message.CorrelationId, delivery.Message.Type));
        Assert.Equal(Command(One, 6), delivery.Command);
        Assert.False(delivery.Redelivered);
        await PublishAsync(Two, Command(Two, 7), "c-2");
        Assert.Equal("c-2", (await NextAsync(two)).Message.MessageId);
        await PublishAsync(One, Command(One, 8), "c-3");
        Assert.Equal("c-3", (await NextAsync(one)).Message.MessageId);
    }

    [Fact]
    public async Task Publish_ManyForOneNumber_ArriveInOrder()
    {
        await using var one = await ConnectAsync(One);
        for (var i = 0; i < 200; i++) await PublishAsync(One, Command(One, 6), $"c-{i}");

        for (var i = 0; i < 200; i++)
        {
            var delivery = await NextAsync(one);
            Assert.Equal($"c-{i}", delivery.Message.MessageId);
            await delivery.AckAsync();
        }
    }

    [Fact]
    public async Task Command_ForAnotherWorkerInThisQueue_IsNotGivenToIt()
    {
        await using var one = await ConnectAsync(One);
        await PublishAsync(One, Command(Two, 6), "astray");
        await PublishAsync(One, Command(One, 6), "mine");

        Assert.Equal("mine", (await NextAsync(one)).Message.MessageId);
    }

    [Fact]
    public async Task Worker_DiesBeforeItAcknowledges_TheNextOneGetsTheSameInOrder()
    {
        var first = await ConnectAsync(One);
        await PublishAsync(One, Command(One, 6), "c-1");
        await PublishAsync(One, Command(One, 6), "c-2");
        Assert.Equal("c-1", (await NextAsync(first)).Message.MessageId);
        await first.DisposeAsync();

        await using var second = await ConnectAsync(One);
        var again = await NextAsync(second);

        Assert.Equal(("c-1", true), (again.Message.MessageId, again.Redelivered));
        await again.AckAsync();
        Assert.Equal("c-2", (await NextAsync(second)).Message.MessageId);
    }

    [Fact]
    public async Task Command_Rejected_IsADeadLetterWithItsReason()
    {
        await using var one = await ConnectAsync(One);
        await PublishAsync(One, Command(One, 6), "c-1");
        await (await NextAsync(one)).RejectAsync(requeue: false);

        var dead = await ReceivedAsync(BusSource.Dead);

        Assert.Equal(("rejected", "whatsapp.session.cmd.one", "c-1"), (dead.DeathReason, dead.DeathQueue, dead.Message.MessageId));
    }

    [Fact]
    public async Task Command_ThatComesBackAgainAndAgain_IsADeadLetter()
    {
        await using var one = await ConnectAsync(One);
        await PublishAsync(One, Command(One, 6), "c-1");
        for (var i = 0; i < 4; i++) await (await NextAsync(one)).RejectAsync(requeue: true);

        Assert.Equal(("delivery_limit", "c-1"), ((await ReceivedAsync(BusSource.Dead)) is var dead ? dead.DeathReason : null, dead.Message.MessageId));
    }

    [Fact]
    public async Task Answer_OfAWorker_ComesInWithItsNameAndItsId()
    {
        await using var one = await ConnectAsync(One);
        await one.AnswerAsync(new SessionConnected("+33600") { NumberId = 6, SessionId = "session_6_a" });

        var delivery = await ReceivedAsync(BusSource.Answers);

        Assert.Equal("one", delivery.WorkerId);
        Assert.NotNull(delivery.Message.MessageId);
        var answer = Assert.IsType<SessionConnected>(WorkerAnswers.Read(delivery).Answer);
        Assert.Equal(("one", 6L, "session_6_a", "+33600"), (answer.WorkerId, answer.NumberId, answer.SessionId, answer.PhoneNumber));
    }

    [Fact]
    public async Task Health_HasAQueueOfItsOwn()
    {
        await using var one = await ConnectAsync(One);
        await one.AnswerAsync(new HealthReported("HEALTHY") { NumberId = 6 });

        var delivery = await ReceivedAsync(BusSource.Health);

        Assert.True(Assert.IsType<HealthReported>(WorkerAnswers.Read(delivery).Answer).Healthy);
        Assert.Equal("one", delivery.WorkerId);
    }

    [Fact]
    public async Task Answers_OfOneWorker_ComeInOrder()
    {
        await using var one = await ConnectAsync(One);
        for (var i = 0; i < 200; i++) await one.AnswerAsync(new QrGenerated($"1@code{i}", QrForm.Raw) { NumberId = 6 });

        await Eventually.Async(() => _receiver.Deliveries.Count == 200);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"1@code{i}"), _receiver.Deliveries.Select(d => ((QrGenerated)WorkerAnswers.Read(d).Answer!).Code));
    }

    [Fact]
    public async Task Answer_ThatCouldNotBeStored_ComesAgain()
    {
        await using var one = await ConnectAsync(One);
        _receiver.Refuse(1);
        await one.AnswerAsync(new SessionStarting { NumberId = 6 });

        Assert.Equal("starting", (await ReceivedAsync(BusSource.Answers)).Message.Type);
    }

    [Fact]
    public async Task Obstacle_Gone_WakesTheRelay()
    {
        await Eventually.Async(() => Bus.Kind == BrokerKind.InProcess ? Bus.Obstacle(One) == WaitReason.NoConsumer : Bus.Obstacle(One) is null);
        if (Bus.Kind == BrokerKind.RabbitMq) await Eventually.Async(() => _receiver.WokenUp > 0);
        var before = _receiver.WokenUp;
        await using var one = await ConnectAsync(One);

        await Eventually.Async(() => Bus.Obstacle(One) is null);
        if (Bus.Kind == BrokerKind.InProcess) Assert.True(_receiver.WokenUp > before);
    }

    private static WorkerCommand Command(WorkerRoute worker, long number) => new(worker.WorkerId, WorkerAction.Create, number, $"session_{number}_a", "+221771234567");

    private async Task PublishAsync(WorkerRoute worker, WorkerCommand command, string id)
    {
        await Eventually.Async(() => Bus.Obstacle(worker) is null);
        Assert.Null(await Bus.PublishAsync(worker, new BusMessage(WorkerCommands.Write(command, FakeClock.Start.UtcDateTime), id, command.SessionId, "create")).InTime());
    }

    private Task<IWorkerPort> ConnectAsync(WorkerRoute worker) => Bus.ConnectWorkerAsync(worker, CancellationToken.None).InTime();

    private static async Task<IWorkerDelivery> NextAsync(IWorkerPort port)
    {
        using var patience = new CancellationTokenSource(Eventually.DefaultTimeout);
        await foreach (var delivery in port.ReadAsync(patience.Token)) return delivery;
        Assert.Fail("No command arrived.");
        throw new InvalidOperationException();
    }

    private async Task<BusDelivery> ReceivedAsync(BusSource source)
    {
        await Eventually.Async(() => _receiver.Deliveries.Any(d => d.Source == source));
        return _receiver.Deliveries.First(d => d.Source == source);
    }
}
