using Dispatch.Core.Broker;
using Dispatch.Core.Broker.Rabbit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Dispatch.Tests.Live;

public sealed class LiveRelayOverPostgres(PostgresServer postgres) : LiveRelayTests
{
    private string _address = "";

    public override async ValueTask InitializeAsync()
    {
        _address = await postgres.CreateDatabaseAsync(migrated: false);
        await base.InitializeAsync();
    }

    internal override ILiveWire Wire(string node) => new PostgresWire(Options.Create(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = _address }));

    protected override async Task CutAsync()
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_address) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var kill = new NpgsqlCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", connection);
        Assert.NotEqual(0L, await kill.ExecuteScalarAsync());
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await postgres.DropDatabaseAsync(_address);
        GC.SuppressFinalize(this);
    }
}

public sealed class LiveRelayOverRabbit(RabbitServer rabbit) : LiveRelayTests
{
    private readonly List<RabbitLiveWire> _wires = [];
    private Uri _address = null!;

    public override async ValueTask InitializeAsync()
    {
        _address = await rabbit.TakeHostAsync();
        await base.InitializeAsync();
    }

    internal override ILiveWire Wire(string node)
    {
        var wire = new RabbitLiveWire(Options.Create(new BrokerOptions { Uri = _address }), Options.Create(new NodeOptions { Name = node }));
        _wires.Add(wire);
        return wire;
    }

    protected override async Task CutAsync()
    {
        foreach (var wire in _wires) await wire.LoseAsync();
    }
}

/// <summary>Signals between two nodes, over each wire that carries them.</summary>
public abstract class LiveRelayTests : IAsyncLifetime
{
    private readonly LiveHub _here = new(), _there = new();
    private LiveRelay _a = null!, _b = null!;

    internal abstract ILiveWire Wire(string node);

    /// <summary>Every connection of the two is lost.</summary>
    protected abstract Task CutAsync();

    public virtual async ValueTask InitializeAsync()
    {
        _a = new LiveRelay(_here, Wire("a"), NullLogger<LiveRelay>.Instance);
        _b = new LiveRelay(_there, Wire("b"), NullLogger<LiveRelay>.Instance);
        await _a.StartAsync(CancellationToken.None);
        await _b.StartAsync(CancellationToken.None);
        await Eventually.Async(() => Task.FromResult(_a.IsListening && _b.IsListening));
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var relay in new[] { _a, _b }.Where(r => r is not null))
        {
            await relay.StopAsync(CancellationToken.None);
            relay.Dispose();
        }
    }

    [Fact]
    public async Task Published_Here_IsSignalledThereOnceAndNotBack()
    {
        using var there = new Listener(_there, Topics.Board);
        using var here = new Listener(_here, Topics.Board);

        for (var i = 0; i < 100; i++) _here.Publish(new LiveEvent(Topics.Board, EventNames.Changed, i));
        _here.Publish(new LiveEvent(Topics.Queue, EventNames.QueuePositionChanged, 7));

        await there.SeesAsync(new LiveEvent(Topics.Board, EventNames.Changed, 0), new LiveEvent(Topics.Board, EventNames.Changed, 99));
        Assert.DoesNotContain(there.Seen, e => e.Topic == Topics.Queue);
        // What came from there does not go back: then it would come here once more.
        _there.Publish(new LiveEvent(Topics.Board, EventNames.Assigned, 1));
        await here.SeesAsync(new LiveEvent(Topics.Board, EventNames.Assigned, 1));
        await there.SeesAsync(new LiveEvent(Topics.Board, EventNames.Assigned, 1));
        Assert.Equal(1, there.Seen.Count(e => e is { Name: EventNames.Assigned }));
    }

    [Fact]
    public async Task CutOff_AndBack_LooksAtEverythingAndHearsAgain()
    {
        using var there = new Listener(_there, Topics.Board);
        await CutAsync();

        await Eventually.Async(() => Task.FromResult(there.Everything > 0));
        // The sender finds out with its next word that it was cut off too.
        var said = 0;
        await Eventually.Async(() =>
        {
            _here.Publish(new LiveEvent(Topics.Board, EventNames.Changed, ++said));
            return Task.FromResult(there.Seen.Count > 0);
        });
    }

    [Fact]
    public async Task TooMuchToTell_IsSaidAsSuch()
    {
        using var there = new Listener(_there, Topics.Board);
        for (var i = 0; i < 6000; i++) _here.Publish(new LiveEvent(Topics.Board, EventNames.Changed, i));
        await Eventually.Async(() => Task.FromResult(there.Everything > 0));
    }

    [Fact]
    public void Lines_WrittenAndRead_AreTheSame()
    {
        var changes = Enumerable.Range(0, 300).Select(i => new LiveEvent(Topics.Conversation(i), EventNames.Changed, i)).ToList();
        var texts = LiveRelay.Write("me", changes, 1000).ToList();
        Assert.All(texts, t => Assert.InRange(t.Length, 1, 1000));
        Assert.Equal(changes, texts.SelectMany(t => t.Split('\n').Skip(1)).Select(l => LiveRelay.Read(l)!.Value));
        Assert.Null(LiveRelay.Read("from\ta later version\tx"));
        Assert.Null(LiveRelay.Read(""));
    }

    /// <summary>A page: what it was told.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly LiveSubscription _subscription;
        private readonly CancellationTokenSource _stop = new();
        private readonly Lock _lock = new();
        private readonly List<LiveEvent> _seen = [];
        private int _everything;

        public Listener(LiveHub hub, string topic)
        {
            _subscription = hub.Subscribe(topic);
            _ = Task.Run(ReadAsync);
        }

        public int Everything => Volatile.Read(ref _everything);

        public IReadOnlyList<LiveEvent> Seen
        {
            get
            {
                lock (_lock) return [.. _seen];
            }
        }

        /// <summary>Each of them, or the word to look at everything.</summary>
        public Task SeesAsync(params LiveEvent[] events) => Eventually.Async(() => Task.FromResult(Everything > 0 || events.All(Seen.Contains)));

        private async Task ReadAsync()
        {
            await foreach (var changes in _subscription.ReadAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, _stop.Token))
            {
                if (changes.Count == 0) Interlocked.Increment(ref _everything);
                lock (_lock) _seen.AddRange(changes);
            }
        }

        public void Dispose()
        {
            _stop.Cancel();
            _subscription.Dispose();
            _stop.Dispose();
        }
    }
}
