using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingAnswerOnSqlite(PostgresServer postgres) : MatchingAnswerCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingAnswerOnPostgres(PostgresServer postgres) : MatchingAnswerCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Answers that come in by WhatsApp: drivers' to offers, customers' 1, 2 and 3.</summary>
public abstract class MatchingAnswerCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    [Fact]
    public async Task Driver_SaysOui_HasTheRideAndNoConversationBegins()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();

        var result = await Node.ReceiveAsync(Profile, await PhoneAsync(drivers[0]), "Oui", id: "answer-1");
        var again = await Node.ReceiveAsync(Profile, await PhoneAsync(drivers[0]), "Oui", id: "answer-1");
        await Node.ReceiveAsync(Profile, await PhoneAsync(drivers[1]), "1");
        await SendAllAsync();

        Assert.Equal((1, 1), (result.Stored, again.Stored));
        Assert.Equal(drivers[0], (await ReadBookingAsync(booking)).DriverId);
        Assert.Equal(NotificationMethod.WhatsApp, (await OfferAsync(booking, drivers[0])).Method);
        var messages = await MessagesAsync(booking);
        Assert.Equal(["Oui", "1"], messages.Where(m => m.Direction == Core.Conversations.MessageDirection.In).Select(m => m.Text));
        Assert.Contains("déjà prise", Assert.Single(messages, m => m.Kind == "AnswerReply").Text, StringComparison.Ordinal);
        Assert.Equal(0, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Driver_WithTwoOffers_MeansTheNewestOrTheNumberHeNames()
    {
        var driver = await DriverAsync();
        var one = await SearchedAsync();
        Clock.Advance(Seconds(1));
        var two = await SearchedAsync();

        await Node.ReceiveAsync(Profile, await PhoneAsync(driver), "non");
        Assert.Equal(DriverResponseKind.Rejected, (await OfferAsync(two, driver)).Response);
        await Node.ReceiveAsync(Profile, await PhoneAsync(driver), $"ok {one}");
        Assert.Equal(driver, (await ReadBookingAsync(one)).DriverId);
    }

    [Fact]
    public async Task Driver_WritesSomethingElse_OrLongAfter_IsAConversation()
    {
        var driver = await DriverAsync();
        var booking = await SearchedAsync();
        var phone = await PhoneAsync(driver);

        await Node.ReceiveAsync(Profile, phone, "Bonjour, mon compte ne marche pas");
        Assert.Equal(1, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        Clock.Advance(TimeSpan.FromHours(2));
        await Node.ReceiveAsync(Profile, phone, "ok");
        await Node.ReceiveAsync(Profile, "33699999999", "ok");

        Assert.Equal(3, await Node.ReadAsync(db => db.Messages.CountAsync(m => m.Direction == Core.Conversations.MessageDirection.In)));
        Assert.Equal(BookingStatus.Pending, (await ReadBookingAsync(booking)).Status);
    }

    [Fact]
    public async Task Driver_Annuler_GivesTheRideBackAndPauseStopsOffers()
    {
        var drivers = await DriversAsync(2);
        var booking = await SearchedAsync();
        await AcceptAsync(booking, drivers[0]);

        await Node.ReceiveAsync(Profile, await PhoneAsync(drivers[0]), "ANNULER");
        await Node.ReceiveAsync(Profile, await PhoneAsync(drivers[1]), "pause");

        Assert.Equal((BookingStatus.Pending, 2), ((await ReadBookingAsync(booking)).Status, (await ReadBookingAsync(booking)).Round));
        Assert.Equal(DriverStatus.Paused, (await ReadDriverAsync(drivers[1])).Status);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Customer_Says1_IsSearchedAgain()
    {
        var booking = await TimedOutAsync();
        await DriverAsync();

        await SayAsync(booking, "1");
        await SendAllAsync();

        var row = await ReadBookingAsync(booking);
        Assert.Equal((BookingStatus.Pending, 2, (BookingQuestion?)null), (row.Status, row.Round, row.Question));
        Assert.Single(await OffersAsync(booking));
        Assert.Equal(2, await CountAsync(booking, TemplateKey.ClientSearchStarted));
        Assert.Equal(0, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Customer_Says2AndATime_IsScheduledForIt()
    {
        var booking = await TimedOutAsync();

        await SayAsync(booking, "2");
        Assert.Equal(BookingQuestion.LaterTime, (await ReadBookingAsync(booking)).Question);
        await SayAsync(booking, "demain 8h");
        await SendAllAsync();

        var row = await ReadBookingAsync(booking);
        var tomorrow = new DateTime(2026, 3, 3, 8, 0, 0, DateTimeKind.Utc);
        Assert.Equal((BookingStatus.Scheduled, tomorrow, (DateTime?)tomorrow.AddMinutes(-30)), (row.Status, row.PickupTime, row.StartAt));
        Assert.Contains("mar. 3 mars 08h00", (await MessagesAsync(booking)).Single(m => m.Kind == nameof(TemplateKey.ClientScheduled)).Text, StringComparison.Ordinal);
        Clock.Advance(tomorrow.AddMinutes(-30) - Clock.Now);
        await RunLoopsAsync();
        Assert.NotNull((await ReadBookingAsync(booking)).MatchingStartedAt);
    }

    [Fact]
    public async Task Customer_Says3AndATime_IsSearchedNowForThatTime()
    {
        var booking = await TimedOutAsync("en");

        await SayAsync(booking, "3");
        await SayAsync(booking, "in 20 minutes");

        var row = await ReadBookingAsync(booking);
        Assert.Equal((BookingStatus.Pending, Clock.Now.AddMinutes(20), (DateTime?)Clock.Now), (row.Status, row.PickupTime, row.MatchingStartedAt));
        Assert.Contains("Noted", (await MessagesAsync(booking)).Single(m => m.Kind == nameof(TemplateKey.ClientTimeChanged)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Customer_NotUnderstood_IsAskedOnceMoreThenAModeratorHasIt()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var booking = await TimedOutAsync();

        await SayAsync(booking, "euh peut-être");
        Assert.Equal((BookingQuestion.Choice, 1), ((await ReadBookingAsync(booking)).Question!.Value, (await ReadBookingAsync(booking)).QuestionRepeats));
        Assert.Equal(0, await Node.ReadAsync(db => db.Conversations.CountAsync()));
        await SayAsync(booking, "je ne sais pas");

        var conversation = await Node.ReadAsync(db => db.Conversations.SingleAsync());
        Assert.Equal(people[0], conversation.OwnerId);
        Assert.Null((await ReadBookingAsync(booking)).Question);
        Assert.Equal((1, 1), (await CountAsync(booking, TemplateKey.ClientNotUnderstood), await CountAsync(booking, TemplateKey.ClientHandedOver)));
        Assert.Contains((await Node.Get<BookingQueries>().FindAsync(booking))!.Events, e => e.Kind == BookingEventKind.HandedToModerator);
    }

    [Fact]
    public async Task Customer_TwoAnswersAtOnce_OneCounts()
    {
        for (var i = 0; i < 15; i++)
        {
            var booking = await TimedOutAsync();

            await AtOnceAsync(() => SayAsync(booking, "1", $"a{i}"), () => SayAsync(booking, "1", $"b{i}"));

            Assert.Equal(2, (await ReadBookingAsync(booking)).Round);
            await Matching.CancelMatchingAsync(booking, "");
        }
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Question_NotAnsweredForHours_IsForgotten()
    {
        var booking = await TimedOutAsync();
        Clock.Advance(TimeSpan.FromHours(13));
        await RunLoopsAsync();

        await SayAsync(booking, "1");

        Assert.Equal(BookingStatus.TimedOut, (await ReadBookingAsync(booking)).Status);
        Assert.Equal(1, await Node.ReadAsync(db => db.Conversations.CountAsync()));
    }

    [Fact]
    public async Task Template_Changed_IsWhatIsSentAndAWrongOneIsRefused()
    {
        var templates = Node.Get<TemplateService>();
        Assert.Equal("UnknownPlaceholder", Assert.Single(await templates.SetAsync(TemplateKey.DriverOffer, "fr", "Course {nimporte}", null)).Code);
        Assert.Empty(await templates.SetAsync(TemplateKey.DriverOffer, "fr", "Course {booking}: {pickup}", null));
        await DriverAsync();
        var booking = await SearchedAsync();

        Assert.Contains(Node.Gateway.Sent, m => m.Text == $"Course {booking}: Sandaga");
        Assert.Empty(await templates.SetAsync(TemplateKey.DriverOffer, "fr", null, null));
        Assert.DoesNotContain(await templates.ListAsync(), t => t.IsChanged);
    }

    private async Task<string> PhoneAsync(long driver) => (await ReadDriverAsync(driver)).Phone;

    private async Task<long> TimedOutAsync(string language = "fr")
    {
        var booking = await BookingAsync(language: language);
        await Matching.StartMatchingAsync(booking);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await RunLoopsAsync();
        Assert.Equal(BookingStatus.TimedOut, (await ReadBookingAsync(booking)).Status);
        return booking;
    }

    private async Task<InboundResult> SayAsync(long booking, string text, string? id = null) =>
        await Node.ReceiveAsync(Profile, (await ReadBookingAsync(booking)).CustomerPhone, text, id);
}
