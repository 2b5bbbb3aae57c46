using System.Globalization;
using Bunit;
using Dispatch.Core.Locks;
using Dispatch.Tests.Support;
using Dispatch.Web.Browser;
using Dispatch.Web.Locks;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>A lock is told apart by shape, word and colour, and counts down by what is left and not by the browser's clock.</summary>
public sealed class LockBadgeTests : BunitContext
{
    private static readonly DateTime Now = FakeClock.Start.UtcDateTime;

    public LockBadgeTests()
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
        Services.AddLogging().AddLocalization().AddSingleton<TimeProvider>(new FakeClock()).AddScoped<BrowserInterop>().AddScoped<BrowserTime>();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    [Theory]
    [InlineData(7, "mine", "edit", "You")]
    [InlineData(8, "other", "lock", "Awa")]
    public void Badge_MineAndAnothers_DifferInShapeWordAndColour(long reader, string colour, string shape, string word)
    {
        var badge = Render<LockBadge>(p => p.Add(b => b.Lock, Held(7)).Add(b => b.Me, reader)).Find(".lock-badge");
        Assert.Contains(colour, badge.ClassList);
        Assert.Equal(shape, badge.QuerySelector("i")!.TextContent);
        Assert.Equal(word, badge.QuerySelector(".who")!.TextContent);
        // Said to a screen reader once, with the name and the time.
        Assert.Contains("until", badge.QuerySelector(".sr-only")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("18000", badge.QuerySelector(".countdown")!.GetAttribute("data-left"));
    }

    [Fact]
    public void Badge_NobodyHasIt_IsNothing() => Assert.Equal("", Render<LockBadge>(p => p.Add(b => b.Lock, null)).Markup.Trim());

    private static LockInfo Held(long by) => new(LockKind.Client, 3, 4, "Boutique", by, "Awa Diop", Now, Now.AddSeconds(18), nameof(ClientLockReason.Answering), 5);
}
