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

/// <summary>Sending through Unipile, and messages as its webhooks bring them.</summary>
public sealed class UnipileTests(ApiHost host) : UnipileTest(host)
{
    [Fact]
    public async Task Send_UnknownChat_StartsOneAndThenWritesInIt()
    {
        Server.Answer = call => call.Path == "/api/v1/chats"
            ? (201, """{"object":"ChatStarted","chat_id":"chat/9","message_id":"m1"}""") : (201, """{"object":"MessageSent","message_id":"m2"}""");
        Assert.Equal(SendResult.Sent("m1"), await SendAsync("221770000009", "Bonjour ça va"));
        Assert.Equal(SendResult.Sent("m2"), await SendAsync("221770000009", "encore"));
        var (start, inChat) = (Server.Calls.First(), Server.Calls.Last());
        Assert.Equal(("POST", "api-key-1"), (start.Method, start.Headers["X-API-KEY"]));
        Assert.StartsWith("multipart/form-data", start.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(("acc1", "221770000009@s.whatsapp.net", "Bonjour ça va"), (start.Form["account_id"], start.Form["attendees_ids"], start.Form["text"]));
        Assert.Equal(("/api/v1/chats/chat%2F9/messages", "encore", "acc1"), (inChat.Path, inChat.Form["text"], inChat.Form["account_id"]));
    }

    [Fact]
    public async Task Send_ChatStartedWithoutMessageId_HasLeft()
    {
        Server.Answer = _ => (201, """{"object":"ChatStarted","chat_id":"c1","message_id":null}""");
        Assert.Equal(SendResult.SentUnnamed, await SendAsync("ACoAAone", "x"));
        Assert.Equal("ACoAAone", Server.Calls.Single().Form["attendees_ids"]);
    }

    [Fact]
    public async Task Send_ChatGone_StartsANewOne()
    {
        await ContactAsync("ACoAAgone", "old");
        Server.Answer = call => call.Path.EndsWith("/messages", StringComparison.Ordinal)
            ? (404, """{"type":"errors/resource_not_found","status":404,"title":"Chat not found"}""") : (201, """{"object":"ChatStarted","chat_id":"new","message_id":"m"}""");
        Assert.Equal(SendResult.Sent("m"), await SendAsync("ACoAAgone", "x"));
        Assert.Equal("new", await Host.Services.GetRequiredService<GatewayContacts>().ChatAsync(await ChannelAsync(), "ACoAAgone"));
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
        Server.Answer = _ => (status, $$"""{"title":"t","detail":"d","instance":"i","type":"errors/{{type}}","status":{{status}} }""");
        Assert.Equal(SendResult.Failed(expected), await SendAsync("ACoAAhim", "x"));
    }

    [Fact]
    public async Task Send_NobodyListens_NothingLeft()
    {
        await Server.DisposeAsync();
        Assert.Equal(SendResult.Failed(SendFailure.Unreachable), await SendAsync("ACoAAhim", "x"));
    }

    [Fact]
    public async Task Send_RetryAfter_HoldsTheChannel()
    {
        Server.Answer = _ => (429, """{"type":"errors/too_many_requests","status":429}""");
        Server.Header = ("Retry-After", "60");
        Assert.Equal(SendFailure.TooMany, (await SendAsync("ACoAAhim", "x")).Failure);
        Assert.Equal(SendFailure.TooMany, (await SendAsync("ACoAAhim", "x")).Failure);
        Assert.Single(Server.Calls);
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
        Server.Answer = _ => (201, """{"object":"MessageSent","message_id":"x"}""");
        Assert.Equal(SendResult.Sent("x"), await SendAsync(him, "hi"));
        Assert.Equal("/api/v1/chats/his-chat/messages", Server.Calls.Single().Path);
    }

    [Fact]
    public async Task Webhook_LateOlderMessage_DoesNotTakeTheChatBack()
    {
        var him = ApiHost.Unique("ACoAA");
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, chat: "new", at: "2024-01-02T00:00:00Z"));
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, chat: "old", at: "2024-01-01T00:00:00Z"));
        Assert.Equal("new", await Host.Services.GetRequiredService<GatewayContacts>().ChatAsync(await ChannelAsync(), him));
    }

    [Fact]
    public async Task Webhook_OurOwnMessage_IsNeverInbound()
    {
        var (him, ours) = (ApiHost.Unique("ACoAA"), ApiHost.Unique("um"));
        var own = UnipilePayloadTests.Message(ours, "ACoAAME", UnipilePayloadTests.Attendee(him));
        // Before he ever wrote it opens nothing; afterwards it is our word in the thread.
        Assert.Equal(0, (await TakenAsync(own)).GetProperty("stored").GetInt32());
        await using var db = Host.Database.Read();
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
        await using (var db = Host.Database.Read())
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
        await using var after = Host.Database.Read();
        var known = await after.Messages.SingleAsync(m => m.ProviderMessageId == ours);
        Assert.Equal((id, MessageStatus.Sent), (known.Id, known.Status));
    }

    [Fact]
    public async Task CreateChannel_BadCredentials_NamesEveryFieldAndNoSecretComesBack()
    {
        using var response = await Host.Api.PostAsJsonAsync("/api/channels", new { key = ApiHost.Unique("bad-"), provider = "Unipile", credentials = new { token = "t", server = "ftp://x", account = "", secret = "short" } });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        foreach (var field in new[] { "credentials.server", "credentials.account", "credentials.secret" }) Assert.Contains(field, text, StringComparison.Ordinal);
        var list = (await Host.GetAsync("/api/channels?pageSize=100")).ToString();
        Assert.DoesNotContain("api-key-1", list, StringComparison.Ordinal);
        Assert.DoesNotContain(Hook, list, StringComparison.Ordinal);
        Assert.Contains($"/webhooks/unipile/{Key}", list, StringComparison.Ordinal);
        await using var db = Host.Database.Read();
        Assert.DoesNotContain("api-key-1", (await db.Channels.SingleAsync(c => c.Key == Key)).ProtectedToken!, StringComparison.Ordinal);
    }
}
