namespace Dispatch.Tests.Support;

/// <summary>Time that moves only when a test says so; timers and delays made from it fire inside <see cref="Advance"/>, in their order.</summary>
public sealed class FakeClock : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = Start;
    private TimeSpan _setBack;

    public DateTime Now => GetUtcNow().UtcDateTime;
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp()
    {
        lock (_lock) return (_now + _setBack).Ticks;
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        for (;;)
        {
            Timer? next;
            lock (_lock)
            {
                next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                if (next is null)
                {
                    _now = end;
                    return;
                }
                if (next.Due > _now) _now = next.Due;
                if (next.Period > TimeSpan.Zero) next.Due += next.Period;
                else _timers.Remove(next);
            }
            next.Fire();
        }
    }

    /// <summary>Somebody sets the clock on the wall: timers and timestamps go on as they were.</summary>
    public void SetBack(TimeSpan by)
    {
        lock (_lock)
        {
            (_now, _setBack) = (_now - by, _setBack + by);
            foreach (var timer in _timers) timer.Due -= by;
        }
    }

    private sealed class Timer(FakeClock clock, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; set; }
        public TimeSpan Period { get; private set; }
        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // As the system's timers do: 49 days and no more.
            ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime.TotalMilliseconds, uint.MaxValue - 1);
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Period = period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period;
                Due = clock._now + dueTime;
                clock._timers.Add(this);
            }
            if (dueTime == TimeSpan.Zero) clock.Advance(TimeSpan.Zero);
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
