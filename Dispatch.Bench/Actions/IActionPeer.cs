namespace Dispatch.Bench.Actions;

/// <summary>A queue that is measured: jobs that do nothing, 16 in flight.</summary>
internal interface IActionPeer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Its share of the jobs: one that is ten times slower gets fewer, or the run would be all its own.</summary>
    double Share { get; }

    /// <summary>Stores so many jobs that are due now, each by a call of its own; returns the seconds.</summary>
    Task<double> EnqueueAsync(int count);

    /// <summary>Executes what was stored; returns the seconds.</summary>
    Task<double> ExecuteAsync(int count);

    /// <summary>A job every 10 ms or so; returns for each the milliseconds from its due moment (just before it is stored, or <paramref name="ahead"/> later) to its start.</summary>
    Task<double[]> LatencyAsync(int count, TimeSpan ahead);
}

internal static class InFlight
{
    public const int Width = 16;

    public static async Task AsyncEach(int count, Func<int, Task> work)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Width).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < count;) await work(i);
        })));
    }
}

/// <summary>Counts jobs as they start, and how late.</summary>
internal sealed class StartCounter
{
    private readonly Lock _lock = new();
    private readonly List<double> _waits = [];
    private TaskCompletionSource _done = new();
    private int _left;

    public static double Now => System.Diagnostics.Stopwatch.GetTimestamp() * 1000.0 / System.Diagnostics.Stopwatch.Frequency;

    public Task WaitFor(int count)
    {
        lock (_lock)
        {
            _waits.Clear();
            _left = count;
            _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _done.Task;
        }
    }

    /// <param name="due">By <see cref="Now"/>; 0: not of interest.</param>
    public void Started(double due)
    {
        var late = Now - due;
        lock (_lock)
        {
            if (due > 0) _waits.Add(late);
            if (--_left == 0) _done.TrySetResult();
        }
    }

    public double[] Waits()
    {
        lock (_lock) return [.. _waits];
    }

    /// <summary>Runs the latency measure: <paramref name="store"/> gets the due moment by <see cref="Now"/> and by the wall clock.</summary>
    public async Task<double[]> PacedAsync(int count, TimeSpan ahead, Func<double, DateTime, Task> store)
    {
        var all = WaitFor(count);
        for (var i = 0; i < count; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            await store(Now + ahead.TotalMilliseconds, TimeProvider.System.GetUtcNow().UtcDateTime + ahead);
        }
        await all.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        return Waits();
    }
}
