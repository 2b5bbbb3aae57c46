using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class UnlockOnSqlite(PostgresServer postgres) : UnlockCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class UnlockOnPostgres(PostgresServer postgres) : UnlockCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Somebody asks for a lock: every way in which that ends, and the record it leaves.</summary>
public abstract class UnlockCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private long _ana, _ben, _cleo, _contact;
    private LockOutcome _held = null!;

    private ProfileLockService Locks => Node.Get<ProfileLockService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        (_ana, _ben, _cleo) = (people[0], people[1], people[2]);
        _contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
        _held = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
    }

    [Fact]
    public async Task RequestUnlock_TellsTheHolderWhoAsksAndWhy()
    {
        var asked = await AskAsync(_ben, " I know her ");

        Assert.Equal((UnlockResult.Asked, Clock.Now + Seconds(20), _ana), (asked.Result, asked.DueAt, asked.Held!.ModeratorId));
        var seen = Assert.Single(await Locks.GetUnlockRequestsAsync(_ana));
        Assert.Equal(("Ben", "I know her", UnlockStatus.Open), (seen.RequesterName, seen.Reason, seen.Status));
        Assert.Equal(seen, Assert.Single(await Locks.GetUnlockRequestsAsync(_ben)));
        Assert.Empty(await Locks.GetUnlockRequestsAsync(_cleo));
    }

    [Fact]
    public async Task RequestUnlock_WhereItMakesNoSense_SaysSo()
    {
        await AskAsync(_ben, "please");
        var second = await AskAsync(_cleo, "me too");
        Assert.Equal((UnlockResult.AlreadyAsked, "Ben", Clock.Now + Seconds(20)), (second.Result, second.AskedByName, second.DueAt));
        Assert.Equal(UnlockResult.AlreadyYours, (await AskAsync(_ana, "mine")).Result);
        Assert.Equal(UnlockResult.BadReason, (await AskAsync(_cleo, " ")).Result);
        Assert.Equal(UnlockResult.BadReason, (await AskAsync(_cleo, new string('x', 401))).Result);
        Assert.Equal(UnlockResult.NotAllowed, (await AskAsync(999, "who?")).Result);
        Assert.Equal(UnlockResult.NotLocked, (await Locks.RequestUnlockAsync(LockKind.Profile, Profile.Id, _ben, "free")).Result);
    }

    [Fact]
    public async Task AnswerUnlock_GivenUp_TheAskerHasItUnderANewToken()
    {
        var asked = await AskAsync(_ben, "please");

        Assert.Equal(UnlockResult.NotHolder, (await Locks.AnswerUnlockAsync(asked.RequestId, _ben, true)).Result);
        var answer = await Locks.AnswerUnlockAsync(asked.RequestId, _ana, true);

        Assert.Equal((UnlockResult.Moved, _held.Token + 1), (answer.Result, answer.Token));
        await AssertHeldAsync(_ben, _held.Token + 1);
        Assert.Equal((LockResult.Ended, _ben), await ExtendOldAsync());
        Assert.Equal(UnlockResult.TooLate, (await Locks.AnswerUnlockAsync(asked.RequestId, _ana, false, "no")).Result);
        Assert.Equal(UnlockResult.NotFound, (await Locks.AnswerUnlockAsync(999, _ana, true)).Result);
        await AssertRecordAsync(UnlockStatus.GivenUp, decidedBy: _ana);
    }

    [Fact]
    public async Task AnswerUnlock_Kept_NeedsAReasonAndSilencesTheClock()
    {
        var asked = await AskAsync(_ben, "please");

        Assert.Equal(UnlockResult.BadReason, (await Locks.AnswerUnlockAsync(asked.RequestId, _ana, false)).Result);
        Assert.Equal(UnlockResult.Kept, (await Locks.AnswerUnlockAsync(asked.RequestId, _ana, false, "almost done")).Result);
        Clock.Advance(Seconds(21));
        Assert.Equal(0, await Locks.ResolveUnlockRequestsAsync(Clock.Now));

        await AssertHeldAsync(_ana, _held.Token);
        var record = await AssertRecordAsync(UnlockStatus.Kept, decidedBy: _ana);
        Assert.Equal("almost done", record.Answer);
        Assert.Equal(UnlockResult.Asked, (await AskAsync(_ben, "and now?")).Result);
    }

    [Fact]
    public async Task Silence_LosesTheLock()
    {
        var asked = await AskAsync(_ben, "please");
        Clock.Advance(Seconds(19));
        await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, _held.Token);
        Assert.Equal(0, await Locks.ResolveUnlockRequestsAsync(Clock.Now));
        Clock.Advance(Seconds(1));

        // Late is late, even before the sweep came by.
        Assert.Equal(UnlockResult.TooLate, (await Locks.AnswerUnlockAsync(asked.RequestId, _ana, false, "no")).Result);
        Assert.Equal(1, await Locks.ResolveUnlockRequestsAsync(Clock.Now));
        Assert.Equal(0, await Locks.ResolveUnlockRequestsAsync(Clock.Now));

        await AssertHeldAsync(_ben, _held.Token + 1);
        await AssertRecordAsync(UnlockStatus.LostBySilence, decidedBy: null);
    }

    [Fact]
    public async Task Lock_ThatEndsOrIsReleasedMeanwhile_GoesToTheAsker()
    {
        await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, _held.Token);
        Clock.Advance(Seconds(15));
        await AskAsync(_ben, "please");
        Clock.Advance(Seconds(15));
        Assert.Equal(1, await Locks.ResolveUnlockRequestsAsync(Clock.Now));
        await AssertHeldAsync(_ben, _held.Token + 1);
        await AssertRecordAsync(UnlockStatus.RanOut, decidedBy: null);

        await AskAsync(_cleo, "and me");
        Assert.True(await Locks.UnlockClientAsync(_contact, _held.Token + 1));
        await AssertHeldAsync(_cleo, _held.Token + 2);
    }

    [Fact]
    public async Task Lock_TakenByAThirdMeanwhile_MakesTheRequestMoot()
    {
        await AskAsync(_ben, "please");
        Clock.Advance(Seconds(30));
        var third = await Locks.LockClientAsync(_contact, Profile.Id, _cleo);

        Assert.Equal(1, await Locks.ResolveUnlockRequestsAsync(Clock.Now));

        await AssertHeldAsync(_cleo, third.Token);
        await AssertRecordAsync(UnlockStatus.Moot, decidedBy: null);
        Assert.Equal(UnlockResult.Asked, (await AskAsync(_ben, "again")).Result);
    }

    [Fact]
    public async Task Asker_WhoLeaves_GetsNothing()
    {
        await AskAsync(_ben, "please");
        await Node.Orchestrator.HandleUserLeftAsync(_ben);
        Clock.Advance(Seconds(20));

        Assert.Equal(0, await Locks.ResolveUnlockRequestsAsync(Clock.Now));
        await AssertHeldAsync(_ana, _held.Token);
        await AssertRecordAsync(UnlockStatus.Moot, decidedBy: null);
    }

    [Fact]
    public async Task TakeOver_ByAnAdmin_IsAtOnceOnRecordAndFencesTheFormerHolderOff()
    {
        await AskAsync(_ben, "please");
        var admin = await Node.AddModeratorAsync("Admin");

        Assert.Equal(UnlockResult.BadReason, (await Locks.TakeOverAsync(LockKind.Client, _contact, admin, "")).Result);
        var moved = await Locks.TakeOverAsync(LockKind.Client, _contact, admin, "she is stuck", _cleo);

        Assert.Equal((UnlockResult.Moved, _held.Token + 1), (moved.Result, moved.Token));
        await AssertHeldAsync(_cleo, _held.Token + 1);
        Assert.Equal((LockResult.Ended, _cleo), await ExtendOldAsync());
        var rows = await Node.ReadAsync(db => db.UnlockRequests.OrderBy(r => r.Id).ToListAsync());
        Assert.Equal([(UnlockStatus.Moot, (long?)admin), (UnlockStatus.TakenOver, admin)], rows.Select(r => (r.Status, r.DecidedById)));
        Assert.Equal((_ana, (long?)_cleo, "she is stuck"), (rows[1].HolderId, rows[1].RequesterId, rows[1].Answer));

        Assert.Equal(UnlockResult.Moved, (await Locks.TakeOverAsync(LockKind.Client, _contact, admin, "nobody")).Result);
        Assert.False(await Locks.IsClientLockedAsync(_contact));
        Assert.Equal(UnlockResult.NotLocked, (await Locks.TakeOverAsync(LockKind.Client, _contact, admin, "again")).Result);
        Assert.Equal(LockResult.Ended, (await Locks.ExtendLockAsync(LockKind.Client, _contact, _cleo, _held.Token + 1)).Result);
    }

    private Task<UnlockOutcome> AskAsync(long who, string why) => Locks.RequestUnlockAsync(LockKind.Client, _contact, who, why);

    private async Task<(LockResult, long)> ExtendOldAsync()
    {
        var outcome = await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, _held.Token);
        return (outcome.Result, outcome.Held!.ModeratorId);
    }

    private async Task AssertHeldAsync(long holder, long token)
    {
        var held = await Locks.GetLockInfoAsync(LockKind.Client, _contact);
        Assert.Equal((holder, token), (held!.ModeratorId, held.Token));
    }

    /// <summary>The first request and what became of it.</summary>
    private async Task<UnlockRequest> AssertRecordAsync(UnlockStatus status, long? decidedBy)
    {
        var first = await Node.ReadAsync(db => db.UnlockRequests.OrderBy(r => r.Id).FirstAsync());
        Assert.Equal((status, decidedBy), (first.Status, first.DecidedById));
        Assert.NotNull(first.DecidedAt);
        return first;
    }
}
