using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

public sealed class ClaimOnSqlite(PostgresServer postgres) : ClaimCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ClaimOnPostgres(PostgresServer postgres) : ClaimCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Take, transfer, return, close, reopen: every outcome, and that a refused one leaves nothing behind.</summary>
public abstract class ClaimCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    [Fact]
    public async Task Take_WaitingConversation_IsDone()
    {
        var waiting = await Node.OpenAsync(Profile, "33600");
        var ana = (await Node.AddOnlineAsync("Ana"))[0];

        var outcome = await Node.Orchestrator.TakeAsync(waiting.Id, ana, waiting.OwnerVersion);

        Assert.Equal((ClaimResult.Done, (long?)ana, 1), (outcome.Result, outcome.HeldById, outcome.OwnerVersion));
        Assert.Empty(await Node.PendingAsync());
        Assert.Equal(1, (await Node.ModeratorAsync(ana)).OpenCount);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Take_HeldBySomeonePresent_IsLostAndNamesHim()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(5));

        var outcome = await Node.Orchestrator.TakeAsync(conversation.Id, people[1], seenVersion: 0);

        Assert.Equal((ClaimResult.Lost, (long?)people[0], "Ana"), (outcome.Result, outcome.HeldById, outcome.HeldByName));
        Assert.Equal(conversation.OwnerSince, outcome.HeldSince);
        Assert.Equal(conversation.OwnerVersion, outcome.OwnerVersion);
    }

    [Fact]
    public async Task Take_OwnConversation_IsUnchanged()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Unchanged, (await Node.Orchestrator.TakeAsync(conversation.Id, people[0])).Result);
        Assert.Equal(1, (await Node.ModeratorAsync(people[0])).OpenCount);
    }

    [Fact]
    public async Task Take_OwnerAbsent_IsDone()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.HandleUserLeftAsync(people[0]);
        var ben = (await Node.AddOnlineAsync("Ben"))[0];

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(conversation.Id, ben)).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Take_BySupervisor_TakesFromTheOwner()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TakeAsync(conversation.Id, people[1], evenFromOwner: true)).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Take_WhatCannotBe_SaysWhy()
    {
        var waiting = await Node.OpenAsync(Profile, "336001");
        var absent = await Node.AddModeratorAsync("Absent");
        var full = await Node.AddModeratorAsync("Full", max: 0);
        await Node.ConnectAsync(full);
        var stranger = await Node.AddModeratorAsync("Stranger");
        await Node.ConnectAsync(stranger);
        var vip = await Node.AddProfileAsync("vip", full);
        var vipWaiting = await Node.OpenAsync(vip, "336002");

        Assert.Equal(ClaimResult.NotPresent, (await Node.Orchestrator.TakeAsync(waiting.Id, absent)).Result);
        Assert.Equal(ClaimResult.AtCapacity, (await Node.Orchestrator.TakeAsync(waiting.Id, full)).Result);
        Assert.Equal(ClaimResult.NotAllowed, (await Node.Orchestrator.TakeAsync(vipWaiting.Id, stranger)).Result);
        Assert.Equal(ClaimResult.Disabled, (await Node.Orchestrator.TakeAsync(waiting.Id, 999)).Result);
        Assert.Equal(ClaimResult.NotFound, (await Node.Orchestrator.TakeAsync(999, stranger)).Result);
        var after = await Node.ConversationAsync(waiting.Id);
        Assert.Equal((ConversationStatus.Pending, 0), (after.Status, after.OwnerVersion));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfer_ToAColleague_MovesBothLoadsAndKeepsTheNote()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");

        var outcome = await Node.Orchestrator.TransferAsync(conversation.Id, people[0], people[1], "speaks German");

        Assert.Equal(ClaimResult.Done, outcome.Result);
        Assert.Equal((0, 1), ((await Node.ModeratorAsync(people[0])).OpenCount, (await Node.ModeratorAsync(people[1])).OpenCount));
        var told = (await Node.EventsAsync(conversation.Id))[^1];
        Assert.Equal((ClaimCause.Transfer, people[0], people[0], people[1], "speaks German"), (told.Cause, told.ActorId!.Value, told.FromId!.Value, told.ToId!.Value, told.Note));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfer_NotTheOwner_IsRefusedAndNamesTheOwner()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        var conversation = await Node.OpenAsync(Profile, "33600");

        var outcome = await Node.Orchestrator.TransferAsync(conversation.Id, people[1], people[2]);

        Assert.Equal((ClaimResult.NotOwner, "Ana"), (outcome.Result, outcome.HeldByName));
        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.TransferAsync(conversation.Id, people[1], people[2], supervisor: true)).Result);
    }

    [Fact]
    public async Task Transfer_SomethingChangedSince_IsLost()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben", "Cleo");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.TransferAsync(conversation.Id, people[0], people[1], seenVersion: conversation.OwnerVersion);

        var outcome = await Node.Orchestrator.TransferAsync(conversation.Id, people[1], people[2], seenVersion: conversation.OwnerVersion);

        Assert.Equal((ClaimResult.Lost, "Ben", 2), (outcome.Result, outcome.HeldByName, outcome.OwnerVersion));
        Assert.Equal(0, (await Node.ModeratorAsync(people[2])).OpenCount);
    }

    [Fact]
    public async Task Transfer_ColleagueFull_LeavesEverythingAsItWas()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var full = await Node.AddModeratorAsync("Full", max: 0);
        await Node.ConnectAsync(full);
        var conversation = await Node.OpenAsync(Profile, "33600");
        var events = (await Node.EventsAsync(conversation.Id)).Count;

        var outcome = await Node.Orchestrator.TransferAsync(conversation.Id, people[0], full);

        Assert.Equal(ClaimResult.AtCapacity, outcome.Result);
        Assert.Equal((people[0], conversation.OwnerVersion), ((await Node.ConversationAsync(conversation.Id)).OwnerId!.Value, (await Node.ConversationAsync(conversation.Id)).OwnerVersion));
        Assert.Equal(events, (await Node.EventsAsync(conversation.Id)).Count);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Return_SomebodyElseIsThere_GoesToHim()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.ReturnToQueueAsync(conversation.Id, people[0], "not mine")).Result);

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((people[1], conversation.OwnerVersion + 2), (after.OwnerId!.Value, after.OwnerVersion));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Return_NobodyElse_WaitsForSomebodyElse()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");

        await Node.Orchestrator.ReturnToQueueAsync(conversation.Id, people[0]);
        await Node.DrainAsync();

        Assert.Equal(ConversationStatus.Pending, (await Node.ConversationAsync(conversation.Id)).Status);
        await Node.AssertConsistentAsync();
        var ben = (await Node.AddOnlineAsync("Ben"))[0];
        await Node.DrainAsync();
        Assert.Equal(ben, (await Node.ConversationAsync(conversation.Id)).OwnerId);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Return_ALongOneThatNobodyElseCanTake_HoldsUpNobody()
    {
        var people = await Node.AddOnlineAsync("Ana");
        await Node.SubmitAsync(Profile, [.. Enumerable.Range(0, 120).Select(i => Node.Message("336001", $"{i}"))]);
        await Node.Orchestrator.ReturnToQueueAsync((await Node.ConversationAsync(Profile, "336001")).Id, people[0]);

        Clock.Advance(Seconds(1));
        var next = await Node.OpenAsync(Profile, "336002");
        await Node.DrainAsync();

        Assert.Equal(people[0], (await Node.ConversationAsync(next.Id)).OwnerId);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Return_AlreadyWaiting_IsUnchanged()
    {
        var waiting = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Unchanged, (await Node.Orchestrator.ReturnToQueueAsync(waiting.Id, null, supervisor: true)).Result);
    }

    [Fact]
    public async Task Close_ByTheOwner_FreesTheSeat()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.CloseAsync(conversation.Id, people[0])).Result);

        var after = await Node.ConversationAsync(conversation.Id);
        Assert.Equal((ConversationStatus.Closed, null, people[0], (DateTime?)Clock.Now), (after.Status, after.OwnerId, after.LastOwnerId!.Value, after.ClosedAt));
        Assert.Equal(0, (await Node.ModeratorAsync(people[0])).OpenCount);
        Assert.Equal(ClaimResult.Unchanged, (await Node.Orchestrator.CloseAsync(conversation.Id, people[0], supervisor: true)).Result);
        Assert.Equal(ClaimResult.Closed, (await Node.Orchestrator.TakeAsync(conversation.Id, people[0])).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Close_Waiting_TakesItOutOfTheLine()
    {
        var waiting = await Node.OpenAsync(Profile, "33600");

        await Node.Orchestrator.CloseAsync(waiting.Id, null, supervisor: true);

        Assert.Empty(await Node.PendingAsync());
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Reopen_ByAModerator_IsHis()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.CloseAsync(conversation.Id, people[0]);

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.ReopenAsync(conversation.Id, people[0])).Result);

        Assert.Equal(people[0], (await Node.ConversationAsync(conversation.Id)).OwnerId);
        Assert.Equal(ClaimResult.Unchanged, (await Node.Orchestrator.ReopenAsync(conversation.Id, people[0])).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Reopen_ForNobodyInParticularAndNobodyThere_IsParked()
    {
        var full = await Node.AddModeratorAsync("Full", max: 1);
        await Node.ConnectAsync(full);
        var conversation = await Node.OpenAsync(Profile, "336001");
        await Node.Orchestrator.CloseAsync(conversation.Id, full);
        await Node.OpenAsync(Profile, "336002");

        Assert.Equal(ClaimResult.Done, (await Node.Orchestrator.ReopenAsync(conversation.Id, null)).Result);

        Assert.Equal(ConversationStatus.Pending, (await Node.ConversationAsync(conversation.Id)).Status);
        Assert.Equal(conversation.Id, Assert.Single(await Node.PendingAsync()).ConversationId);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Reopen_ANewerOneExists_IsSuperseded()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var old = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.CloseAsync(old.Id, people[0]);
        Clock.Advance(TimeSpan.FromHours(25));
        await Node.OpenAsync(Profile, "33600");

        Assert.Equal(ClaimResult.Superseded, (await Node.Orchestrator.ReopenAsync(old.Id, people[0])).Result);
        Assert.Equal(ClaimResult.NotFound, (await Node.Orchestrator.ReopenAsync(999, people[0])).Result);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Transfer_ALongNote_IsKeptAsFarAsThereIsRoom()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");

        await Node.Orchestrator.TransferAsync(conversation.Id, people[0], people[1], new string('x', 5000) + "\0");

        Assert.Equal(ConversationConfiguration.NoteLength, (await Node.EventsAsync(conversation.Id))[^1].Note!.Length);
    }
}
