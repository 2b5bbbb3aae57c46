using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ReplyOnSqlite(PostgresServer postgres) : ReplyCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ReplyOnPostgres(PostgresServer postgres) : ReplyCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The way out: who may speak, once per key, in order, and what every end of a sending leaves.</summary>
public abstract class ReplyCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private long _ana;
    private Conversation _conversation = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ana = (await Node.AddOnlineAsync("Ana"))[0];
        _conversation = await Node.OpenAsync(Profile, "33600");
    }

    [Fact]
    public async Task Reply_ByTheOwner_IsSentOnce()
    {
        var id = await SayAsync("hello");
        Assert.Equal(MessageStatus.Queued, (await Node.MessageAsync(id)).Status);

        await Node.Sender.SendAsync(id);
        await Node.Sender.SendAsync(id);

        var message = await Node.MessageAsync(id);
        Assert.Equal((MessageStatus.Sent, "sent-1", _ana), (message.Status, message.ProviderMessageId, message.SenderId!.Value));
        Assert.Equal(("33600", "hello", "main"), Assert.Single(Node.Gateway.Sent.Select(s => (s.Address, s.Text, s.ChannelKey))));
        var after = await Node.ConversationAsync(_conversation.Id);
        Assert.Equal((null, 0, "hello", MessageDirection.Out), (after.WaitingSince, after.UnreadCount, after.LastMessagePreview, after.LastMessageDirection));
    }

    [Fact]
    public async Task Reply_BySomebodyElse_IsRefusedAndNamesTheOwner()
    {
        var ben = (await Node.AddOnlineAsync("Ben"))[0];

        var outcome = await Node.Orchestrator.ReplyAsync(_conversation.Id, ben, "mine!");

        Assert.Equal((ReplyResult.NotOwner, "Ana"), (outcome.Result, outcome.HeldByName));
        Assert.Single(await Node.ThreadAsync(_conversation.Id));
    }

    [Fact]
    public async Task Reply_WhereItCannotBe_SaysWhy()
    {
        await Node.Orchestrator.CloseAsync(_conversation.Id, _ana);
        Assert.Equal(ReplyResult.Closed, (await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, "x")).Result);
        Assert.Equal(ReplyResult.NotFound, (await Node.Orchestrator.ReplyAsync(999, _ana, "x")).Result);
        Assert.Equal(ReplyResult.BadText, (await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, " \n\0")).Result);
        Assert.Equal(ReplyResult.BadText, (await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, new string('x', ReplyOutcome.MaxLength + 1))).Result);
        var vip = await Node.AddProfileAsync("vip", await Node.AddModeratorAsync("Full", max: 0));
        Assert.Equal(ReplyResult.NoOwner, (await Node.Orchestrator.ReplyAsync((await Node.OpenAsync(vip, "33601")).Id, _ana, "x")).Result);
    }

    [Fact]
    public async Task Reply_SameEffectKeyAgain_IsTheSameMessage()
    {
        var first = await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, "hello", "key-1");
        await Node.Sender.SendAsync(first.MessageId);

        var again = await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, "hello", "key-1");

        Assert.Equal((ReplyResult.AlreadyQueued, first.MessageId), (again.Result, again.MessageId));
        Assert.Single(Node.Gateway.Sent);
        Assert.Equal(2, (await Node.ThreadAsync(_conversation.Id)).Count);
    }

    [Theory]
    [InlineData(SendFailure.BadRecipient, MessageStatus.Failed)]
    [InlineData(SendFailure.Unreachable, MessageStatus.Failed)]
    [InlineData(SendFailure.Unknown, MessageStatus.Uncertain)]
    public async Task Send_Refused_IsKeptWithTheReasonAndSentAgainOnlyOnRequest(SendFailure failure, MessageStatus status)
    {
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(failure));
        var id = await SayAsync("hello");
        await Node.Sender.SendAsync(id);
        Assert.Equal((status, failure.ToString()), ((await Node.MessageAsync(id)).Status, (await Node.MessageAsync(id)).Error));

        Clock.Advance(TimeSpan.FromHours(1));
        await Node.Sender.SweepAsync(Clock.Now);
        await Node.Sender.SendAsync(id);
        Assert.Single(Node.Gateway.Sent);

        Node.Gateway.OnSend = null;
        Assert.Equal(ReplyResult.Queued, (await Node.Orchestrator.RetryAsync(id)).Result);
        Assert.Equal(ReplyResult.AlreadyQueued, (await Node.Orchestrator.RetryAsync(id)).Result);
        await Node.Sender.SendAsync(id);
        Assert.Equal((MessageStatus.Sent, null), ((await Node.MessageAsync(id)).Status, (await Node.MessageAsync(id)).Error));
    }

    [Fact]
    public async Task Send_GatewayThrows_IsUncertain()
    {
        Node.Gateway.OnSend = (_, _) => throw new IOException("connection reset");
        var id = await SayAsync("hello");

        await Node.Sender.SendAsync(id);

        Assert.Equal(MessageStatus.Uncertain, (await Node.MessageAsync(id)).Status);
    }

    [Fact]
    public async Task Send_ChannelNotAuthorized_MarksTheChannelUntilItWorksAgain()
    {
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.ChannelNotAuthorized));
        var id = await SayAsync("hello");
        await Node.Sender.SendAsync(id);
        Assert.Equal(ChannelStatus.NeedsAuthorization, await ChannelStatusAsync());

        Node.Gateway.OnSend = null;
        await Node.Orchestrator.RetryAsync(id);
        await Node.Sender.SendAsync(id);

        Assert.Equal(ChannelStatus.Active, await ChannelStatusAsync());
    }

    [Fact]
    public async Task Send_WhileAnotherNodeHasTheAnswerBeforeItOnItsWay_WaitsForThatAndNotForEver()
    {
        var (first, second) = (await SayAsync("one"), await SayAsync("two"));
        // A node that began with the first and does not come back.
        Assert.NotNull(await Node.Database.WriteAsync(session => ReplyStore.StartAsync(session, first, Clock.Now, Clock.Now - OutboundSender.InOrderFor)));

        Assert.False(await Node.Sender.SendAsync(second));
        Assert.Equal(MessageStatus.Queued, (await Node.MessageAsync(second)).Status);
        Assert.Empty(Node.Gateway.Sent);

        Clock.Advance(OutboundSender.InOrderFor + Seconds(1));
        Assert.True(await Node.Sender.SendAsync(second));
        Assert.Equal(["two"], Node.Gateway.Sent.Select(s => s.Text));
    }

    [Fact]
    public async Task GiveBack_OfWhatWasNotCalled_WaitsAgainUnlessSomebodyTookItForLost()
    {
        var (id, started) = (await SayAsync("hello"), Clock.Now);
        await Node.Database.WriteAsync(session => ReplyStore.StartAsync(session, id, started, started - OutboundSender.InOrderFor));
        Assert.Equal(1, await Node.Database.WriteAsync(session => ReplyStore.GiveBackAsync(session, id, started)));
        Assert.Equal(MessageStatus.Queued, (await Node.MessageAsync(id)).Status);

        await Node.Database.WriteAsync(session => ReplyStore.StartAsync(session, id, started, started - OutboundSender.InOrderFor));
        Clock.Advance(OutboundSender.SendingFor + Seconds(1));
        await Node.Sender.SweepAsync(Clock.Now);
        Assert.Equal(0, await Node.Database.WriteAsync(session => ReplyStore.GiveBackAsync(session, id, started)));
        Assert.Equal(MessageStatus.Uncertain, (await Node.MessageAsync(id)).Status);
    }

    [Fact]
    public async Task Sweep_AfterACrashWhileSending_IsUncertainAndNeverSentByItself()
    {
        var left = new TaskCompletionSource();
        Node.Gateway.OnSend = (_, cancel) =>
        {
            left.SetResult();
            return new TaskCompletionSource<SendResult>().Task;
        };
        var id = await SayAsync("hello");
        _ = Node.Sender.SendAsync(id);
        await left.Task.InTime();
        await RestartAsync();

        Clock.Advance(Seconds(60));
        await Node.Sender.SweepAsync(Clock.Now);
        Assert.Equal(MessageStatus.Sending, (await Node.MessageAsync(id)).Status);
        Clock.Advance(Seconds(1));
        Assert.Equal(1, await Node.Sender.SweepAsync(Clock.Now));
        await Node.Sender.SendAsync(id);

        Assert.Equal(MessageStatus.Uncertain, (await Node.MessageAsync(id)).Status);
        Assert.Empty(Node.Gateway.Sent);
    }

    [Fact]
    public async Task Sweep_AfterACrashBeforeSending_SendsIt()
    {
        var id = await SayAsync("hello");
        await RestartAsync();
        Clock.Advance(Seconds(6));

        await Node.Sender.StartAsync(CancellationToken.None);

        await Eventually.Async(async () => (await Node.MessageAsync(id)).Status == MessageStatus.Sent);
        await Node.Sender.StopAsync(CancellationToken.None);
        Assert.Single(Node.Gateway.Sent);
    }

    [Fact]
    public async Task Send_ManyReplies_LeaveInTheOrderOfTheThread()
    {
        await Node.Sender.StartAsync(CancellationToken.None);
        var replies = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, $"{i}")));
        await Eventually.Async(() => Node.Gateway.Sent.Count == 60);
        await Node.Sender.StopAsync(CancellationToken.None);

        Assert.All(replies, r => Assert.Equal(ReplyResult.Queued, r.Result));
        Assert.Equal(replies.Select(r => r.MessageId).Order(), Node.Gateway.Sent.Select(s => s.Id));
    }

    [Fact]
    public async Task Status_OnlyMovesForward()
    {
        var id = await SayAsync("hello");
        await Node.Sender.SendAsync(id);

        Assert.True(await StatusAsync("sent-1", MessageStatus.Read, 10));
        Assert.False(await StatusAsync("sent-1", MessageStatus.Delivered, 20));
        Assert.False(await StatusAsync("sent-1", MessageStatus.Failed, 30));
        Assert.False(await StatusAsync("sent-1", MessageStatus.Sent, 40));

        Assert.Equal(MessageStatus.Read, (await Node.MessageAsync(id)).Status);
        Assert.Empty(await Node.ReadAsync(db => db.EarlyStatuses.ToListAsync()));
    }

    [Fact]
    public async Task Status_FailedAfterSent_IsShownWithItsError()
    {
        var id = await SayAsync("hello");
        await Node.Sender.SendAsync(id);

        await Node.SubmitAsync(Profile, [], [new InboundStatus("sent-1", MessageStatus.Failed, Clock.Now, "131026")]);

        Assert.Equal((MessageStatus.Failed, "131026"), ((await Node.MessageAsync(id)).Status, (await Node.MessageAsync(id)).Error));
    }

    [Fact]
    public async Task Status_LongError_IsStored()
    {
        var id = await SayAsync("hello");
        await Node.Sender.SendAsync(id);

        Assert.Equal(1, (await Node.SubmitAsync(Profile, [], [new InboundStatus("sent-1", MessageStatus.Failed, Clock.Now, new string('e', 900) + "\0")])).StatusesApplied);
        Assert.Equal(0, (await Node.SubmitAsync(Profile, [], [new InboundStatus("early", MessageStatus.Failed, Clock.Now, new string('e', 900))])).StatusesApplied);
    }

    [Fact]
    public async Task Status_BeforeTheGatewayAnswered_IsAppliedWhenItDoes()
    {
        Node.Gateway.OnSend = async (_, _) =>
        {
            Assert.False(await StatusAsync("fast", MessageStatus.Delivered, 5));
            return SendResult.Sent("fast");
        };
        var id = await SayAsync("hello");

        await Node.Sender.SendAsync(id);

        Assert.Equal(MessageStatus.Delivered, (await Node.MessageAsync(id)).Status);
        Assert.Empty(await Node.ReadAsync(db => db.EarlyStatuses.ToListAsync()));
    }

    [Fact]
    public async Task Echo_BeforeTheGatewayAnswered_IsNotASecondMessage()
    {
        // Gateways deliver what was sent through their API back to the webhook, sometimes before their own answer.
        Node.Gateway.OnSend = async (message, _) =>
        {
            await Node.ReceiveAsync(Profile, message.Address, message.Text, id: "echoed", fromUs: true);
            return SendResult.Sent("echoed");
        };
        var id = await SayAsync("hello");

        await Node.Sender.SendAsync(id);

        Assert.Equal([("hello", MessageStatus.Received), ("hello", MessageStatus.Sent)], (await Node.ThreadAsync(_conversation.Id)).Select(m => (m.Text, m.Status)));
        Assert.Equal((id, "echoed"), ((await Node.ThreadAsync(_conversation.Id))[1].Id, (await Node.MessageAsync(id)).ProviderMessageId));
        Assert.Equal(1, (await Node.ReceiveAsync(Profile, "33600", "hello", id: "echoed", fromUs: true)).Duplicates);
    }

    [Fact]
    public async Task Echo_ParkedInTheMeantime_StaysInTheLineAsTheMessageItIs()
    {
        Node.Gateway.OnSend = async (message, _) =>
        {
            await Node.ReceiveAsync(Profile, message.Address, message.Text, id: "echoed", fromUs: true);
            await Node.Orchestrator.ReturnToQueueAsync(_conversation.Id, _ana);
            return SendResult.Sent("echoed");
        };
        var id = await SayAsync("hello");

        await Node.Sender.SendAsync(id);

        Assert.Equal(id, Assert.Single(await Node.PendingAsync()).MessageId);
        await Node.AssertConsistentAsync();
    }

    private async Task<long> SayAsync(string text)
    {
        var outcome = await Node.Orchestrator.ReplyAsync(_conversation.Id, _ana, text);
        Assert.Equal(ReplyResult.Queued, outcome.Result);
        return outcome.MessageId;
    }

    private async Task<bool> StatusAsync(string providerId, MessageStatus status, int after) =>
        (await Node.SubmitAsync(Profile, [], [new InboundStatus(providerId, status, Clock.Now + Seconds(after))])).StatusesApplied == 1;

    private Task<ChannelStatus> ChannelStatusAsync() => Node.ReadAsync(db => db.Channels.Where(c => c.Id == Profile.ChannelId).Select(c => c.Status).FirstAsync());
}
