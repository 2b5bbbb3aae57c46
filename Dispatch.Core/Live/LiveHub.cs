using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Dispatch.Core.Telemetry;

namespace Dispatch.Core.Live;

/// <summary>"Look again": what happened to what. Never the data itself.</summary>
/// <param name="Topic">Who cares: see <see cref="Topics"/>.</param>
/// <param name="Name">The event's name, e.g. <c>conversation:assigned</c>.</param>
/// <param name="Id">What it is about.</param>
public readonly record struct LiveEvent(string Topic, string Name, long Id);

/// <summary>Topic names; the seeds' <c>private-moderator.{id}</c> and <c>private-profile.{id}</c> are these.</summary>
public static class Topics
{
    /// <summary>Everything that waits for somebody.</summary>
    public const string Waiting = "waiting";

    /// <summary>The round robin: who is in it and in which order.</summary>
    public const string Queue = "queue";

    /// <summary>Every conversation and every moderator: boards and lists of admins.</summary>
    public const string Board = "board";

    /// <summary>Every booking and its search: lists and the board of matchings.</summary>
    public const string Bookings = "bookings";

    public const string Drivers = "drivers";
    public const string Alerts = "alerts";

    /// <summary>Accounts, prospects and actions: lists and counts of outreach.</summary>
    public const string Outreach = "outreach";

    /// <summary>The connection to the broker, commands that wait, dead letters.</summary>
    public const string Broker = "broker";

    /// <summary>Clients, numbers and their states: lists.</summary>
    public const string Numbers = "numbers";

    /// <summary>The registry of workers.</summary>
    public const string Workers = "workers";

    /// <summary>One number: its state, its time line, its code (to be read again, never in the signal).</summary>
    public static string Number(long id) => $"number.{id}";
    public static string Booking(long id) => $"booking.{id}";
    public static string Prospect(long id) => $"prospect.{id}";
    public static string Moderator(long id) => $"moderator.{id}";
    public static string Conversation(long id) => $"conversation.{id}";
    public static string Profile(long id) => $"profile.{id}";

    /// <summary>Who answers the contact, whichever profile it is open under.</summary>
    public static string Contact(long id) => $"contact.{id}";
}

/// <summary>Names of events, as in the seeds where these have one.</summary>
public static class EventNames
{
    public const string Assigned = "conversation:assigned";
    public const string Unassigned = "conversation:unassigned";
    public const string Changed = "conversation:changed";
    public const string MessageReceived = "message:received";
    public const string MessageStatus = "message:status";
    public const string Parked = "conversation:parked";
    public const string QueuePositionChanged = "ModeratorQueuePositionChanged";
    public const string PresenceChanged = "presence:changed";
    public const string Typing = "typing";

    /// <summary>To a moderator: this profile is yours now.</summary>
    public const string ProfileAssigned = "profile:assigned";

    /// <summary>To a moderator: this profile is not yours any more; the assignment's row says why.</summary>
    public const string ProfileReleased = "profile:released";
    public const string ProfileChanged = "profile:changed";
    public const string PriorityRequested = "queue:priority-requested";
    public const string PriorityDecided = "queue:priority-decided";
    public const string FindingRaised = "assignment:finding";
    public const string SettingsChanged = "settings:changed";

    /// <summary>A lock was taken, extended, ended or changed hands (its kind, duration and holder: <see cref="Locks.ProfileLockService.GetLockInfoAsync"/>).</summary>
    public const string ProfileLockStatusChanged = "ProfileLockStatusChanged";

    /// <summary>Somebody asks for a lock, or was answered.</summary>
    public const string UnlockRequested = "lock:requested";

    /// <summary>Two people wanted the same, or such a thing was settled.</summary>
    public const string ConflictLogged = "conflict:changed";
    public const string BookingChanged = "booking:changed";
    public const string BookingMatched = "booking:matched";
    public const string OfferChanged = "offer:changed";
    public const string DriverChanged = "driver:changed";
    public const string AlertChanged = "alert:changed";

    /// <summary>Actions of an account (the id) were planned, taken, sent or ended.</summary>
    public const string ActionChanged = "action:changed";
    public const string ProspectChanged = "prospect:changed";
    public const string AccountChanged = "account:changed";
    public const string NumberChanged = "number:changed";
    public const string WorkerChanged = "worker:changed";
    public const string BrokerChanged = "broker:changed";
    public const string CommandWaits = "broker:command-waits";
    public const string DeadLetterChanged = "dead-letter:changed";
}

/// <summary>
/// In-process fan-out of change signals. A publisher never waits: each subscription keeps a set of what happened and one flag,
/// so a slow browser costs a set entry and holds up nobody. Where several nodes share a database, <see cref="LiveRelay"/> carries the signals to the others.
/// </summary>
public sealed class LiveHub
{
    /// <summary>Signals may be lost on their way between nodes: then a page looks by itself after this time. Null: this process hears everything.</summary>
    public TimeSpan? PollEvery { get; internal set; }

    /// <summary>Takes what this process publishes to the others; never waits.</summary>
    internal Action<LiveEvent>? Outward { get; set; }

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<LiveSubscription, byte>> _topics = new(StringComparer.Ordinal);
    private readonly Lock _subscribing = new();

    /// <summary>Subscribe first, then read the snapshot: a change in between is signalled, so nothing falls into a gap.</summary>
    public LiveSubscription Subscribe(params IReadOnlyCollection<string> topics)
    {
        var subscription = new LiveSubscription(this);
        foreach (var topic in topics) subscription.Add(topic);
        return subscription;
    }

    /// <param name="cause">Where in a trace the change was made; default: nobody traces.</param>
    public void Publish(LiveEvent change, ActivityContext cause = default)
    {
        Receive(change, cause);
        Outward?.Invoke(change);
    }

    /// <summary>Signals may have been missed: every page reads everything once more.</summary>
    internal void LookAgain()
    {
        foreach (var subscriber in _topics.Values.SelectMany(t => t.Keys).Distinct()) subscriber.SignalAll();
    }

    /// <summary>For the pages of this process only.</summary>
    internal void Receive(LiveEvent change, ActivityContext cause = default)
    {
        LiveMetrics.OnPublished();
        if (!_topics.TryGetValue(change.Topic, out var subscribers)) return;
        foreach (var (subscriber, _) in subscribers) subscriber.Signal(change, cause);
    }

    /// <inheritdoc cref="Publish(LiveEvent, ActivityContext)"/>
    public void Publish(IEnumerable<LiveEvent> changes, ActivityContext cause = default)
    {
        foreach (var change in changes) Publish(change, cause);
    }

    internal void Add(string topic, LiveSubscription subscription)
    {
        lock (_subscribing) _topics.GetOrAdd(topic, static _ => new()).TryAdd(subscription, 0);
    }

    /// <summary>The last one takes the topic with it: there is one for every conversation that was ever on a screen.</summary>
    internal void Remove(string topic, LiveSubscription subscription)
    {
        lock (_subscribing)
        {
            if (_topics.TryGetValue(topic, out var subscribers) && subscribers.TryRemove(subscription, out _) && subscribers.IsEmpty) _topics.TryRemove(topic, out _);
        }
    }

    /// <summary>Topics that somebody looks at.</summary>
    internal int TopicCount => _topics.Count;
}

/// <summary>One page's view of the hub: signals coalesce until the page reads them.</summary>
public sealed class LiveSubscription : IDisposable
{
    /// <summary>Past this many distinct signals a page has to look at everything anyway.</summary>
    private const int MaxRemembered = 256;

    private readonly LiveHub _hub;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private readonly Channel<bool> _flag = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private HashSet<LiveEvent> _changes = [];
    private bool _everything;
    private ActivityContext _cause;
    private long _signalledAt;
    private bool _closed;

    internal LiveSubscription(LiveHub hub)
    {
        _hub = hub;
        LiveMetrics.OnSubscribed(1);
    }

    /// <summary>The page reads because of the signals it took last: an activity in the trace of the change that came first among them. Null: nobody traces.</summary>
    public Activity? BeginRead(string page)
    {
        var activity = Traces.Source.HasListeners() ? Traces.Source.StartActivity(Traces.Read, ActivityKind.Consumer, _taken) : null;
        return activity?.SetTag("dispatch.page", page);
    }

    private ActivityContext _taken;

    public void Add(string topic)
    {
        lock (_lock)
        {
            // A page may come back from a wait after it was left.
            if (!_closed && _topics.Add(topic)) _hub.Add(topic, this);
        }
    }

    public void Remove(string topic)
    {
        lock (_lock)
        {
            if (!_topics.Remove(topic)) return;
        }
        _hub.Remove(topic, this);
    }

    /// <summary>Waits for the next signals, at most one answer per <paramref name="interval"/>; an empty one: look at everything. Ends when disposed or cancelled.</summary>
    public async IAsyncEnumerable<IReadOnlySet<LiveEvent>> ReadAsync(
        TimeSpan interval, TimeProvider clock, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var lookedAt = clock.GetTimestamp();
        while (await WaitAsync(lookedAt, clock, cancel))
        {
            _flag.Reader.TryRead(out _);
            HashSet<LiveEvent> changes;
            lock (_lock)
            {
                changes = _everything ? [] : _changes;
                _changes = [];
                _everything = false;
                (_taken, _cause) = (_cause, default);
                if (_signalledAt != 0) LiveMetrics.OnTaken(TimeProvider.System.GetElapsedTime(_signalledAt));
                _signalledAt = 0;
            }
            if (changes.Count == 0) lookedAt = clock.GetTimestamp();
            yield return changes;
            await Task.Delay(interval, clock, cancel);
        }
    }

    internal void Signal(LiveEvent change, ActivityContext cause = default)
    {
        lock (_lock)
        {
            if (_signalledAt == 0) (_signalledAt, _cause) = (TimeProvider.System.GetTimestamp(), cause);
            if (_changes.Count < MaxRemembered) _changes.Add(change);
            else _everything = true;
        }
        _flag.Writer.TryWrite(true);
    }

    internal void SignalAll()
    {
        lock (_lock) _everything = true;
        _flag.Writer.TryWrite(true);
    }

    /// <param name="lookedAt">When the page last looked at everything: a lost signal is made good in time also where others come all the while.</param>
    private async ValueTask<bool> WaitAsync(long lookedAt, TimeProvider clock, CancellationToken cancel)
    {
        if (_hub.PollEvery is not { } poll) return await _flag.Reader.WaitToReadAsync(cancel);
        var left = poll - clock.GetElapsedTime(lookedAt);
        if (left <= TimeSpan.Zero)
        {
            SignalAll();
            return await _flag.Reader.WaitToReadAsync(cancel);
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var signal = _flag.Reader.WaitToReadAsync(end.Token).AsTask();
        if (await Task.WhenAny(signal, Task.Delay(left, clock, end.Token)) == signal)
        {
            await end.CancelAsync();
            return await signal;
        }
        cancel.ThrowIfCancellationRequested();
        // Nothing was heard for a while. What comes at this very moment is not lost: the flag stands for it.
        SignalAll();
        return await signal;
    }

    public void Dispose()
    {
        string[] topics;
        lock (_lock)
        {
            topics = [.. _topics];
            _topics.Clear();
            if (!_closed) LiveMetrics.OnSubscribed(-1);
            _closed = true;
        }
        foreach (var topic in topics) _hub.Remove(topic, this);
        _flag.Writer.TryComplete();
    }
}
