using System.Globalization;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>How soon a lock that was taken on one node is on a screen of the other.</summary>
public abstract class SeenLockScenarios(ChromiumFixture chromium, TwoNodes nodes) : BrowserScenario(chromium, nodes)
{
    private const int Rounds = 12;

    /// <summary>A page looks by itself every 10 s: what is there sooner, a signal brought. The goal is 250 ms, which a busy machine of tests cannot be held to.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Lock_TakenOnOneNode_IsOnTheScreenOfTheOtherByASignal()
    {
        const string second = "second";
        await PostAsync("/api/channels", new { key = second, provider = "Simulator" });
        var profile = (await PostAsync("/api/profiles", new { name = "Second number", channel = second })).GetProperty("id").GetInt64();
        var only = await ModeratorAsync(Moussa);
        await Site.ChangeAsync(async db =>
        {
            await db.Profiles.Where(p => p.Id == profile).ExecuteUpdateAsync(set => set.SetProperty(p => p.Restricted, true));
            db.ProfileModerators.Add(new ProfileModerator { ProfileId = profile, ModeratorId = only });
            await db.SaveChangesAsync();
        });
        Contact[] contacts = [NewContact("Penda"), NewContact("Coumba")];
        var awa = await SignInAsync(Awa);
        foreach (var contact in contacts) await WriteAsync(contact, "Bonjour");
        foreach (var contact in contacts) await Expect(Row(awa, contact)).ToBeVisibleAsync();
        var moussa = await SignInAsync(Moussa);
        foreach (var contact in contacts) await WriteAsync(contact, "Bonjour", second);
        foreach (var contact in contacts) await Expect(Row(moussa, contact)).ToBeVisibleAsync();
        // When his screen shows that somebody else has a contact, by the one clock of this machine.
        await moussa.EvaluateAsync("""
            () => {
              window.seen = {};
              const look = () => document.querySelectorAll(".pane-list a").forEach((row) => {
                const name = row.textContent, shown = Boolean(row.querySelector(".lock-badge.other"));
                for (const key of window.names ?? []) {
                  if (!name.includes(key)) continue;
                  if (!shown) delete window.seen[key]; else window.seen[key] ??= Date.now();
                }
              });
              new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
            }
            """);
        await moussa.EvaluateAsync("names => { window.names = names; }", contacts.Select(c => c.Name).ToArray());

        var (times, clicks) = (new List<double>(), new List<double>());
        for (var i = 0; i < Rounds; i++)
        {
            var contact = contacts[i % 2];
            var clicked = TimeProvider.System.GetUtcNow();
            await Row(awa, contact).ClickAsync();
            await Expect(Row(moussa, contact).Locator(".lock-badge.other")).ToBeVisibleAsync();
            await Expect(Row(moussa, contacts[(i + 1) % 2]).Locator(".lock-badge.other")).ToBeHiddenAsync();
            var seen = DateTimeOffset.FromUnixTimeMilliseconds(await moussa.EvaluateAsync<long>("name => window.seen[name]", contact.Name));
            await using var db = nodes.Open();
            var taken = await db.ClientLocks.Where(l => db.Contacts.Any(c => c.Id == l.ClientId && c.Name == contact.Name)).Select(l => l.LockedAt).SingleAsync(TestContext.Current.CancellationToken);
            times.Add((seen.UtcDateTime - taken).TotalMilliseconds);
            clicks.Add((seen - clicked).TotalMilliseconds);
        }

        times.Sort();
        clicks.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"lock to the other node's screen: median {times[Rounds / 2]:F0} ms, worst {times[^1]:F0} ms; from the click: median {clicks[Rounds / 2]:F0} ms, worst {clicks[^1]:F0} ms; {Rounds} times"));
        Assert.InRange(times[Rounds / 2], 0, Bound.TotalMilliseconds);
    }
}

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class SeenLockTests(ChromiumFixture chromium, TwoNodes nodes)
    : SeenLockScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodes>;

/// <inheritdoc/>
[Collection(nameof(Alone))]
public sealed class SeenLockOnRabbitTests(ChromiumFixture chromium, TwoNodesOnRabbit nodes)
    : SeenLockScenarios(chromium, nodes), IClassFixture<ChromiumFixture>, IClassFixture<TwoNodesOnRabbit>;
