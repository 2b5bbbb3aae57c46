using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class LockRaceOnSqlite(PostgresServer postgres) : LockRaceCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LockRaceOnPostgres(PostgresServer postgres) : LockRaceCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The scenarios of conflicting attribution, 200 times each: one winner, the rest told who and why. Two nodes where two can share a database.</summary>
public abstract class LockRaceCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int Rounds = 200;

    private DispatcherFixture _other = null!;
    private Profile _second = null!;
    private long _ana, _ben;
    private int _round;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
        _second = await Node.AddProfileAsync("second");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        (_ana, _ben) = (people[0], people[1]);
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = @max", ("max", 10_000)));
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task SameClient_TwoModerators_OneHasItAndTheOtherIsToldWho()
    {
        var contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
        var last = 0L;
        for (var i = 0; i < Rounds; i++)
        {
            var outcomes = await AtOnceAsync(
                () => Locks(Node).LockClientAsync(contact, Profile.Id, _ana), () => Locks(_other).LockClientAsync(contact, Profile.Id, _ben));

            var won = Assert.Single(outcomes, o => o.Result == LockResult.Taken);
            var lost = Assert.Single(outcomes, o => o.Result == LockResult.HeldByOther);
            Assert.Equal((outcomes[0] == won ? _ana : _ben, won.Token, won.ExpiresAt), (lost.Held!.ModeratorId, lost.Held.Token, lost.Held.ExpiresAt));
            // Every hold has a token of its own, greater than all before it, however the last one ended.
            Assert.Equal(last + 1, won.Token);
            last = won.Token;
            if (i % 2 == 0) Assert.True(await Locks(Node).UnlockClientAsync(contact, won.Token));
            else Clock.Advance(Seconds(30));
        }
        Assert.Equal(Rounds, (await Node.Get<ConflictResolutionService>().ListAsync(0, 1, ConflictKind.Client)).Total);
    }

    [Fact]
    public async Task SameClient_FromTwoProfiles_OneAnswersAndTheOtherIsToldWho()
    {
        var (mine, theirs) = await PairAsync();
        var sent = 0;
        for (var i = 0; i < Rounds; i++)
        {
            // Half of the rounds as the console does it, half as an integration does.
            var outcomes = await AtOnceAsync(() => AnswerAsync(Node, mine.Id, _ana, i), () => AnswerAsync(_other, theirs.Id, _ben, i));

            Assert.Single(outcomes, o => o.Result == ReplyResult.Queued);
            var lost = Assert.Single(outcomes, o => o.Result == ReplyResult.Locked);
            var winner = outcomes[0].Succeeded ? (_ana, "main") : (_ben, "second");
            Assert.Equal(winner, (lost.Held!.ModeratorId, lost.Held.ProfileName));
            sent++;
            Clock.Advance(Seconds(30));
        }
        Assert.Equal(sent, (await Node.ThreadAsync(mine.Id)).Concat(await Node.ThreadAsync(theirs.Id)).Count(m => m.Direction == MessageDirection.Out));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Assignment_WhileTheModeratorLeaves_LeavesNeitherAnAbsentOwnerMarkedPresentNorALock()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(_ben);
            var kept = await OwnedAsync(_ana);
            Assert.True((await Node.Orchestrator.BeginAnswerAsync(kept.Id, _ana)).Lock.Succeeded);

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.TransferAsync(held.Id, _ben, _ana), async () => await _other.Orchestrator.HandleUserLeftAsync(_ana));

            var transfer = (ClaimOutcome)outcomes[0];
            Assert.True(transfer.Result is ClaimResult.Done or ClaimResult.NotPresent, $"{transfer}");
            var after = await Node.ConversationAsync(held.Id);
            Assert.Equal(after.Status == ConversationStatus.Assigned, (await Node.ModeratorAsync(after.OwnerId!.Value)).State == PresenceState.Online);
            Assert.Empty(await Locks(Node).GetLockedClientsAsync(_ana));
            // Whoever has it now does not wait for the lock of who left.
            if (after.OwnerId == _ben) Assert.True((await _other.Orchestrator.BeginAnswerAsync(held.Id, _ben)).Lock.Succeeded);
            await Node.Orchestrator.CloseAsync(held.Id, null, supervisor: true);
            await Node.Orchestrator.CloseAsync(kept.Id, null, supervisor: true);
            await Node.ConnectAsync(_ana);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfer_WhileTheClientWritesAndTheOwnerSends_TheOwnerOfThatMomentSpokeAndNothingIsLost()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var held = await OwnedAsync(_ana);
            var address = Address();
            var mine = await Node.Orchestrator.BeginAnswerAsync(held.Id, _ana);

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.TransferAsync(held.Id, _ana, _ben),
                async () => await _other.ReceiveAsync(Profile, address, "one more thing"),
                async () => await _other.Orchestrator.ReplyAsync(held.Id, _ana, "from Ana", lockToken: mine.Lock.Token));

            Assert.Equal(ClaimResult.Done, ((ClaimOutcome)outcomes[0]).Result);
            var reply = (ReplyOutcome)outcomes[2];
            Assert.True(reply.Result == ReplyResult.Queued || (reply.Result == ReplyResult.NotOwner && reply.HeldByName == "Ben"), $"{reply}");
            Assert.Equal(reply.Succeeded ? 3 : 2, (await Node.ThreadAsync(held.Id)).Count);
            var after = await Node.ConversationAsync(held.Id);
            Assert.Equal((_ben, ConversationStatus.Assigned), (after.OwnerId, after.Status));
            Assert.Equal(ReplyResult.NotOwner, (await _other.Orchestrator.ReplyAsync(held.Id, _ana, "again", lockToken: mine.Lock.Token)).Result);
            Assert.True((await _other.Orchestrator.BeginAnswerAsync(held.Id, _ben)).Lock.Succeeded);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task UnlockRequest_WhileTheHolderSends_TheSendIsBeforeTheLossOrRefused()
    {
        var (mine, theirs) = await PairAsync();
        var accepted = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var hold = (await Node.Orchestrator.BeginAnswerAsync(mine.Id, _ana)).Lock;
            var asked = await Locks(Node).RequestUnlockAsync(LockKind.Client, mine.ContactId, _ben, "mine?", _second.Id);
            Assert.Equal(UnlockResult.Asked, asked.Result);
            Clock.Advance(Seconds(20));

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.ReplyAsync(mine.Id, _ana, $"{i}", lockToken: hold.Token),
                async () => await Locks(Node).ResolveUnlockRequestsAsync(Clock.Now),
                async () => await Locks(_other).ResolveUnlockRequestsAsync(Clock.Now));

            var reply = (ReplyOutcome)outcomes[0];
            Assert.True(reply.Result == ReplyResult.Queued || (reply.Result == ReplyResult.StaleLock && reply.Held?.ModeratorId == _ben), $"{reply}");
            if (reply.Succeeded) accepted++;
            // Several sweeps are one: the asker has it, once, under the next token.
            Assert.Equal(1, (int)outcomes[1] + (int)outcomes[2]);
            var now = await Locks(Node).GetLockInfoAsync(LockKind.Client, mine.ContactId);
            Assert.Equal((_ben, hold.Token + 1), (now!.ModeratorId, now.Token));
            Assert.Equal(ReplyResult.StaleLock, (await Node.Orchestrator.ReplyAsync(mine.Id, _ana, "stale", lockToken: hold.Token)).Result);
            Assert.True(await Locks(Node).UnlockClientAsync(mine.ContactId, now.Token));
        }
        TestContext.Current.SendDiagnosticMessage("{0}: {1} of {2} sends were before the loss", Provider, accepted, Rounds);
        Assert.Equal(accepted, (await Node.ThreadAsync(mine.Id)).Count(m => m.Direction == MessageDirection.Out));
        Assert.Equal(Rounds, await Node.ReadAsync(db => db.UnlockRequests.CountAsync(r => r.Status == UnlockStatus.LostBySilence)));
        Assert.Equal(theirs.ContactId, mine.ContactId);
    }

    [Fact]
    public async Task TakeOver_AnAnswerAndASendAtOnce_LeaveOneDecisionAndOneHolder()
    {
        var (mine, _) = await PairAsync();
        for (var i = 0; i < Rounds; i++)
        {
            var hold = (await Node.Orchestrator.BeginAnswerAsync(mine.Id, _ana)).Lock;
            var asked = await Locks(Node).RequestUnlockAsync(LockKind.Client, mine.ContactId, _ben, "mine?", _second.Id);

            var outcomes = await AtOnceAsync<object>(
                async () => await Locks(Node).AnswerUnlockAsync(asked.RequestId, _ana, i % 2 == 0, "still writing"),
                async () => await Locks(_other).TakeOverAsync(LockKind.Client, mine.ContactId, null, "from above", seenToken: hold.Token),
                async () => await _other.Orchestrator.ReplyAsync(mine.Id, _ana, $"{i}", lockToken: hold.Token));

            var (answer, above, reply) = ((UnlockOutcome)outcomes[0], (UnlockOutcome)outcomes[1], (ReplyOutcome)outcomes[2]);
            Assert.True(answer.Result is UnlockResult.Moved or UnlockResult.Kept or UnlockResult.TooLate or UnlockResult.NotLocked, $"{answer}");
            Assert.True(reply.Result is ReplyResult.Queued or ReplyResult.StaleLock, $"{reply}");
            var now = await Locks(Node).GetLockInfoAsync(LockKind.Client, mine.ContactId);
            // Given up: the asker has it and from above came too late. Otherwise it was freed, whatever the holder said.
            if (answer.Result == UnlockResult.Moved) Assert.Equal((_ben, UnlockResult.NotLocked), (now!.ModeratorId, above.Result));
            else Assert.Equal((null, UnlockResult.Moved), (now, above.Result));
            Assert.Equal(ReplyResult.StaleLock, (await Node.Orchestrator.ReplyAsync(mine.Id, _ana, "stale", lockToken: hold.Token)).Result);
            if (now is not null) await Locks(Node).UnlockClientAsync(mine.ContactId, now.Token);
        }
        Assert.Equal(0, await Node.ReadAsync(db => db.UnlockRequests.CountAsync(r => r.Status == UnlockStatus.Open)));
    }

    [Fact]
    public async Task Initiation_ByTwoFromTwoProfiles_OneApproachesAndTheOtherIsToldWho()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var address = NextAddress();

            var outcomes = await AtOnceAsync(
                () => Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ana, "hello", Address: address)),
                () => _other.Orchestrator.StartConversationAsync(new NewConversation(_second.Id, _ben, "hello", Address: address)));

            Assert.Single(outcomes, o => o.Result == StartResult.Started);
            var lost = Assert.Single(outcomes, o => o.Result == StartResult.DoubleInitiation);
            Assert.Equal(
                (InitiationResult.RecentlyApproached, (long?)(outcomes[0].Succeeded ? _ana : _ben), (DateTime?)Clock.Now.AddHours(24)),
                (lost.Initiation!.Result, lost.Initiation.ModeratorId, lost.Initiation.AllowedAt));
        }
        Assert.Equal(Rounds, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Initiation_WhileTheContactWrites_LeavesOneOpenConversation()
    {
        for (var i = 0; i < Rounds; i++)
        {
            var address = NextAddress();

            var outcomes = await AtOnceAsync<object>(
                async () => await Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ana, "hello", Address: address)),
                async () => await _other.ReceiveAsync(Profile, address, "hello you"));

            var start = (StartOutcome)outcomes[0];
            Assert.True(start.Result is StartResult.Started || start.Initiation is { Result: InitiationResult.AlreadyOpen, ConversationId: not null }, $"{start}");
            var conversation = await Node.ConversationAsync(Profile, address);
            Assert.Equal(start.Succeeded ? 2 : 1, (await Node.ThreadAsync(conversation.Id)).Count);
        }
        Assert.Equal(Rounds, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        await Node.AssertConsistentAsync();
    }

    private static ProfileLockService Locks(DispatcherFixture node) => node.Get<ProfileLockService>();

    private static async Task<ReplyOutcome> AnswerAsync(DispatcherFixture node, long conversation, long moderator, int round)
    {
        if (round % 2 == 0) return await node.Orchestrator.ReplyAsync(conversation, moderator, $"{round}");
        var begun = (await node.Orchestrator.BeginAnswerAsync(conversation, moderator)).Lock;
        return begun.Succeeded
            ? await node.Orchestrator.ReplyAsync(conversation, moderator, $"{round}", lockToken: begun.Token)
            : new ReplyOutcome(ReplyResult.Locked, Held: begun.Held);
    }

    /// <summary>One contact who has a conversation with Ana as one profile and with Ben as the other.</summary>
    private async Task<(Conversation Mine, Conversation Theirs)> PairAsync()
    {
        var mine = await OwnedAsync(_ana);
        var theirs = await Node.OpenAsync(_second, Address());
        if (theirs.OwnerId != _ben) Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(theirs.Id, _ben, evenFromOwner: true)).Result);
        return (mine, theirs);
    }

    private string NextAddress() => $"3390{++_round}";

    private string Address() => $"3390{_round}";

    private async Task<Conversation> OwnedAsync(long owner)
    {
        var opened = await Node.OpenAsync(Profile, NextAddress());
        if (opened.OwnerId != owner) Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(opened.Id, owner, evenFromOwner: true)).Result);
        return await Node.ConversationAsync(opened.Id);
    }
}
