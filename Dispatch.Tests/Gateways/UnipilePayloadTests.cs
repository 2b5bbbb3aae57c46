using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;

namespace Dispatch.Tests.Gateways;

public sealed class UnipilePayloadTests
{
    private static readonly ChannelCredentials Channel = new() { Account = "acc1" };

    private static GatewayPayload Parse(string json, ChannelCredentials? channel = null) => UnipilePayload.Parse(Encoding.UTF8.GetBytes(json), channel ?? Channel);

    internal static string Message(
        string id = "m1", string sender = "ACoAAHIM", string others = "", string more = ",\"account_info\":{\"type\":\"LINKEDIN\",\"user_id\":\"ACoAAME\"}", string text = "Hello World !",
        string account = "acc1", string at = "2023-09-24T13:49:07.965Z", string chat = "chat-1", string name = "Kim Unipile", string @event = "message_received") => $$"""
        {"account_id":"{{account}}","account_type":"LINKEDIN","event":"{{@event}}","chat_id":"{{chat}}","timestamp":"{{at}}","webhook_name":"Webhook demo","message_id":"{{id}}","message":"{{text}}",
         "sender":{"attendee_id":"a","attendee_name":"{{name}}","attendee_provider_id":"{{sender}}"},"attendees":[{{others}}]{{more}} }
        """;

    internal static string Attendee(string id, string name = "Other") => $$"""{"attendee_id":"x","attendee_name":"{{name}}","attendee_provider_id":"{{id}}"}""";

    [Fact]
    public void Parse_TheirMessage_IsInboundWithItsChat()
    {
        var result = Parse(Message(others: Attendee("ACoAAHIM") + "," + Attendee("ACoAAME")));
        Assert.Equal(
            new InboundMessage("m1", "ACoAAHIM", "Kim Unipile", "text", "Hello World !", new DateTime(2023, 9, 24, 13, 49, 7, 965, DateTimeKind.Utc)), Assert.Single(result.Messages));
        Assert.Equal(("ACoAAHIM", "chat-1"), (Assert.Single(result.Chats).Address, result.Chats[0].ChatId));
    }

    [Theory]
    [InlineData("\"account_info\":{\"user_id\":\"ACoAAME\"}")]
    [InlineData("\"is_sender\":1")]
    [InlineData("\"is_sender\":\"true\"")]
    public void Parse_OurOwnMessage_IsOursAndTheOthersChat(string tell)
    {
        var message = Assert.Single(Parse(Message(sender: "ACoAAME", others: Attendee("ACoAAHIM", "Him"), more: "," + tell, name: "Me")).Messages);
        Assert.Equal((true, "ACoAAHIM", "Him"), (message.FromUs, message.Address, message.Name));
    }

    [Fact]
    public void Parse_NoWordWhoseItIs_IsRefusedUnlessTheChannelKnowsItsOwnId()
    {
        var json = Message(sender: "ACoAAME", others: Attendee("ACoAAHIM"), more: "");
        Assert.Contains("whose message", Assert.Single(Parse(json).Errors).Reason, StringComparison.Ordinal);
        Assert.True(Assert.Single(Parse(json, Channel with { UserId = "ACoAAME" }).Messages).FromUs);
    }

    [Fact]
    public void Parse_WhatsAppIds_AreDigits()
    {
        const string me = ",\"account_info\":{\"user_id\":\"221770000001@s.whatsapp.net\"}";
        Assert.Equal("221770000002", Assert.Single(Parse(Message(sender: "221770000002@s.whatsapp.net", more: me)).Messages).Address);
        // The same number with a device is still we.
        Assert.True(Assert.Single(Parse(Message(sender: "221770000001:12@s.whatsapp.net", others: Attendee("99@lid"), more: me)).Messages).FromUs);
    }

    [Theory]
    [InlineData("{\"type\":\"img\",\"size\":{\"height\":\"150\"},\"sticker\":\"false\"}", "image")]
    [InlineData("[{\"type\":\"file\"},{\"type\":\"img\"}]", "document")]
    [InlineData("[]", "text")]
    public void Parse_AttachmentsAsObjectOrList_GiveTheType(string attachments, string type) => Assert.Equal(
        type, Assert.Single(Parse(Message(text: "", more: ",\"is_sender\":0,\"attachments\":" + attachments)).Messages).Type);

    [Fact]
    public void Parse_Group_IsIgnored() => Assert.Equal(1, Parse(Message(others: Attendee("ACoAATHREE"))).Ignored);

    [Fact]
    public void Parse_OtherAccount_IsIgnored() => Assert.Equal((0, 1), (Parse(Message(account: "other")).Messages.Count, Parse(Message(account: "other")).Ignored));

    [Fact]
    public void Parse_NewRelation_IsAConnection()
    {
        var result = Parse("""{"event":"new_relation","account_id":"acc1","account_type":"LINKEDIN","webhook_name":"","user_full_name":"Julien Crépieux","user_provider_id":"ACoAAAh_Ffqss54"}""");
        Assert.Equal(new NewConnection("ACoAAAh_Ffqss54", "Julien Crépieux"), Assert.Single(result.Connections));
    }

    [Theory]
    [InlineData("OK", ChannelStatus.Active)]
    [InlineData("RECONNECTED", ChannelStatus.Active)]
    [InlineData("CREATION_SUCCESS", ChannelStatus.Active)]
    [InlineData("CREDENTIALS", ChannelStatus.NeedsAuthorization)]
    [InlineData("ERROR", ChannelStatus.NeedsAuthorization)]
    [InlineData("STOPPED", ChannelStatus.NeedsAuthorization)]
    [InlineData("DELETED", ChannelStatus.NeedsAuthorization)]
    [InlineData("CONNECTING", null)]
    public void Parse_AccountStatus_IsTheChannels(string word, ChannelStatus? status) => Assert.Equal(
        status, Parse($$"""{"AccountStatus":{"account_id":"acc1","account_type":"LINKEDIN","message":"{{word}}"} }""").ChannelStatus);

    [Fact]
    public void Parse_AccountStatusOfAnother_SaysNothing() => Assert.Null(Parse("""{"AccountStatus":{"account_id":"other","message":"DELETED"}}""").ChannelStatus);

    [Fact]
    public void Parse_MessageRead_IsAStatus() => Assert.Equal(MessageStatus.Read, Assert.Single(Parse(Message(@event: "message_read")).Statuses).Status);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"AccountStatus\":3}")]
    [InlineData("{\"event\":7}")]
    public void Parse_NoPayloadOfUnipile_IsAProblem(string json) => Assert.NotNull(Parse(json).Problem);

    [Theory]
    [InlineData("{\"event\":\"message_received\"}")]
    [InlineData("{\"event\":\"message_received\",\"message_id\":\"m\",\"timestamp\":\"soon\"}")]
    [InlineData("{\"event\":\"message_received\",\"message_id\":\"m\",\"timestamp\":\"2023-09-24T13:49:07Z\",\"sender\":[]}")]
    [InlineData("{\"event\":\"new_relation\"}")]
    public void Parse_WrongItem_IsAllBad(string json) => Assert.True(Parse(json).AllBad);
}
