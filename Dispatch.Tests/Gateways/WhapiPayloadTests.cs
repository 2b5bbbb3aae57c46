using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Whapi;

namespace Dispatch.Tests.Gateways;

public class WhapiPayloadTests
{
    private const string Documented = """
        {"messages":[{"id":"p.w30M7fgwWD4XwHu.g4CA-gBgTwl0rVw","from_me":false,"type":"text","chat_id":"919984351847@s.whatsapp.net","timestamp":1712995245,
        "source":"mobile","text":{"body":"Hello world"},"from":"919984351847","from_name":"Gerald"}],"event":{"type":"messages","event":"post"},"channel_id":"MANTIS-M72HC"}
        """;

    [Fact]
    public void Parse_DocumentedMessage_ReadsEveryField()
    {
        var message = Assert.Single(Parse(Documented).Messages);
        Assert.Equal(
            new InboundMessage("p.w30M7fgwWD4XwHu.g4CA-gBgTwl0rVw", "919984351847", "Gerald", "text", "Hello world", new DateTime(2024, 4, 13, 8, 0, 45, DateTimeKind.Utc)),
            message);
    }

    [Fact]
    public void Parse_DocumentedStatus_ReadsStringTimestamp()
    {
        var status = Assert.Single(Parse("""
            {"statuses":[{"id":"YhNqCveDWW90_t8lzrW25w-wO4Twl0rVw","code":3,"status":"delivered","recipient_id":"919984351847@s.whatsapp.net","timestamp":"1712995378"}],
            "event":{"type":"statuses","event":"post"},"channel_id":"MANTIS-M72HC"}
            """).Statuses);
        Assert.Equal(new InboundStatus("YhNqCveDWW90_t8lzrW25w-wO4Twl0rVw", MessageStatus.Delivered, DateTime.UnixEpoch.AddSeconds(1712995378)), status);
    }

    [Theory]
    [InlineData("sent", MessageStatus.Sent)]
    [InlineData("delivered", MessageStatus.Delivered)]
    [InlineData("read", MessageStatus.Read)]
    [InlineData("played", MessageStatus.Read)]
    [InlineData("failed", MessageStatus.Failed)]
    public void Parse_StatusWord_IsMapped(string word, MessageStatus expected) =>
        Assert.Equal(expected, Assert.Single(Parse($$"""{"statuses":[{"id":"a","status":"{{word}}","timestamp":"1"}]}""").Statuses).Status);

    [Theory]
    [InlineData("pending")]
    [InlineData("deleted")]
    [InlineData("something-new")]
    public void Parse_StatusWithoutPlace_IsIgnored(string word)
    {
        var result = Parse($$"""{"statuses":[{"id":"a","status":"{{word}}","timestamp":"1"}]}""");
        Assert.Empty(result.Statuses);
        Assert.Equal(1, result.Ignored);
    }

    [Fact]
    public void Parse_FailedStatus_KeepsTheCode() => Assert.Equal(
        "131026", Assert.Single(Parse("""{"statuses":[{"id":"a","status":"failed","timestamp":"1","errors":[{"code":131026,"title":"x"}]}]}""").Statuses).Error);

    [Theory]
    [InlineData("link_preview", """{"body":"see https://example.org"}""", "see https://example.org")]
    [InlineData("image", """{"caption":"broken"}""", "broken")]
    [InlineData("image", """{"caption":"broken","link":"https://s3.example.org/a.jpg"}""", "broken\nhttps://s3.example.org/a.jpg")]
    [InlineData("image", """{"link":"javascript:alert(1)"}""", "")]
    [InlineData("video", """{"caption":"look"}""", "look")]
    [InlineData("gif", """{"caption":"ha"}""", "ha")]
    [InlineData("document", """{"filename":"bill.pdf","caption":""}""", "bill.pdf")]
    [InlineData("voice", """{"seconds":3}""", "")]
    [InlineData("reply", """{"type":"buttons_reply","buttons_reply":{"id":"1","title":"Yes"}}""", "Yes")]
    [InlineData("reply", """{"type":"list_reply","list_reply":{"id":"1","title":"Second","description":"d"}}""", "Second")]
    [InlineData("location", """{"latitude":14.6937,"longitude":-17.4441,"name":"Sandaga"}""", "Sandaga\n14.6937, -17.4441")]
    [InlineData("contact", """{"name":"Awa","vcard":"BEGIN:VCARD\nTEL;type=CELL:+221 77 000\nEND:VCARD"}""", "Awa +221 77 000")]
    [InlineData("contact_list", """{"list":[{"name":"Awa"},{"name":"Moussa"}]}""", "Awa\nMoussa")]
    [InlineData("poll", """{"title":"When?","options":["Mon","Tue"]}""", "When?\n- Mon\n- Tue")]
    [InlineData("action", """{"type":"reaction","emoji":"👍"}""", "👍")]
    [InlineData("hologram", """{"body":"not documented"}""", "")]
    [InlineData("text", """{"body":{"not":"text"}}""", "")]
    public void Parse_Type_GivesItsBestText(string type, string content, string expected)
    {
        var message = Assert.Single(Parse($$"""{"messages":[{"id":"a","type":"{{type}}","chat_id":"1@s.whatsapp.net","timestamp":1,"{{type}}":{{content}}}]}""").Messages);
        Assert.Equal((type, expected), (message.Type, message.Text));
    }

    [Theory]
    [InlineData("919984351847@s.whatsapp.net", "919984351847")]
    [InlineData("919984351847:12@s.whatsapp.net", "919984351847")]
    [InlineData("919984351847", "919984351847")]
    [InlineData("+33 6 12-34", "3361234")]
    [InlineData("188888888888@lid", "188888888888@lid")]
    public void Parse_ChatId_BecomesAddress(string chat, string expected) => Assert.Equal(expected, Assert.Single(Parse(Text(chat: chat)).Messages).Address);

    [Theory]
    [InlineData("120363@g.us")]
    [InlineData("120363@newsletter")]
    [InlineData("status@broadcast")]
    public void Parse_NotAPerson_IsIgnored(string chat)
    {
        var result = Parse(Text(chat: chat));
        Assert.Equal((0, 0, 1), (result.Messages.Count, result.Errors.Count, result.Ignored));
        Assert.False(result.AllBad);
    }

    [Fact]
    public void Parse_FromMeByApi_IsStatusOfOurOwnMessage()
    {
        var result = Parse("""{"messages":[{"id":"o1","from_me":true,"type":"text","chat_id":"1@s.whatsapp.net","timestamp":5,"source":"api","status":"pending","text":{"body":"x"}}]}""");
        Assert.Empty(result.Messages);
        Assert.Equal(new InboundStatus("o1", MessageStatus.Sent, DateTime.UnixEpoch.AddSeconds(5)), Assert.Single(result.Statuses));
    }

    [Fact]
    public void Parse_FromMeOnPhone_IsOursToTheChat()
    {
        var result = Parse("""{"messages":[{"id":"o1","from_me":true,"type":"text","chat_id":"221770@s.whatsapp.net","from":"221999","timestamp":5,"source":"mobile","text":{"body":"x"}}]}""");
        var message = Assert.Single(result.Messages);
        Assert.True(message.FromUs);
        Assert.Equal("221770", message.Address);
    }

    [Theory]
    [InlineData("""{"type":"text","chat_id":"1","timestamp":1}""", "has no 'id'")]
    [InlineData("""{"id":"a","chat_id":"1","timestamp":1}""", "has no 'type'")]
    [InlineData("""{"id":"a","type":"text","timestamp":1}""", "has no 'chat_id'")]
    [InlineData("""{"id":"a","type":"text","chat_id":"1"}""", "has no 'timestamp'")]
    [InlineData("""{"id":"a","type":"text","chat_id":"1","timestamp":"soon"}""", "'timestamp' is not a number of seconds")]
    [InlineData("""{"id":"a","type":"text","chat_id":"1","timestamp":-1}""", "'timestamp' is not a number of seconds")]
    [InlineData("""{"id":"a","type":"text","chat_id":"1","timestamp":1e300}""", "'timestamp' is not a number of seconds")]
    [InlineData("""{"id":"a","type":"text","chat_id":"nobody","timestamp":1}""", "'chat_id' is not an address")]
    [InlineData("""{"id":7,"type":"text","chat_id":"1","timestamp":1}""", "has no 'id'")]
    [InlineData("null", "is not an object")]
    public void Parse_BadItem_IsReportedAndTheGoodOneStands(string bad, string reason)
    {
        var result = Parse($$"""{"messages":[{{bad}},{"id":"g","type":"text","chat_id":"1","timestamp":1,"text":{"body":"good"} }]}""");
        Assert.Equal(new PayloadError(0, reason), Assert.Single(result.Errors));
        Assert.Equal("good", Assert.Single(result.Messages).Text);
        Assert.True(Parse($$"""{"messages":[{{bad}}]}""").AllBad);
    }

    [Fact]
    public void Parse_TooLongIdAndType_AreItemErrors()
    {
        Assert.True(Parse(Text(id: new string('x', 129))).AllBad);
        Assert.False(Parse(Text(id: new string('x', 128))).AllBad);
        Assert.True(Parse(Text(type: new string('x', 41))).AllBad);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"messages\"")]
    [InlineData("{}")]
    [InlineData("""{"messages":{}}""")]
    [InlineData("""{"messages":[],}""")]
    [InlineData("""{"messages":[{"id":"a""from":"b"}]}""")]
    public void Parse_NotAPayload_IsAProblem(string body) => Assert.NotNull(Parse(body).Problem);

    [Fact]
    public void Parse_NulAndHalfPairs_AreMended()
    {
        var result = Parse("""{"messages":[{"id":"a\u0000b","type":"text","chat_id":"1","timestamp":1,"from_name":"\udc00x","text":{"body":"1\u00002 \ud800 \ud83d\ude00 \n\"\\"} }]}""");
        var message = Assert.Single(result.Messages);
        Assert.Equal(("ab", "\uFFFDx", "12 \uFFFD \U0001F600 \n\"\\"), (message.ProviderId, message.Name, message.Text));
    }

    [Fact]
    public void Parse_BrokenUtf8_IsMended()
    {
        var bytes = Encoding.UTF8.GetBytes(Text(body: "ab#cd"));
        bytes[Array.IndexOf(bytes, (byte)'#')] = 0xFF;
        Assert.Equal("ab\uFFFDcd", Assert.Single(WhapiPayload.Parse(bytes).Messages).Text);
    }

    [Fact]
    public void Parse_LongName_IsCutAtAWholeCharacter() =>
        Assert.Equal(119, Assert.Single(Parse(Text(name: new string('n', 119) + "\U0001F600")).Messages).Name.Length);

    [Theory]
    [InlineData("""{"health":{"status":{"code":3,"text":"QR"} },"event":{"type":"channel","event":"post"} }""", ChannelStatus.NeedsAuthorization)]
    [InlineData("""{"health":{"status":{"code":4,"text":"AUTH"} },"event":{"type":"channel","event":"post"} }""", ChannelStatus.Active)]
    [InlineData("""{"user":{"id":"6137"},"event":{"type":"users","event":"delete"} }""", ChannelStatus.NeedsAuthorization)]
    [InlineData("""{"user":{"id":"61371989950","name":"Jonathan"},"event":{"type":"users","event":"post"},"channel_id":"MANTIS-M72HC"}""", ChannelStatus.Active)]
    [InlineData("""{"presences":[],"event":{"type":"presences","event":"post"} }""", null)]
    public void Parse_OtherEvent_IsIgnoredButTellsTheSession(string body, ChannelStatus? expected)
    {
        var result = Parse(body);
        Assert.Equal((expected, 1, null), (result.ChannelStatus, result.Ignored, result.Problem));
    }

    [Fact]
    public void Parse_RandomDamage_NeverThrows()
    {
        var random = new Random(7);
        var original = Encoding.UTF8.GetBytes(Documented);
        for (var i = 0; i < 5000; i++)
        {
            var bytes = original.ToArray();
            for (var n = 0; n < 3; n++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            WhapiPayload.Parse(bytes);
        }
    }

    private static GatewayPayload Parse(string json) => WhapiPayload.Parse(Encoding.UTF8.GetBytes(json));

    private static string Text(string id = "a", string type = "text", string chat = "1@s.whatsapp.net", string body = "hi", string name = "") =>
        System.Text.Json.JsonSerializer.Serialize(new
        {
            messages = new[] { new { id, type, chat_id = chat, timestamp = 1, from_name = name, text = new { body } } },
        }, new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
