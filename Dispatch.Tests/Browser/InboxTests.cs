using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>One moderator's day: someone writes, it is on the screen, an answer leaves.</summary>
public sealed partial class InboxTests(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    [Fact]
    public async Task Message_ModeratorOnline_AppearsWithoutReloadAndAsText()
    {
        const string markup = "<b>x</b><script>document.title = 'taken over'</script>";
        var contact = NewContact("Aïssatou");
        var page = await SignInAsync(Awa);
        await Expect(page).ToHaveTitleAsync("Inbox - Dispatch");
        await page.EvaluateAsync("() => { window.sameDocument = true; }");

        await WriteAsync(contact, markup);
        await Expect(Row(page, contact)).ToContainTextAsync(markup);
        await Expect(page).ToHaveTitleAsync("(1) Inbox - Dispatch");
        await Expect(Notices(page)).ToContainTextAsync($"New conversation with {contact.Name}.");

        await OpenThreadAsync(page, contact);
        await Expect(page.Locator(".bubble.in .text")).ToHaveTextAsync(markup);
        Assert.Equal(0, await page.Locator(".inbox b, .inbox script").CountAsync());
        await Expect(page).ToHaveTitleAsync("Inbox - Dispatch");
        Assert.True(await page.EvaluateAsync<bool>("() => window.sameDocument === true"));
    }

    [Fact]
    public async Task Enter_TextWithALineBreak_SendsItAndItsTickGoesOn()
    {
        var contact = NewContact("Ousmane");
        var page = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour, la robe existe en bleu ?");
        await OpenThreadAsync(page, contact);

        await Composer(page).PressSequentiallyAsync("Oui, en bleu.");
        await Composer(page).PressAsync("Shift+Enter");
        await Composer(page).PressSequentiallyAsync("Quelle taille ?");
        await Expect(Composer(page)).ToHaveValueAsync("Oui, en bleu.\nQuelle taille ?");
        Assert.Equal(0, await page.Locator(".bubble.out").CountAsync());

        await Composer(page).PressAsync("Enter");
        await Expect(page.Locator(".bubble.out .text")).ToHaveTextAsync("Oui, en bleu.\nQuelle taille ?");
        await Expect(Composer(page)).ToHaveValueAsync("");
        await Expect(page.Locator(".bubble.out .tick")).ToHaveClassAsync(Arrived());
    }

    [Fact]
    public async Task Close_UndoneAndClosedAgain_CanBeReopened()
    {
        var contact = NewContact("Khady");
        var page = await SignInAsync(Awa);
        await WriteAsync(contact, "Merci, c'est bon.");
        await OpenThreadAsync(page, contact);
        var close = page.GetByRole(AriaRole.Button, new() { Name = "Close the conversation" });

        await close.ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync($"Conversation with {contact.Name} closed.");
        await Expect(Row(page, contact)).ToBeHiddenAsync();
        await Notices(page).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(Row(page, contact)).ToBeVisibleAsync();
        await Expect(Composer(page)).ToBeVisibleAsync();

        await close.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Reopen" }).ClickAsync();
        await Expect(Composer(page)).ToBeVisibleAsync();
        Assert.Equal(Awa, await OwnerAsync(contact));
    }

    [Theory]
    [InlineData("en-GB", "3 new conversations.")]
    [InlineData("fr-FR", "3 nouvelles conversations.")]
    public async Task Arrivals_MoreThanTwo_AreOneSentenceThatLeavesTheComposerFree(string locale, string sentence)
    {
        Contact[] contacts = [NewContact("Un"), NewContact("Deux"), NewContact("Trois")];
        var page = await SignInAsync(Awa, locale: locale);
        foreach (var contact in contacts)
        {
            await WriteAsync(contact, "Bonjour");
            await Expect(Row(page, contact)).ToBeVisibleAsync();
        }
        var lines = page.Locator(".notice-line");
        await Expect(lines).ToHaveCountAsync(1);
        await Expect(lines).ToContainTextAsync(sentence);

        await OpenThreadAsync(page, contacts[0]);
        await Expect(Composer(page)).ToBeVisibleAsync();
        var notice = (await page.Locator(".notices").BoundingBoxAsync())!;
        var header = (await page.Locator(".frame-header").BoundingBoxAsync())!;
        var composer = (await page.Locator(".composer").BoundingBoxAsync())!;
        var actions = (await page.Locator(".pane-thread header").BoundingBoxAsync())!;
        Assert.True(notice.Y >= header.Y + header.Height, "below the header");
        Assert.True(notice.Y + notice.Height <= composer.Y, "above the composer");
        Assert.True(notice.X >= actions.X + actions.Width, "beside the buttons of the thread");
    }

    [GeneratedRegex("^tick (?:sent|delivered|read)$", RegexOptions.None, 1000)]
    private static partial Regex Arrived();
}
