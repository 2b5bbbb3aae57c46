using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Presence has two signals: being connected, which a phone with its screen off still is, and being active.</summary>
public sealed class ActivityTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    /// <summary>Longer than the 30 s after which SignalR's standard takes a silent browser for lost.</summary>
    private static readonly TimeSpan ScreenOff = TimeSpan.FromSeconds(36);

    [Fact]
    public async Task ScreenOff_StaysConnectedAndReadingAgain_IsASignOfLife()
    {
        var page = await SignInAsync(Awa, phone: true);
        // What a browser that stands still looks like from here: the connection is open and nothing comes, not even SignalR's own pings.
        await page.EvaluateAsync("""
            () => {
              const send = WebSocket.prototype.send;
              window.silent = true;
              window.kept = 0;
              WebSocket.prototype.send = function (data) { if (window.silent) window.kept++; else send.call(this, data); };
            }
            """);
        // Not the state alone: during the grace period that would still say online for a lost one.
        var connected = await ConnectionsAsync();
        Assert.NotEmpty(connected);
        var before = await LastActivityAsync();

        var began = TimeProvider.System.GetTimestamp();
        using var look = new PeriodicTimer(TimeSpan.FromSeconds(2));
        while (TimeProvider.System.GetElapsedTime(began) < ScreenOff && await look.WaitForNextTickAsync()) Assert.Equal(connected, await ConnectionsAsync());
        Assert.Equal("Online", await StateAsync());
        Assert.Equal(before, await LastActivityAsync());

        // It had pings to send and did not: the silence was real.
        Assert.InRange(await page.EvaluateAsync<int>("() => { window.silent = false; return window.kept; }"), 2, int.MaxValue);
        // Not pressed, only read: the finger moves over the page.
        await page.Mouse.MoveAsync(100, 300);
        await page.Mouse.MoveAsync(120, 360);
        await Eventually.Async(async () => await LastActivityAsync() > before);
        await Expect(Presence(page, "online")).ToBeVisibleAsync();
    }

    private async Task<string?> StateAsync() =>
        (await ItemsAsync("/api/moderators?pageSize=200")).Single(m => m.GetProperty("name").GetString() == Awa).GetProperty("state").GetString();

    private async Task<IReadOnlyList<DateTime>> ConnectionsAsync()
    {
        await using var db = Host.Services.GetRequiredService<Database>().Read();
        return await db.ModeratorConnections.Where(c => db.Moderators.Any(m => m.Id == c.ModeratorId && m.Name == Awa)).Select(c => c.ConnectedAt).ToListAsync();
    }

    private async Task<DateTime?> LastActivityAsync()
    {
        await using var db = Host.Services.GetRequiredService<Database>().Read();
        return await db.Moderators.Where(m => m.Name == Awa).Select(m => m.LastActivityAt).SingleAsync();
    }
}
