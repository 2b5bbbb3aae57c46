using System.Text.Json;
using Dispatch.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The lock of whoever answers, as it is seen from the composer.</summary>
public abstract class LockScenarios(ChromiumFixture chromium, IBrowserSite site) : BrowserScenario(chromium, site)
{
    [Fact]
    public async Task Conversation_OpenedToAnswer_IsLockedAndFreedOnLeaving()
    {
        var contact = NewContact("Seynabou");
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);

        await Expect(Composer(awa)).ToBeVisibleAsync();
        await Eventually.Async(async () => (await LocksAsync(contact)) is [var l] && l.GetProperty("moderatorName").GetString() == Awa);
        await awa.GotoAsync("/queue");
        await Eventually.Async(async () => (await LocksAsync(contact)).Count == 0);
    }

    [Fact]
    public async Task Send_WhileSomebodyElseHasTheContact_IsRefusedNamesHimAndKeepsTheDraft()
    {
        var contact = NewContact("Adama");
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);
        await Composer(awa).FillAsync("Je regarde tout de suite");
        await Eventually.Async(async () => (await LocksAsync(contact)).Count == 1);

        // From outside: what she holds is ended, and Moussa answers him as somebody else would from another profile.
        var hers = (await LocksAsync(contact))[0];
        using (var http = Site.CreateClient())
        {
            http.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
            Assert.True((await http.DeleteAsync($"/api/locks/{hers.GetProperty("id").GetString()}")).IsSuccessStatusCode);
        }
        var his = await PostAsync("/api/locks/client", new
        {
            contactId = hers.GetProperty("contactId").GetInt64(), profileId = hers.GetProperty("profileId").GetInt64(), moderatorId = await ModeratorAsync(Moussa), seconds = 600,
        });

        await Expect(awa.Locator(".composer .held")).ToContainTextAsync(Moussa);
        await Composer(awa).PressAsync("Enter");
        await Expect(awa.Locator(".composer .problem")).ToContainTextAsync($"Not sent: {Moussa} is answering this contact");
        await Expect(Composer(awa)).ToHaveValueAsync("Je regarde tout de suite");

        using (var http = Site.CreateClient())
        {
            http.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
            Assert.True((await http.DeleteAsync($"/api/locks/{his.GetProperty("id").GetString()}")).IsSuccessStatusCode);
        }
        await Expect(awa.Locator(".composer .held")).ToBeHiddenAsync();
        // He may have answered in between: said once, then it leaves.
        await Composer(awa).PressAsync("Enter");
        await Expect(awa.Locator(".composer .problem")).ToContainTextAsync("answered elsewhere while you paused");
        await Expect(Composer(awa)).ToHaveValueAsync("Je regarde tout de suite");
        await Composer(awa).PressAsync("Enter");
        await Expect(Composer(awa)).ToHaveValueAsync("");
        await Expect(awa.Locator(".log")).ToContainTextAsync("Je regarde tout de suite");
    }

    private async Task<IReadOnlyList<JsonElement>> LocksAsync(Contact contact)
    {
        var id = (await ConversationAsync(contact)).GetProperty("contact").GetProperty("id").GetInt64();
        return [.. (await ItemsAsync("/api/locks?kind=client&pageSize=200")).Where(l => l.GetProperty("contactId").GetInt64() == id)];
    }
}
