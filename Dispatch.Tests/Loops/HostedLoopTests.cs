using Dispatch.Core.Loops;
using Dispatch.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dispatch.Tests.Loops;

public sealed class HostedLoopTests
{
    [Fact]
    public async Task Start_NothingWokeIt_PassesAtOnceAndAgainAfterTheSleep()
    {
        using var loop = new Counting(sleep: TimeSpan.FromMilliseconds(5));
        await loop.StartAsync(CancellationToken.None);
        await loop.ReachedAsync(3);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Wake_LongSleep_PassesAgain()
    {
        using var loop = new Counting(sleep: TimeSpan.FromHours(1));
        await loop.StartAsync(CancellationToken.None);
        await loop.ReachedAsync(1);
        loop.Wake();
        await loop.ReachedAsync(2);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Pass_Fails_IsTriedAgain()
    {
        using var loop = new Counting(sleep: TimeSpan.FromHours(1), failing: 2);
        await loop.StartAsync(CancellationToken.None);
        await loop.ReachedAsync(3);
        Assert.False(loop.ExecuteTask!.IsCompleted);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Stop_WhileItSleepsOrFails_EndsWithoutFault()
    {
        using var sleeping = new Counting(sleep: TimeSpan.FromHours(1));
        using var failing = new Counting(sleep: TimeSpan.FromHours(1), failing: int.MaxValue, afterFault: TimeSpan.FromHours(1));
        foreach (var loop in new[] { sleeping, failing })
        {
            await loop.StartAsync(CancellationToken.None);
            await loop.ReachedAsync(1);
            await loop.StopAsync(CancellationToken.None);
            Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
        }
    }

    [Fact]
    public void Wake_AfterItsEnd_IsNothing()
    {
        var loop = new Counting(sleep: TimeSpan.FromHours(1));
        loop.Dispose();
        loop.Wake();
    }

    private sealed class Counting(TimeSpan sleep, int failing = 0, TimeSpan? afterFault = null) : HostedLoop(TimeProvider.System, NullLogger.Instance)
    {
        private int _passes;

        protected override TimeSpan AfterFault => afterFault ?? TimeSpan.FromMilliseconds(1);

        public Task ReachedAsync(int passes) => Eventually.Async(() => Volatile.Read(ref _passes) >= passes);

        protected override Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop) =>
            Interlocked.Increment(ref _passes) <= failing ? throw new InvalidOperationException("This pass fails.") : Task.FromResult(sleep);
    }
}
