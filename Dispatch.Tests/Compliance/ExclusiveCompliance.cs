using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ExclusiveOnSqlite(PostgresServer postgres) : ExclusiveCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ExclusiveOnPostgres(PostgresServer postgres) : ExclusiveCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The conversations of an exclusive profile are with its holder, whoever and whatever moves.</summary>
public abstract class ExclusiveCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const int Rounds = 50;
    private Profile _vip = null!;
    private long[] _people = [];

    private ModeratorAssignmentService Assignments => Node.Get<ModeratorAssignmentService>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _vip = await Node.AddExclusiveAsync("vip");
        _people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        await Node.RotateAsync();
        Assert.Equal(_people[0], await Node.HolderAsync(_vip.Id));
    }

    [Fact]
    public async Task Inbound_GoesToTheHolder_NotRound()
    {
        for (var i = 0; i < 5; i++)
        {
            var opened = await Node.OpenAsync(_vip, $"3360{i}");
            Assert.Equal((_people[0], ConversationStatus.Assigned), (opened.OwnerId, opened.Status));
            Assert.Equal(DecisionReason.ProfileHolder, (await Node.EventsAsync(opened.Id)).Last(e => e.Kind == ConversationEventKind.Assigned).Reason);
        }
        // Several in one batch take the way of the batch.
        await Node.SubmitAsync(_vip, [Node.Message("33700"), Node.Message("33701"), Node.Message("33702")]);
        Assert.Equal(8, (await Node.ModeratorAsync(_people[0])).OpenCount);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_HolderFull_WaitsForHim_WithTheReason()
    {
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 1 WHERE id = @id", ("id", _people[0])));
        var first = await Node.OpenAsync(_vip, "33601");
        var second = await Node.OpenAsync(_vip, "33602");
        Assert.Equal(ConversationStatus.Pending, second.Status);
        Assert.Equal(DecisionReason.HolderFull, Assert.Single(await Node.PendingAsync()).Reason);

        await Node.Orchestrator.CloseAsync(first.Id, _people[0]);
        await Node.DrainAsync();

        Assert.Equal(_people[0], (await Node.ConversationAsync(second.Id)).OwnerId);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Inbound_FreeOrPaused_Waits_AndWhoeverGetsItGetsThem()
    {
        await Assignments.SetPausedAsync(_vip.Id, true, null);
        var paused = await Node.OpenAsync(_vip, "33601");
        Assert.Equal((ConversationStatus.Pending, DecisionReason.ProfilePaused), (paused.Status, Assert.Single(await Node.PendingAsync()).Reason));
        await Assignments.SetPausedAsync(_vip.Id, false, null);
        foreach (var id in _people) await Node.Orchestrator.HandleUserLeftAsync(id);
        await Node.RotateAsync();
        await Node.Database.WriteAsync(s => s.ExecuteAsync("DELETE FROM pending_messages"));
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE conversations SET status = 'Closed'"));
        var free = await Node.OpenAsync(_vip, "33602");
        Assert.Equal((ConversationStatus.Pending, DecisionReason.ProfileFree), (free.Status, Assert.Single(await Node.PendingAsync()).Reason));

        await Node.ConnectAsync(_people[1]);
        await Node.RotateAsync();
        await Node.DrainAsync();

        Assert.Equal(_people[1], (await Node.ConversationAsync(free.Id)).OwnerId);
    }

    [Fact]
    public async Task Take_ByAnybodyElse_IsRefusedWithWhoHoldsTheProfile()
    {
        var held = await Node.OpenAsync(_vip, "33601");

        var refused = await Node.Orchestrator.TakeAsync(held.Id, _people[1], evenFromOwner: true);
        Assert.Equal((ClaimResult.NotHolder, _people[0], "Ana"), (refused.Result, refused.HeldById, refused.HeldByName));
        Assert.Equal(ClaimResult.NotHolder, (await Node.Orchestrator.TransferAsync(held.Id, _people[0], _people[1])).Result);
        Assert.Equal(ClaimResult.NotHolder, (await Assignments.AssignClientToModeratorAsync(held.ContactId, _vip.Id, _people[1], null)).Result);
        Assert.Equal(ClaimResult.NotFound, (await Assignments.AssignClientToModeratorAsync(held.ContactId, Profile.Id, _people[1], null)).Result);
        var shared = await Node.OpenAsync(Profile, "33602");
        Assert.True((await Assignments.AssignClientToModeratorAsync(shared.ContactId, Profile.Id, _people[2], null)).Succeeded);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task ChangeOfHolder_TakesItsConversationsAlong_AndBothSidesSeeWhy()
    {
        var quiet = await Node.OpenAsync(_vip, "33601");
        await Node.Orchestrator.ReplyAsync(quiet.Id, _people[0], "hello");
        var waiting = await Node.OpenAsync(_vip, "33602");
        var other = await Node.OpenAsync(Profile, "33603");

        await Assignments.GiveBackAsync(_vip.Id, _people[0]);

        Assert.Equal([_people[1], _people[1]], [(await Node.ConversationAsync(quiet.Id)).OwnerId, (await Node.ConversationAsync(waiting.Id)).OwnerId]);
        Assert.Equal(other.OwnerId, (await Node.ConversationAsync(other.Id)).OwnerId);
        var moved = (await Node.EventsAsync(waiting.Id))[^1];
        Assert.Equal((ClaimCause.Rotation, DecisionReason.HolderChanged, _people[0], _people[1]), (moved.Cause, moved.Reason, moved.FromId, moved.ToId));
        var taken = await Node.Get<ProfileQueries>().TakenFromAsync(_people[0]);
        Assert.Equal([("Ben", DecisionReason.HolderChanged), ("Ben", DecisionReason.HolderChanged)], taken.Select(t => (t.To!, t.Reason)));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task ChangeOfHolder_NotRoomForAll_WhoWaitsLongestComesFirstAndTheRestWaitsForHim()
    {
        var conversations = new List<Conversation>();
        for (var i = 0; i < 5; i++)
        {
            conversations.Add(await Node.OpenAsync(_vip, $"3360{i}"));
            Clock.Advance(Seconds(1));
        }
        await Node.Orchestrator.ReplyAsync(conversations[0].Id, _people[0], "answered");
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 2 WHERE id = @id", ("id", _people[1])));

        await Assignments.GiveBackAsync(_vip.Id, _people[0]);

        foreach (var mine in conversations[1..3]) Assert.Equal(_people[1], (await Node.ConversationAsync(mine.Id)).OwnerId);
        foreach (var waits in (Conversation[])[conversations[0], .. conversations[3..]]) Assert.Equal(ConversationStatus.Pending, (await Node.ConversationAsync(waits.Id)).Status);
        Assert.All(await Node.PendingAsync(), p => Assert.Equal(DecisionReason.HolderFull, p.Reason));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Holder_AwayWithinTheGrace_KeepsWhatComes()
    {
        await Node.Orchestrator.ChoosePresenceAsync(_people[0], PresenceState.Away);

        var opened = await Node.OpenAsync(_vip, "33601");

        Assert.Equal((_people[0], ConversationStatus.AssignedOffline), (opened.OwnerId, opened.Status));
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Node.RotateAsync();
        Assert.Equal((_people[1], ConversationStatus.Assigned), ((await Node.ConversationAsync(opened.Id)).OwnerId, (await Node.ConversationAsync(opened.Id)).Status));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task GivenBackConversation_IsNotHandedToTheHolderAgainAndToNobodyElse()
    {
        var held = await Node.OpenAsync(_vip, "33601");

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.ReturnToQueueAsync(held.Id, _people[0])).Result);
        await Node.DrainAsync();

        Assert.Equal(ConversationStatus.Pending, (await Node.ConversationAsync(held.Id)).Status);
        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(held.Id, _people[0])).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task ProcessUnassigned_HigherPriorityProfileFirst_ThenTheLongestWaiting()
    {
        var urgent = await Node.AddProfileAsync("urgent");
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE profiles SET priority = 5 WHERE id = @id", ("id", urgent.Id)));
        foreach (var id in _people) await Node.Orchestrator.ChoosePresenceAsync(id, PresenceState.Away);
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 0"));
        var order = new List<long>();
        foreach (var (profile, address) in new[] { (Profile, "1"), (Profile, "2"), (urgent, "3"), (urgent, "4") })
        {
            order.Add((await Node.OpenAsync(profile, $"3360{address}")).Id);
            Clock.Advance(Seconds(1));
        }
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 8 WHERE id = @id", ("id", _people[0])));
        await Node.Orchestrator.ChoosePresenceAsync(_people[0], PresenceState.Online);

        // The pace hands three to one person: both of the urgent profile, then the oldest of the other.
        Assert.Equal(3, await Assignments.ProcessUnassignedMessagesAsync());

        Assert.Equal([order[2], order[3], order[0]], await Node.ReadAsync(db => db.ConversationEvents.Where(e => e.Cause == ClaimCause.Drain).OrderBy(e => e.Id).Select(e => e.ConversationId).ToListAsync()));
    }

    [Fact]
    public async Task Start_WhileTheHolderChanges_IsWithTheHolderOrRefused()
    {
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        var other = second ?? Node;
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 10000"));
        var (started, refused) = (0, 0);
        for (var i = 0; i < 200; i++)
        {
            var (from, to) = (_people[i % 2], _people[(i + 1) % 2]);
            var outcomes = new StartOutcome[2];
            await AtOnce.Async(
                async () => await Assignments.AssignProfileToModeratorAsync(_vip.Id, to, null),
                // The one who loses it begins a conversation at that very moment, and so does the one who gets it.
                async () => outcomes[0] = await other.Orchestrator.StartConversationAsync(new NewConversation(_vip.Id, from, "hello", Address: $"3371{i}")),
                async () => outcomes[1] = await other.Orchestrator.StartConversationAsync(new NewConversation(_vip.Id, to, "hello", Address: $"3372{i}")));

            Assert.All(outcomes, o => Assert.True(o.Succeeded || o is { Result: StartResult.NotAssignable, Claim.Result: ClaimResult.NotHolder }, $"{o}"));
            started += outcomes.Count(o => o.Succeeded);
            refused += outcomes.Count(o => !o.Succeeded);
            // What was begun before the change was seen by what follows it; nothing is left behind with the former holder.
            var owners = await Node.ReadAsync(db => db.Conversations.Where(c => c.ProfileId == _vip.Id && c.OwnerId != null).Select(c => c.OwnerId).Distinct().ToListAsync());
            Assert.True(owners.TrueForAll(o => o == to), $"round {i}: {string.Join(", ", owners)} beside holder {to}");
        }
        Assert.True(started > 20 && refused > 20, $"{started} begun, {refused} refused: hardly a race");
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task WhyNotMe_OfAnExclusiveProfile_SaysThatSomebodyElseHoldsIt()
    {
        var opened = await Node.OpenAsync(_vip, "33601");
        var told = ConversationClaims.FromJson((await Node.EventsAsync(opened.Id)).Last(e => e.Kind == ConversationEventKind.Assigned).Candidates);
        Assert.Equal(Verdict.Chosen, told.Single(c => c.Id == _people[0]).Verdict);
        Assert.All(told.Where(c => c.Id != _people[0]), c => Assert.Equal(Verdict.NotHolder, c.Verdict));
    }

    [Fact]
    public async Task ChangeOfHolder_AndMessagesAtOnce_LeaveNothingWithTheFormerHolder()
    {
        await using var second = Provider == DatabaseProvider.Sqlite ? null : await Store.StartNodeAsync(Clock, "node-2");
        var other = second ?? Node;
        await Node.Database.WriteAsync(s => s.ExecuteAsync("UPDATE moderators SET max_conversations = 10000"));
        for (var i = 0; i < Rounds; i++)
        {
            var to = _people[(i + 1) % 2];
            await AtOnce.Async(
                async () => await Assignments.AssignProfileToModeratorAsync(_vip.Id, to, null),
                async () => await other.ReceiveAsync(_vip, $"3370{i}"),
                async () => await other.SubmitAsync(_vip, [other.Message($"3380{i}"), other.Message($"3390{i}")]));

            // Whatever was claimed for the former holder was claimed before the change, and so was seen by what follows it.
            var owners = await Node.ReadAsync(db => db.Conversations.Where(c => c.ProfileId == _vip.Id && c.OwnerId != null).Select(c => c.OwnerId).Distinct().ToListAsync());
            Assert.Equal([to], owners.OfType<long>());
        }
        await Node.DrainAsync();
        await Node.AssertConsistentAsync();
    }
}
