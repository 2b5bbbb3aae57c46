using System.Globalization;
using Bunit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Support;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Matching;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>What the page of a booking tells, and the ring that counts its time down.</summary>
public sealed class TimeLineTests : BunitContext
{
    private static readonly DateTime At = FakeClock.Start.UtcDateTime;

    public TimeLineTests()
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en-GB");
        Services.AddLogging().AddLocalization().AddSingleton<TimeProvider>(new FakeClock()).AddScoped<BrowserInterop>().AddScoped<BrowserTime>().AddScoped<Sentences>()
            .AddScoped<BookingWords>();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    [Fact]
    public void Build_EventsAnswersAndMessages_StandNewestFirstAndTheWinnerOnce()
    {
        var items = TimeLine.Build(Details());
        Assert.Equal(["SentItem", "StepItem", "AnswerItem", "AnswerItem", "SentItem", "StepItem"], items.Select(i => i.GetType().Name));
        Assert.Equal("Ousmane", Assert.IsType<AnswerItem>(items[2]).Offer.DriverName);
        Assert.Equal(2, Assert.IsType<SentItem>(items[4]).Messages.Count);
        Assert.Equal(BookingEventKind.Assigned, Assert.IsType<StepItem>(items[1]).Event.Kind);
    }

    [Fact]
    public void TimeLine_Rendered_SaysWhoWasLeftOutAndWhoLostByHowMuch()
    {
        var line = Render<BookingTimeLine>(p => p.Add(l => l.Items, TimeLine.Build(Details())).Add(l => l.Names, new Dictionary<long, string> { [9] = "Pape" }));
        Assert.Contains("The search began: 2 drivers asked", line.Markup, StringComparison.Ordinal);
        Assert.Contains("3 drivers were not asked", line.Markup, StringComparison.Ordinal);
        Assert.Equal(["2 × has a ride", "1 × too far: Pape"], line.FindAll("details ul li").Select(l => l.TextContent).Where(t => t.Contains('×', StringComparison.Ordinal)));
        Assert.Contains("Ousmane accepted 230 ms too late: somebody else had it", line.Markup, StringComparison.Ordinal);
        Assert.Contains("Modou accepted and has the ride", line.Markup, StringComparison.Ordinal);
        Assert.Contains("Offer to 2 drivers", line.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void TimeLine_TextFromOutside_IsNeverMarkup()
    {
        var cancelled = new BookingEventRow(1, At, BookingEventKind.Cancelled, 1, 1, null, null, 5, "Awa", "<script>alert(1)</script>", null);
        var line = Render<BookingTimeLine>(p => p.Add(l => l.Items, [new StepItem(cancelled)]));
        Assert.Empty(line.FindAll("script"));
        Assert.Contains("by Awa", line.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 300, "5:00", "animation-duration:300000ms;animation-delay:-0ms;--gone:0", "300000")]
    [InlineData(75, 300, "3:45", "animation-duration:300000ms;animation-delay:-75000ms;--gone:25", "225000")]
    [InlineData(400, 300, "0:00", "animation-duration:300000ms;animation-delay:-300000ms;--gone:100", "0")]
    public void Ring_SomeTimeGone_ShowsWhatIsLeft(int gone, int total, string text, string style, string left)
    {
        var ring = Ring(At.AddSeconds(-gone), At.AddSeconds(total - gone));
        Assert.Equal(text, ring.Find("[data-left]").TextContent);
        Assert.Equal(style, ring.Find(".ring-left").GetAttribute("style"));
        Assert.Equal(left, ring.Find(".ring").GetAttribute("data-countdown"));
        Assert.Equal("timer", ring.Find(".ring").GetAttribute("role"));
    }

    [Fact]
    public void Ring_RenderedAgainForTheSameDeadline_KeepsItsAnimation()
    {
        var clock = (FakeClock)Services.GetRequiredService<TimeProvider>();
        var ring = Ring(At, At.AddSeconds(60));
        var before = ring.Find(".ring-left").GetAttribute("style");
        clock.Advance(TimeSpan.FromSeconds(10));
        ring.Render(p => p.Add(r => r.Label, "still"));
        Assert.Equal(before, ring.Find(".ring-left").GetAttribute("style"));
        ring.Render(p => p.Add(r => r.Until, At.AddSeconds(120)));
        Assert.Equal("1:50", ring.Find("[data-left]").TextContent);
    }

    [Fact]
    public void BoardOrder_HeldUnderThePointer_KeepsPlacesAndPutsNewOnesBehind()
    {
        OpenMatching[] rows = [Open(1, null), Open(2, At), Open(3, At.AddSeconds(5)), Open(4, At.AddSeconds(9))];
        Assert.Equal([4L, 3, 2, 1], BoardOrder.Apply(rows, [], byAnswer: true, hold: false).Select(r => r.Id));
        Assert.Equal([1L, 2, 3, 4], BoardOrder.Apply(rows, [], byAnswer: false, hold: false).Select(r => r.Id));
        Assert.Equal([2L, 1, 4, 3], BoardOrder.Apply(rows, [2, 1], byAnswer: true, hold: true).Select(r => r.Id));
    }

    [Theory]
    [InlineData("/bookings?status=accepted&zone=Plateau&driver=7&q=a%26b&sort=pickup&page=2", "accepted", "Plateau", 7L, " a&b ", "pickup", 2)]
    [InlineData("/bookings", "nonsense", null, null, null, null, null)]
    public void BookingsView_IsItsAddress(string url, string? status, string? zone, long? driver, string? q, string? sort, int? page) =>
        Assert.Equal(url, BookingsView.Of(status, zone, driver, q, sort, page).Url);

    [Theory]
    [InlineData(null, null, "/matching/report?day=2026-11-17")]
    [InlineData("week", null, "/matching/report?kind=week&day=2026-11-09")]
    [InlineData("week", "2026-11-04", "/matching/report?kind=week&day=2026-11-02")]
    [InlineData("day", "not a day", "/matching/report?day=2026-11-17")]
    public void ReportView_IsItsAddress(string? kind, string? day, string url) => Assert.Equal(url, ReportView.Of(kind, day, new DateOnly(2026, 11, 18)).Url);

    private IRenderedComponent<CountdownRing> Ring(DateTime from, DateTime until) =>
        Render<CountdownRing>(p => p.Add(r => r.From, from).Add(r => r.Until, until).Add(r => r.Label, "ends"));

    private static OpenMatching Open(long id, DateTime? answered) => new(
        id, "c", "a", "b", null, At, At, At.AddSeconds(100 + id), 1, 1, 1, 0, 0, 0, 0, 1, null, answered is { } at ? new NewestAnswer("d", DriverResponseKind.Rejected, null, at) : null);

    private static BookingDetails Details()
    {
        var booking = new Booking { CustomerName = "Awa", CustomerPhone = "221770000000", PickupAddress = "a", DropAddress = "b", Status = BookingStatus.Accepted, DriverId = 1 };
        var report = new WaveReport(2, null, new Dictionary<Exclusion, int> { [Exclusion.Busy] = 2, [Exclusion.TooFar] = 1 }, [new LeftOut(9, Exclusion.TooFar)]);
        return new BookingDetails(
            booking, "Modou", "221780000000",
            [
                Offer(1, "Modou", DriverResponseKind.Accepted, null, At.AddSeconds(10)), Offer(2, "Ousmane", null, 230, At.AddSeconds(10.23)),
                Offer(3, "Pape", DriverResponseKind.Rejected, null, At.AddSeconds(5)),
            ],
            [
                new BookingEventRow(1, At, BookingEventKind.SearchStarted, 1, 1, null, null, null, null, null, report),
                new BookingEventRow(2, At.AddSeconds(11), BookingEventKind.Assigned, 1, 1, 1, "Modou", null, null, null, null),
            ],
            [Message(1, "DriverOffer", At, "Modou"), Message(2, "DriverOffer", At, "Ousmane"), Message(3, "DriverAssigned", At.AddSeconds(11), "Modou")], null, []);
    }

    private static OfferRow Offer(long id, string name, DriverResponseKind? response, long? lost, DateTime at) => new(
        id, name, 1, 1, 1, At, At, At, null, at, At.AddSeconds(30), response, response is null ? OfferWithdrawal.Taken : null, at, NotificationMethod.Link, lost, 2.5);

    private static BookingMessageRow Message(long id, string kind, DateTime at, string name) =>
        new(id, MessageAudience.Driver, MessageDirection.Out, kind, "221780000000", "text", MessageStatus.Sent, at, at, null, id, name);
}
