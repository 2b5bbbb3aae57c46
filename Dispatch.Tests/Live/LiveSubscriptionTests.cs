using Dispatch.Core.Live;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Live;

/// <summary>What a page hears, when it hears too much, too late, or nothing.</summary>
public sealed class LiveSubscriptionTests
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);
    private readonly LiveHub _hub = new();

    [Fact]
    public async Task Read_MoreThanIsRemembered_LooksAtEverything()
    {
        using var page = _hub.Subscribe(Topics.Waiting, Topics.Conversation(1));
        for (var i = 0; i < 300; i++) _hub.Publish(new LiveEvent(Topics.Waiting, EventNames.Parked, i));
        _hub.Publish(new LiveEvent(Topics.Conversation(1), EventNames.MessageReceived, 1));

        // The one about the open conversation came too late to be remembered: only "everything" may stand for it.
        Assert.Empty(await NextAsync(page, TimeProvider.System));
    }

    [Fact]
    public async Task Read_OtherSignalsAllTheWhile_LooksAtEverythingInTimeAnyway()
    {
        var clock = new FakeClock();
        _hub.PollEvery = TimeSpan.FromSeconds(10);
        using var page = _hub.Subscribe(Topics.Board);
        await using var reads = page.ReadAsync(TimeSpan.Zero, clock, CancellationToken.None).GetAsyncEnumerator();
        var seen = new List<int>();
        for (var i = 1; i <= 4; i++)
        {
            // One every four seconds: never ten seconds of silence. The page began to look with the first.
            clock.Advance(TimeSpan.FromSeconds(4));
            _hub.Publish(new LiveEvent(Topics.Board, EventNames.Changed, i));
            Assert.True(await reads.MoveNextAsync().AsTask().InTime());
            seen.Add(reads.Current.Count);
        }
        Assert.Equal([1, 1, 1, 0], seen);
    }

    [Fact]
    public void Topics_NobodyLooksAtAnyMore_AreForgotten()
    {
        using (_hub.Subscribe(Topics.Board, Topics.Conversation(1)))
        using (var other = _hub.Subscribe(Topics.Board))
        {
            other.Add(Topics.Contact(7));
            other.Remove(Topics.Contact(7));
            Assert.Equal(2, _hub.TopicCount);
        }
        Assert.Equal(0, _hub.TopicCount);
    }

    [Fact]
    public void Add_AfterThePageWasLeft_HoldsNothing()
    {
        var page = _hub.Subscribe(Topics.Board);
        page.Dispose();
        page.Add(Topics.Conversation(1));
        Assert.Equal(0, _hub.TopicCount);
    }

    private static async Task<IReadOnlySet<LiveEvent>> NextAsync(LiveSubscription page, TimeProvider clock)
    {
        await using var reads = page.ReadAsync(Never, clock, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await reads.MoveNextAsync().AsTask().InTime());
        return reads.Current;
    }
}
