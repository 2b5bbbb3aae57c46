using System.Text.RegularExpressions;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>One contact writes to two profiles, and two people would answer: who has him is seen, asked for, given, kept and taken.</summary>
public abstract partial class UnlockScenarios(ChromiumFixture chromium, IBrowserSite site) : BrowserScenario(chromium, site)
{
    private const string Second = "second", SecondName = "Second number";

    [Fact]
    public async Task Lock_OfTheSameContact_IsSeenByBothAsMineAndAsAnothers()
    {
        var (awa, moussa, contact) = await PrepareAsync("Penda");
        await OpenThreadAsync(awa, contact);

        await Expect(Row(awa, contact).Locator(".lock-badge.mine")).ToContainTextAsync("You");
        var his = Row(moussa, contact).Locator(".lock-badge.other");
        await Expect(his).ToContainTextAsync("Awa");
        await Expect(his.Locator(".countdown")).ToHaveTextAsync(Seconds());
        await Expect(his).ToHaveAttributeAsync("title", BadgeTitle());

        await OpenThreadAsync(moussa, contact);
        await Expect(moussa.Locator(".pane-thread header .lock-badge.other")).ToContainTextAsync("Awa");
        await Expect(moussa.Locator(".composer .held")).ToContainTextAsync($"{Awa} is answering this contact");

        // She goes elsewhere: it is free, and he has it as soon as he types.
        await awa.GotoAsync("/queue");
        await Expect(moussa.Locator(".composer .held")).ToBeHiddenAsync();
        await Composer(moussa).PressSequentiallyAsync("Bonjour");
        await Expect(Row(moussa, contact).Locator(".lock-badge.mine")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Unlock_AskedAndGivenUp_IsTheAskersAtOnce()
    {
        var (awa, moussa, contact) = await PrepareAsync("Coumba");
        await OpenThreadAsync(awa, contact);
        await OpenThreadAsync(moussa, contact);
        await AskAsync(moussa, "Il attend devant la boutique");

        var ask = awa.Locator(".announcements .ask");
        await Expect(ask).ToContainTextAsync($"{Moussa} asks you for {contact.Name}, to answer as {SecondName}.");
        await Expect(ask).ToContainTextAsync("Il attend devant la boutique");
        await Expect(ask.Locator(".countdown")).ToHaveTextAsync(Seconds());
        await Expect(moussa.Locator(".composer .held")).ToContainTextAsync($"You asked. {Awa} has this long to answer");
        await ask.GetByRole(AriaRole.Button, new() { Name = "Give it up" }).ClickAsync();

        await Expect(ask).ToBeHiddenAsync();
        await Expect(Announcements(moussa)).ToContainTextAsync($"{Awa} gave up {contact.Name}: it is yours now.");
        await Expect(moussa.Locator(".composer .held")).ToBeHiddenAsync();
        await Expect(Row(moussa, contact).Locator(".lock-badge.mine")).ToBeVisibleAsync();
        await Expect(Row(awa, contact).Locator(".lock-badge.other")).ToContainTextAsync("Moussa");
        await Composer(moussa).FillAsync("J'arrive");
        await Composer(moussa).PressAsync("Enter");
        await Expect(moussa.Locator(".bubble.out .text")).ToHaveTextAsync("J'arrive");
    }

    [Fact]
    public async Task Unlock_KeptWithAReason_TellsItAndNeedsOne()
    {
        var (awa, moussa, contact) = await PrepareAsync("Ngone");
        await OpenThreadAsync(awa, contact);
        await OpenThreadAsync(moussa, contact);
        await moussa.Locator(".composer .held").GetByRole(AriaRole.Button, new() { Name = "Ask to unlock" }).ClickAsync();
        await moussa.Locator(".composer .held").GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        await Expect(moussa.Locator(".composer .held .error")).ToContainTextAsync("Write a reason");
        await moussa.Locator(".composer .held input").FillAsync("Je la connais");
        await moussa.Locator(".composer .held input").PressAsync("Enter");

        var ask = awa.Locator(".announcements .ask");
        await ask.GetByRole(AriaRole.Button, new() { Name = "Keep, with a reason" }).ClickAsync();
        await Expect(ask.Locator("input")).ToBeFocusedAsync();
        await ask.Locator("input").FillAsync("J'ai presque fini");
        await ask.Locator("input").PressAsync("Enter");
        await Expect(Announcements(moussa)).ToContainTextAsync($"{Awa} keeps {contact.Name}: “J'ai presque fini”");
        await Expect(Row(awa, contact).Locator(".lock-badge.mine")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Conflict_AndALockFreedByAnAdmin_AreExplainedToBoth()
    {
        var (awa, moussa, contact) = await PrepareAsync("Dieynaba");
        await OpenThreadAsync(awa, contact);
        await OpenThreadAsync(moussa, contact);
        await Expect(moussa.Locator(".composer .held")).ToContainTextAsync(Awa);
        await moussa.GotoAsync("/history");
        var conflict = moussa.Locator(".conflict").Filter(new() { HasText = contact.Name });
        await Expect(conflict).ToContainTextAsync($"You wanted to answer {contact.Name} while {Awa} was answering.");
        await conflict.GetByRole(AriaRole.Button, new() { Name = "Leave it to them" }).ClickAsync();
        await Expect(conflict).ToContainTextAsync("Left to them.");

        var admin = await SignInAsync(Admin);
        await admin.GotoAsync("/rotation");
        await admin.GetByRole(AriaRole.Button, new() { Name = $"Free {contact.Name}, locked by {Awa}" }).ClickAsync();
        await admin.GetByLabel("Reason").FillAsync("Changement d'équipe");
        await admin.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Free", Exact = true }).ClickAsync();
        await Expect(Notices(admin)).ToContainTextAsync($"{contact.Name} is free; {Awa} was told why.");
        await Expect(Announcements(awa)).ToContainTextAsync("“Changement d'équipe”");
        await awa.GotoAsync("/history");
        await Expect(awa.Locator("main")).ToContainTextAsync($"An admin took {contact.Name} from you");
    }

    /// <summary>Awa has the contact's conversation on the first number, Moussa the one on the second, which only he may serve.</summary>
    private async Task<(IPage Awa, IPage Moussa, Contact Contact)> PrepareAsync(string name)
    {
        if ((await ItemsAsync("/api/channels?pageSize=200")).All(c => c.GetProperty("key").GetString() != Second))
        {
            await PostAsync("/api/channels", new { key = Second, provider = "Simulator" });
            var profile = (await PostAsync("/api/profiles", new { name = SecondName, channel = Second })).GetProperty("id").GetInt64();
            var only = await ModeratorAsync(Moussa);
            await Site.ChangeAsync(async db =>
            {
                await db.Profiles.Where(p => p.Id == profile).ExecuteUpdateAsync(set => set.SetProperty(p => p.Restricted, true));
                db.ProfileModerators.Add(new ProfileModerator { ProfileId = profile, ModeratorId = only });
                await db.SaveChangesAsync();
            });
        }
        var contact = NewContact(name);
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour");
        await Expect(Row(awa, contact)).ToBeVisibleAsync();
        var moussa = await SignInAsync(Moussa);
        await WriteAsync(contact, "Bonjour", Second);
        await Expect(Row(moussa, contact)).ToBeVisibleAsync();
        return (awa, moussa, contact);
    }

    private static async Task AskAsync(IPage page, string reason)
    {
        await page.Locator(".composer .held").GetByRole(AriaRole.Button, new() { Name = "Ask to unlock" }).ClickAsync();
        await page.Locator(".composer .held input").FillAsync(reason);
        await page.Locator(".composer .held input").PressAsync("Enter");
    }

    [GeneratedRegex("^Awa Diop is answering as ", RegexOptions.None, 1000)]
    private static partial Regex BadgeTitle();

    [GeneratedRegex(@"^\d:\d\d$", RegexOptions.None, 1000)]
    private static partial Regex Seconds();
}
