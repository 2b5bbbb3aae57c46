using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Numbers;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class NumberMessageOnSqlite(PostgresServer postgres) : NumberMessageCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class NumberMessageOnPostgres(PostgresServer postgres) : NumberMessageCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A connected number carries conversations: out through its worker, in through the door of everybody.</summary>
public abstract class NumberMessageCompliance(DatabaseProvider provider, PostgresServer postgres) : NumberTest(provider, postgres)
{
    private IMessageGateway Gateway => Node.Get<IEnumerable<IMessageGateway>>().Single(g => g.Provider == ChannelProvider.Worker);

    [Fact]
    public async Task Send_LeavesAsACommand_AndEndsWithTheWorkersWord()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        (string? Error, int? Code, bool Uncertain, SendFailure? Expected)[] ends =
        [
            (null, null, false, null), ("not_connected", null, false, SendFailure.Unreachable), ("not_on_whatsapp", null, false, SendFailure.BadRecipient),
            ("restricted", 463, false, SendFailure.TooMany), ("odd", null, false, SendFailure.Refused), ("connection_lost", null, true, SendFailure.Unknown),
        ];
        foreach (var (error, code, uncertain, expected) in ends)
        {
            var sending = Gateway.SendTextAsync(Message(number), CancellationToken.None);
            var command = await NextSendAsync(number);
            Assert.Equal(("+221770001122", "hello", number.SessionId, "1"), (command.To, command.Text, command.SessionId, command.WorkerId));
            await TellAsync("1", new SendReported(command.Ref!, error is null ? "3EB0" + command.Ref : null, code, error, uncertain), number);

            var result = await sending.InTime();

            Assert.Equal(expected, result.Failure);
            Assert.Equal(expected is null ? "3EB0" + command.Ref : null, result.ProviderId);
        }
    }

    [Fact]
    public async Task Send_WhileItCannot_SaysWhy()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        await TellAsync("1", new SessionClosed(428), number);
        Assert.Equal(SendFailure.Unreachable, (await Gateway.SendTextAsync(Message(number), CancellationToken.None).InTime()).Failure);
        await TellAsync("1", new SessionClosed(401), number);
        Assert.Equal(SendFailure.ChannelNotAuthorized, (await Gateway.SendTextAsync(Message(number), CancellationToken.None).InTime()).Failure);
        Assert.Empty(await CommandsAsync(number.Id, WorkerAction.Send));
    }

    [Fact]
    public async Task Send_WithoutAResult_IsUnknown_AndOneThatNeverLeftIsNot()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        var silent = Gateway.SendTextAsync(Message(number), CancellationToken.None);
        await NextSendAsync(number);
        await PassUntilAsync(silent);
        Assert.Equal(SendFailure.Unknown, (await silent.InTime()).Failure);

        var stuck = Gateway.SendTextAsync(Message(number), CancellationToken.None);
        await NextSendAsync(number);
        var command = (await CommandsAsync(number.Id, WorkerAction.Send))[^1];
        await Node.Database.WriteAsync(session => Node.Get<IWorkerCommandFollower>().CommandsAsync(
            session, [new CommandProgress(command.Id, command.CommandId, "1", number.Id, number.SessionId, WorkerAction.Send, CommandResult.Expired, null, 3)], Clock.Now));
        Assert.Equal(SendFailure.Unreachable, (await stuck.InTime()).Failure);
    }

    [Fact]
    public async Task Messages_OfContacts_BecomeConversations_OnceAndInOrder()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        var moderator = (await Node.AddOnlineAsync("ana"))[0];
        WorkerMessage Written(string id, string jid, string text, string? phone = null, bool fromMe = false) => new(id, jid, phone, "Awa", fromMe, "text", text, Clock.Now);

        await TellAsync("1", new MessagesReceived([Written("A", "22177@s.whatsapp.net", "not a number")], false, []), number);
        await TellAsync("1", new MessagesReceived([Written("B", "221770001122@s.whatsapp.net", "first"), Written("G", "123-456@g.us", "in a group")], false, []), number);
        // Caught up after a reconnect: somebody's message all the same; the second of them was told before.
        await TellAsync("1", new MessagesReceived([Written("B", "221770001122@s.whatsapp.net", "first"), Written("C", "221770001122@s.whatsapp.net", "second")], true, []), number);
        // WhatsApp's other name of the same person, known from the map.
        await TellAsync("1", new LidsLearned([new LidPair("998877@lid", "+221770001122")]), number);
        await TellAsync("1", new MessagesReceived([Written("D", "998877@lid", "third")], false, []), number);
        await TellAsync("1", new MessagesReceived([Written("E", "554433@lid", "who am I")], false, []), number);
        await Node.Get<WorkerInboundLoop>().RunOnceAsync().InTime();

        var profile = await Node.ReadAsync(async db => await db.Profiles.FirstAsync(p => p.ChannelId == db.Numbers.First(n => n.Id == number.Id).ChannelId));
        var conversation = await Node.ConversationAsync(profile, "221770001122");
        Assert.Equal(moderator, conversation.OwnerId);
        Assert.Equal(["first", "second", "third"], (await Node.ThreadAsync(conversation.Id)).Select(m => m.Text));
        Assert.Equal(["who am I"], (await Node.ThreadAsync((await Node.ConversationAsync(profile, "554433@lid")).Id)).Select(m => m.Text));
        Assert.Equal(0, await Node.ReadAsync(db => db.WorkerInbound.CountAsync()));
        Assert.False(await Node.ReadAsync(db => db.Messages.AnyAsync(m => m.Text == "in a group")));
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Reply_OfAModerator_IsSentAndItsStatusFollows()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        var moderator = (await Node.AddOnlineAsync("ana"))[0];
        await TellAsync("1", new MessagesReceived([new WorkerMessage("A", "221770001122@s.whatsapp.net", "+221770001122", "Awa", false, "text", "hi", Clock.Now)], false, []), number);
        await Node.Get<WorkerInboundLoop>().RunOnceAsync().InTime();
        var profile = await Node.ReadAsync(async db => await db.Profiles.FirstAsync(p => p.ChannelId == db.Numbers.First(n => n.Id == number.Id).ChannelId));
        var conversation = await Node.ConversationAsync(profile, "221770001122");
        var reply = await Node.Orchestrator.ReplyAsync(conversation.Id, moderator, "hello Awa", "effect-1");

        var sending = Node.Sender.SendAsync(reply.MessageId);
        var command = await NextSendAsync(number);
        await TellAsync("1", new SendReported(command.Ref!, "3EB0AA"), number);
        await sending.InTime();
        Assert.Equal((MessageStatus.Sent, "3EB0AA"), ((await Node.MessageAsync(reply.MessageId)).Status, (await Node.MessageAsync(reply.MessageId)).ProviderMessageId));

        await TellAsync("1", new MessageStatusReported("3EB0AA", DeliveryStatus.Delivered), number);
        await TellAsync("1", new MessageStatusReported("3EB0AA", DeliveryStatus.Read), number);
        await Node.Get<WorkerInboundLoop>().RunOnceAsync().InTime();
        Assert.Equal(MessageStatus.Read, (await Node.MessageAsync(reply.MessageId)).Status);
    }

    [Fact]
    public async Task Message_TypedOnThePhone_ShowsThatThePhoneIsThere()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        Clock.Advance(TimeSpan.FromDays(3));

        await TellAsync("1", new MessagesReceived([new WorkerMessage("A", "221770001122@s.whatsapp.net", "+221770001122", null, true, "text", "typed", Clock.Now)], false, []), number);

        Assert.Equal((Clock.Now, Clock.Now + Options.PhoneReminder), ((await NumberAsync(number.Id)).PhoneSeenAt, (await NumberAsync(number.Id)).PhoneDueAt));
    }

    private static OutboundMessage Message(WhatsAppNumber number) => new(1, 1, number.ChannelId!.Value, $"wa-{number.Id}", ChannelProvider.Worker, null, "221770001122", "hello");

    /// <summary>The newest send in the outbox that nobody has finished.</summary>
    private async Task<WorkerCommand> NextSendAsync(WhatsAppNumber number)
    {
        OutboxCommand? row = null;
        await Eventually.Async(async () =>
        {
            var open = await Node.ReadAsync(db => db.WorkerSends.Where(s => s.FinishedAt == null).OrderByDescending(s => s.Id).Select(s => s.CommandId).FirstOrDefaultAsync());
            row = open is null ? null : (await CommandsAsync(number.Id, WorkerAction.Send)).Find(c => c.CommandId == open);
            return row is not null;
        });
        return WorkerCommands.Read(System.Text.Encoding.UTF8.GetBytes(row!.Body), out _)!;
    }

    private async Task PassUntilAsync(Task done)
    {
        await Eventually.Async(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(done.IsCompleted);
        });
        // Done by the time, and not by a row.
        await Node.Database.WriteAsync(session => session.Db.WorkerSends.Where(s => s.FinishedAt == null).ExecuteUpdateAsync(set => set.SetProperty(s => s.FinishedAt, Clock.Now)));
    }
}
