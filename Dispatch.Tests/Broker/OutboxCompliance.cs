using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Broker;

public sealed class OutboxOnSqlite(PostgresServer postgres) : OutboxCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutboxOnPostgres(PostgresServer postgres) : OutboxCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A command leaves if and only if its change was committed, in its turn, by one relay.</summary>
public abstract class OutboxCompliance(DatabaseProvider provider, PostgresServer postgres) : IAsyncLifetime
{
    private static readonly WorkerRoute[] Workers = [new("one", WorkerMode.Routed), new("two", WorkerMode.Routed), new("old", WorkerMode.Legacy)];

    private readonly FakeClock _clock = new();
    private readonly StubBus _bus = new();
    private TestDatabase _store = null!;
    private BrokerNode _node = null!;
    private BrokerNode? _other;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(provider, postgres);
        _node = new BrokerNode(_store, null, Workers, clock: _clock, bus: _bus);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_other is not null) await _other.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
    }

    [Fact]
    public async Task Command_OfAChangeThatWasUndone_NeverLeaves()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _node.Database.WriteAsync(async s =>
        {
            await _node.Get<WorkerOutbox>().AddAsync(s, Command("one", 1), _clock.Now);
            throw new InvalidOperationException("the change failed");
        }));
        var kept = await _node.AddAsync(Command("one", 2));

        Assert.Equal(1, await _node.Relay.RunOnceAsync(_clock.Now));
        Assert.Equal(kept, _bus.Published.Select(p => p.Message.MessageId));
        var row = Assert.Single(await _node.OutboxAsync());
        Assert.Equal((OutboxStatus.Published, 1, _clock.Now), (row.Status, row.Attempts, row.DoneAt));
        Assert.Equal(0, await _node.Relay.RunOnceAsync(_clock.Now));
        Assert.Equal(CommandResult.Published, Assert.Single(_node.Follower.Progress).Result);
    }

    [Fact]
    public async Task Commands_OfOneNumber_LeaveInOrder_AndNoneBehindOneThatDidNot()
    {
        var ids = await _node.AddAsync([.. Enumerable.Range(0, 5).Select(_ => Command("one", 1)), Command("one", 2)]);
        _bus.Publish = (_, m) => Task.FromResult<WaitReason?>(m.MessageId == ids[2] ? WaitReason.Unroutable : null);

        await _node.Relay.RunOnceAsync(_clock.Now);

        // The third found no queue: the fourth and fifth were not even tried; the other number does not care.
        Assert.Equal([ids[0], ids[1], ids[2]], _bus.Published.Select(p => p.Message.MessageId).Where(id => id != ids[5]));
        Assert.Contains(_bus.Published, p => p.Message.MessageId == ids[5]);
        var third = (await _node.OutboxAsync())[2];
        Assert.Equal((OutboxStatus.Queued, WaitReason.Unroutable, 1, _clock.Now + TimeSpan.FromSeconds(0.5)), (third.Status, third.Reason, third.Attempts, third.DueAt));
        Assert.Equal(0, await _node.Relay.RunOnceAsync(_clock.Now));
        _bus.Publish = (_, _) => Task.FromResult<WaitReason?>(null);
        _bus.Published.Clear();
        _clock.Advance(TimeSpan.FromSeconds(0.5));

        Assert.Equal(3, await _node.Relay.RunOnceAsync(_clock.Now));

        Assert.Equal(ids.Skip(2).Take(3), _bus.Published.Select(p => p.Message.MessageId));
        Assert.Contains(_node.Follower.Progress, p => p is { Result: CommandResult.Waiting, Reason: WaitReason.Unroutable, Attempts: 1 } && p.CommandId == ids[2]);
        Assert.All(await _node.OutboxAsync(), c => Assert.Equal((OutboxStatus.Published, null), (c.Status, c.Reason)));
    }

    [Fact]
    public async Task Broker_Away_CommandsWaitAndSaySoOnce_ThenLeaveAtOnce()
    {
        _bus.Blocks = _ => WaitReason.BrokerDown;
        await _node.AddAsync(Command("one", 1), Command("nobody", 2));

        for (var i = 0; i < 5; i++) Assert.Equal(0, await _node.Relay.RunOnceAsync(_clock.Now));

        Assert.Equal([WaitReason.BrokerDown, WaitReason.UnknownWorker], (await _node.OutboxAsync()).Select(c => c.Reason!.Value));
        Assert.Equal(2, _node.Follower.Progress.Count);
        _bus.Blocks = _ => null;
        Assert.Equal(1, await _node.Relay.RunOnceAsync(_clock.Now));
        Assert.Equal([OutboxStatus.Published, OutboxStatus.Queued], (await _node.OutboxAsync()).Select(c => c.Status));
    }

    [Fact]
    public async Task Broker_LostInTheMiddle_NothingIsLostAndNoAttemptCounts()
    {
        await _node.AddAsync([.. Enumerable.Range(1, 20).Select(i => Command("one", i))]);
        _bus.Publish = (_, _) => Task.FromResult<WaitReason?>(_bus.Published.Count > 10 ? WaitReason.BrokerDown : null);
        await _node.Relay.RunOnceAsync(_clock.Now);
        var left = (await _node.OutboxAsync()).Count(c => c.Status == OutboxStatus.Queued);
        Assert.InRange(left, 1, 19);
        Assert.All((await _node.OutboxAsync()).Where(c => c.Status == OutboxStatus.Queued), c => Assert.Equal((0, null), (c.Attempts, c.Claim)));

        _bus.Publish = (_, _) => Task.FromResult<WaitReason?>(null);
        Assert.Equal(left, await _node.Relay.RunOnceAsync(_clock.Now));
    }

    [Fact]
    public async Task Command_WhoseTimeIsOver_IsNotSent()
    {
        await _node.AddAsync(TimeSpan.FromSeconds(30), Command("one", 1));
        _clock.Advance(TimeSpan.FromSeconds(30));

        await _node.Relay.RunOnceAsync(_clock.Now);

        Assert.Empty(_bus.Published);
        Assert.Equal(OutboxStatus.Expired, Assert.Single(await _node.OutboxAsync()).Status);
        Assert.Equal(CommandResult.Expired, Assert.Single(_node.Follower.Progress).Result);
    }

    [Fact]
    public async Task Withdraw_TakesBackWhatHasNotLeft()
    {
        await _node.AddAsync(Command("one", 1));
        await _node.Relay.RunOnceAsync(_clock.Now);
        await _node.AddAsync(Command("one", 1), Command("one", 2), Command("two", 1));

        Assert.Equal(1, await _node.Database.WriteAsync(s => _node.Get<WorkerOutbox>().WithdrawAsync(s, "one", 1, _clock.Now)));

        Assert.Equal([OutboxStatus.Published, OutboxStatus.Withdrawn, OutboxStatus.Queued, OutboxStatus.Queued], (await _node.OutboxAsync()).Select(c => c.Status));
        Assert.Equal(2, await _node.Relay.RunOnceAsync(_clock.Now));
    }

    [Fact]
    public async Task LegacyWorker_IsHandedOneCommandAtATime()
    {
        await _node.AddAsync([.. Enumerable.Range(1, 5).Select(i => Command("old", i)), Command("one", 9)]);

        Assert.Equal(2, await _node.Relay.RunOnceAsync(_clock.Now));

        Assert.Equal(["old", "one"], _bus.Published.Select(p => p.WorkerId).Order(StringComparer.Ordinal));
        Assert.Equal(4, (await _node.OutboxAsync()).Count(c => c.Status == OutboxStatus.Queued && c.Claim is null));
    }

    [Fact]
    public async Task Relay_KilledBetweenPublishAndMark_TheCommandLeavesAgainUnderItsIdAndTheOldOneMarksNothing()
    {
        var id = Assert.Single(await _node.AddAsync(Command("one", 1)));
        await _node.AddAsync(Command("one", 1));
        var published = new TaskCompletionSource();
        var dead = new TaskCompletionSource<WaitReason?>();
        _bus.Publish = (_, _) =>
        {
            published.TrySetResult();
            return dead.Task;
        };
        var killed = _node.Relay.RunOnceAsync(_clock.Now);
        await published.Task.InTime();
        var bus = new StubBus();
        await using var next = new BrokerNode(_store, null, Workers, "node-2", clock: _clock, bus: bus);

        Assert.Equal(0, await next.Relay.RunOnceAsync(_clock.Now));
        _clock.Advance(OutboxRelay.ClaimFor);
        Assert.Equal(2, await next.Relay.RunOnceAsync(_clock.Now));

        Assert.Equal(id, bus.Published.First().Message.MessageId);
        Assert.Equal(id, Assert.Single(_bus.Published).Message.MessageId);
        // It was not killed after all, only slow: what it says now counts for nothing.
        dead.SetResult(WaitReason.Unroutable);
        await killed.InTime();
        Assert.All(await _node.OutboxAsync(), c => Assert.Equal((OutboxStatus.Published, 1), (c.Status, c.Attempts)));
    }

    [Fact]
    public async Task Relays_OfTwoNodesAtOnce_EachCommandOnceAndInOrder()
    {
        const int rounds = 40, numbers = 6, each = 5;
        var other = _other = provider == DatabaseProvider.Sqlite ? null : new BrokerNode(_store, null, Workers, "node-2", clock: _clock, bus: _bus);
        var last = new Dictionary<long, List<string>>();
        for (var round = 0; round < rounds; round++)
        {
            var commands = Enumerable.Range(0, numbers * each).Select(i => Command("one", (i % numbers) + 1)).ToArray();
            // Some are added while the relays already run.
            var first = await _node.AddAsync(commands[..12]);
            IReadOnlyList<string> second = [];
            await AtOnce.Async(
                async () => await DrainAsync(_node.Relay), async () => await DrainAsync((other ?? _node).Relay), async () => second = await _node.AddAsync(commands[12..]));
            await DrainAsync(_node.Relay);

            var expected = first.Concat(second).Select((id, i) => (Id: id, Number: (i % numbers) + 1)).ToList();
            var published = _bus.Published.Select(p => p.Message.MessageId!).ToList();
            Assert.Equal(expected.Select(e => e.Id).Order(StringComparer.Ordinal), published.Order(StringComparer.Ordinal));
            Assert.All(expected.GroupBy(e => e.Number), line => Assert.Equal(line.Select(e => e.Id), published.Where(line.Select(e => e.Id).Contains)));
            _bus.Published.Clear();
        }
    }

    [Fact]
    public async Task TakeBack_PutsAPublishedCommandIntoTheLineAgain()
    {
        var id = Assert.Single(await _node.AddAsync(Command("old", 1)));
        await _node.Relay.RunOnceAsync(_clock.Now);

        Assert.True(await _node.Receiver.TakeBackAsync(id, CancellationToken.None));
        Assert.False(await _node.Receiver.TakeBackAsync("unknown", CancellationToken.None));

        var row = Assert.Single(await _node.OutboxAsync());
        Assert.Equal((OutboxStatus.Queued, WaitReason.NoConsumer, null), (row.Status, row.Reason, row.DoneAt));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await _node.Relay.RunOnceAsync(_clock.Now));
        Assert.Equal(2, _bus.Published.Count(p => p.Message.MessageId == id));
    }

    [Fact]
    public async Task History_IsTrimmedAndWhatIsOpenStays()
    {
        await _node.AddAsync(Command("one", 1));
        await _node.Relay.RunOnceAsync(_clock.Now);
        await _node.AddAsync(Command("nobody", 1));
        await _node.Database.WriteAsync(s => AnswerReceiver.RecordAsync(s, ["a"], _clock.Now));
        _clock.Advance(TimeSpan.FromDays(8));
        await _node.Database.WriteAsync(s => AnswerReceiver.RecordAsync(s, ["b"], _clock.Now));

        await _node.Get<BrokerWatch>().TrimAsync(_clock.Now);

        Assert.Equal("nobody", Assert.Single(await _node.OutboxAsync()).WorkerId);
        Assert.Equal(["b"], await _node.ReadAsync(db => db.WorkerInbox.Select(i => i.AnswerKey).ToListAsync()));
    }

    [Theory]
    [InlineData("a.b", 1L, "s")]
    [InlineData("one", null, "s")]
    [InlineData("one", 1L, null)]
    public async Task Add_ThatNoWorkerCouldUnderstand_IsRefused(string worker, long? number, string? session) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _node.AddAsync(new WorkerCommand(worker, WorkerAction.Create, number, session)));

    private async Task<int> DrainAsync(OutboxRelay relay)
    {
        int claimed, total = 0;
        do total += claimed = await relay.RunOnceAsync(_clock.Now);
        while (claimed > 0);
        return total;
    }

    private static WorkerCommand Command(string worker, long number) => new(worker, WorkerAction.Create, number, $"session_{number}_a", "+221771234567");
}
