using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Meta;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Gateways;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.App;

/// <summary>The whole host's door for the Cloud API, and the way out against a server that answers as it is documented to.</summary>
public sealed class MetaTests(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    private const string AppSecret = "app-secret-of-the-tests", Verify = "verify-token-of-the-tests";
    private string _key = "";

    public async ValueTask InitializeAsync()
    {
        _key = ApiHost.Unique("meta-");
        await host.PostAsync("/api/channels", new { key = _key, provider = "Meta", credentials = new { token = "EAAG-token", account = MetaPayloadTests.Number, secret = AppSecret, verifyToken = Verify } });
        await host.PostAsync("/api/profiles", new { name = "Profile " + _key, channel = _key, mode = "Shared" });
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Verify_RightToken_AnswersExactlyTheChallenge()
    {
        using var response = await host.Bare.GetAsync($"/webhooks/meta/{_key}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={Verify}");
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("1158201444", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", 403)]
    [InlineData("hub.mode=subscribe&hub.challenge=1", 403)]
    [InlineData("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=" + Verify, 403)]
    [InlineData("hub.mode=subscribe&hub.verify_token=" + Verify, 400)]
    [InlineData("hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=" + Verify, 400)]
    public async Task Verify_Wrong_IsRefused(string query, int status)
    {
        using var response = await host.Bare.GetAsync($"/webhooks/meta/{_key}?{query}");
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Post_SignedMessageTwice_IsStoredOnce()
    {
        var id = ApiHost.Unique("wamid.");
        var body = MetaPayloadTests.Call(MetaPayloadTests.Text(id, body: "d\\u00e9j\\u00e0 vu"));
        Assert.Equal(1, (await TakenAsync(body)).GetProperty("stored").GetInt32());
        Assert.Equal(1, (await TakenAsync(body)).GetProperty("duplicates").GetInt32());
        await using var db = host.Database.Read();
        Assert.Equal("déjà vu", (await db.Messages.SingleAsync(m => m.ProviderMessageId == id)).Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sha256=00")]
    [InlineData("sha1=8b3a7a07b9a41393ee257345a9e0b5bd289914b5")]
    public async Task Post_NotSigned_401AndNothingStored(string? signature)
    {
        var id = ApiHost.Unique("wamid.");
        using var response = await CallAsync(MetaPayloadTests.Call(MetaPayloadTests.Text(id)), signature);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        await using var db = host.Database.Read();
        Assert.False(await db.Messages.AnyAsync(m => m.ProviderMessageId == id));
    }

    [Fact]
    public async Task Post_SignedWithAnotherSecret_401()
    {
        var body = MetaPayloadTests.Call(MetaPayloadTests.Text(ApiHost.Unique("wamid.")));
        using var response = await CallAsync(body, Sign(body, "another-secret-of-the-tests"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("{\"object\":\"page\",\"entry\":[]}")]
    public async Task Post_SignedNonsense_400(string body)
    {
        using var response = await CallAsync(body, Sign(body));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Post_FailedBecauseOfTheAccount_StopsItForADay()
    {
        var account = (await host.PostAsync("/api/accounts", new { name = ApiHost.Unique("Meta account "), provider = "Meta", channel = _key, timeZone = "UTC" })).GetProperty("id").GetInt64();
        await TakenAsync(MetaPayloadTests.Call("""
            "statuses":[{"id":"wamid.none","status":"failed","timestamp":"1750857384","errors":[{"code":131048,"title":"Spam rate limit hit"}]}]
            """));
        await using var db = host.Database.Read();
        var row = await db.Accounts.SingleAsync(a => a.Id == account);
        Assert.Equal(SendFailure.AccountLimited, row.BreakerReason);
        Assert.InRange(row.BreakerUntil!.Value - TimeProvider.System.GetUtcNow().UtcDateTime, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task Post_FailedReply_SaysWhyInTheThread()
    {
        var (theirs, ours) = (ApiHost.Unique("wamid."), ApiHost.Unique("wamid."));
        await TakenAsync(MetaPayloadTests.Call(MetaPayloadTests.Text(theirs, from: "16505559999")));
        await using (var db = host.Database.Read())
        {
            var message = await db.Messages.SingleAsync(m => m.ProviderMessageId == theirs);
            db.Messages.Add(new Message
            {
                ConversationId = message.ConversationId, ChannelId = message.ChannelId, Direction = MessageDirection.Out, Type = "text", Text = "x", Status = MessageStatus.Sent, At = message.At,
                StoredAt = message.StoredAt, StatusAt = message.StoredAt, ProviderMessageId = ours,
            });
            await db.SaveChangesAsync();
        }
        await TakenAsync(MetaPayloadTests.Call($$"""
            "statuses":[{"id":"{{ours}}","status":"failed","timestamp":"1950857384","errors":[{"code":131047}]}]
            """));
        await using var after = host.Database.Read();
        var failed = await after.Messages.SingleAsync(m => m.ProviderMessageId == ours);
        Assert.Equal((MessageStatus.Failed, nameof(SendFailure.WindowClosed)), (failed.Status, failed.Error));
    }

    [Fact]
    public async Task Send_Accepted_SendsWhatIsDocumented()
    {
        var (result, call) = await SendAsync(200, """{"messaging_product":"whatsapp","contacts":[{"input":"16505551234","wa_id":"16505551234"}],"messages":[{"id":"wamid.X"}]}""");
        Assert.Equal(SendResult.Sent("wamid.X"), result);
        Assert.Equal(($"/v23.0/{MetaPayloadTests.Number}/messages", "Bearer EAAG-token", "application/json"), (call!.Path, call.Headers["Authorization"], call.Headers["Content-Type"]));
        Assert.Equal("""{"messaging_product":"whatsapp","recipient_type":"individual","to":"16505551234","type":"text","text":{"preview_url":false,"body":"hello"}}""", call.Body);
    }

    [Fact]
    public async Task Send_Template_SendsWhatIsDocumented()
    {
        const string accepted = """{"messaging_product":"whatsapp","messages":[{"id":"wamid.T","message_status":"accepted"}]}""";
        var (result, call) = await SendAsync(200, accepted, text: "Hello Awa, this is Teranga.", template: new GatewayTemplate("welcome", "en_US", ["Awa", "Teranga"]));
        Assert.Equal(SendResult.Sent("wamid.T"), result);
        Assert.Equal(
            """{"messaging_product":"whatsapp","recipient_type":"individual","to":"16505551234","type":"template","template":{"name":"welcome","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Awa"},{"type":"text","text":"Teranga"}]}]}}""",
            call!.Body);
        (_, call) = await SendAsync(200, accepted, template: new GatewayTemplate("plain", "fr", []));
        Assert.EndsWith("""template":{"name":"plain","language":{"code":"fr"},"components":[]}}""", call!.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, 131047, SendFailure.WindowClosed)]
    [InlineData(400, 131026, SendFailure.BadRecipient)]
    [InlineData(400, 131049, SendFailure.BadRecipient)]
    [InlineData(400, 131048, SendFailure.AccountLimited)]
    [InlineData(403, 131031, SendFailure.AccountLimited)]
    [InlineData(429, 130429, SendFailure.TooMany)]
    [InlineData(400, 131056, SendFailure.RecipientLimited)]
    [InlineData(401, 190, SendFailure.BadToken)]
    [InlineData(400, 131042, SendFailure.PaymentRequired)]
    [InlineData(400, 100, SendFailure.BadContent)]
    [InlineData(500, 131000, SendFailure.Refused)]
    [InlineData(500, 1, SendFailure.Unknown)]
    [InlineData(400, 987654, SendFailure.Refused)]
    [InlineData(401, 987654, SendFailure.BadToken)]
    [InlineData(500, 987654, SendFailure.Unknown)]
    [InlineData(503, 987654, SendFailure.Refused)]
    [InlineData(0, 0, SendFailure.Unknown)]
    public async Task Send_Error_HasItsClass(int status, int code, SendFailure expected) => Assert.Equal(
        SendResult.Failed(expected), (await SendAsync(status, $$"""{"error":{"message":"m","type":"OAuthException","code":{{code}},"error_subcode":1,"fbtrace_id":"f"} }""")).Result);

    [Fact]
    public async Task Send_AcceptedWithoutId_IsUncertain() => Assert.Equal(SendFailure.Unknown, (await SendAsync(200, "{}")).Result.Failure);

    [Theory]
    [InlineData("99@lid", 5, SendFailure.BadRecipient)]
    [InlineData("16505551234", 4097, SendFailure.BadContent)]
    public async Task Send_CannotBeSent_NothingLeaves(string address, int length, SendFailure expected)
    {
        var (result, call) = await SendAsync(200, "{}", address, new string('x', length));
        Assert.Equal((SendResult.Failed(expected), null), (result, call));
    }

    private async Task<(SendResult Result, SeenCall? Call)> SendAsync(int status, string body, string address = "16505551234", string text = "hello", GatewayTemplate? template = null)
    {
        await using var server = await StandIn.StartAsync();
        server.Answer = _ => (status, body);
        await using var db = host.Database.Read();
        var channel = await db.Channels.SingleAsync(c => c.Key == _key);
        var gateway = new MetaGateway(
            host.Services.GetRequiredService<IHttpClientFactory>(), host.Services.GetRequiredService<ChannelTokens>(), new GatewayPace(TimeProvider.System),
            Options.Create(new MetaOptions { BaseAddress = new Uri(server.Address) }), TimeProvider.System, NullLogger<MetaGateway>.Instance);
        var result = await gateway.SendTextAsync(new OutboundMessage(1, 2, channel.Id, _key, channel.Provider, channel.ProtectedToken, address, text) { Template = template }, CancellationToken.None);
        return (result, server.Calls.SingleOrDefault());
    }

    private static string Sign(string body, string secret = AppSecret) => "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    private async Task<JsonElement> TakenAsync(string body)
    {
        using var response = await CallAsync(body, Sign(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<HttpResponseMessage> CallAsync(string body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/meta/{_key}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new("application/json");
        if (signature is not null) request.Headers.TryAddWithoutValidation("X-Hub-Signature-256", signature);
        return await host.Bare.SendAsync(request);
    }
}
