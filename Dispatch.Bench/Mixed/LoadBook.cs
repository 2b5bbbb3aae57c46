using System.Collections.Concurrent;

namespace Dispatch.Bench.Mixed;

/// <summary>What the outside was told is done: only this may be held against Dispatch.</summary>
internal sealed class LoadBook
{
    /// <summary>Messages of contacts that were answered 200, in the order in which each contact wrote them.</summary>
    public ConcurrentQueue<InboundNote> Inbound { get; } = new();

    /// <summary>Answers of moderators that were accepted, in their order within a conversation.</summary>
    public ConcurrentQueue<ReplyNote> Replies { get; } = new();

    /// <summary>Actions that were accepted.</summary>
    public ConcurrentQueue<ActionNote> Actions { get; } = new();

    /// <summary>Drivers who were told that a ride is theirs.</summary>
    public ConcurrentQueue<RideNote> Rides { get; } = new();

    /// <summary>Searches that were to begin at a time.</summary>
    public ConcurrentQueue<ScheduledNote> Scheduled { get; } = new();

    private int _bookings, _rotations, _refused, _repeated;
    public int Bookings => _bookings;
    public int Rotations => _rotations;

    /// <summary>What Dispatch declined with a reason.</summary>
    public int Refused => _refused;

    /// <summary>Calls that met a fault and were made again.</summary>
    public int Repeated => _repeated;

    public void Booked() => Interlocked.Increment(ref _bookings);
    public void Rotated() => Interlocked.Increment(ref _rotations);
    public void WasRefused() => Interlocked.Increment(ref _refused);
    public void Repeat() => Interlocked.Increment(ref _repeated);
}

internal sealed record InboundNote(string Contact, string Id);

internal sealed record ReplyNote(long Conversation, string Text);

/// <param name="Wanted">When it was to leave; as soon as possible: when it was asked for.</param>
internal sealed record ActionNote(long Account, string Text, DateTime Wanted);

internal sealed record RideNote(long Booking, long Driver);

internal sealed record ScheduledNote(long Booking, DateTime StartAt);
