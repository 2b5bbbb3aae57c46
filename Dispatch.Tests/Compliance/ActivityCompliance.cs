using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ActivityOnSqlite(PostgresServer postgres) : ActivityCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ActivityOnPostgres(PostgresServer postgres) : ActivityCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Signs of life, reassignment with a memory, and load that evens out only where it disturbs nobody.</summary>
public abstract class ActivityCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private ModeratorActivityService Activity => Node.Get<ModeratorActivityService>();
    private LoadBalancingService Load => Node.Get<LoadBalancingService>();

    [Fact]
    public async Task Silence_WhileNobodyWaits_IsNoInactivityAndCostsNoPresence()
    {
        // A background tab or a phone with its screen off: connected, and silent for an hour.
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        var conversation = await Node.OpenAsync(vip, "33600");
        await Node.Orchestrator.ReplyAsync(conversation.Id, people[0], "hello");

        Clock.Advance(TimeSpan.FromHours(1));
        await Node.EndGraceAsync();
        await Node.RotateAsync();

        Assert.Empty(await Activity.DetectInactiveModeratorsAsync());
        Assert.Equal(new Reassignment(0, 0, 0), await Activity.SweepAsync());
        Assert.Equal((PresenceState.Online, people[0]), ((await Node.ModeratorAsync(people[0])).State, await Node.HolderAsync(vip.Id)));
    }

    [Fact]
    public async Task Inactive_TheNextOneGetsIt_EachOnce_AtMostThreeTimes_ThenTheAdminsAreToldOnce()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo", "Dan", "Eve");
        var conversation = await Node.OpenAsync(Profile, "33600");
        var had = new List<long> { conversation.OwnerId!.Value };
        for (var hop = 0; hop < 3; hop++)
        {
            Clock.Advance(Seconds(59));
            Assert.Equal(0, (await Activity.SweepAsync()).Moved);
            Clock.Advance(Seconds(1));
            Assert.Equal(1, (await Activity.SweepAsync()).Moved);
            had.Add((await Node.ConversationAsync(conversation.Id)).OwnerId!.Value);
            // Who got it gives a sign of life and then none.
            await Node.Orchestrator.RecordActivityAsync(had[^1]);
        }
        Assert.Equal(4, had.Distinct().Count());

        Clock.Advance(Seconds(60));
        Assert.Equal(new Reassignment(0, 0, 1), await Activity.SweepAsync());
        Clock.Advance(Seconds(60));
        Assert.Equal(new Reassignment(0, 0, 0), await Activity.SweepAsync());

        Assert.Equal(had[^1], (await Node.ConversationAsync(conversation.Id)).OwnerId);
        var told = Assert.Single((await Node.Get<ProfileQueries>().FindingsAsync(0, 10)).Items);
        Assert.Equal((FindingKind.Unanswered, conversation.Id, had[^1], 2), (told.Kind, told.ConversationId, told.ModeratorId, told.Count));
        Assert.Equal(3, (await Node.EventsAsync(conversation.Id)).Count(e => e is { Cause: ClaimCause.Inactivity, Reason: DecisionReason.OwnerInactive }));
        // Answered, and a new question is a new wait: everybody may be asked again.
        await Node.Orchestrator.ReplyAsync(conversation.Id, had[^1], "sorry");
        Clock.Advance(Seconds(1));
        await Node.ReceiveAsync(Profile, "33600", "again");
        Clock.Advance(Seconds(60));
        Assert.Equal(1, (await Activity.SweepAsync()).Moved);
        await Node.AssertConsistentAsync();
        Assert.Equal(5, people.Length);
    }

    [Fact]
    public async Task Inactive_NobodyElseThere_StaysAndIsTold()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(60));

        Assert.Equal(new Reassignment(0, 0, 1), await Activity.SweepAsync());

        Assert.Equal(people[0], (await Node.ConversationAsync(conversation.Id)).OwnerId);
    }

    [Fact]
    public async Task Typing_KeepsWhatWaits_AndIsWrittenAtMostEveryFiveSeconds()
    {
        await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");
        var owner = conversation.OwnerId!.Value;
        Clock.Advance(Seconds(59));

        var written = await AtOnce.Async([.. Enumerable.Range(0, 8).Select(_ => (Func<Task<bool>>)(() => Activity.RecordTypingActivityAsync(owner, conversation.Id)))]);
        Assert.Equal(1, written.Count(w => w));
        Clock.Advance(Seconds(4));
        Assert.False(await Activity.RecordTypingActivityAsync(owner, conversation.Id));
        Assert.Equal(0, (await Activity.SweepAsync()).Moved);
        Clock.Advance(Seconds(1));
        Assert.True(await Activity.RecordTypingActivityAsync(owner, conversation.Id));
        Assert.False(await Activity.RecordTypingActivityAsync(owner + 1, conversation.Id));

        Assert.Equal(Clock.Now, (await Node.ModeratorAsync(owner)).LastActivityAt);
        Assert.Equal(Clock.Now, await Node.ReadAsync(db => db.TypingActivity.Where(t => t.ConversationId == conversation.Id).Select(t => t.At).SingleAsync()));
    }

    [Fact]
    public async Task InactiveHolder_LosesTheProfileToTheNext_AndWaitsAgainWithHisNextSignOfLife()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        var conversation = await Node.OpenAsync(vip, "33600");
        Clock.Advance(Seconds(60));

        Assert.Equal(new Reassignment(0, 1, 0), await Activity.SweepAsync());

        Assert.Equal((people[1], people[1]), (await Node.HolderAsync(vip.Id), (await Node.ConversationAsync(conversation.Id)).OwnerId));
        Assert.Equal(ReleaseCause.Inactive, Assert.Single(await Node.Get<ProfileQueries>().LostByAsync(people[0])).EndCause);
        await Node.RotateAsync();
        var line = Node.Get<ModeratorQueueService>();
        Assert.Null(await line.GetQueuePositionAsync(people[0]));
        await Node.Orchestrator.RecordActivityAsync(people[0]);
        await Node.RotateAsync();
        Assert.NotNull(await line.GetQueuePositionAsync(people[0]));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task InactiveHolder_NobodyInTheLine_KeepsItAndTheAdminsAreTold()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana");
        await Node.RotateAsync();
        await Node.OpenAsync(vip, "33600");
        Clock.Advance(Seconds(60));

        Assert.Equal(new Reassignment(0, 0, 1), await Activity.SweepAsync());

        Assert.Equal(people[0], await Node.HolderAsync(vip.Id));
    }

    [Fact]
    public async Task Reassignment_AndAnAnswerAtOnce_OneOfThemHappens()
    {
        await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 10000"));
        for (var i = 0; i < 50; i++)
        {
            var conversation = await Node.OpenAsync(Profile, $"3360{i}");
            var owner = conversation.OwnerId!.Value;
            Clock.Advance(Seconds(61));
            ReplyOutcome? reply = null;

            await AtOnce.Async(
                async () => await Activity.TriggerReassignmentForInactivityAsync(owner), async () => reply = await Node.Orchestrator.ReplyAsync(conversation.Id, owner, "here"));

            var after = await Node.ConversationAsync(conversation.Id);
            Assert.True(reply!.Result == ReplyResult.Queued ? after.WaitingSince is null : after.OwnerId != owner && after.WaitingSince is not null, $"{reply.Result} {after.OwnerId}");
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Workload_ResponseTimesAndOverload_AreWhatTheRowsSay()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var first = await Node.OpenAsync(Profile, "33601");
        Clock.Advance(Seconds(30));
        await Node.Orchestrator.ReplyAsync(first.Id, people[0], "hello");
        await Node.OpenAsync(Profile, "33602");
        Clock.Advance(TimeSpan.FromMinutes(4));

        var workload = (await Activity.CalculateModeratorWorkloadAsync(people[0]))!;
        Assert.Equal((2, 1, 1, Overload.TooLongWaiting), (workload.OpenCount, workload.Waiting, workload.Answered, workload.Overloaded!.Value));
        Assert.Null(await Activity.CalculateModeratorWorkloadAsync(999));
        var (times, total) = await Activity.MonitorResponseTimesAsync(0, 10);
        Assert.Equal(2, total);
        // A wait is told in full, however old; answers are those of the last week.
        Assert.Equal("Contact 33602", times[0].Contact);
        Assert.Equal((TimeSpan.FromMinutes(4), null), (times[0].Times.WaitingFor!.Value, times[0].Times.First));
        Assert.Equal((Seconds(30), Seconds(30), Seconds(30)), (times[1].Times.First!.Value, times[1].Times.Mean!.Value, times[1].Times.Slowest!.Value));
        Assert.Equal((people[0], Overload.TooLongWaiting), ((await Activity.IdentifyOverloadedModeratorsAsync())[0].Id, (await Activity.IdentifyOverloadedModeratorsAsync())[0].Why));
    }

    [Fact]
    public async Task Rebalance_MovesQuietConversationsOnly_AndTellsBoth()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversations = new List<Conversation>();
        for (var i = 0; i < 6; i++)
        {
            conversations.Add(await Node.OpenAsync(Profile, $"3360{i}"));
            await Node.Orchestrator.ReplyAsync(conversations[^1].Id, people[0], "hello");
            Clock.Advance(Seconds(1));
        }
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        Assert.Equal(new Imbalance(true, 6, people[0], ben), await Load.DetectImbalanceAsync());
        // Five minutes with their owner first, then: one waits, in one Ana types, one is locked.
        Assert.Equal(new RebalanceResult(0, 0, 0), await Load.RedistributeClientsAsync());
        Clock.Advance(TimeSpan.FromMinutes(6));
        await Node.ReceiveAsync(Profile, "33600", "waiting");
        await Activity.RecordTypingActivityAsync(people[0], conversations[1].Id);
        await Node.Get<ProfileLockService>().LockClientAsync(conversations[2].ContactId, Profile.Id, people[0]);

        Assert.Equal(new RebalanceResult(3, 0, 0), await Load.RedistributeClientsAsync());

        foreach (var stays in conversations[..3]) Assert.Equal(people[0], (await Node.ConversationAsync(stays.Id)).OwnerId);
        foreach (var moved in conversations[3..]) Assert.Equal(ben, (await Node.ConversationAsync(moved.Id)).OwnerId);
        var why = (await Node.EventsAsync(conversations[3].Id))[^1];
        Assert.Equal((ClaimCause.Rebalance, DecisionReason.Rebalanced, people[0], ben), (why.Cause, why.Reason, why.FromId, why.ToId));
        Assert.Equal(new RebalanceResult(0, 0, 0), await Load.RedistributeClientsAsync());
        var report = await Load.GenerateLoadReportAsync();
        Assert.Equal((2, 6, 0, false, 3), (report.Present, report.OpenConversations, report.Difference, report.Unbalanced, report.MovesLastHour));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Rebalance_AndAMessageAtOnce_NeverMovesWhatWaits()
    {
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        for (var i = 0; i < 50; i++)
        {
            var (from, to) = (people[i % 2], people[1 - (i % 2)]);
            foreach (var open in await Node.ReadAsync(db => db.Conversations.Where(c => c.Status != ConversationStatus.Closed).Select(c => c.Id).ToListAsync()))
                await Node.Orchestrator.CloseAsync(open, null, supervisor: true);
            await Node.Orchestrator.ChoosePresenceAsync(to, PresenceState.Away);
            var mine = new List<Conversation>();
            for (var j = 0; j < 2; j++)
            {
                mine.Add(await Node.OpenAsync(Profile, $"33{i}-{j}"));
                await Node.Orchestrator.ReplyAsync(mine[^1].Id, from, "hello");
            }
            await Node.Orchestrator.ChoosePresenceAsync(to, PresenceState.Online);
            Clock.Advance(TimeSpan.FromMinutes(6));

            await AtOnce.Async(
                async () => await Load.RedistributeClientsAsync(), async () => await (second ?? Node).ReceiveAsync(Profile, $"33{i}-0", "wait"));

            // Moved before the message or not at all: whoever had it when the contact wrote still has it.
            var waits = await Node.ConversationAsync(mine[0].Id);
            var moved = (await Node.EventsAsync(mine[0].Id)).FindLast(e => e.Cause == ClaimCause.Rebalance);
            var words = (await Node.ThreadAsync(mine[0].Id))[^1];
            Assert.Equal("wait", words.Text);
            Assert.Equal(moved?.ToId ?? from, waits.OwnerId);
        }
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task OptimalAssignment_OwnerThenHolderThenTheLeastBusy()
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        await Node.RotateAsync();
        var mine = await Node.OpenAsync(Profile, "33600");

        Assert.Equal((mine.OwnerId, DecisionReason.OwnerKept), Of(await Load.GetOptimalAssignmentAsync(mine.ContactId, Profile.Id)));
        Assert.Equal((people[0], DecisionReason.ProfileHolder), Of(await Load.GetOptimalAssignmentAsync(mine.ContactId, vip.Id)));
        Assert.Equal((people.Single(p => p != mine.OwnerId), DecisionReason.RoundRobin), Of(await Load.GetOptimalAssignmentAsync(999, Profile.Id)));
        Assert.Equal(people.Single(p => p != mine.OwnerId), (await Node.Get<ModeratorAssignmentService>().FindLeastBusyModeratorAsync(Profile.Id))!.Id);
        Assert.Equal([people.Single(p => p != mine.OwnerId), mine.OwnerId!.Value], (await Load.CalculateModeratorScoresAsync()).Select(s => s.Id));

        static (long?, DecisionReason) Of(Decision decision) => (decision.ChosenId, decision.Reason);
    }

    [Fact]
    public async Task Setting_TakesEffectAtOnce_AndNonsenseIsRefused()
    {
        var settings = Node.Get<SettingsService>();
        await Node.AddOnlineAsync("Ana", "Ben");
        await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(20));
        Assert.Empty(await Activity.DetectInactiveModeratorsAsync());

        Assert.Equal(SettingResult.Done, (await settings.ChangeAsync("routing.inactiveAfter", 15, null)).Result);

        Assert.Single(await Activity.DetectInactiveModeratorsAsync());
        Assert.Equal((15, Clock.Now), (await settings.ListAsync()).Where(s => s.Definition.Key == "routing.inactiveAfter").Select(s => (s.Value, s.ChangedAt!.Value)).Single());
        Assert.Equal(SettingResult.UnknownKey, (await settings.ChangeAsync("routing.nothing", 1, null)).Result);
        var refused = await settings.ChangeAsync("routing.inactiveAfter", 14, null);
        Assert.Equal((SettingResult.OutOfRange, 15, 3600), (refused.Result, refused.Definition!.Min, refused.Definition.Max));
        // An edited table does not bring nonsense in by the back door.
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE settings SET value = -5"));
        Clock.Advance(Seconds(3));
        Assert.Equal(TimeSpan.FromMinutes(1), (await settings.RoutingAsync()).InactiveAfter);
    }
}
