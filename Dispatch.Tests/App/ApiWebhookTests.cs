using System.Net;
using System.Text;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

public sealed class ApiWebhookTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("wrong")]
    public async Task Post_WrongSecret_401AndNothingStored(string? secret)
    {
        var id = ApiHost.Unique("s");
        using var response = await host.WebhookAsync(ApiHost.Text(id, "221771", "x"), secret: secret);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Null(await StoredAsync(id));
    }

    [Fact]
    public async Task Post_UnknownChannel_404()
    {
        using var response = await host.WebhookAsync(ApiHost.Text("u", "221771", "x"), "nowhere");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Post_ChannelWithoutProfile_409()
    {
        using var response = await host.WebhookAsync(ApiHost.Text("u", "221771", "x"), "bare");
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"messages\":[")]
    [InlineData("{}")]
    [InlineData("{\"messages\":[{\"id\":\"only-an-id\"}]}")]
    public async Task Post_Malformed_400AndNothingStored(string body)
    {
        await using var db = host.Database.Read();
        var before = await db.Messages.CountAsync();
        using var response = await host.WebhookAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(before, await db.Messages.CountAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_OverOneMebibyte_413(bool chunked)
    {
        var bytes = Encoding.UTF8.GetBytes(ApiHost.Text("big", "221771", new string('x', 1024 * 1024)));
        using HttpContent content = chunked ? new StreamContent(new Unsized(bytes)) : new ByteArrayContent(bytes);
        using var response = await host.WebhookAsync(content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_JustBelowOneMebibyte_IsTaken(bool chunked)
    {
        var id = ApiHost.Unique("fit");
        var bytes = Encoding.UTF8.GetBytes(ApiHost.Text(id, "221772", new string('x', (1024 * 1024) - 400)));
        using HttpContent content = chunked ? new StreamContent(new Unsized(bytes)) : new ByteArrayContent(bytes);
        using var response = await host.WebhookAsync(content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(65_536, (await StoredAsync(id))!.Text.Length);
    }

    [Fact]
    public async Task Post_OneBadAmongGood_StoresTheGoodAndReportsTheBad()
    {
        var (a, b) = (ApiHost.Unique("g"), ApiHost.Unique("g"));
        using var response = await host.WebhookAsync($$"""
            {"messages":[{"id":"{{a}}","type":"text","chat_id":"221773","timestamp":1,"text":{"body":"one"} },{"type":"text","chat_id":"221773","timestamp":1},
            {"id":"{{b}}","type":"hologram","chat_id":"221773","timestamp":2}]}
            """);
        var answer = await ReadAsync(response);
        Assert.Equal(2, answer.GetProperty("stored").GetInt32());
        var error = Assert.Single(answer.GetProperty("errors").EnumerateArray());
        Assert.Equal((1, "has no 'id'"), (error.GetProperty("index").GetInt32(), error.GetProperty("reason").GetString()));
        Assert.Equal("one", (await StoredAsync(a))!.Text);
        var unknown = (await StoredAsync(b))!;
        Assert.Equal(("hologram", ""), (unknown.Type, unknown.Text));
    }

    [Fact]
    public async Task Post_Twice_AnswersDuplicateAndChangesNothing()
    {
        var id = ApiHost.Unique("d");
        var body = ApiHost.Text(id, "221774", "hello");
        Assert.Equal(1, (await ReadAsync(await host.WebhookAsync(body))).GetProperty("stored").GetInt32());
        var first = (await StoredAsync(id))!;
        var second = await ReadAsync(await host.WebhookAsync(body));
        Assert.Equal((0, 1), (second.GetProperty("stored").GetInt32(), second.GetProperty("duplicates").GetInt32()));
        var after = (await StoredAsync(id))!;
        Assert.Equal((first.Id, first.StoredAt), (after.Id, after.StoredAt));
    }

    [Fact]
    public async Task Post_FromMeOnThePhone_IsOurWordInTheThread()
    {
        var (theirs, ours) = (ApiHost.Unique("t"), ApiHost.Unique("o"));
        await host.WebhookAsync(ApiHost.Text(theirs, "221775", "hello"));
        await host.WebhookAsync($$"""{"messages":[{"id":"{{ours}}","from_me":true,"source":"mobile","type":"text","chat_id":"221775@s.whatsapp.net","timestamp":9,"text":{"body":"hi"} }]}""");
        var message = (await StoredAsync(ours))!;
        Assert.Equal((MessageDirection.Out, (await StoredAsync(theirs))!.ConversationId), (message.Direction, message.ConversationId));
    }

    [Fact]
    public async Task Post_UserDeleted_ChannelNeedsAuthorizationUntilAUserComes()
    {
        foreach (var (word, status) in new[] { ("delete", ChannelStatus.NeedsAuthorization), ("post", ChannelStatus.Active) })
        {
            var answer = await ReadAsync(await host.WebhookAsync($$$"""{"user":{"id":"1"},"event":{"type":"users","event":"{{{word}}}"}}""", "bare"));
            Assert.Equal(1, answer.GetProperty("ignored").GetInt32());
            await using var db = host.Database.Read();
            Assert.Equal(status, (await db.Channels.FirstAsync(c => c.Key == "bare")).Status);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private async Task<Message?> StoredAsync(string providerId)
    {
        await using var db = host.Database.Read();
        return await db.Messages.SingleOrDefaultAsync(m => m.ProviderMessageId == providerId);
    }

    /// <summary>A stream without a length makes the client send chunks.</summary>
    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
