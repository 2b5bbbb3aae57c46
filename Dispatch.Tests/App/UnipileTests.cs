using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Gateways;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>The whole host against a server that answers as Unipile is documented to, and webhooks as it sends them.</summary>
public sealed class UnipileTests(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    private const string Hook = "a-secret-of-unipile";
    private StandIn _server = null!;
    private string _key = "";

    public async ValueTask InitializeAsync()
    {
        _server = await StandIn.StartAsync();
        _key = ApiHost.Unique("uni-");
        await host.PostAsync("/api/channels", new { key = _key, provider = "Unipile", credentials = new { token = "api-key-1", server = _server.Address, account = "acc1", secret = Hook } });
        await host.PostAsync("/api/profiles", new { name = "Profile " + _key, channel = _key, mode = "Shared" });
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Send_UnknownChat_StartsOneAndThenWritesInIt()
    {
        _server.Answer = call => call.Path == "/api/v1/chats"
            ? (201, """{"object":"ChatStarted","chat_id":"chat/9","message_id":"m1"}""") : (201, """{"object":"MessageSent","message_id":"m2"}""");
        Assert.Equal(SendResult.Sent("m1"), await SendAsync("221770000009", "Bonjour ça va"));
        Assert.Equal(SendResult.Sent("m2"), await SendAsync("221770000009", "encore"));
        var (start, inChat) = (_server.Calls.First(), _server.Calls.Last());
        Assert.Equal(("POST", "api-key-1"), (start.Method, start.Headers["X-API-KEY"]));
        Assert.StartsWith("multipart/form-data", start.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(("acc1", "221770000009@s.whatsapp.net", "Bonjour ça va"), (start.Form["account_id"], start.Form["attendees_ids"], start.Form["text"]));
        Assert.Equal(("/api/v1/chats/chat%2F9/messages", "encore", "acc1"), (inChat.Path, inChat.Form["text"], inChat.Form["account_id"]));
    }

    [Fact]
    public async Task Send_ChatStartedWithoutMessageId_HasLeft()
    {
        _server.Answer = _ => (201, """{"object":"ChatStarted","chat_id":"c1","message_id":null}""");
        Assert.Equal(SendResult.SentUnnamed, await SendAsync("ACoAAone", "x"));
        Assert.Equal("ACoAAone", _server.Calls.Single().Form["attendees_ids"]);
    }

    [Fact]
    public async Task Send_ChatGone_StartsANewOne()
    {
        await ContactAsync("ACoAAgone", "old");
        _server.Answer = call => call.Path.EndsWith("/messages", StringComparison.Ordinal)
            ? (404, """{"type":"errors/resource_not_found","status":404,"title":"Chat not found"}""") : (201, """{"object":"ChatStarted","chat_id":"new","message_id":"m"}""");
        Assert.Equal(SendResult.Sent("m"), await SendAsync("ACoAAgone", "x"));
        Assert.Equal("new", await host.Services.GetRequiredService<GatewayContacts>().ChatAsync(await ChannelAsync(), "ACoAAgone"));
    }

    [Theory]
    [InlineData(422, "cannot_resend_yet", SendFailure.AccountLimited)]
    [InlineData(422, "limit_exceeded", SendFailure.AccountLimited)]
    [InlineData(403, "account_restricted", SendFailure.AccountLimited)]
    [InlineData(401, "disconnected_account", SendFailure.ChannelNotAuthorized)]
    [InlineData(401, "expired_credentials", SendFailure.ChannelNotAuthorized)]
    [InlineData(401, "missing_credentials", SendFailure.BadToken)]
    [InlineData(401, "a_word_to_come", SendFailure.BadToken)]
    [InlineData(403, "subscription_required", SendFailure.PaymentRequired)]
    [InlineData(422, "invalid_recipient", SendFailure.BadRecipient)]
    [InlineData(422, "no_connection_with_recipient", SendFailure.BadRecipient)]
    [InlineData(422, "blocked_recipient", SendFailure.BadRecipient)]
    [InlineData(400, "too_many_characters", SendFailure.BadContent)]
    [InlineData(422, "a_word_to_come", SendFailure.BadContent)]
    [InlineData(429, "too_many_requests", SendFailure.TooMany)]
    [InlineData(503, "no_client_session", SendFailure.Unreachable)]
    [InlineData(503, "service_unavailable", SendFailure.Refused)]
    [InlineData(503, "network_down", SendFailure.Unknown)]
    [InlineData(500, "provider_error", SendFailure.Unknown)]
    [InlineData(504, "request_timeout", SendFailure.Unknown)]
    [InlineData(302, "", SendFailure.Refused)]
    [InlineData(200, "", SendFailure.Unknown)]
    [InlineData(0, "", SendFailure.Unknown)]
    public async Task Send_Answer_SaysWhatBecameOfIt(int status, string type, SendFailure expected)
    {
        _server.Answer = _ => (status, $$"""{"title":"t","detail":"d","instance":"i","type":"errors/{{type}}","status":{{status}} }""");
        Assert.Equal(SendResult.Failed(expected), await SendAsync("ACoAAhim", "x"));
    }

    [Fact]
    public async Task Send_NobodyListens_NothingLeft()
    {
        await _server.DisposeAsync();
        Assert.Equal(SendResult.Failed(SendFailure.Unreachable), await SendAsync("ACoAAhim", "x"));
    }

    [Fact]
    public async Task Send_RetryAfter_HoldsTheChannel()
    {
        _server.Answer = _ => (429, """{"type":"errors/too_many_requests","status":429}""");
        _server.Header = ("Retry-After", "60");
        Assert.Equal(SendFailure.TooMany, (await SendAsync("ACoAAhim", "x")).Failure);
        Assert.Equal(SendFailure.TooMany, (await SendAsync("ACoAAhim", "x")).Failure);
        Assert.Single(_server.Calls);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong-secret-of-unipile")]
    [InlineData(ApiHost.Secret)]
    public async Task Webhook_WrongSecret_401(string? secret)
    {
        using var response = await CallAsync(UnipilePayloadTests.Message(), secret);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Webhook_ChannelOfAnotherGateway_404()
    {
        using var response = await CallAsync(UnipilePayloadTests.Message(), key: "shop");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("{}")]
    [InlineData("{\"event\":\"message_received\",\"account_id\":\"acc1\"}")]
    public async Task Webhook_BadBody_400(string body)
    {
        using var response = await CallAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Webhook_MessageWithoutContentTypeTwice_IsStoredOnceAndAnsweredInItsChat()
    {
        var (id, him) = (ApiHost.Unique("um"), ApiHost.Unique("ACoAA"));
        foreach (var (stored, duplicates) in new[] { (1, 0), (0, 1) })
        {
            var answer = await TakenAsync(UnipilePayloadTests.Message(id, him, chat: "his-chat"), contentType: null);
            Assert.Equal((stored, duplicates), (answer.GetProperty("stored").GetInt32(), answer.GetProperty("duplicates").GetInt32()));
        }
        _server.Answer = _ => (201, """{"object":"MessageSent","message_id":"x"}""");
        Assert.Equal(SendResult.Sent("x"), await SendAsync(him, "hi"));
        Assert.Equal("/api/v1/chats/his-chat/messages", _server.Calls.Single().Path);
    }

    [Fact]
    public async Task Webhook_LateOlderMessage_DoesNotTakeTheChatBack()
    {
        var him = ApiHost.Unique("ACoAA");
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, chat: "new", at: "2024-01-02T00:00:00Z"));
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, chat: "old", at: "2024-01-01T00:00:00Z"));
        Assert.Equal("new", await host.Services.GetRequiredService<GatewayContacts>().ChatAsync(await ChannelAsync(), him));
    }

    [Fact]
    public async Task Webhook_OurOwnMessage_IsNeverInbound()
    {
        var (him, ours) = (ApiHost.Unique("ACoAA"), ApiHost.Unique("um"));
        var own = UnipilePayloadTests.Message(ours, "ACoAAME", UnipilePayloadTests.Attendee(him));
        // Before he ever wrote it opens nothing; afterwards it is our word in the thread.
        Assert.Equal(0, (await TakenAsync(own)).GetProperty("stored").GetInt32());
        await using var db = host.Database.Read();
        Assert.False(await db.Contacts.AnyAsync(c => c.Address == him));
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him));
        await TakenAsync(own);
        Assert.Equal(MessageDirection.Out, (await db.Messages.SingleAsync(m => m.ProviderMessageId == ours)).Direction);
    }

    [Fact]
    public async Task Webhook_EchoOfAnUncertainReply_EndsTheDoubt()
    {
        var (him, ours) = (ApiHost.Unique("ACoAA"), ApiHost.Unique("um"));
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him));
        long id;
        await using (var db = host.Database.Read())
        {
            var theirs = await db.Messages.OrderByDescending(m => m.Id).FirstAsync();
            var reply = new Message
            {
                ConversationId = theirs.ConversationId, ChannelId = theirs.ChannelId, Direction = MessageDirection.Out, Type = "text", Text = "See you\nat nine", Status = MessageStatus.Uncertain,
                At = theirs.At, StoredAt = theirs.StoredAt, StatusAt = theirs.StoredAt,
            };
            db.Messages.Add(reply);
            await db.SaveChangesAsync();
            id = reply.Id;
        }
        await TakenAsync(UnipilePayloadTests.Message(ours, "ACoAAME", UnipilePayloadTests.Attendee(him), text: "See you\\r\\nat nine "));
        await using var after = host.Database.Read();
        var known = await after.Messages.SingleAsync(m => m.ProviderMessageId == ours);
        Assert.Equal((id, MessageStatus.Sent), (known.Id, known.Status));
    }

    [Fact]
    public async Task Webhook_NewRelation_GetsTheFirstContactOnceEver()
    {
        var him = ApiHost.Unique("ACoAA");
        _server.Answer = _ => (201, """{"object":"ChatStarted","chat_id":"c","message_id":"m"}""");
        var account = await AccountAsync();
        var relation = $$"""{"event":"new_relation","account_id":"acc1","account_type":"LINKEDIN","user_full_name":"Julien Crépieux","user_provider_id":"{{him}}"}""";
        for (var i = 0; i < 3; i++) await TakenAsync(relation);
        await ApiHost.UntilAsync(async () => (await ActionsAsync(him)).Any(a => a.Status == ActionStatus.Success));
        await TakenAsync(relation);
        await host.Services.GetRequiredService<ConnectionJob>().RunOnceAsync(DateTime.MaxValue);
        var action = Assert.Single(await ActionsAsync(him));
        Assert.Equal((account, ActionType.FirstContact, him), (action.AccountId, action.Type, Assert.Single(_server.Calls).Form["attendees_ids"]));
    }

    [Fact]
    public async Task Webhook_NewRelationOfAnotherAccount_IsIgnored()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        await TakenAsync($$"""{"event":"new_relation","account_id":"other","user_full_name":"J","user_provider_id":"{{him}}"}""");
        await using var db = host.Database.Read();
        Assert.False(await db.Prospects.AnyAsync(p => p.Address == him));
    }

    [Fact]
    public async Task Invite_ThenItsNoteComesBack_IsAConnectionAndNobodyIsInvitedTwice()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        _server.Answer = call => call.Path == "/api/v1/users/invite"
            ? (201, """{"object":"UserInvitationSent","invitation_id":"inv_1","usage":75}""") : (201, """{"object":"ChatStarted","chat_id":"c","message_id":"m"}""");
        var made = await host.PostAsync($"/api/channels/{_key}/invitations", new { address = him, note = "Hello" });
        Assert.Equal("inv_1", made.GetProperty("invitationId").GetString());
        var sent = JsonDocument.Parse(_server.Calls.Single().Body).RootElement;
        Assert.Equal((him, "acc1", "Hello"), (sent.GetProperty("provider_id").GetString(), sent.GetProperty("account_id").GetString(), sent.GetProperty("message").GetString()));
        using (var again = await host.Api.PostAsJsonAsync($"/api/channels/{_key}/invitations", new { address = him, note = "Hello" })) Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Single(_server.Calls);

        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), "ACoAAME", UnipilePayloadTests.Attendee(him, "Julien"), text: "Hello"));
        await ApiHost.UntilAsync(async () => (await ActionsAsync(him)).Any(a => a.Status == ActionStatus.Success));
    }

    [Fact]
    public async Task Invite_HeWritesFirst_NoFirstContactFollows()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        _server.Answer = _ => (201, """{"object":"UserInvitationSent","invitation_id":"inv_2"}""");
        await host.PostAsync($"/api/channels/{_key}/invitations", new { address = him });
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, text: "Thanks, who are you?"));
        await TakenAsync($$"""{"event":"new_relation","account_id":"acc1","user_full_name":"J","user_provider_id":"{{him}}"}""");
        await using var db = host.Database.Read();
        Assert.False(await db.Prospects.AnyAsync(p => p.Address == him));
    }

    [Fact]
    public async Task Invite_AnswerLost_TheListOfSentInvitationsDecides()
    {
        var him = ApiHost.Unique("ACoAA");
        _server.Answer = _ => (0, "");
        var invitations = host.Services.GetRequiredService<UnipileInvitations>();
        Assert.Equal(InviteResult.Uncertain, (await invitations.InviteAsync(await ChannelAsync(), him, null)).Result);
        _server.Answer = _ => (200, $$"""{"object":"InvitationList","items":[{"object":"InvitationSent","id":"inv_7","invited_user_id":"{{him}}"}],"cursor":null}""");
        Assert.Equal(new InviteOutcome(InviteResult.AlreadyInvited, "inv_7"), await invitations.InviteAsync(await ChannelAsync(), him, null));
        Assert.Equal(["POST", "GET"], _server.Calls.Select(c => c.Method));
    }

    [Theory]
    [InlineData("already_invited_recently", InviteResult.AlreadyInvited)]
    [InlineData("already_connected", InviteResult.AlreadyConnected)]
    [InlineData("cannot_resend_yet", InviteResult.Refused)]
    public async Task Invite_Refused_SaysWhy(string type, InviteResult expected)
    {
        _server.Answer = _ => (422, $$"""{"type":"errors/{{type}}","status":422}""");
        Assert.Equal(expected, (await host.Services.GetRequiredService<UnipileInvitations>().InviteAsync(await ChannelAsync(), ApiHost.Unique("ACoAA"), null)).Result);
    }

    [Fact]
    public async Task Webhook_AccountStatus_StopsAndResumesTheAccount()
    {
        var account = await AccountAsync();
        await TakenAsync("""{"AccountStatus":{"account_id":"acc1","account_type":"LINKEDIN","message":"CREDENTIALS"}}""");
        await using (var db = host.Database.Read())
        {
            var held = await db.Accounts.SingleAsync(a => a.Id == account);
            Assert.Equal((SendFailure.ChannelNotAuthorized, true), (held.BreakerReason, held.BreakerUntil > held.CreatedAt));
            Assert.Equal(ChannelStatus.NeedsAuthorization, (await db.Channels.SingleAsync(c => c.Key == _key)).Status);
        }
        await TakenAsync("""{"AccountStatus":{"account_id":"acc1","account_type":"LINKEDIN","message":"RECONNECTED"}}""");
        await using (var db = host.Database.Read())
        {
            var open = await db.Accounts.SingleAsync(a => a.Id == account);
            Assert.Equal((0, null, true), (open.Failures, open.BreakerUntil, open.ResumedAt is not null));
            Assert.Equal(ChannelStatus.Active, (await db.Channels.SingleAsync(c => c.Key == _key)).Status);
        }
    }

    [Fact]
    public async Task Reconcile_OurMessageIsInTheChat_IsSentWithItsId()
    {
        var id = await UncertainAsync("Hello Awa,\nshall we talk?", TimeSpan.FromMinutes(5));
        var at = MinutesAgo(-4);
        _server.Answer = call => call.Path.EndsWith("/chats", StringComparison.Ordinal)
            ? (200, """{"object":"ChatList","items":[{"object":"Chat","id":"c7","type":0}],"cursor":null}""")
            : (200, $$"""{"object":"MessageList","items":[{"id":"his","is_sender":0,"text":"Hello Awa,\nshall we talk?","timestamp":"{{at}}"},{"id":"ours","is_sender":1,"text":"Hello Awa,\r\nshall we talk? ","timestamp":"{{at}}"}],"cursor":null}""");
        var answer = await host.PostAsync($"/api/actions/{id}/reconcile");
        Assert.Equal("success", answer.GetProperty("status").GetString());
        await using var db = host.Database.Read();
        Assert.Equal("ours", (await db.OutreachActions.SingleAsync(a => a.Id == id)).ProviderMessageId);
    }

    [Theory]
    [InlineData(20, true, ActionStatus.Failed)]
    [InlineData(5, true, ActionStatus.Uncertain)]
    [InlineData(20, false, ActionStatus.Uncertain)]
    public async Task Reconcile_NotInTheChat_IsNotSentOnlyWhenThatIsSure(int minutes, bool readable, ActionStatus expected)
    {
        var id = await UncertainAsync("Hello", TimeSpan.FromMinutes(minutes));
        _server.Answer = call => call.Path.EndsWith("/chats", StringComparison.Ordinal)
            ? (200, """{"object":"ChatList","items":[{"object":"Chat","id":"c7","type":0}],"cursor":null}""")
            // The same words of long ago are not it.
            : readable ? (200, $$"""{"items":[{"id":"old","is_sender":1,"text":"Hello","timestamp":"{{MinutesAgo(-60)}}"}],"cursor":null}""") : (500, "");
        var outcome = await host.Services.GetRequiredService<Actions>().ReconcileAsync(id, null);
        Assert.Equal(expected, outcome.Status);
    }

    [Fact]
    public async Task Webhook_EchoOfAnUncertainAction_EndsTheDoubt()
    {
        var id = await UncertainAsync("Hello again", TimeSpan.FromSeconds(5));
        await using var db = host.Database.Read();
        var him = await db.OutreachActions.Where(a => a.Id == id).Join(db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => p.Address).SingleAsync();
        var ours = ApiHost.Unique("um");
        await TakenAsync(UnipilePayloadTests.Message(ours, "ACoAAME", UnipilePayloadTests.Attendee(him), text: "Hello again"));
        var action = await db.OutreachActions.AsNoTracking().SingleAsync(a => a.Id == id);
        Assert.Equal((ActionStatus.Success, ours), (action.Status, action.ProviderMessageId));
    }

    [Fact]
    public async Task CreateChannel_BadCredentials_NamesEveryFieldAndNoSecretComesBack()
    {
        using var response = await host.Api.PostAsJsonAsync("/api/channels", new { key = ApiHost.Unique("bad-"), provider = "Unipile", credentials = new { token = "t", server = "ftp://x", account = "", secret = "short" } });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        foreach (var field in new[] { "credentials.server", "credentials.account", "credentials.secret" }) Assert.Contains(field, text, StringComparison.Ordinal);
        var list = (await host.GetAsync("/api/channels?pageSize=100")).ToString();
        Assert.DoesNotContain("api-key-1", list, StringComparison.Ordinal);
        Assert.DoesNotContain(Hook, list, StringComparison.Ordinal);
        Assert.Contains($"/webhooks/unipile/{_key}", list, StringComparison.Ordinal);
        await using var db = host.Database.Read();
        Assert.DoesNotContain("api-key-1", (await db.Channels.SingleAsync(c => c.Key == _key)).ProtectedToken!, StringComparison.Ordinal);
    }

    private async Task<long> ChannelAsync()
    {
        await using var db = host.Database.Read();
        return await db.Channels.Where(c => c.Key == _key).Select(c => c.Id).SingleAsync();
    }

    private async Task<SendResult> SendAsync(string address, string text)
    {
        await using var db = host.Database.Read();
        var channel = await db.Channels.SingleAsync(c => c.Key == _key);
        return await host.Services.GetServices<IMessageGateway>().Single(g => g.Provider == ChannelProvider.Unipile)
            .SendTextAsync(new OutboundMessage(1, 2, channel.Id, _key, channel.Provider, channel.ProtectedToken, address, text), CancellationToken.None);
    }

    private async Task ContactAsync(string address, string chat) =>
        await host.Services.GetRequiredService<GatewayContacts>().RememberAsync(await ChannelAsync(), new ChatOf(address, chat, DateTime.UnixEpoch));

    private async Task<long> AccountAsync() => (await host.PostAsync("/api/accounts", new { name = ApiHost.Unique("Account "), provider = "Unipile", channel = _key, timeZone = "UTC", minGapSeconds = 0 })).GetProperty("id").GetInt64();

    /// <summary>An action whose sender died so long ago.</summary>
    private async Task<long> UncertainAsync(string text, TimeSpan ago)
    {
        var account = await AccountAsync();
        await using var db = host.Database.Read();
        var at = TimeProvider.System.GetUtcNow().UtcDateTime - ago;
        var prospect = new Prospect { AccountId = account, Name = "Awa", Address = ApiHost.Unique("ACoAA"), Language = "en", CreatedAt = at };
        db.Prospects.Add(prospect);
        await db.SaveChangesAsync();
        var action = new OutreachAction
        {
            AccountId = account, ProspectId = prospect.Id, Kind = ActionKinds.FirstContact, Type = ActionType.FirstContact, Status = ActionStatus.Uncertain, EffectKey = ApiHost.Unique("effect"),
            Content = text, ScheduledAt = at, DueAt = at, CreatedAt = at, StartedAt = at, FinishedAt = at, Error = nameof(ActionEnd.LostSender), Attempts = 1,
        };
        db.OutreachActions.Add(action);
        await db.SaveChangesAsync();
        return action.Id;
    }

    private async Task<List<OutreachAction>> ActionsAsync(string address)
    {
        await using var db = host.Database.Read();
        return await db.OutreachActions.Where(a => db.Prospects.Any(p => p.Id == a.ProspectId && p.Address == address)).ToListAsync();
    }

    private async Task<JsonElement> TakenAsync(string body, string? contentType = "application/json")
    {
        using var response = await CallAsync(body, contentType: contentType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<HttpResponseMessage> CallAsync(string body, string? secret = Hook, string? key = null, string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/unipile/{key ?? _key}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        if (contentType is not null) request.Content.Headers.ContentType = new(contentType);
        if (secret is not null) request.Headers.Add(UnipileHeader, secret);
        return await host.Bare.SendAsync(request);
    }

    private const string UnipileHeader = "X-Webhook-Secret";

    private static string MinutesAgo(int minutes) => TimeProvider.System.GetUtcNow().AddMinutes(minutes).UtcDateTime.ToString("o");
}
