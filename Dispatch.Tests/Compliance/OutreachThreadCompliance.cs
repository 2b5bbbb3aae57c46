using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class OutreachThreadOnSqlite(PostgresServer postgres) : OutreachThreadCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class OutreachThreadOnPostgres(PostgresServer postgres) : OutreachThreadCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>What outreach sends is a line of the thread that a moderator sees; it gives nobody anything and answers nothing that it does not answer.</summary>
public abstract class OutreachThreadCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    [Fact]
    public async Task FirstContact_ToWhoNeverWrote_WaitsInAClosedConversationThatHisFirstWordOpens()
    {
        var moderator = (await Node.AddOnlineAsync("Awa"))[0];
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account, "Moussa");
        var address = (await ReadProspectAsync(prospect)).Address;

        var sent = await Actions.ExecuteSendFirstContact(prospect, account, "hello Moussa");

        var conversation = await Node.ConversationAsync(Profile, address);
        Assert.Equal((ConversationStatus.Closed, null, 0L, "hello Moussa"), (conversation.Status, conversation.OwnerId, conversation.OwnerVersion, conversation.LastMessagePreview));
        var line = Assert.Single(await Node.ThreadAsync(conversation.Id));
        Assert.Equal((MessageDirection.Out, MessageStatus.Sent, "sent-1", ActionThread.KeyOf(sent.Id), null),
            (line.Direction, line.Status, line.ProviderMessageId, line.EffectKey, line.SenderId));
        Assert.Equal(0, (await Node.ModeratorAsync(moderator)).OpenCount);
        Assert.Empty(await Node.PendingAsync());

        // Long after a closed conversation would have begun anew.
        Clock.Advance(TimeSpan.FromDays(9));
        await Node.ConnectAsync(moderator);
        await ReplyFromAsync(prospect, "who is this?");

        conversation = await Node.ConversationAsync(Profile, address);
        Assert.Equal((ConversationStatus.Assigned, moderator), (conversation.Status, conversation.OwnerId));
        Assert.NotNull(conversation.WaitingSince);
        Assert.Equal(["hello Moussa", "who is this?"], (await Node.ThreadAsync(conversation.Id)).Select(m => m.Text));
        var thread = await Node.Get<ConversationQueries>().ThreadAsync(conversation.Id);
        Assert.True(thread.Messages[0].FromOutreach);
        Assert.Equal([ConversationEventKind.Opened, ConversationEventKind.Assigned], thread.Events.Select(e => e.Kind));
        await Node.AssertConsistentAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Reply_ByDispatch_AnswersHim_AndAStepDoesNot()
    {
        await Node.AddOnlineAsync("Awa");
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await ReplyFromAsync(prospect);
        var address = (await ReadProspectAsync(prospect)).Address;
        var waiting = (await Node.ConversationAsync(Profile, address)).WaitingSince;
        Assert.NotNull(waiting);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await PlannedAsync("send_followup_B1", prospect, content: "a step");
        Assert.Equal(1, await RunAsync());
        var after = await Node.ConversationAsync(Profile, address);
        Assert.Equal((waiting, "a step", MessageDirection.Out, ConversationStatus.Assigned), (after.WaitingSince, after.LastMessagePreview, after.LastMessageDirection, after.Status));

        Assert.True((await Actions.ExecuteSendReply(prospect, account, "here you are")).Succeeded);
        after = await Node.ConversationAsync(Profile, address);
        Assert.Null(after.WaitingSince);
        Assert.Equal(["yes, tell me more", "a step", "here you are"], (await Node.ThreadAsync(after.Id)).Select(m => m.Text));
        await Node.AssertConsistentAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task HisWord_WhileAnAnswerWasOnItsWay_StillWaits()
    {
        await Node.AddOnlineAsync("Awa");
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        await ReplyFromAsync(prospect);
        Node.Gateway.OnSend = async (_, _) =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await ReplyFromAsync(prospect, "and one more thing");
            return SendResult.Sent("late");
        };

        Assert.True((await Actions.ExecuteSendReply(prospect, account, "here you are")).Succeeded);

        var conversation = await Node.ConversationAsync(Profile, (await ReadProspectAsync(prospect)).Address);
        Assert.Equal(("and one more thing", MessageDirection.In), (conversation.LastMessagePreview, conversation.LastMessageDirection));
        Assert.NotNull(conversation.WaitingSince);
        // A moderator has not answered him either: nothing is counted as his answer.
        await Node.Get<FollowupJob>().RunOnceAsync(Clock.Now);
        Assert.Null((await ReadProspectAsync(prospect)).FollowUpAt);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Uncertain_ShowsAsUncertain_UntilTheEchoOrAPersonEndsTheDoubt()
    {
        var account = await AccountAsync();
        var prospects = await ProspectsAsync(account, 3);
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Unknown));
        var ids = new List<long>();
        foreach (var prospect in prospects) ids.Add((await Actions.ExecuteSendFirstContact(prospect, account, $"hello {prospect}")).Id);
        Node.Gateway.OnSend = null;
        foreach (var id in ids) Assert.Equal((MessageStatus.Uncertain, nameof(SendFailure.Unknown)), await LineAsync(id));
        var message = await Node.ReadAsync(db => db.Messages.Where(m => m.EffectKey == ActionThread.KeyOf(ids[0])).Select(m => m.Id).SingleAsync());
        // It is never sent from the thread: its action decides.
        Assert.NotEqual(ReplyResult.Queued, (await Node.Orchestrator.RetryAsync(message)).Result);
        Assert.False(await new OwnMessages(Node.Database).RecognizeAsync(Profile.ChannelId, (await ReadProspectAsync(prospects[0])).Address, $"hello {prospects[0]}", "e-1", Clock.Now));

        Assert.True(await Actions.EchoAsync(Profile.ChannelId, (await ReadProspectAsync(prospects[0])).Address, $"hello {prospects[0]}", "e-1"));
        Assert.Equal((MessageStatus.Sent, null), await LineAsync(ids[0]));
        Assert.True(await new OwnMessages(Node.Database).RecognizeAsync(Profile.ChannelId, (await ReadProspectAsync(prospects[0])).Address, $"hello {prospects[0]}", "e-1", Clock.Now));
        await Actions.ReconcileAsync(ids[1], sent: true);
        Assert.Equal((MessageStatus.Sent, null), await LineAsync(ids[1]));
        await Actions.ReconcileAsync(ids[2], sent: false);
        Assert.Equal((MessageStatus.Failed, nameof(ActionEnd.NotSent)), await LineAsync(ids[2]));
        await Actions.RetryAsync(ids[2]);
        Assert.Equal(1, await RunAsync());
        Assert.Equal((MessageStatus.Sent, null), await LineAsync(ids[2]));
        Assert.Equal(3, await Node.ReadAsync(db => db.Messages.CountAsync()));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Echo_ThatComesBeforeTheAnswer_IsTheSameLine()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        var address = (await ReadProspectAsync(prospect)).Address;
        await Node.ReceiveAsync(Profile, address);
        Node.Gateway.OnSend = async (m, _) =>
        {
            await Node.ReceiveAsync(Profile, address, m.Text, id: "p-1", fromUs: true);
            return SendResult.Sent("p-1");
        };

        var sent = await Actions.ExecuteSendReply(prospect, account, "here you are");
        await Node.ReceiveAsync(Profile, address, "here you are", id: "p-1", fromUs: true);

        var thread = await Node.ThreadAsync((await Node.ConversationAsync(Profile, address)).Id);
        Assert.Equal(["hello", "here you are"], thread.Select(m => m.Text));
        Assert.Equal((ActionThread.KeyOf(sent.Id), "p-1"), (thread[1].EffectKey, thread[1].ProviderMessageId));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Status_ThatOvertookTheRecord_IsApplied()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        Node.Gateway.OnSend = async (_, _) =>
        {
            await Node.SubmitAsync(Profile, [], [new InboundStatus("s-1", MessageStatus.Delivered, Clock.Now)]);
            return SendResult.Sent("s-1");
        };

        var sent = await Actions.ExecuteSendFirstContact(prospect, account, "hello");

        Assert.Equal((MessageStatus.Delivered, null), await LineAsync(sent.Id));
        Assert.Equal(0, await Node.ReadAsync(db => db.EarlyStatuses.CountAsync()));
    }

    [Fact]
    public async Task LostSender_ShowsAsUncertain()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account);
        var id = await PlannedAsync("send_followup_A1", prospect);
        var owner = await Node.Get<OutreachNode>().HoldAsync();
        await Node.Database.WriteAsync(async s =>
        {
            var hand = (await ActionClaims.ClaimDueAsync(s, (await AccountReader.FindAsync(s.Db, account))!, [(ActionType.Followup, Clock.Now)], 1, owner, Clock.Now, Options)).Actions;
            await ActionStore.StartAsync(s, [new ReadyAction(hand[0], "hello")], owner, Clock.Now);
        });
        var hand = Node.Get<ActionsInHand>();
        Assert.Equal(0, await hand.SweepAsync(owner, Clock.Now, CancellationToken.None));
        Assert.Equal(1, await hand.SweepAsync(owner, Clock.Now, CancellationToken.None));
        Assert.Equal((MessageStatus.Uncertain, nameof(ActionEnd.LostSender)), await LineAsync(id));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task FirstContactAndHisFirstWord_AtOnce_AreOneOpenConversationAndNothingIsLost()
    {
        await Node.AddOnlineAsync("Awa", "Binta");
        var other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
        try
        {
            var account = await AccountAsync();
            foreach (var prospect in await ProspectsAsync(account, 40))
            {
                var address = (await ReadProspectAsync(prospect)).Address;
                await AtOnceAsync<bool>(
                    async () =>
                    {
                        await ReplyFromAsync(prospect, "it is me");
                        return true;
                    },
                    async () => (await other.Get<Actions>().ExecuteSendFirstContact(prospect, account, "hello")).Id >= 0);
                // Whatever came first: his next word finds the open one.
                await ReplyFromAsync(prospect, "still me");
                var open = await Node.ReadAsync(db => db.Conversations.Where(c => c.Status != ConversationStatus.Closed && db.Contacts.Any(k => k.Id == c.ContactId && k.Address == address)).ToListAsync());
                Assert.Equal(["it is me", "still me"], (await Node.ThreadAsync(Assert.Single(open).Id)).Where(m => m.Direction == MessageDirection.In).Select(m => m.Text));
                await Node.Database.WriteAsync(s => s.Db.Moderators.ExecuteUpdateAsync(set => set.SetProperty(m => m.MaxConversations, 100)));
            }
            await Node.AssertConsistentAsync();
            await AssertSoundAsync();
        }
        finally
        {
            if (other != Node) await other.DisposeAsync();
        }
    }

    private Task<(MessageStatus, string?)> LineAsync(long action) => Node.ReadAsync(async db =>
    {
        var key = ActionThread.KeyOf(action);
        var row = await db.Messages.SingleAsync(m => m.EffectKey == key);
        return (row.Status, row.Error);
    });
}
