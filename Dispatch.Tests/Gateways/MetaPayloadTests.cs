using System.Buffers;
using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Meta;

namespace Dispatch.Tests.Gateways;

public sealed class MetaPayloadTests
{
    private const string Vector = """{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[]}]}""";
    private const string Signature = "sha256=8b3a7a07b9a41393ee257345a9e0b5bd289914b5c62289e7540502771dee4ff9";

    internal const string Number = "106540352242922";

    internal static string Call(string content, string number = Number, string field = "messages") => $$"""
        {"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881",
        "phone_number_id":"{{number}}"},{{content}} },"field":"{{field}}"}]}]}
        """;

    internal static string Text(string id, string from = "16505551234", string at = "1749416383", string body = "Does it come in another color?") => $$"""
        "contacts":[{"profile":{"name":"Sheena Nelson"},"wa_id":"{{from}}"}],"messages":[{"from":"{{from}}","id":"{{id}}","timestamp":"{{at}}","type":"text","text":{"body":"{{body}}"} }]
        """;

    private static GatewayPayload Parse(string json) => MetaPayload.Parse(Encoding.UTF8.GetBytes(json), Number);

    [Fact]
    public void IsGood_GivenVector_Holds() => Assert.True(MetaSignature.IsGood(Signature, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(Vector)), "app-secret-test"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256=")]
    [InlineData("8b3a7a07b9a41393ee257345a9e0b5bd289914b5c62289e7540502771dee4ff9")]
    [InlineData("sha256=8b3a7a07b9a41393ee257345a9e0b5bd289914b5c62289e7540502771dee4ff8")]
    [InlineData("sha256=zz3a7a07b9a41393ee257345a9e0b5bd289914b5c62289e7540502771dee4ff9")]
    public void IsGood_OtherSignature_Fails(string? given) => Assert.False(MetaSignature.IsGood(given, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(Vector)), "app-secret-test"));

    [Fact]
    public void IsGood_SameJsonOtherBytes_Fails() => Assert.False(
        MetaSignature.IsGood(Signature, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(Vector.Replace(":[]", ": []", StringComparison.Ordinal))), "app-secret-test"));

    [Fact]
    public void Parse_Text_IsInbound() => Assert.Equal(
        new InboundMessage("wamid.A", "16505551234", "Sheena Nelson", "text", "Does it come in another color?", DateTime.UnixEpoch.AddSeconds(1749416383)),
        Assert.Single(Parse(Call(Text("wamid.A"))).Messages));

    [Theory]
    [InlineData("\"type\":\"button\",\"button\":{\"text\":\"Yes\"}", "Yes")]
    [InlineData("\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\",\"list_reply\":{\"id\":\"1\",\"title\":\"Red\"}}", "Red")]
    [InlineData("\"type\":\"image\",\"image\":{\"id\":\"1\",\"caption\":\"See\"}", "See")]
    [InlineData("\"type\":\"unsupported\",\"errors\":[{\"code\":131051}]", "")]
    public void Parse_OtherTypes_GiveTheirText(string content, string text) => Assert.Equal(
        text, Assert.Single(Parse(Call($$"""
            "messages":[{"from":"1650","id":"x","timestamp":"1",{{content}} }]
            """)).Messages).Text);

    [Theory]
    [InlineData("sent", MessageStatus.Sent)]
    [InlineData("delivered", MessageStatus.Delivered)]
    [InlineData("read", MessageStatus.Read)]
    [InlineData("played", MessageStatus.Read)]
    public void Parse_Status_IsTaken(string word, MessageStatus status) => Assert.Equal(
        new InboundStatus("wamid.B", status, DateTime.UnixEpoch.AddSeconds(1750857384)),
        Assert.Single(Parse(Call($$"""
            "statuses":[{"id":"wamid.B","status":"{{word}}","timestamp":"1750857384","recipient_id":"16505551234","pricing":{"billable":true} }]
            """)).Statuses));

    [Theory]
    [InlineData(131047, "WindowClosed", null)]
    [InlineData(131026, "BadRecipient", null)]
    [InlineData(131048, "AccountLimited", SendFailure.AccountLimited)]
    [InlineData(131042, "PaymentRequired", SendFailure.PaymentRequired)]
    [InlineData(999999, "999999", null)]
    public void Parse_Failed_SaysWhyAndWhetherTheAccountIsMeant(int code, string error, SendFailure? held)
    {
        var result = Parse(Call($$"""
            "statuses":[{"id":"wamid.B","status":"failed","timestamp":"1","errors":[{"code":{{code}},"title":"t","error_data":{"details":"d"} }]}]
            """));
        Assert.Equal((error, held), (Assert.Single(result.Statuses).Error, result.Held));
    }

    [Fact]
    public void Parse_SeveralOutOfOrder_AreInOrder()
    {
        var result = Parse(Call("""
            "messages":[{"from":"1","id":"late","timestamp":"20","type":"text","text":{"body":"b"} },{"from":"1","id":"early","timestamp":"10","type":"text","text":{"body":"a"} },{"from":"x"}]
            """));
        Assert.Equal(["early", "late"], result.Messages.Select(m => m.ProviderId));
        Assert.Single(result.Errors);
    }

    [Fact]
    public void Parse_OtherNumberOrField_IsIgnored()
    {
        Assert.Equal(1, Parse(Call(Text("a"), number: "999999")).Ignored);
        Assert.Equal(1, Parse(Call(Text("a"), field: "account_update")).Ignored);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"object\":\"page\",\"entry\":[]}")]
    [InlineData("{\"object\":\"whatsapp_business_account\",\"entry\":{}}")]
    public void Parse_NoPayloadOfMeta_IsAProblem(string json) => Assert.NotNull(Parse(json).Problem);
}
