namespace Dispatch.Tests.Support;

/// <summary>Starts everything at the same instant, each on a thread of its own.</summary>
public static class AtOnce
{
    public static async Task<T[]> Async<T>(params Func<Task<T>>[] doers)
    {
        using var start = new Barrier(doers.Length);
        return await Task.WhenAll(doers.Select(d => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return d();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())).InTime();
    }

    public static Task Async(params Func<Task>[] doers) => Async<int>([.. doers.Select(d => (Func<Task<int>>)(async () =>
    {
        await d();
        return 0;
    }))]);
}
