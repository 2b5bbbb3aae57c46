using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Dispatch.Tests.Support;

/// <summary>Waits for something to become so; never for time to pass.</summary>
public static class Eventually
{
    /// <summary>Long, because it costs nothing where all is well: on two cores beside browsers and servers a second is nothing.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(15);

    public static async Task Async(
        Func<Task<bool>> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (timeout ?? DefaultTimeout)) Assert.Fail($"Still not so after {watch.Elapsed.TotalSeconds:F1} s: {what}");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    public static Task Async(Func<bool> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Async(() => Task.FromResult(condition()), timeout, what);

    /// <summary>Every await of a test that could hang goes through here.</summary>
    public static Task<T> InTime<T>(this Task<T> task, TimeSpan? timeout = null) => task.WaitAsync(timeout ?? DefaultTimeout, TimeProvider.System);

    /// <inheritdoc cref="InTime{T}"/>
    public static Task InTime(this Task task, TimeSpan? timeout = null) => task.WaitAsync(timeout ?? DefaultTimeout, TimeProvider.System);
}
