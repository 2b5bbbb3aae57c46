using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

public sealed class LockedReplyOnSqlite(PostgresServer postgres) : LockedReplyCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LockedReplyOnPostgres(PostgresServer postgres) : LockedReplyCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Sending requires the lock: one contact with two profiles, answered by two people.</summary>
public abstract class LockedReplyCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private long _ana, _ben;
    private Profile _second = null!;
    private Conversation _anas = null!, _bens = null!;

    private ProfileLockService Locks => Node.Get<ProfileLockService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        (_ana, _ben) = (people[0], people[1]);
        _second = await Node.AddProfileAsync("second");
        _anas = await Node.OpenAsync(Profile, "33600");
        _bens = await Node.OpenAsync(_second, "33600");
        Assert.Equal((_ana, _ben, _anas.ContactId), (_anas.OwnerId, _bens.OwnerId, _bens.ContactId));
    }

    [Fact]
    public async Task BeginAnswer_ByTheOwner_TakesTheLockAndNobodyElseMay()
    {
        var mine = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        var theirs = await Node.Orchestrator.BeginAnswerAsync(_bens.Id, _ben);
        var stranger = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ben);

        Assert.Equal((_anas.ContactId, LockResult.Taken), (mine.ContactId, mine.Lock.Result));
        Assert.Equal((LockResult.HeldByOther, "Ana", "main"), (theirs.Lock.Result, theirs.Lock.Held!.ModeratorName, theirs.Lock.Held.ProfileName));
        Assert.Equal((0, LockResult.NotAllowed), (stranger.ContactId, stranger.Lock.Result));
    }

    [Fact]
    public async Task Reply_UnderTheLock_LeavesAndLastsLonger()
    {
        var mine = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        Clock.Advance(Seconds(29));

        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "hello", lockToken: mine.Lock.Token)).Result);

        Assert.Equal(Clock.Now + Seconds(30), (await Locks.GetLockInfoAsync(LockKind.Client, _anas.ContactId))!.ExpiresAt);
    }

    [Fact]
    public async Task Reply_WithAStaleToken_IsRefusedNamesWhoHasItAndLeavesNothing()
    {
        var mine = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        Clock.Advance(Seconds(30));
        var before = await Node.ConversationAsync(_anas.Id);

        var ended = await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "late", lockToken: mine.Lock.Token);
        Assert.Equal((ReplyResult.StaleLock, null), (ended.Result, ended.Held));

        await Node.Orchestrator.BeginAnswerAsync(_bens.Id, _ben);
        var stale = await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "later", lockToken: mine.Lock.Token);
        Assert.Equal((ReplyResult.StaleLock, "Ben", "second"), (stale.Result, stale.Held!.ModeratorName, stale.Held.ProfileName));

        var after = await Node.ConversationAsync(_anas.Id);
        Assert.Equal((before.WaitingSince, before.LastMessagePreview, before.UnreadCount), (after.WaitingSince, after.LastMessagePreview, after.UnreadCount));
        Assert.NotNull(after.WaitingSince);
        Assert.Single(await Node.ThreadAsync(_anas.Id));
        Assert.Equal((ReplyResult.StaleLock, "Ben"), Who(await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "made up", lockToken: 77)));
    }

    [Fact]
    public async Task Reply_WithoutAToken_TakesAFreeLockAndIsRefusedByAHeldOne()
    {
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.ReplyAsync(_anas.Id, null, "from an integration")).Result);
        var held = await Locks.GetLockInfoAsync(LockKind.Client, _anas.ContactId);
        Assert.Equal((_ana, nameof(ClientLockReason.Sending)), (held!.ModeratorId, held.Why));

        var refused = await Node.Orchestrator.ReplyAsync(_bens.Id, _ben, "me too");
        Assert.Equal((ReplyResult.Locked, "Ana"), Who(refused));
        Assert.Equal(Clock.Now + Seconds(30), refused.Held!.ExpiresAt);
        Assert.Single(await Node.ThreadAsync(_bens.Id));

        // Who lost against whom is on record, once however often he tries.
        await Node.Orchestrator.ReplyAsync(_bens.Id, _ben, "me too!");
        var (conflicts, total) = await Node.Get<ConflictResolutionService>().ListAsync(0, 10);
        Assert.Equal((1, ConflictKind.Client, (long?)_ana, (long?)_ben, ConflictRule.Lock), (total, conflicts[0].Kind, conflicts[0].WinnerId, conflicts[0].LoserId, conflicts[0].Rule));

        Clock.Advance(Seconds(30));
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.ReplyAsync(_bens.Id, _ben, "now")).Result);
    }

    [Fact]
    public async Task Reply_ByWhoIsNotTheOwner_TakesNoLock()
    {
        Assert.Equal(ReplyResult.NotOwner, (await Node.Orchestrator.ReplyAsync(_anas.Id, _ben, "mine!")).Result);

        Assert.False(await Locks.IsClientLockedAsync(_anas.ContactId));
    }

    [Fact]
    public async Task Transfer_EndsTheFormerOwnersLock_SoTheNextOneMayAnswerAtOnce()
    {
        var cleo = (await Node.AddOnlineAsync("Cleo"))[0];
        var mine = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TransferAsync(_anas.Id, _ana, cleo)).Result);

        var late = await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "x", lockToken: mine.Lock.Token);
        Assert.Equal((ReplyResult.NotOwner, "Cleo"), (late.Result, late.HeldByName));
        Assert.Equal(LockResult.Taken, (await Node.Orchestrator.BeginAnswerAsync(_anas.Id, cleo)).Lock.Result);
    }

    [Fact]
    public async Task Close_EndsTheLock_AndOneOfAnotherProfileStays()
    {
        await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        await Node.Orchestrator.CloseAsync(_bens.Id, _ben);
        Assert.True(await Locks.IsClientLockedAsync(_anas.ContactId));
        await Node.Orchestrator.CloseAsync(_anas.Id, _ana);
        Assert.False(await Locks.IsClientLockedAsync(_anas.ContactId));
    }

    [Fact]
    public async Task Retry_IsRefusedAsASendIs_AndLeavesTheMessageFailed()
    {
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Unreachable));
        var mine = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        var failed = (await Node.Orchestrator.ReplyAsync(_anas.Id, _ana, "hello", lockToken: mine.Lock.Token)).MessageId;
        await Node.Sender.SendAsync(failed);
        await Node.ReceiveAsync(Profile, "33600", "are you there?");
        var waiting = (await Node.ConversationAsync(_anas.Id)).WaitingSince;
        Clock.Advance(Seconds(30));
        await Node.Orchestrator.BeginAnswerAsync(_bens.Id, _ben);

        Assert.Equal((ReplyResult.StaleLock, "Ben"), Who(await Node.Orchestrator.RetryAsync(failed, _ana, mine.Lock.Token)));
        Assert.Equal((ReplyResult.Locked, "Ben"), Who(await Node.Orchestrator.RetryAsync(failed, _ana)));
        Assert.Equal((ReplyResult.Locked, "Ben"), Who(await Node.Orchestrator.RetryAsync(failed)));
        var stranger = await Node.Orchestrator.RetryAsync(failed, _ben);
        Assert.Equal((ReplyResult.NotOwner, "Ana"), (stranger.Result, stranger.HeldByName));
        Assert.Equal(ReplyResult.NotFound, (await Node.Orchestrator.RetryAsync(long.MaxValue, _ana)).Result);
        Assert.Equal(MessageStatus.Failed, (await Node.MessageAsync(failed)).Status);
        Assert.Equal(1, (await Node.Get<ConflictResolutionService>().ListAsync(0, 10)).Total);

        Clock.Advance(Seconds(30));
        var again = await Node.Orchestrator.BeginAnswerAsync(_anas.Id, _ana);
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.RetryAsync(failed, _ana, again.Lock.Token)).Result);
        Assert.Equal(ReplyResult.AlreadyQueued, (await Node.Orchestrator.RetryAsync(failed, _ana, again.Lock.Token)).Result);
        // An old message that leaves late is no answer to what was asked since.
        var after = await Node.ConversationAsync(_anas.Id);
        Assert.Equal((waiting, "are you there?"), (after.WaitingSince, after.LastMessagePreview));
        Assert.NotNull(waiting);

        await Node.Orchestrator.CloseAsync(_anas.Id, _ana);
        await Node.Sender.SendAsync(failed);
        Assert.Equal(ReplyResult.Closed, (await Node.Orchestrator.RetryAsync(failed)).Result);
    }

    private static (ReplyResult Result, string? Holder) Who(ReplyOutcome outcome) => (outcome.Result, outcome.Held?.ModeratorName);
}
