using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ConflictOnSqlite(PostgresServer postgres) : ConflictCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ConflictOnPostgres(PostgresServer postgres) : ConflictCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Who comes first, who may approach whom, what is recorded and how it is settled.</summary>
public abstract class ConflictCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private long _ana, _ben;

    private ConflictResolutionService Conflicts => Node.Get<ConflictResolutionService>();
    private ProfileLockService Locks => Node.Get<ProfileLockService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        (_ana, _ben) = (people[0], people[1]);
    }

    [Fact]
    public async Task Decide_ByAnAdmin_GivesItToTheLoserOrLeavesIt_Once()
    {
        var second = await Node.AddProfileAsync("second");
        var anas = await Node.OpenAsync(Profile, "33600");
        var bens = await Node.OpenAsync(second, "33600");
        Assert.Equal((_ana, _ben), (anas.OwnerId!.Value, bens.OwnerId!.Value));
        var begun = await Node.Orchestrator.BeginAnswerAsync(anas.Id, _ana);
        await Node.Orchestrator.ReplyAsync(bens.Id, _ben, "me too");
        var first = Assert.Single((await Conflicts.ListAsync(0, 10, open: true)).Items).Id;

        Assert.Equal(ResolveResult.BadReason, (await Conflicts.DecideAsync(first, 1, ConflictDecision.GiveToLoser, " ")).Result);
        Assert.Equal(ResolveResult.NotFound, (await Conflicts.DecideAsync(999, 1, ConflictDecision.LeaveIt)).Result);
        var outcomes = await AtOnceAsync(
            () => Conflicts.DecideAsync(first, 1, ConflictDecision.GiveToLoser, "she waits for Ben"), () => Conflicts.DecideAsync(first, 1, ConflictDecision.GiveToLoser, "she waits for Ben"));
        Assert.Single(outcomes, o => o.Result == ResolveResult.Done);
        Assert.Equal(_ben, (await Locks.GetLockInfoAsync(LockKind.Client, anas.ContactId))!.ModeratorId);
        Assert.Equal(ReplyResult.StaleLock, (await Node.Orchestrator.ReplyAsync(anas.Id, _ana, "late", lockToken: begun.Lock.Token)).Result);
        Assert.Equal(ConflictResolution.Overruled, (await Conflicts.ListAsync(0, 10)).Items.Single(c => c.Id == first).Resolution);

        // Ana ran into Ben's hold now; left with him.
        var next = Assert.Single((await Conflicts.ListAsync(0, 10, open: true)).Items).Id;
        Assert.Equal(ResolveResult.Done, (await Conflicts.DecideAsync(next, 1, ConflictDecision.LeaveIt)).Result);
        Assert.Equal(ResolveResult.AlreadyResolved, (await Conflicts.DecideAsync(next, 1, ConflictDecision.LeaveIt)).Result);
        Assert.Equal(_ben, (await Locks.GetLockInfoAsync(LockKind.Client, anas.ContactId))!.ModeratorId);
    }

    [Fact]
    public async Task HandleConnectionCollision_AtOneInstant_OrdersByTimeThenIdAndRecordsIt()
    {
        var (late, cleo) = (await Node.AddModeratorAsync("Late"), await Node.AddModeratorAsync("Cleo"));
        Clock.Advance(Seconds(1));
        await Node.ConnectAsync(cleo);
        await Node.ConnectAsync(late);
        Clock.Advance(Seconds(1));
        // A second tab does not make anybody later.
        await Node.ConnectAsync(_ben);

        var order = await Conflicts.HandleConnectionCollisionAsync([cleo, late, 999, _ben, _ana, _ben]);

        Assert.Equal([_ana, _ben, late, cleo], order.Order.Select(c => c.ModeratorId));
        Assert.Equal(999, Assert.Single(order.Absent));
        Assert.Equal(ConflictRule.ModeratorId, order.Rule);
        var record = Assert.Single((await Conflicts.ListAsync(0, 10)).Items);
        Assert.Equal((ConflictKind.Connection, (long?)_ana, ConflictResolution.Automatic, (long?)2000), (record.Kind, record.WinnerId, record.Resolution, record.DurationMs));
        Assert.Equal([_ana, _ben, late, cleo], record.Participants);
        Assert.Empty((await Conflicts.HandleConnectionCollisionAsync([])).Order);
        Assert.Equal(1, (await Conflicts.ListAsync(0, 10)).Total);
    }

    [Fact]
    public async Task LogConflict_SameLoserAtTheSameHold_IsOneRecord()
    {
        var conflict = new Conflict(ConflictKind.Profile, Profile.Id, ConflictRule.Lock, _ana, _ben, Token: 4);
        Assert.True(await Conflicts.LogConflictAsync(conflict));
        Assert.False(await Conflicts.LogConflictAsync(conflict));
        Assert.True(await Conflicts.LogConflictAsync(conflict with { Token = 5 }));
        Assert.True(await Conflicts.LogConflictAsync(conflict with { LoserId = null }));
        Assert.Equal((4 - 1, 2), ((await Conflicts.ListAsync(0, 1)).Total, (await Conflicts.ListAsync(0, 1, moderatorId: _ben)).Total));
    }

    [Fact]
    public async Task Resolve_AcceptAskAndRetry_EachSettlesOnce()
    {
        var contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
        var held = await Locks.LockClientAsync(contact, Profile.Id, _ana);
        var first = await LoseAsync(contact);
        Assert.Equal(ResolveResult.NotYours, (await Conflicts.ResolveAsync(first, _ana, ConflictChoice.Accept)).Result);
        Assert.Equal(ResolveResult.NotFound, (await Conflicts.ResolveAsync(999, _ben, ConflictChoice.Accept)).Result);
        Assert.Equal((ResolveResult.StillHeld, _ana), (await Conflicts.ResolveAsync(first, _ben, ConflictChoice.Retry)) is { Held: { } h } still ? (still.Result, h.ModeratorId) : default);
        Assert.Equal(ResolveResult.BadReason, (await Conflicts.ResolveAsync(first, _ben, ConflictChoice.Ask)).Result);
        Clock.Advance(Seconds(2));
        var asked = await Conflicts.ResolveAsync(first, _ben, ConflictChoice.Ask, "I know her");
        Assert.Equal((ResolveResult.Done, Clock.Now + Seconds(20)), (asked.Result, asked.DueAt));
        Assert.Equal(ResolveResult.AlreadyResolved, (await Conflicts.ResolveAsync(first, _ben, ConflictChoice.Accept)).Result);
        var record = Assert.Single((await Conflicts.ListAsync(0, 10, open: false)).Items);
        Assert.Equal((ConflictResolution.Asked, (long?)_ben, (long?)2000), (record.Resolution, record.ResolvedById, record.DurationMs));

        await Locks.UnlockClientAsync(contact, held.Token);
        var bens = await Locks.GetLockInfoAsync(LockKind.Client, contact);
        Assert.Equal(_ben, bens!.ModeratorId);
        await Locks.UnlockClientAsync(contact, bens.Token);

        await Locks.LockClientAsync(contact, Profile.Id, _ana);
        var second = await LoseAsync(contact);
        Clock.Advance(Seconds(30));
        var retried = await Conflicts.ResolveAsync(second, _ben, ConflictChoice.Retry);
        Assert.Equal((ResolveResult.Done, bens.Token + 2), (retried.Result, retried.Token));
    }

    [Fact]
    public async Task Conflict_OverALockThatEnded_IsSettledByItself()
    {
        var contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
        await Locks.LockClientAsync(contact, Profile.Id, _ana);
        await LoseAsync(contact);
        Assert.Equal(0, await Conflicts.SettleEndedAsync(Clock.Now));

        Clock.Advance(Seconds(30));
        Assert.Equal(1, await Conflicts.SettleEndedAsync(Clock.Now));
        Assert.Equal(0, await Conflicts.SettleEndedAsync(Clock.Now));

        var record = Assert.Single((await Conflicts.ListAsync(0, 10)).Items);
        Assert.Equal((ConflictResolution.Automatic, (long?)30_000, "Ana", "Ben"), (record.Resolution, record.DurationMs, record.WinnerName, record.LoserName));
    }

    [Fact]
    public async Task Start_BeginsAConversationThatIsOwnedAndSaid()
    {
        var outcome = await Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ana, "Good morning", Address: "33777", Name: "Lea"));

        Assert.Equal(StartResult.Started, outcome.Result);
        await Node.Sender.SendAsync(outcome.MessageId);
        Assert.Equal(("33777", "Good morning"), Assert.Single(Node.Gateway.Sent.Select(s => (s.Address, s.Text))));
        var conversation = await Node.ConversationAsync(outcome.ConversationId);
        Assert.Equal((_ana, ConversationStatus.Assigned, null, MessageDirection.Out), (conversation.OwnerId, conversation.Status, conversation.WaitingSince, conversation.LastMessageDirection));
        Assert.Equal([ConversationEventKind.Opened, ConversationEventKind.Assigned], (await Node.EventsAsync(conversation.Id)).Select(e => e.Kind));
        Assert.True(await Locks.IsClientLockedAsync(conversation.ContactId, Profile.Id));
        Assert.Equal((true, conversation.Id, "Ana"), await Conflicts.ValidateUniqueClientProfileAssignmentAsync(conversation.ContactId, Profile.Id) is var pair ? (pair.IsUnique, pair.ConversationId!.Value, pair.OwnerName) : default);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Start_WithAnOpenOneOrARecentApproach_IsRefusedWithTheReason()
    {
        var second = await Node.AddProfileAsync("second");
        var open = await Node.OpenAsync(Profile, "33600");
        var refused = await Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ben, "hi", open.ContactId));
        Assert.Equal((InitiationResult.AlreadyOpen, (long?)open.Id, "Ana"), (refused.Initiation!.Result, refused.Initiation.ConversationId, refused.Initiation.ModeratorName));

        // That the contact writes to one profile does not keep another from approaching him; that another approached him does.
        Assert.Equal(InitiationResult.Allowed, (await Conflicts.PreventDoubleInitiationAsync(open.ContactId, second.Id)).Result);
        Assert.Equal(StartResult.Started, (await Node.Orchestrator.StartConversationAsync(new NewConversation(second.Id, _ben, "hi", open.ContactId))).Result);
        await Node.Orchestrator.CloseAsync(open.Id, _ana);
        Clock.Advance(TimeSpan.FromHours(23));
        var early = await Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ana, "hi", open.ContactId));
        Assert.Equal(
            (InitiationResult.RecentlyApproached, "Ben", "second", (DateTime?)Clock.Now.AddHours(1)),
            (early.Initiation!.Result, early.Initiation.ModeratorName, early.Initiation.ProfileName, early.Initiation.AllowedAt));
        Assert.Equal(InitiationResult.RecentlyApproached, (await Conflicts.PreventDoubleInitiationAsync(open.ContactId, Profile.Id)).Result);
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(StartResult.Started, (await Node.Orchestrator.StartConversationAsync(new NewConversation(Profile.Id, _ana, "hi", open.ContactId))).Result);
        Assert.Equal(2, (await Conflicts.ListAsync(0, 10, ConflictKind.Initiation)).Total);
    }

    [Fact]
    public async Task Start_ThatCannotBe_SaysWhyAndLeavesNothing()
    {
        var full = await Node.AddModeratorAsync("Full", max: 0);
        var contact = (await Node.OpenAsync(Profile, "33600")).ContactId;
        var second = await Node.AddProfileAsync("second");
        async Task<StartOutcome> Try(NewConversation wanted) => await Node.Orchestrator.StartConversationAsync(wanted);

        Assert.Equal(StartResult.BadText, (await Try(new(second.Id, _ana, " ", contact))).Result);
        Assert.Equal(StartResult.BadAddress, (await Try(new(second.Id, _ana, "hi", Address: "+33 1 <script>"))).Result);
        Assert.Equal(StartResult.ProfileNotFound, (await Try(new(999, _ana, "hi", contact))).Result);
        Assert.Equal(StartResult.ContactNotFound, (await Try(new(second.Id, _ana, "hi", 999))).Result);
        Assert.Equal((StartResult.NotAssignable, ClaimResult.Disabled), Claim(await Try(new(second.Id, 999, "hi", contact))));
        Assert.Equal((StartResult.NotAssignable, ClaimResult.AtCapacity), Claim(await Try(new(second.Id, full, "hi", contact))));
        await Locks.LockClientAsync(contact, Profile.Id, _ana);
        var locked = await Try(new(second.Id, _ben, "hi", contact));
        Assert.Equal((StartResult.NotSent, ReplyResult.Locked, "Ana"), (locked.Result, locked.Reply!.Result, locked.Reply.Held!.ModeratorName));

        Assert.Equal((1, 0), (await Node.ReadAsync(db => db.Conversations.CountAsync()), await Node.ReadAsync(db => db.ClientApproaches.CountAsync())));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Start_SameEffectKeyAgain_IsTheSameConversation()
    {
        var wanted = new NewConversation(Profile.Id, _ana, "hi", Address: "33777", EffectKey: "start:1");
        var first = await Node.Orchestrator.StartConversationAsync(wanted);
        var again = await Node.Orchestrator.StartConversationAsync(wanted);

        Assert.Equal((StartResult.AlreadyStarted, first.ConversationId, first.MessageId), (again.Result, again.ConversationId, again.MessageId));
    }

    [Fact]
    public async Task ValidateAssignmentIntegrity_FindsWhatWasTamperedWith()
    {
        var open = await Node.OpenAsync(Profile, "33600");
        await Locks.LockClientAsync(open.ContactId, Profile.Id, _ana);
        Assert.Empty(await Conflicts.ValidateAssignmentIntegrityAsync());

        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET open_count = 5, enabled = @no WHERE id = @id", ("no", false), ("id", _ana)));

        var found = await Conflicts.ValidateAssignmentIntegrityAsync();
        Assert.Equal(["disabled-owner", "load-counter", "lock-not-allowed"], found.Select(f => f.Rule).Order(StringComparer.Ordinal));
    }

    private static (StartResult, ClaimResult) Claim(StartOutcome outcome) => (outcome.Result, outcome.Claim!.Result);

    private async Task<long> LoseAsync(long contact)
    {
        Assert.Equal(LockResult.HeldByOther, (await Locks.LockClientAsync(contact, Profile.Id, _ben)).Result);
        return (await Conflicts.ListAsync(0, 1, ConflictKind.Client, _ben, open: true)).Items[0].Id;
    }
}
