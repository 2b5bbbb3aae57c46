using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Two people, two browsers, one conversation: one of them has it, and the other is told.</summary>
public abstract class TogetherScenarios(ChromiumFixture chromium, IBrowserSite site) : BrowserScenario(chromium, site)
{
    [Fact]
    public async Task Take_ByTwoAtOnce_OneHasItAndTheOtherIsToldWho()
    {
        var contact = NewContact("Lamine");
        await ParkAsync(contact);
        var (awa, moussa) = (await SignInAsync(Awa), await SignInAsync(Moussa));
        await awa.GotoAsync("/?filter=line");
        await moussa.GotoAsync("/?filter=line");
        await PressTogetherAsync(Take(awa, contact), Take(moussa, contact));

        await Expect(awa.Locator("#composer").Or(awa.Locator(".notice-line"))).ToBeVisibleAsync();
        await Expect(moussa.Locator("#composer").Or(moussa.Locator(".notice-line"))).ToBeVisibleAsync();
        var owner = await OwnerAsync(contact);
        var (winner, loser) = owner == Awa ? (awa, moussa) : (moussa, awa);
        Assert.Contains(owner, new[] { Awa, Moussa });
        await Expect(Composer(winner)).ToBeVisibleAsync();
        await Expect(Notices(loser)).ToContainTextAsync($"{owner} has the conversation with {contact.Name} since");
        await Expect(Row(winner, contact)).ToBeVisibleAsync();
        Assert.Equal(0, await Composer(loser).CountAsync());
        await Expect(Take(loser, contact)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Transfer_WithANote_IsSeenLiveByTheOtherAndConfirmedToTheGiver()
    {
        var contact = NewContact("Rokhaya");
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Je voudrais changer ma commande");
        await OpenThreadAsync(awa, contact);
        var moussa = await SignInAsync(Moussa);

        await ChooseTransferAsync(awa, Moussa, "Elle veut la taille 38");
        await TransferNow(awa).ClickAsync();

        await Expect(Notices(awa)).ToContainTextAsync($"Conversation with {contact.Name} went to {Moussa}.");
        await Expect(Row(awa, contact)).ToBeHiddenAsync();
        await Expect(Notices(moussa)).ToContainTextAsync($"New conversation with {contact.Name}.");
        await OpenThreadAsync(moussa, contact);
        await Expect(moussa.Locator(".log .system")).ToContainTextAsync([$"{Awa} transferred it to {Moussa}"]);
        await Expect(moussa.Locator(".log .note").Last).ToContainTextAsync("Elle veut la taille 38");
        Assert.Equal(Moussa, await OwnerAsync(contact));
    }

    [Fact]
    public async Task Transfer_ReturnedAndMovedByAnAdminAtOnce_HasOneOwnerAndTheLoserIsTold()
    {
        var contact = NewContact("Babacar");
        await PaceAsync(null);
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Bonjour");
        await OpenThreadAsync(awa, contact);
        var moussa = await SignInAsync(Moussa);
        var fatou = await SignInAsync(Fatou);
        var admin = await SignInAsync(Admin);

        await ChooseTransferAsync(awa, "Back to the queue", "Je ne sais pas");
        await admin.GetByRole(AriaRole.Button, new() { Name = $"Move the conversation with {contact.Name}" }).ClickAsync();
        await admin.GetByRole(AriaRole.Radio, new() { Name = Fatou }).CheckAsync();
        await PressTogetherAsync(TransferNow(awa), admin.Locator(".transfer button[type=submit]"));

        // Both hear something: what became of it, or who was faster.
        await Expect(Notices(awa)).ToContainTextAsync(contact.Name);
        await Expect(Notices(admin)).ToContainTextAsync(contact.Name);
        await Expect(Row(awa, contact)).ToBeHiddenAsync();
        await Eventually.Async(async () => await OwnerAsync(contact) is Moussa or Fatou);
        var (owner, other) = await OwnerAsync(contact) == Moussa ? (moussa, fatou) : (fatou, moussa);
        await Expect(Row(owner, contact)).ToBeVisibleAsync();
        await Expect(Row(other, contact)).ToBeHiddenAsync();
    }

    /// <summary>
    /// A conversation that waits although both could take it: both just received several, for longer than this test lasts, and the one colleague
    /// who was there gave it back.
    /// </summary>
    private async Task ParkAsync(Contact contact)
    {
        var other = await ModeratorAsync(Ibrahima);
        await PostAsync($"/api/moderators/{other}/connect", new { });
        await WriteAsync(contact, "Il y a quelqu'un ?");
        await PostAsync($"/api/conversations/{await IdAsync(contact)}/transfer", new { actorId = other, note = "pas pour moi" });
        await PaceAsync(TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        Assert.Equal("Pending", (await ConversationAsync(contact)).GetProperty("status").GetString());
    }

    /// <param name="from">When everybody received as many waiting conversations as the pace allows for; null: never.</param>
    private Task PaceAsync(DateTime? from) => Site.ChangeAsync(db => db.Moderators.ExecuteUpdateAsync(
        set => set.SetProperty(m => m.DrainWindowAt, from).SetProperty(m => m.DrainCount, 100)));

    private static ILocator Take(IPage page, Contact contact) => page.GetByRole(AriaRole.Button, new() { Name = $"Take the conversation with {contact.Name}" });

    private static ILocator TransferNow(IPage page) => page.Locator(".transfer button[type=submit]");

    private static async Task ChooseTransferAsync(IPage page, string to, string note)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Transfer", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = to }).CheckAsync();
        await page.GetByLabel("Note").FillAsync(note);
    }
}
