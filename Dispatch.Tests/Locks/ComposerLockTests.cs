using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Compliance;
using Dispatch.Tests.Support;
using Dispatch.Web.Locks;

namespace Dispatch.Tests.Locks;

/// <summary>What the composer does with the lock between opening and sending, by a clock that the test moves.</summary>
public sealed class ComposerLockTests(PostgresServer postgres) : ComplianceTest(DatabaseProvider.Sqlite, postgres)
{
    private static readonly CancellationToken Never = CancellationToken.None;
    private long _ana, _ben;
    private Profile _second = null!;
    private Conversation _anas = null!, _bens = null!;
    private ComposerLock _composer = null!;

    private ProfileLockService Locks => Node.Get<ProfileLockService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        (_ana, _ben) = (people[0], people[1]);
        _second = await Node.AddProfileAsync("second");
        _anas = await Node.OpenAsync(Profile, "33600");
        _bens = await Node.OpenAsync(_second, "33600");
        _composer = new ComposerLock(Node.Orchestrator, Locks, _ana, Clock);
        await _composer.OpenAsync(_anas.Id, Never);
    }

    [Fact]
    public async Task Typing_EveryFewSeconds_KeepsTheContactForMinutes()
    {
        for (var i = 0; i < 60; i++)
        {
            Clock.Advance(Seconds(5));
            Assert.False(await _composer.TypingAsync(Never));
            Assert.True(await Locks.IsClientLockedAsync(_anas.ContactId, Profile.Id));
        }
        Assert.Equal(1, (await Locks.GetLockInfoAsync(LockKind.Client, _anas.ContactId))!.Token);
        Assert.Equal(ReplyResult.Queued, (await SendAsync("done")).Result);
    }

    [Fact]
    public async Task Send_AfterAPauseInWhichNobodyCame_Leaves()
    {
        Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(ReplyResult.Queued, (await SendAsync("sorry, I was thinking")).Result);
        Assert.Equal(2, (await Locks.GetLockInfoAsync(LockKind.Client, _anas.ContactId))!.Token);
    }

    [Fact]
    public async Task Send_AfterSomebodyElseAnswered_AsksToReadFirstAndThenLeaves()
    {
        Clock.Advance(Seconds(30));
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.ReplyAsync(_bens.Id, _ben, "I have it")).Result);
        var during = await SendAsync("me too");
        Assert.Equal((ReplyResult.StaleLock, "Ben", "Ben"), (during.Result, during.Held!.ModeratorName, _composer.Held!.ModeratorName));

        Clock.Advance(Seconds(30));
        await _composer.RefreshAsync(Never);
        Assert.Null(_composer.Held);
        var after = await SendAsync("me too");
        Assert.Equal((ReplyResult.StaleLock, null), (after.Result, after.Held));
        Assert.Equal(ReplyResult.Queued, (await SendAsync("me too")).Result);
        Assert.Equal(2, (await Node.ThreadAsync(_anas.Id)).Count);
    }

    [Fact]
    public async Task Typing_AfterSomebodyElseAnswered_TakesTheLockAndStillAsksToRead()
    {
        Clock.Advance(Seconds(30));
        await Node.Orchestrator.ReplyAsync(_bens.Id, _ben, "I have it");
        Assert.True(await _composer.TypingAsync(Never));
        Assert.Equal("Ben", _composer.Held!.ModeratorName);
        Clock.Advance(Seconds(30));
        Assert.True(await _composer.TypingAsync(Never));

        Assert.True(await Locks.IsClientLockedAsync(_anas.ContactId, Profile.Id));
        Assert.Equal((ReplyResult.StaleLock, null), (await SendAsync("me too")) is var first ? (first.Result, first.Held) : default);
        Assert.Equal(ReplyResult.Queued, (await SendAsync("me too")).Result);
    }

    [Fact]
    public async Task Open_AnotherConversation_FreesTheFirstContact()
    {
        var next = await Node.OpenAsync(Profile, "33601");
        if (next.OwnerId != _ana) await Node.Orchestrator.TakeAsync(next.Id, _ana, evenFromOwner: true);

        await _composer.OpenAsync(next.Id, Never);

        Assert.False(await Locks.IsClientLockedAsync(_anas.ContactId));
        Assert.True(await Locks.IsClientLockedAsync(next.ContactId));
        await _composer.LeaveAsync(Never);
        Assert.False(await Locks.IsClientLockedAsync(next.ContactId));
    }

    private Task<ReplyOutcome> SendAsync(string text) => _composer.SendAsync(_anas.Id, text, Guid.NewGuid().ToString("N"), Never);
}
