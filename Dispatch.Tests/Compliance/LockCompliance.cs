using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class LockOnSqlite(PostgresServer postgres) : LockCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LockOnPostgres(PostgresServer postgres) : LockCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A lock has a holder, an end and a token; it ends by itself, and its token never comes back.</summary>
public abstract class LockCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private long _ana, _ben, _contact;

    private ProfileLockService Locks => Node.Get<ProfileLockService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        (_ana, _ben) = (await Node.AddOnlineAsync("Ana", "Ben")) is [var a, var b] ? (a, b) : default;
        _contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
    }

    [Fact]
    public async Task LockClient_ByAnother_IsRefusedAndNamesTheHolderAndTheEnd()
    {
        var mine = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        var theirs = await Locks.LockClientAsync(_contact, Profile.Id, _ben);

        Assert.Equal((LockResult.Taken, 1, Clock.Now + Seconds(30)), (mine.Result, mine.Token, mine.ExpiresAt));
        Assert.Equal((LockResult.HeldByOther, _ana, "Ana", "main"), (theirs.Result, theirs.Held!.ModeratorId, theirs.Held.ModeratorName, theirs.Held.ProfileName));
        Assert.Equal(mine.ExpiresAt, theirs.Held.ExpiresAt);
        Assert.True(await Locks.IsClientLockedAsync(_contact));
        Assert.True(await Locks.IsClientLockedAsync(_contact, Profile.Id));
        Assert.False(await Locks.IsClientLockedAsync(_contact, Profile.Id + 1));
    }

    [Fact]
    public async Task LockClient_ThroughAnotherProfile_IsRefusedAsWell()
    {
        var second = await Node.AddProfileAsync("second");
        await Locks.LockClientAsync(_contact, Profile.Id, _ana);

        var other = await Locks.LockClientAsync(_contact, second.Id, _ben);

        Assert.Equal((LockResult.HeldByOther, Profile.Id), (other.Result, other.Held!.ProfileId));
    }

    [Fact]
    public async Task LockClient_ByTheHolderAgain_LastsLongerAndKeepsItsToken()
    {
        var first = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        Clock.Advance(Seconds(10));
        var again = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        var shorter = await Locks.LockClientAsync(_contact, Profile.Id, _ana, Seconds(1));

        Assert.Equal((first.Token, first.LockedAt, Clock.Now + Seconds(30)), (again.Token, again.LockedAt, again.ExpiresAt));
        Assert.Equal(again.ExpiresAt, shorter.ExpiresAt);
    }

    [Fact]
    public async Task LockClient_WhenTheTimeIsOver_IsFreeWithoutACleanerAndTheTokenGrows()
    {
        var first = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        Clock.Advance(Seconds(30));

        Assert.False(await Locks.IsClientLockedAsync(_contact));
        Assert.Null(await Locks.GetLockInfoAsync(LockKind.Client, _contact));
        Assert.Empty(await Locks.GetLockedClientsAsync());
        var second = await Locks.LockClientAsync(_contact, Profile.Id, _ben);

        Assert.Equal((LockResult.Taken, first.Token + 1), (second.Result, second.Token));
        Assert.Equal((LockResult.Ended, _ben), Who(await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, first.Token)));
        Assert.False(await Locks.UnlockClientAsync(_contact, first.Token));
        Assert.True(await Locks.IsClientLockedAsync(_contact));
    }

    [Fact]
    public async Task Token_AfterReleaseAndCleaning_NeverStartsAgain()
    {
        var tokens = new List<long>();
        for (var i = 0; i < 4; i++)
        {
            var taken = await Locks.LockClientAsync(_contact, Profile.Id, i % 2 == 0 ? _ana : _ben);
            tokens.Add(taken.Token);
            if (i % 2 == 0) Assert.True(await Locks.UnlockClientAsync(_contact, taken.Token));
            else Clock.Advance(Seconds(31));
            Assert.Equal(i % 2, await Locks.CleanExpiredLocksAsync(Clock.Now));
            Assert.Equal(0, await Locks.CleanExpiredLocksAsync(Clock.Now));
        }
        Assert.Equal([1, 2, 3, 4], tokens);
    }

    [Fact]
    public async Task ExtendLock_WhileItLasts_LastsFromNow()
    {
        var taken = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        Clock.Advance(Seconds(29));
        var longer = await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, taken.Token);

        Assert.Equal((LockResult.Taken, Clock.Now + Seconds(30)), (longer.Result, longer.ExpiresAt));
        Assert.Equal(LockResult.Ended, (await Locks.ExtendLockAsync(LockKind.Client, _contact, _ben, taken.Token)).Result);
        Assert.Equal(LockResult.BadDuration, (await Locks.ExtendLockAsync(LockKind.Client, _contact, _ana, taken.Token, TimeSpan.FromHours(2))).Result);
    }

    [Fact]
    public async Task Lock_WhatIsNotThereOrNotAllowed_SaysSo()
    {
        var vip = await Node.AddProfileAsync("vip", _ben);
        Assert.Equal(LockResult.ContactNotFound, (await Locks.LockClientAsync(999, Profile.Id, _ana)).Result);
        Assert.Equal(LockResult.ProfileNotFound, (await Locks.LockClientAsync(_contact, 999, _ana)).Result);
        Assert.Equal(LockResult.ModeratorNotFound, (await Locks.LockClientAsync(_contact, Profile.Id, 999)).Result);
        Assert.Equal(LockResult.NotAllowed, (await Locks.LockClientAsync(_contact, vip.Id, _ana)).Result);
        Assert.Equal(LockResult.NotAllowed, (await Locks.LockProfileAsync(vip.Id, _ana)).Result);
        Assert.Equal(LockResult.BadDuration, (await Locks.LockClientAsync(_contact, Profile.Id, _ana, TimeSpan.Zero)).Result);
        Assert.Equal(LockResult.Taken, (await Locks.LockProfileAsync(vip.Id, _ben)).Result);
    }

    [Fact]
    public async Task LockClient_ByTheOwnerOfARestrictedProfile_IsAllowed()
    {
        var conversation = await Node.ConversationAsync(Profile, "33600");
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE profiles SET restricted = @yes", ("yes", true)));

        Assert.Equal(LockResult.Taken, (await Locks.LockClientAsync(_contact, Profile.Id, conversation.OwnerId!.Value)).Result);
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.ReplyAsync(conversation.Id, null, "still mine")).Result);
    }

    [Fact]
    public async Task LockProfile_ForAnAssignment_EndsAfterHalfASecond()
    {
        var mine = await Locks.LockProfileAsync(Profile.Id, _ana);
        Assert.Equal((LockResult.HeldByOther, _ana), Who(await Locks.LockProfileAsync(Profile.Id, _ben)));
        Assert.Equal((true, true, false), (await Locks.IsProfileLockedAsync(Profile.Id), await Locks.IsProfileLockedAsync(Profile.Id, _ana), await Locks.IsProfileLockedAsync(Profile.Id, _ben)));
        var info = await Locks.GetLockInfoAsync(LockKind.Profile, Profile.Id);
        Assert.Equal(("Assignment", Clock.Now + TimeSpan.FromMilliseconds(500)), (info!.Why, info.ExpiresAt));

        Clock.Advance(Seconds(0.5));
        Assert.Equal((LockResult.Taken, mine.Token + 1), ((await Locks.LockProfileAsync(Profile.Id, _ben)).Result, (await Locks.GetLockInfoAsync(LockKind.Profile, Profile.Id))!.Token));
        Assert.False(await Locks.UnlockProfileAsync(Profile.Id, mine.Token));
        Assert.True(await Locks.UnlockProfileAsync(Profile.Id, mine.Token + 1));
    }

    [Fact]
    public async Task LockedClients_IsAViewOfWhatIsHeld()
    {
        var other = (await Node.OpenAsync(Profile, "33601")).ContactId;
        await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        var second = await Locks.LockClientAsync(other, Profile.Id, _ben, Seconds(5));
        await Locks.LockProfileAsync(Profile.Id, _ana);

        var all = await Locks.GetLockedClientsAsync();
        Assert.Equal([(other, "Ben"), (_contact, "Ana")], all.Select(l => (l.ClientId, l.ModeratorName)));
        Assert.Equal(_contact, Assert.Single(await Locks.GetLockedClientsAsync(_ana)).ClientId);
        Assert.Equal(2, await CountRowsAsync());
        var (items, total) = await Locks.ListAsync(1, 1);
        Assert.Equal((3, LockKind.Client, other), (total, items[0].Kind, items[0].ResourceId));
        Assert.Equal(1, (await Locks.ListAsync(0, 10, LockKind.Profile)).Total);

        await Locks.UnlockClientAsync(other, second.Token);
        Assert.Equal(1, await CountRowsAsync());
        // Made again over a database that has it: the start of every node.
        await using (var db = Store.Open()) await db.MigrateWithViewsAsync();
        Assert.Equal(1, await CountRowsAsync());
    }

    [Fact]
    public async Task Lock_Changes_AreToldAfterTheCommit()
    {
        using var profile = Node.Live.Subscribe(Topics.Profile(Profile.Id));
        using var contact = Node.Live.Subscribe(Topics.Contact(_contact));
        var taken = await Locks.LockClientAsync(_contact, Profile.Id, _ana);
        Assert.Equal(EventNames.ProfileLockStatusChanged, (await NextAsync(profile)).Name);
        Assert.Equal(_contact, (await NextAsync(contact)).Id);

        Clock.Advance(Seconds(31));
        await Locks.CleanExpiredLocksAsync(Clock.Now);
        Assert.Equal(EventNames.ProfileLockStatusChanged, (await NextAsync(profile)).Name);
        Assert.Equal(1, taken.Token);
    }

    [Fact]
    public async Task Circuit_ThatDies_LeavesALockThatEndsByItself()
    {
        var cleo = await Node.AddModeratorAsync("Cleo");
        var connection = await Node.ConnectAsync(cleo);
        await Locks.LockClientAsync(_contact, Profile.Id, cleo);

        await Node.Orchestrator.HandleUserDisconnectedAsync(connection);
        Clock.Advance(Seconds(29));
        Assert.True(await Locks.IsClientLockedAsync(_contact));
        Clock.Advance(Seconds(1));
        Assert.False(await Locks.IsClientLockedAsync(_contact));
        Assert.Equal(LockResult.Taken, (await Locks.LockClientAsync(_contact, Profile.Id, _ben)).Result);
    }

    [Fact]
    public async Task Moderator_WhoLeaves_LetsGoAtOnce()
    {
        await Locks.LockClientAsync(_contact, Profile.Id, _ana, TimeSpan.FromMinutes(30));
        await Locks.LockProfileAsync(Profile.Id, _ana, TimeSpan.FromMinutes(30), ProfileLockType.Manual);

        await Node.Orchestrator.HandleUserLeftAsync(_ana);

        Assert.Equal(0, (await Locks.ListAsync(0, 10)).Total);
    }

    private static (LockResult Result, long Holder) Who(LockOutcome outcome) => (outcome.Result, outcome.Held?.ModeratorId ?? 0);

    private async Task<LiveEvent> NextAsync(LiveSubscription subscription)
    {
        await foreach (var changes in subscription.ReadAsync(TimeSpan.Zero, TimeProvider.System, TestContext.Current.CancellationToken)) return changes.First();
        throw new InvalidOperationException("ended");
    }

    /// <summary>As somebody with a database prompt sees it.</summary>
    private Task<int> CountRowsAsync() =>
        Node.ReadAsync(db => db.Database.SqlQueryRaw<int>("SELECT CAST(COUNT(*) AS INTEGER) AS \"Value\" FROM locked_clients").SingleAsync());
}
