using System.Text;
using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Broker;

public sealed class InboxOnSqlite(PostgresServer postgres) : InboxCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class InboxOnPostgres(PostgresServer postgres) : InboxCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>An answer has one effect however often it comes; what has none is a dead letter that somebody decides.</summary>
public abstract class InboxCompliance(DatabaseProvider provider, PostgresServer postgres) : IAsyncLifetime
{
    private readonly FakeClock _clock = new();
    private TestDatabase _store = null!;
    private BrokerNode _node = null!;
    private BrokerNode? _other;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(provider, postgres);
        // Pauses between attempts are real here: a clock that stands would hold them up.
        _node = await new BrokerNode(_store, null, [new("one", WorkerMode.Routed)], bus: new StubBus()).EnsureEffectsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_other is not null) await _other.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
    }

    [Fact]
    public async Task Answer_ThatComesAgain_HasOneEffect()
    {
        var answer = Answer(Qr(6, "1@first"), "a-1");
        await ReceiveAsync(answer);
        await ReceiveAsync(answer with { Redelivered = true });
        await ReceiveAsync(answer, answer, Answer(Qr(6, "1@second"), "a-2"));

        Assert.Equal(["1@first", "1@second"], await _node.EffectsAsync("qr_generated"));
    }

    [Fact]
    public async Task Answer_ToTwoNodesAtOnce_HasOneEffect()
    {
        var other = _other = provider == DatabaseProvider.Sqlite ? null : new BrokerNode(_store, null, [], "node-2", bus: new StubBus());
        const int rounds = 60;
        for (var i = 0; i < rounds; i++)
        {
            var batch = Enumerable.Range(0, 3).Select(n => Answer(Qr(n + 1, $"1@round{i:000}.{n}"), $"a-{i}-{n}")).ToArray();
            var turned = batch.Reverse().ToArray();
            await AtOnce.Async(() => ReceiveAsync(batch), () => (other ?? _node).Receiver.ReceiveAsync(turned, CancellationToken.None));
        }

        Assert.Equal(Enumerable.Range(0, rounds).SelectMany(i => Enumerable.Range(0, 3).Select(n => $"1@round{i:000}.{n}")), await _node.EffectsAsync("qr_generated"));
        Assert.Empty(_node.Logs.Errors);
    }

    [Fact]
    public async Task Answer_WhoseEffectFails_LeavesNothingBehind_AndTheOthersGoOn()
    {
        _node.Handler.Fails = a => a.NumberId == 7;
        await ReceiveAsync(Answer(Qr(6, "1@aaaaa"), "a-1"), Answer(Qr(7, "1@bbbbb"), "a-2"), Answer(Qr(8, "1@ccccc"), "a-3"));

        Assert.Equal(["1@aaaaa", "1@ccccc"], await _node.EffectsAsync("qr_generated"));
        var dead = Assert.Single((await _node.DeadLetters.ListAsync(new DeadLetterSearch())).Items);
        Assert.Equal((DeadReason.HandlerFailed, DeadLetterSource.Answers, 7L, "qr_generated", "one"), (dead.Reason, dead.Source, dead.NumberId, dead.Action, dead.WorkerId));
        Assert.Equal(2, await _node.ReadAsync(db => db.WorkerInbox.CountAsync()));
        var alert = Assert.Single(await _node.ReadAsync(db => db.Alerts.ToListAsync()));
        Assert.Equal((AlertKind.DeadLetters, 1), (alert.Kind, alert.Count));
    }

    [Fact]
    public async Task Answer_WhoseEffectFailsOnce_IsStored()
    {
        var failed = false;
        _node.Handler.Fails = _ => !failed && (failed = true);
        await ReceiveAsync(Answer(Qr(6, "1@aaaaa"), "a-1"));

        Assert.Equal(["1@aaaaa"], await _node.EffectsAsync("qr_generated"));
        Assert.Equal(0, await _node.DeadLetters.CountOpenAsync());
    }

    [Fact]
    public async Task Unreadable_IsADeadLetterWithItsReason_AndTheNextIsRead()
    {
        await ReceiveAsync(Raw("{"), Raw("""{"action":"dance","numberId":6}"""), Raw("""{"action":"connected","numberId":6,"workerId":"two"}"""), Answer(Qr(6, "1@aaaaa"), "a-1"));

        Assert.Equal(["1@aaaaa"], await _node.EffectsAsync("qr_generated"));
        var page = await _node.DeadLetters.ListAsync(new DeadLetterSearch());
        Assert.Equal((3, 3), (page.Total, page.Items.Count));
        Assert.Equal([DeadReason.NotJson, DeadReason.UnknownAction, DeadReason.ForeignWorker], page.Items.OrderBy(d => d.Id).Select(d => d.Reason));
        Assert.Equal(1, (await _node.DeadLetters.ListAsync(new DeadLetterSearch(Reason: DeadReason.NotJson))).Total);
        Assert.Single((await _node.DeadLetters.ListAsync(new DeadLetterSearch(Skip: 2))).Items);
    }

    [Fact]
    public async Task DeadLetter_AtRest_ShowsNoCode()
    {
        _node.Handler.Fails = _ => true;
        await ReceiveAsync(Answer(Qr(6, "1@verysecret"), "a-1"));

        var row = await _node.ReadAsync(db => db.DeadLetters.FirstAsync());
        Assert.DoesNotContain("verysecret", row.ProtectedBody, StringComparison.Ordinal);
        var view = (await _node.DeadLetters.GetAsync(row.Id))!;
        Assert.DoesNotContain("verysecret", view.Body, StringComparison.Ordinal);
        Assert.Contains("qr_generated", view.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(_node.Logs.Errors, e => e.Contains("verysecret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replay_AfterTheFaultIsMended_HasItsEffectOnce_HoweverManyAskAtOnce()
    {
        _node.Handler.Fails = _ => true;
        for (var i = 0; i < 20; i++) await ReceiveAsync(Answer(Qr(i, $"1@code{i:00}"), $"a-{i}"));
        var ids = await _node.ReadAsync(db => db.DeadLetters.OrderBy(d => d.Id).Select(d => d.Id).ToListAsync());
        Assert.Equal(DeadLetterOutcome.FailedAgain, await _node.DeadLetters.ReplayAsync(ids[0], 5));
        _node.Handler.Fails = _ => false;

        foreach (var id in ids)
        {
            var outcomes = await AtOnce.Async(() => _node.DeadLetters.ReplayAsync(id, 5), () => _node.DeadLetters.ReplayAsync(id, 6), () => _node.DeadLetters.DropAsync(id, 7));
            Assert.Single(outcomes, o => o == DeadLetterOutcome.Done);
            Assert.Equal(2, outcomes.Count(o => o == DeadLetterOutcome.AlreadyDecided));
        }

        var replayed = await _node.ReadAsync(db => db.DeadLetters.CountAsync(d => d.Status == DeadLetterStatus.Replayed));
        Assert.Equal(replayed, (await _node.EffectsAsync("qr_generated")).Count);
        Assert.Equal(20, await _node.ReadAsync(db => db.DeadLetterEvents.CountAsync(e => e.Decision != DeadLetterDecision.ReplayFailed)));
        Assert.Equal(1, await _node.ReadAsync(db => db.DeadLetterEvents.CountAsync(e => e.Decision == DeadLetterDecision.ReplayFailed && e.ActorId == 5)));
        Assert.NotNull(Assert.Single(await _node.ReadAsync(db => db.Alerts.ToListAsync())).ResolvedAt);
        Assert.Equal(DeadLetterOutcome.Unknown, await _node.DeadLetters.DropAsync(99_999, 5));
    }

    [Fact]
    public async Task Replay_OfAnAnswerThatCameInWholeMeanwhile_HasNoSecondEffect()
    {
        _node.Handler.Fails = _ => true;
        var answer = Answer(Qr(6, "1@aaaaa"), "a-1");
        await ReceiveAsync(answer);
        _node.Handler.Fails = _ => false;
        await ReceiveAsync(answer);

        Assert.Equal(DeadLetterOutcome.Done, await _node.DeadLetters.ReplayAsync(await _node.ReadAsync(db => db.DeadLetters.Select(d => d.Id).FirstAsync()), null));

        Assert.Equal(["1@aaaaa"], await _node.EffectsAsync("qr_generated"));
    }

    [Fact]
    public async Task Replay_OfACommand_GoesOutUnderItsOldId()
    {
        var id = Assert.Single(await _node.AddAsync(new WorkerCommand("one", WorkerAction.Create, 6, "session_6_a", "+33600")));
        await _node.Relay.RunOnceAsync(Now);
        var published = ((StubBus)_node.Bus).Published.Single().Message;
        await ReceiveAsync(new BusDelivery(BusSource.Dead, null, published, false, "rejected", "whatsapp.session.cmd.one"));
        var dead = Assert.Single((await _node.DeadLetters.ListAsync(new DeadLetterSearch())).Items);
        Assert.Equal((DeadLetterSource.Commands, DeadReason.Rejected, "one", 6L, "create"), (dead.Source, dead.Reason, dead.WorkerId, dead.NumberId, dead.Action));

        Assert.Equal(DeadLetterOutcome.Done, await _node.DeadLetters.ReplayAsync(dead.Id, 5));
        await _node.Relay.RunOnceAsync(Now);
        // Also when its row has gone with the history.
        await _node.Database.WriteAsync(s => s.Db.WorkerOutbox.ExecuteDeleteAsync());
        await ReceiveAsync(new BusDelivery(BusSource.Dead, null, published, false, "delivery_limit", "whatsapp.session.cmd.one"));
        Assert.Equal(DeadLetterOutcome.Done, await _node.DeadLetters.ReplayAsync(dead.Id + 1, 5));
        await _node.Relay.RunOnceAsync(Now);

        Assert.Equal([id, id, id], ((StubBus)_node.Bus).Published.Select(p => p.Message.MessageId));
        Assert.All(((StubBus)_node.Bus).Published, p => Assert.Equal(published.Body.ToArray(), p.Message.Body.ToArray()));
    }

    [Fact]
    public async Task DeadLetter_WhoseKeysAreGone_CanOnlyBeDropped()
    {
        await ReceiveAsync(Raw("{"));
        await using var stranger = new BrokerNode(_store, null, [], "node-3", bus: new StubBus(), keys: new EphemeralDataProtectionProvider());
        var id = await _node.ReadAsync(db => db.DeadLetters.Select(d => d.Id).FirstAsync());

        Assert.Equal(DeadLetterOutcome.Undecryptable, await stranger.DeadLetters.ReplayAsync(id, 5));
        Assert.Null((await stranger.DeadLetters.GetAsync(id))!.Body);
        Assert.Equal(DeadLetterOutcome.Done, await stranger.DeadLetters.DropAsync(id, 5));
    }

    [Fact]
    public async Task ExpiredAnswer_GivenUpByTheBroker_IsNotKept()
    {
        await ReceiveAsync(new BusDelivery(BusSource.Dead, null, WorkerAnswerWriter.Write(Qr(6, "1@old"), "a-1"), false, "expired", Topology.Events));

        Assert.Equal(0, await _node.DeadLetters.CountOpenAsync());
    }

    [Fact]
    public async Task Broker_AwayForLong_IsOneAlertThatEndsWithIt()
    {
        await using var node = new BrokerNode(_store, new Uri("amqp://localhost:1/x"), [], "node-9", clock: _clock, bus: new StubBus());
        var state = node.Get<BrokerState>();
        using var heard = node.Get<LiveHub>().Subscribe(Topics.Broker);
        var watch = node.Get<BrokerWatch>();
        state.Set(BrokerKind.RabbitMq, BrokerStatus.Connected, "localhost", null);
        Assert.False(await watch.RunOnceAsync(_clock.Now));
        state.Set(BrokerKind.RabbitMq, BrokerStatus.Down, "localhost", "closed");
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.False(await watch.RunOnceAsync(_clock.Now));
        // An attempt in between does not begin the outage anew.
        state.Set(BrokerKind.RabbitMq, BrokerStatus.Connecting, "localhost", "closed");
        _clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 5; i++) Assert.True(await watch.RunOnceAsync(_clock.Now));
        var alert = Assert.Single(await node.ReadAsync(db => db.Alerts.ToListAsync()));
        Assert.Equal((AlertKind.BrokerDown, 1, null), (alert.Kind, alert.Count, alert.ResolvedAt));

        state.Set(BrokerKind.RabbitMq, BrokerStatus.Connected, "localhost", null);
        for (var i = 0; i < 5; i++) Assert.False(await watch.RunOnceAsync(_clock.Now));

        Assert.NotNull(Assert.Single(await node.ReadAsync(db => db.Alerts.ToListAsync())).ResolvedAt);
    }

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private static QrGenerated Qr(long number, string code) => new(code, QrForm.Raw) { NumberId = number, WorkerId = "one" };

    private static BusDelivery Answer(WorkerAnswer answer, string id) => new(BusSource.Answers, "one", WorkerAnswerWriter.Write(answer, id));

    private static BusDelivery Raw(string body) => new(BusSource.Answers, "one", new BusMessage(Encoding.UTF8.GetBytes(body), null, null, null));

    private Task ReceiveAsync(params BusDelivery[] deliveries) => _node.Receiver.ReceiveAsync(deliveries, CancellationToken.None).InTime();
}
