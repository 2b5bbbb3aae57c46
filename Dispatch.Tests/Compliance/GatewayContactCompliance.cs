using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dispatch.Tests.Compliance;

public sealed class GatewayContactsOnSqlite(PostgresServer postgres) : GatewayContactCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class GatewayContactsOnPostgres(PostgresServer postgres) : GatewayContactCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>What gateways tell of people, chats, invitations and accounts, each report at once with itself and in any order.</summary>
public abstract class GatewayContactCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private GatewayContacts Contacts => new(Node.Database);

    [Fact]
    public async Task Remember_OfManyAtOnceInAnyOrder_TheNewestChatStands()
    {
        for (var round = 0; round < 20; round++)
        {
            var address = $"ACoAA{round}";
            await AtOnce.Async(Enumerable.Range(0, 6).Select(i => (Func<Task>)(() => Contacts.RememberAsync(Profile.ChannelId, new ChatOf(address, $"chat-{i}", Clock.Now.AddMinutes(i))))).ToArray());
            // Delivered late: an older word does not take it back.
            await Contacts.RememberAsync(Profile.ChannelId, new ChatOf(address, "old", Clock.Now.AddDays(-1)));
            Assert.Equal("chat-5", await Contacts.ChatAsync(Profile.ChannelId, address));
        }
        Assert.Equal(20, await Node.ReadAsync(db => db.GatewayContacts.CountAsync()));
        await Contacts.ForgetAsync(Profile.ChannelId, "ACoAA0", "another");
        Assert.NotNull(await Contacts.ChatAsync(Profile.ChannelId, "ACoAA0"));
        await Contacts.ForgetAsync(Profile.ChannelId, "ACoAA0", "chat-5");
        Assert.Null(await Contacts.ChatAsync(Profile.ChannelId, "ACoAA0"));
    }

    [Fact]
    public async Task Invite_ByManyAtOnce_LeavesOnceAndNeverOverTheDaysNumber()
    {
        await using var server = await StandIn.StartAsync();
        server.Answer = _ => (201, """{"object":"UserInvitationSent","invitation_id":"inv"}""");
        var invitations = Invitations(server, perDay: 5);
        for (var round = 0; round < 5; round++)
        {
            var outcomes = await AtOnceAsync(Enumerable.Range(0, 6).Select(_ => (Func<Task<InviteOutcome>>)(() => invitations.InviteAsync(Profile.ChannelId, $"ACoAAr{round}", null))).ToArray());
            Assert.Single(outcomes, o => o.Result == InviteResult.Sent);
            Assert.Equal(5, outcomes.Count(o => o.Result == InviteResult.AlreadyInvited));
            await MoveBackAsync();
        }
        var many = await AtOnceAsync(Enumerable.Range(0, 12).Select(i => (Func<Task<InviteOutcome>>)(() => invitations.InviteAsync(Profile.ChannelId, $"ACoAAm{i}", null))).ToArray());
        Assert.Equal((5, 7), (many.Count(o => o.Result == InviteResult.Sent), many.Count(o => o.Result == InviteResult.TooManyToday)));
        Assert.Equal(10, server.Calls.Count);
    }

    [Theory]
    [InlineData(201, """{"object":"UserInvitationSent","invitation_id":"inv_1"}""", null, false)]
    [InlineData(422, """{"type":"errors/already_invited_recently"}""", null, false)]
    [InlineData(422, """{"type":"errors/already_connected"}""", null, true)]
    [InlineData(422, """{"type":"errors/cannot_invite_attendee"}""", SendFailure.BadRecipient, false)]
    [InlineData(422, """{"type":"errors/cannot_resend_yet"}""", SendFailure.AccountLimited, false)]
    [InlineData(0, "", SendFailure.Unknown, false)]
    public async Task InvitationGateway_ByWhatUnipileAnswers_SaysWhatAnActionNeeds(int status, string body, SendFailure? failure, bool connected)
    {
        await using var server = await StandIn.StartAsync();
        server.Answer = _ => (status, body);
        IInvitationGateway gateway = Invitations(server);
        Assert.True(await gateway.IsNeededAsync(Profile.ChannelId, "ACoAA1", CancellationToken.None));
        Assert.False(await gateway.IsNeededAsync(Profile.ChannelId, "221770000000", CancellationToken.None));
        var result = await gateway.InviteAsync(Message("ACoAA1", "Hello"), CancellationToken.None);
        Assert.Equal((failure, connected), (result.Failure, result.Connected));
        Assert.Equal(!connected, await gateway.IsNeededAsync(Profile.ChannelId, "ACoAA1", CancellationToken.None));
        Assert.Equal(SendFailure.BadContent, (await gateway.InviteAsync(Message("ACoAA2", new string('x', 301)), CancellationToken.None)).Failure);
    }

    [Fact]
    public async Task FindInvitation_OfALostOne_IsYesAtOnceAndNoLate()
    {
        await using var server = await StandIn.StartAsync();
        server.Answer = _ => (0, "");
        IInvitationGateway gateway = Invitations(server);
        await gateway.InviteAsync(Message("ACoAA1", ""), CancellationToken.None);
        server.Answer = _ => (200, """{"object":"InvitationList","items":[],"cursor":null}""");
        Assert.Null((await gateway.FindInvitationAsync(Message("ACoAA1", ""), Clock.Now, CancellationToken.None)).Sent);
        Assert.False((await gateway.FindInvitationAsync(Message("ACoAA1", ""), Clock.Now.AddHours(-1), CancellationToken.None)).Sent);
        server.Answer = _ => (200, """{"items":[{"id":"inv_7","invited_user_id":"ACoAA1"}],"cursor":null}""");
        Assert.Equal(new LookupResult(true, "inv_7"), await gateway.FindInvitationAsync(Message("ACoAA1", ""), Clock.Now, CancellationToken.None));
        // Accepted, it is in no list any more.
        server.Answer = _ => (200, """{"items":[],"cursor":null}""");
        await Contacts.ConnectedAsync(Profile.ChannelId, "ACoAA1");
        Assert.True((await gateway.FindInvitationAsync(Message("ACoAA1", ""), Clock.Now.AddHours(-1), CancellationToken.None)).Sent);
    }

    [Fact]
    public async Task News_OfTheAccount_StopsAndResumesWhatSendsOnTheChannel()
    {
        var (one, two) = (await AccountAsync(), await AccountAsync());
        var news = Node.Get<AccountNews>();
        await AtOnce.Async(Enumerable.Range(0, 4).Select(_ => (Func<Task>)(() => news.StatusAsync(Profile.ChannelId, ChannelStatus.NeedsAuthorization))).ToArray());
        foreach (var id in new[] { one, two })
            Assert.Equal((SendFailure.ChannelNotAuthorized, true), (await ReadAccountAsync(id)) is var a ? (a.BreakerReason, a.BreakerUntil > Clock.Now) : default);
        // A longer wait of another reason is not shortened.
        await news.HeldAsync(Profile.ChannelId, SendFailure.AccountLimited);
        await news.HeldAsync(Profile.ChannelId, SendFailure.ChannelNotAuthorized);
        Assert.Equal((SendFailure.AccountLimited, Clock.Now.AddHours(24)), (await ReadAccountAsync(one)) is var b ? (b.BreakerReason, b.BreakerUntil) : default);
        await news.StatusAsync(Profile.ChannelId, ChannelStatus.Active);
        Assert.Equal(SendFailure.AccountLimited, (await ReadAccountAsync(one)).BreakerReason);
    }

    [Fact]
    public async Task OwnMessage_OfAnUncertainAnswer_EndsTheDoubtOnce()
    {
        var moderator = (await Node.AddOnlineAsync("Awa"))[0];
        var conversation = await Node.OpenAsync(Profile, "33611111111");
        var reply = await Node.Orchestrator.ReplyAsync(conversation.Id, moderator, "on its way");
        Node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.Unknown));
        await Node.Sender.SendAsync(reply.MessageId);
        var own = new OwnMessages(Node.Database);
        var known = await AtOnceAsync(Enumerable.Range(0, 4).Select(_ => (Func<Task<bool>>)(() => own.RecognizeAsync(Profile.ChannelId, "33611111111", "on its way", "um-1", Clock.Now))).ToArray());
        Assert.Contains(true, known);
        Assert.Equal((MessageStatus.Sent, "um-1"), (await Node.MessageAsync(reply.MessageId)) is var m ? (m.Status, m.ProviderMessageId) : default);
        Assert.False(await own.RecognizeAsync(Profile.ChannelId, "33611111111", "written on the phone", "um-2", Clock.Now));
    }

    /// <summary>Invited a day ago: the day's number is free again.</summary>
    private Task MoveBackAsync() => Node.Database.WriteAsync(s => s.Db.GatewayContacts.ExecuteUpdateAsync(set => set.SetProperty(c => c.InvitedAt, Clock.Now.AddHours(-25))));

    private OutboundMessage Message(string address, string text) => new(1, 0, Profile.ChannelId, "main", ChannelProvider.Unipile, Sealed(), address, text);

    private string? _sealed;

    private string Sealed() => _sealed!;

    private UnipileInvitations Invitations(StandIn server, int perDay = 20)
    {
        var tokens = Tokens;
        _sealed = tokens.Seal(new ChannelCredentials { Token = "key", Server = server.Address, Account = "acc1", Secret = "a-secret-of-unipile" });
        Node.Database.WriteAsync(s => s.Db.Channels.Where(c => c.Id == Profile.ChannelId).ExecuteUpdateAsync(set => set.SetProperty(c => c.ProtectedToken, _sealed).SetProperty(c => c.Provider, ChannelProvider.Unipile)))
            .GetAwaiter().GetResult();
        var options = Microsoft.Extensions.Options.Options.Create(new UnipileOptions { InvitationsPerDay = perDay, Pace = new PaceOptions { PerChannel = 1000, PerProvider = 10_000, Burst = 1000 } });
        return new UnipileInvitations(
            Node.Database, new UnipileApi(Node.Get<IHttpClientFactory>(), options, TimeProvider.System), tokens, new GatewayPace(TimeProvider.System), options, Clock, NullLogger<UnipileInvitations>.Instance);
    }

    private readonly EphemeralDataProtectionProvider _keys = new();

    private ChannelTokens Tokens => new(_keys);
}
