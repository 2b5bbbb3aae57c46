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

/// <summary>Relations, invitations, the state of an account and doubts, as Unipile tells of them.</summary>
public sealed class UnipileOutreachTests(ApiHost host) : UnipileTest(host)
{
    [Fact]
    public async Task Webhook_NewRelation_GetsTheFirstContactOnceEver()
    {
        var him = ApiHost.Unique("ACoAA");
        Server.Answer = _ => (201, """{"object":"ChatStarted","chat_id":"c","message_id":"m"}""");
        var account = await AccountAsync();
        var relation = $$"""{"event":"new_relation","account_id":"acc1","account_type":"LINKEDIN","user_full_name":"Julien Crépieux","user_provider_id":"{{him}}"}""";
        for (var i = 0; i < 3; i++) await TakenAsync(relation);
        await Eventually.Async(async () => (await ActionsAsync(him)).Any(a => a.Status == ActionStatus.Success));
        await TakenAsync(relation);
        await Host.Services.GetRequiredService<ConnectionJob>().RunOnceAsync(DateTime.MaxValue);
        var action = Assert.Single(await ActionsAsync(him));
        Assert.Equal((account, ActionType.FirstContact, him), (action.AccountId, action.Type, Assert.Single(Server.Calls).Form["attendees_ids"]));
    }

    [Fact]
    public async Task Webhook_NewRelationOfAnotherAccount_IsIgnored()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        await TakenAsync($$"""{"event":"new_relation","account_id":"other","user_full_name":"J","user_provider_id":"{{him}}"}""");
        await using var db = Host.Database.Read();
        Assert.False(await db.Prospects.AnyAsync(p => p.Address == him));
    }

    [Fact]
    public async Task Invite_ThenItsNoteComesBack_IsAConnectionAndNobodyIsInvitedTwice()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        Server.Answer = call => call.Path == "/api/v1/users/invite"
            ? (201, """{"object":"UserInvitationSent","invitation_id":"inv_1","usage":75}""") : (201, """{"object":"ChatStarted","chat_id":"c","message_id":"m"}""");
        var made = await Host.PostAsync($"/api/channels/{Key}/invitations", new { address = him, note = "Hello" });
        Assert.Equal("inv_1", made.GetProperty("invitationId").GetString());
        var sent = JsonDocument.Parse(Server.Calls.Single().Body).RootElement;
        Assert.Equal((him, "acc1", "Hello"), (sent.GetProperty("provider_id").GetString(), sent.GetProperty("account_id").GetString(), sent.GetProperty("message").GetString()));
        using (var again = await Host.Api.PostAsJsonAsync($"/api/channels/{Key}/invitations", new { address = him, note = "Hello" })) Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Single(Server.Calls);

        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), "ACoAAME", UnipilePayloadTests.Attendee(him, "Julien"), text: "Hello"));
        await Eventually.Async(async () => (await ActionsAsync(him)).Any(a => a.Status == ActionStatus.Success));
    }

    [Fact]
    public async Task Invite_HeWritesFirst_NoFirstContactFollows()
    {
        var him = ApiHost.Unique("ACoAA");
        await AccountAsync();
        Server.Answer = _ => (201, """{"object":"UserInvitationSent","invitation_id":"inv_2"}""");
        await Host.PostAsync($"/api/channels/{Key}/invitations", new { address = him });
        await TakenAsync(UnipilePayloadTests.Message(ApiHost.Unique("um"), him, text: "Thanks, who are you?"));
        await TakenAsync($$"""{"event":"new_relation","account_id":"acc1","user_full_name":"J","user_provider_id":"{{him}}"}""");
        await using var db = Host.Database.Read();
        Assert.False(await db.Prospects.AnyAsync(p => p.Address == him));
    }

    [Fact]
    public async Task Invite_AnswerLost_TheListOfSentInvitationsDecides()
    {
        var him = ApiHost.Unique("ACoAA");
        Server.Answer = _ => (0, "");
        var invitations = Host.Services.GetRequiredService<UnipileInvitations>();
        Assert.Equal(InviteResult.Uncertain, (await invitations.InviteAsync(await ChannelAsync(), him, null)).Result);
        Server.Answer = _ => (200, $$"""{"object":"InvitationList","items":[{"object":"InvitationSent","id":"inv_7","invited_user_id":"{{him}}"}],"cursor":null}""");
        Assert.Equal(new InviteOutcome(InviteResult.AlreadyInvited, "inv_7"), await invitations.InviteAsync(await ChannelAsync(), him, null));
        Assert.Equal(["POST", "GET"], Server.Calls.Select(c => c.Method));
    }

    [Theory]
    [InlineData("already_invited_recently", InviteResult.AlreadyInvited)]
    [InlineData("already_connected", InviteResult.AlreadyConnected)]
    [InlineData("cannot_resend_yet", InviteResult.Refused)]
    public async Task Invite_Refused_SaysWhy(string type, InviteResult expected)
    {
        Server.Answer = _ => (422, $$"""{"type":"errors/{{type}}","status":422}""");
        Assert.Equal(expected, (await Host.Services.GetRequiredService<UnipileInvitations>().InviteAsync(await ChannelAsync(), ApiHost.Unique("ACoAA"), null)).Result);
    }

    [Fact]
    public async Task Webhook_AccountStatus_StopsAndResumesTheAccount()
    {
        var account = await AccountAsync();
        await TakenAsync("""{"AccountStatus":{"account_id":"acc1","account_type":"LINKEDIN","message":"CREDENTIALS"}}""");
        await using (var db = Host.Database.Read())
        {
            var held = await db.Accounts.SingleAsync(a => a.Id == account);
            Assert.Equal((SendFailure.ChannelNotAuthorized, true), (held.BreakerReason, held.BreakerUntil > held.CreatedAt));
            Assert.Equal(ChannelStatus.NeedsAuthorization, (await db.Channels.SingleAsync(c => c.Key == Key)).Status);
        }
        await TakenAsync("""{"AccountStatus":{"account_id":"acc1","account_type":"LINKEDIN","message":"RECONNECTED"}}""");
        await using (var db = Host.Database.Read())
        {
            var open = await db.Accounts.SingleAsync(a => a.Id == account);
            Assert.Equal((0, null, true), (open.Failures, open.BreakerUntil, open.ResumedAt is not null));
            Assert.Equal(ChannelStatus.Active, (await db.Channels.SingleAsync(c => c.Key == Key)).Status);
        }
    }

    [Fact]
    public async Task Reconcile_OurMessageIsInTheChat_IsSentWithItsId()
    {
        var id = await UncertainAsync("Hello Awa,\nshall we talk?", TimeSpan.FromMinutes(5));
        var at = MinutesAgo(-4);
        Server.Answer = call => call.Path.EndsWith("/chats", StringComparison.Ordinal)
            ? (200, """{"object":"ChatList","items":[{"object":"Chat","id":"c7","type":0}],"cursor":null}""")
            : (200, $$"""{"object":"MessageList","items":[{"id":"his","is_sender":0,"text":"Hello Awa,\nshall we talk?","timestamp":"{{at}}"},{"id":"ours","is_sender":1,"text":"Hello Awa,\r\nshall we talk? ","timestamp":"{{at}}"}],"cursor":null}""");
        var answer = await Host.PostAsync($"/api/actions/{id}/reconcile");
        Assert.Equal("success", answer.GetProperty("status").GetString());
        await using var db = Host.Database.Read();
        Assert.Equal("ours", (await db.OutreachActions.SingleAsync(a => a.Id == id)).ProviderMessageId);
    }

    [Theory]
    [InlineData(20, true, ActionStatus.Failed)]
    [InlineData(5, true, ActionStatus.Uncertain)]
    [InlineData(20, false, ActionStatus.Uncertain)]
    public async Task Reconcile_NotInTheChat_IsNotSentOnlyWhenThatIsSure(int minutes, bool readable, ActionStatus expected)
    {
        var id = await UncertainAsync("Hello", TimeSpan.FromMinutes(minutes));
        Server.Answer = call => call.Path.EndsWith("/chats", StringComparison.Ordinal)
            ? (200, """{"object":"ChatList","items":[{"object":"Chat","id":"c7","type":0}],"cursor":null}""")
            // The same words of long ago are not it.
            : readable ? (200, $$"""{"items":[{"id":"old","is_sender":1,"text":"Hello","timestamp":"{{MinutesAgo(-60)}}"}],"cursor":null}""") : (500, "");
        var outcome = await Host.Services.GetRequiredService<Actions>().ReconcileAsync(id, null);
        Assert.Equal(expected, outcome.Status);
    }

    [Fact]
    public async Task Webhook_EchoOfAnUncertainAction_EndsTheDoubt()
    {
        var id = await UncertainAsync("Hello again", TimeSpan.FromSeconds(5));
        await using var db = Host.Database.Read();
        var him = await db.OutreachActions.Where(a => a.Id == id).Join(db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => p.Address).SingleAsync();
        var ours = ApiHost.Unique("um");
        await TakenAsync(UnipilePayloadTests.Message(ours, "ACoAAME", UnipilePayloadTests.Attendee(him), text: "Hello again"));
        var action = await db.OutreachActions.AsNoTracking().SingleAsync(a => a.Id == id);
        Assert.Equal((ActionStatus.Success, ours), (action.Status, action.ProviderMessageId));
    }
}
