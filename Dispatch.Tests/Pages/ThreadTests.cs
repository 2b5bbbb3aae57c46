using System.Globalization;
using Bunit;
using Dispatch.Core.Conversations;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>What a thread shows of what others wrote.</summary>
public sealed class ThreadTests : BunitContext
{
    private static readonly DateTime At = new(2026, 11, 2, 10, 0, 0, DateTimeKind.Utc);

    public ThreadTests()
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
        Services.AddLogging().AddLocalization().AddSingleton(TimeProvider.System).AddScoped<BrowserInterop>().AddScoped<BrowserTime>().AddScoped<Sentences>();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    [Fact]
    public void Bubble_TextFromOutside_IsNeverMarkup()
    {
        var bubble = Bubble(Message(1) with { Text = "<b>bold</b><script>alert(1)</script>" });
        Assert.Equal("<b>bold</b><script>alert(1)</script>", bubble.Find(".text").TextContent);
        Assert.Empty(bubble.FindAll("script, b"));
    }

    [Fact]
    public void Bubble_UnknownType_SaysSo() => Assert.Contains("unsupported: hologram", Bubble(Message(1) with { Type = "hologram", Text = "" }).Markup, StringComparison.Ordinal);

    [Theory]
    [InlineData("Receipt\nhttps://example.org/a.jpg", "https://example.org/a.jpg")]
    [InlineData("javascript:alert(1)", null)]
    [InlineData("", null)]
    public void Bubble_Media_LinksOnlyWhatABrowserMayOpen(string text, string? href)
    {
        var link = Bubble(Message(1) with { Type = "image", Text = text }).FindAll("a").SingleOrDefault();
        Assert.Equal(href, link?.GetAttribute("href"));
        if (link is not null) Assert.Equal("Picture", link.TextContent);
    }

    [Fact]
    public void Bubble_FailedMessage_GivesThePlainReasonAndRetry()
    {
        var failed = Message(1) with { Direction = MessageDirection.Out, Status = MessageStatus.Failed, Error = "ChannelNotAuthorized" };
        ThreadMessage? retried = null;
        var bubble = Render<MessageBubble>(p => p.Add(b => b.Message, failed).Add(b => b.OnRetry, m => retried = m));
        Assert.Contains("scan its QR code", bubble.Find(".problem").TextContent, StringComparison.Ordinal);
        bubble.Find(".problem button").Click();
        Assert.Equal(failed, retried);
    }

    [Fact]
    public void Items_DaysGroupsEventsAndTheUnreadLine_StandInOrder()
    {
        var page = new ThreadPage(
            [
                Message(1), Message(2) with { At = At.AddMinutes(1) }, Message(3) with { At = At.AddDays(1), StoredAt = At.AddDays(1) },
            ],
            [Event(1, ConversationEventKind.Opened, At), Event(2, ConversationEventKind.Assigned, At.AddHours(2))],
            HasOlder: false);

        var firstUnread = ThreadItems.FirstUnread(page.Messages, 1);
        var items = ThreadItems.Build(page, firstUnread, utc => utc);

        Assert.Equal(
            ["DayItem", "EventItem", "MessageItem", "MessageItem", "EventItem", "DayItem", "UnreadItem", "MessageItem"], items.Select(i => i.GetType().Name));
        Assert.Equal((true, false), (((MessageItem)items[2]).First, ((MessageItem)items[2]).Last));
        Assert.Equal((false, true), (((MessageItem)items[3]).First, ((MessageItem)items[3]).Last));

        // He writes again: the line stays where the reader left off, and counts him.
        var later = ThreadItems.Build(page with { Messages = [.. page.Messages, Message(4) with { At = At.AddDays(1), StoredAt = At.AddDays(1) }] }, firstUnread, utc => utc);
        Assert.Equal((6, 2), (later.ToList().FindIndex(i => i is UnreadItem), later.OfType<UnreadItem>().Single().Count));
    }

    private IRenderedComponent<MessageBubble> Bubble(ThreadMessage message) => Render<MessageBubble>(p => p.Add(b => b.Message, message));

    private static ThreadMessage Message(long id) =>
        new(id, MessageDirection.In, "text", "hello", At, At, MessageStatus.Received, At, null, null);

    private static ThreadEvent Event(long id, ConversationEventKind kind, DateTime at) =>
        new(id, at, kind, ClaimCause.Inbound, DecisionReason.RoundRobin, null, null, null, null, 1, "Awa", null);
}
