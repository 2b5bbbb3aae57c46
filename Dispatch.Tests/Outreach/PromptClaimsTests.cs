using System.Collections.Concurrent;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Outreach;

/// <summary>What is known to be due is claimed at its moment; what is not known well enough is left to a look.</summary>
public sealed class PromptClaimsTests : IDisposable
{
    private const int Most = 40;
    private readonly FakeClock _clock = new();
    private readonly ConcurrentQueue<AccountWork> _claims = new();
    private readonly PromptClaims _prompt;
    private TaskCompletionSource? _held;
    private int _found = 1;
    private int _looks;

    public PromptClaimsTests() => _prompt = new PromptClaims(ClaimAsync, Most, () => Interlocked.Increment(ref _looks), new OutreachOptions(), _clock);

    [Fact]
    public async Task Add_DueNow_IsClaimedWithoutALook()
    {
        See(1);
        _prompt.Add([Due(1)]);
        await ClaimedAsync(1);
        await IdleAsync();
        Assert.Equal(0, _looks);
    }

    [Fact]
    public async Task Add_DueLater_IsClaimedAtItsMomentAndThenLookedWhoComesNext()
    {
        See(1);
        _prompt.Add([Due(1, inMs: 700), Due(1, inMs: 300)]);
        _clock.Advance(TimeSpan.FromMilliseconds(299));
        Assert.Empty(_claims);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await ClaimedAsync(1);
        await Eventually.Async(() => _looks == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(400));
        await ClaimedAsync(2);
    }

    [Fact]
    public async Task Add_WhatALookSawAsWell_IsClaimedOnce()
    {
        var due = _clock.Now.AddMilliseconds(500);
        // Planned with all its digits, read back with fewer.
        _prompt.Add([new DueActions(1, ActionType.Followup, due.AddTicks(7))]);
        _prompt.See([new AccountWork(Account(1), [(ActionType.Followup, due)])], _clock.Now);
        _clock.Advance(TimeSpan.FromMilliseconds(501));
        await IdleAsync();
        Assert.Equal((1, 1), (_looks, _claims.Count));
    }

    [Fact]
    public async Task Add_WhileItsAccountIsClaimed_IsOneMoreClaimOfAllTypes()
    {
        See(1);
        _held = new TaskCompletionSource();
        _prompt.Add([Due(1)]);
        await ClaimedAsync(1);
        for (var i = 0; i < 20; i++) _prompt.Add([Due(1), Due(1, type: ActionType.Reply)]);
        Assert.Single(_claims);
        _held.SetResult();
        await ClaimedAsync(2);
        Assert.Equal([ActionType.Followup, ActionType.Reply], _claims.Last().Heads.Select(h => h.Type).OrderBy(t => t.ToString(), StringComparer.Ordinal));
        _prompt.Add([Due(1)]);
        await ClaimedAsync(3);
    }

    [Fact]
    public async Task Add_AnAccountNobodyHasSeen_IsLookedAt()
    {
        See(1);
        _prompt.Add([Due(2)]);
        await LookedAsync();
    }

    [Fact]
    public async Task Add_AnAccountSeenLongAgo_IsLookedAt()
    {
        See(1);
        _clock.Advance(TimeSpan.FromSeconds(2));
        _prompt.Add([Due(1)]);
        await LookedAsync();
    }

    [Fact]
    public async Task Add_OverdueBecauseTheProcessStood_IsLookedAt()
    {
        See(1);
        _prompt.Add([Due(1, inMs: -2001)]);
        await LookedAsync();
    }

    [Theory]
    [InlineData("paused")]
    [InlineData("failed")]
    [InlineData("breaker")]
    [InlineData("gap")]
    [InlineData("closed")]
    [InlineData("no channel")]
    [InlineData("a backlog nobody knows")]
    [InlineData("a backlog")]
    public async Task Add_AnAccountThatIsNotAtEase_IsLookedAt(string what)
    {
        var plan = what == "closed" ? new AccountPlan { Windows = [new SendWindow([DayOfWeek.Sunday], new TimeOnly(1, 0), new TimeOnly(2, 0))] } : null;
        var account = Account(1, plan, channel: what != "no channel");
        var row = account.Row;
        if (what == "paused") row.State = AccountState.Paused;
        if (what == "failed") row.Failures = 1;
        if (what == "breaker") row.BreakerUntil = _clock.Now.AddMinutes(1);
        if (what == "gap") row.NextSendAt = _clock.Now.AddSeconds(1);
        DateTime? waits = what switch { "a backlog nobody knows" => _clock.Now.AddHours(-1), "a backlog" => _clock.Now.AddMinutes(-2), _ => null };
        if (what == "a backlog") account = account with { ResumedAt = _clock.Now.AddMinutes(-1) };
        _prompt.See([new AccountWork(account, waits is { } due ? [(ActionType.Followup, due)] : [])], _clock.Now);
        _prompt.Add([Due(1)]);
        await LookedAsync();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(Most, Most)]
    public async Task Claim_ThatFindsLessThanIsKnownOrAllItMay_AsksForALook(int found, int known)
    {
        See(1);
        _found = found;
        _prompt.Add([Due(1) with { Count = known }]);
        await IdleAsync();
        Assert.Equal((1, 1), (_looks, _claims.Count));
    }

    [Fact]
    public async Task Claim_ThatFails_LeavesItsAccountToTheNext()
    {
        See(1);
        _held = new TaskCompletionSource();
        _held.SetException(new IOException("gone"));
        _prompt.Add([Due(1)]);
        await IdleAsync();
        Assert.Equal((1, 1), (_looks, _claims.Count));
        _held = null;
        _prompt.Add([Due(1)]);
        await ClaimedAsync(2);
    }

    [Fact]
    public async Task Add_MoreThanItKeeps_KeepsTheNearest()
    {
        See(1);
        _prompt.Add([.. Enumerable.Range(1, 1000).SelectMany(ms => Enumerable.Range(1, 5).Select(account => Due(account, 500 + ms)))]);
        Assert.True(_looks > 0);
        _prompt.Add([Due(1, inMs: 10)]);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        await ClaimedAsync(1);
    }

    [Fact]
    public async Task ClockSetBack_WaitsNoLongerThanItLooksAhead()
    {
        See(1);
        _prompt.Add([Due(1, inMs: 1000)]);
        // Its moment is a hundred days away now, which is more than a timer waits.
        _clock.SetBack(TimeSpan.FromDays(100));
        _prompt.See([new AccountWork(Account(1), [(ActionType.Followup, _clock.Now.AddMilliseconds(50))])], _clock.Now);
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        await ClaimedAsync(1);
        await IdleAsync();
        // The one after a claim of what was seen; a timer that could not be set would have asked for another.
        Assert.Equal(1, _looks);
    }

    [Fact]
    public async Task Along_HoldsItsAccountUntilItIsOverAndWhatCameMeanwhileFollows()
    {
        See(1);
        var along = _prompt.TryAlong(1, _clock.Now, _ => "a place");
        Assert.Equal("a place", along!.Value.Place);
        Assert.Null(_prompt.TryAlong(1, _clock.Now, _ => "another"));
        _prompt.Add([Due(1)]);
        Assert.Empty(_claims);
        _prompt.OnAlong(along.Value.Account, known: 1, claimed: 1);
        await ClaimedAsync(1);
        await IdleAsync();
        Assert.Equal(0, _looks);
    }

    [Fact]
    public async Task Along_ThatGotLessThanWasKnown_AsksForALook()
    {
        See(1);
        var along = _prompt.TryAlong(1, _clock.Now, _ => "a place")!.Value;
        _prompt.OnAlong(along.Account, known: 2, claimed: 1);
        await IdleAsync();
        Assert.Equal((1, 0), (_looks, _claims.Count));
    }

    [Fact]
    public void Along_WithoutAPlaceAnAccountAtEaseOrALoopThatRuns_IsNotBegun()
    {
        See(1);
        Assert.Null(_prompt.TryAlong<string>(1, _clock.Now, _ => null));
        Assert.Null(_prompt.TryAlong(2, _clock.Now, _ => "a place"));
        _prompt.Dispose();
        Assert.Null(_prompt.TryAlong(1, _clock.Now, _ => "a place"));
        Assert.True(_prompt.IsIdle);
    }

    [Fact]
    public async Task Disposed_ClaimsNothing()
    {
        See(1);
        _prompt.Add([Due(1, inMs: 100)]);
        _prompt.Dispose();
        _prompt.Add([Due(1)]);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await IdleAsync();
        Assert.Equal((0, 0), (_looks, _claims.Count));
    }

    public void Dispose() => _prompt.Dispose();

    private void See(long account) => _prompt.See([new AccountWork(Account(account), [])], _clock.Now);

    /// <summary>Whatever was begun is over: a claim that should not be would be seen.</summary>
    private Task IdleAsync() => Eventually.Async(() => _prompt.IsIdle);

    private async Task LookedAsync()
    {
        await IdleAsync();
        Assert.Equal((1, 0), (_looks, _claims.Count));
    }

    private DueActions Due(long account, double inMs = 0, ActionType type = ActionType.Followup) => new(account, type, _clock.Now.AddMilliseconds(inMs));

    private Task ClaimedAsync(int times) => Eventually.Async(() => _claims.Count == times);

    private async Task<int> ClaimAsync(AccountWork work)
    {
        _claims.Enqueue(work);
        if (_held is { } held) await held.Task;
        return _found;
    }

    private static AccountFacts Account(long id, AccountPlan? plan = null, bool channel = true) => new(
        new Account { Id = id, Name = "A", Provider = AccountProvider.Simulator, TimeZone = "UTC", Plan = "{}" }, plan ?? new AccountPlan(), TimeZoneInfo.Utc,
        channel ? new ChannelFacts(1, "c", ChannelProvider.Simulator, null) : null);
}
