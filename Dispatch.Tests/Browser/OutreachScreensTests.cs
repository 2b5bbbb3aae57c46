using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Prospects, sequences and accounts on screen; every page of outreach for everybody.</summary>
public sealed class OutreachScreensTests(ChromiumFixture chromium, BrowserHost host) : OutreachBrowserTest(chromium, host)
{
    [Fact]
    public async Task Import_PreviewedThenDoneTwice_AddsWhoIsNewOnce()
    {
        var account = await AccountAsync("Import", paused: true);
        var known = await ProspectAsync(account.Id, "Déjà Là");
        var file = Csv("name;phone;company;language", "Awa Ndiaye;+221 77 123 45 67;Baobab;fr", "Pierre Lambert;0033612345678;;en", $"Autre Nom;+{known.Phone};;", "Sans Numéro;12;;", "Awa Encore;+221771234567;;", ";+221770000001;;");
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/prospects/import");
        await page.GetByLabel("Account", new() { Exact = true }).SelectOptionAsync(account.Name);
        await page.GetByLabel("File").SetInputFilesAsync(file);
        await Expect(page.Locator(".sums")).ToContainTextAsync("2 new");
        await Expect(page.Locator(".sums")).ToContainTextAsync("1 known already");
        await Expect(page.Locator(".sums")).ToContainTextAsync("3 errors");
        await Expect(page.Locator(".errors tbody tr")).ToHaveCountAsync(3);
        await Expect(page.Locator(".errors tbody tr").First).ToContainTextAsync("8 to 15 digits with the country code.");
        await Expect(page.Locator(".errors")).ToContainTextAsync("This number is in the file twice.");
        Assert.Equal(1, (await Queries.ProspectsAsync(new ProspectSearch(AccountId: account.Id))).Total);
        await Button(page, "Add 2 prospects").ClickAsync();
        await Expect(page.Locator(".message")).ToHaveTextAsync("2 prospects were added. 1 was known already. 3 lines were left out.");

        await page.GetByLabel("File").SetInputFilesAsync(file);
        await Expect(page.Locator(".sums")).ToContainTextAsync("0 new");
        await Expect(page.Locator(".message")).ToContainTextAsync("Everybody in this file is known already");
        await GoAsync(page, $"/prospects?account={account.Id}");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(3);
        await Expect(page.Locator("tbody")).ToContainTextAsync("+221771234567 · Baobab");
        Assert.Equal(known.Name, (await Queries.ProspectAsync(known.Id))!.Name);
    }

    [Fact]
    public async Task Prospect_StoppedTakenUpAndWrittenTo_ShowsItAllInHisHistory()
    {
        var account = await AccountAsync("Suivi");
        var prospect = await ProspectAsync(account.Id);
        await Outreach.PlanAsync(new NewAction("send_followup_A1", prospect.Id, account.Id, ScheduledAt: TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(2)));
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/prospects/{prospect.Id}");
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Expect(Rows(page)).ToContainTextAsync("Planned for");
        await Button(page, "Stop").First.ClickAsync();
        await Expect(Dialog(page)).ToContainTextAsync($"{prospect.Name} is not written to any more");
        await Button(Dialog(page), "Stop").ClickAsync();
        await Expect(page.Locator(".page-head .state")).ToContainTextAsync("Stopped by a person.");
        await Expect(Rows(page)).ToHaveCountAsync(0);
        await Expect(page.Locator(".line")).ToContainTextAsync("Follow-up A1 cancelled");
        await Button(Notices(page), "Undo").ClickAsync();
        await Expect(page.Locator(".page-head .state")).ToContainTextAsync("New");

        await Button(page, "Automatic mode").ClickAsync();
        await Expect(page.Locator("button[aria-pressed=true]")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("Automatic mode", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Button(page, "Automatic mode").ClickAsync();
        await Expect(page.Locator("button[aria-pressed=false]")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Write", Exact = true }).ClickAsync();
        await Button(Dialog(page), "Send now").ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToHaveTextAsync("Write the message first.");
        await Dialog(page).GetByLabel("Message").FillAsync("Bonjour, une question ?");
        await Button(Dialog(page), "Send now").ClickAsync();
        await Expect(page.Locator(".line")).ToContainTextAsync("Answer sent");
        await Expect(page.Locator(".line .text")).ToHaveTextAsync("Bonjour, une question ?");
        await Expect(page.Locator(".page-head .state")).ToContainTextAsync("Contacted");
    }

    [Fact]
    public async Task Prospect_WhoWrites_IsHandedToAModeratorWithHisConversation()
    {
        var account = await AccountAsync("Remise");
        var prospect = await ProspectAsync(account.Id, "Fatim Kane");
        var (page, awa) = (await SignInAsync(Admin), await SignInAsync(Awa));
        await GoAsync(page, $"/prospects/{prospect.Id}");
        await WriteAsync(new Contact(prospect.Name, prospect.Phone), "Oui, dites-m'en plus.");
        await Expect(page.Locator(".line")).ToContainTextAsync("Oui, dites-m'en plus.");
        await Expect(page.Locator(".page-head .state")).ToContainTextAsync("Answered");
        await Expect(page.Locator(".facts")).ToContainTextAsync(Awa);
        var moussa = await SignInAsync(Moussa);
        await Button(page, "Move to a moderator").ClickAsync();
        await Dialog(page).GetByLabel(Moussa).CheckAsync();
        await Button(Dialog(page), "Move").ClickAsync();
        await Expect(page.Locator(".page-head .state")).ToContainTextAsync("A moderator goes on by hand.");
        await Expect(page.Locator(".facts")).ToContainTextAsync(Moussa);
        await Expect(Row(moussa, new Contact(prospect.Name, prospect.Phone))).ToBeVisibleAsync();
        await Expect(Row(awa, new Contact(prospect.Name, prospect.Phone))).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Sequence_ChangedWithSlips_SaysThemBesideTheirFieldsAndHoldsWhenMended()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/sequences");
        await page.Locator("#edit-B").ClickAsync();
        var editor = page.GetByRole(AriaRole.Form, new() { Name = "Change sequence B" });
        await editor.Locator("#step-B-0-delay").FillAsync("400");
        await editor.Locator("#step-B-1-from").FillAsync("18:00");
        await editor.Locator("#step-B-1-to").FillAsync("09:00");
        await Button(editor, "Add a step").ClickAsync();
        await Button(editor, "Save").ClickAsync();
        await Expect(editor.GetByRole(AriaRole.Alert)).ToHaveTextAsync(["1 minute to 365 days.", "After the beginning; 00:00 is the end of the day.", "There is no such text yet: write one below, or use that of another step."]);
        await editor.Locator("#step-B-0-delay").FillAsync("4");
        await editor.Locator("#step-B-1-to").FillAsync("20:00");
        await editor.Locator("#step-B-2-template").SelectOptionAsync("send_followup_B1");
        await Button(editor, "Save").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("Sequence B is saved");
        var plan = (await Get<SequencePlans>().ListAsync()).Single(p => p.Letter == 'B');
        Assert.Equal((3, TimeSpan.FromDays(4), new TimeOnly(20, 0), "send_followup_B1"), (plan.Steps.Count, plan.Steps[0].Delay, plan.Steps[1].To, plan.Steps[2].Template));
        Assert.NotNull(plan.ChangedBy);
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "B: answered" }).GetByText("after 4 d")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Template_WithAnUnknownPlaceholder_IsNotSavedAndAKnownOneIsPreviewedForARealProspect()
    {
        var account = await AccountAsync("Textes", paused: true);
        var prospect = await ProspectAsync(account.Id, "Sokhna Diatta", company: null);
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/sequences?step=send_followup_B2&lang=en");
        await page.GetByLabel("Preview for").FillAsync(prospect.Name);
        await page.GetByLabel("Preview for").PressAsync("Enter");
        await Button(page, prospect.Name).ClickAsync();
        var editor = page.Locator(".editor").First;
        await Expect(editor.Locator(".bubble")).ToContainTextAsync("Sokhna, shall we go on");
        var text = editor.Locator("textarea");
        await text.FillAsync("Hello {prenom}, this is {account}.");
        await Button(editor, "Save").ClickAsync();
        await Expect(editor.GetByRole(AriaRole.Alert)).ToContainTextAsync("{prenom} is not known here");
        await text.FillAsync("Hello {firstName} of {company}, this is {account}.");
        await Expect(editor.Locator(".bubble.bad")).ToContainTextAsync($"It would not be sent to {prospect.Name}.");
        await Expect(editor.Locator(".bubble.bad")).ToContainTextAsync("{company}");
        await text.FillAsync("Hello {firstName} of {company|your house}, this is {account}.");
        await Expect(editor.Locator(".bubble")).ToHaveTextAsync($"Hello Sokhna of your house, this is {account.Name}.");
        await Button(editor, "Save").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("Variant 1 is saved.");
        Assert.Contains(await Get<OutreachTemplates>().ListAsync(), t => t is { Kind: "send_followup_B2", Language: "en", IsShipped: false });
        await Button(page, "Add a variant").ClickAsync();
        var second = page.Locator(".editor").Nth(1);
        await second.Locator("textarea").FillAsync("Another way, {firstName}?");
        await Button(second, "Save").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("Variant 2 is saved.");
        await Button(page.Locator(".editor").Nth(1), "Remove this variant").ClickAsync();
        await Expect(page.Locator(".editor")).ToHaveCountAsync(1);
        await Button(page.Locator(".editor"), "Remove this variant").ClickAsync();
        await Expect(page.Locator(".editor textarea")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^\\{firstName", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Account_AddedWithSlips_SaysThemBesideTheFieldsAndKeepsWhatWasTyped()
    {
        var name = $"Nouveau compte {Guid.NewGuid():N}"[..24];
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/accounts");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add account" }).ClickAsync();
        await page.GetByLabel("Time zone").FillAsync("Dakar");
        await page.GetByLabel("First contact").FillAsync("7");
        await Button(page, "Add a window").ClickAsync();
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("08:00");
        await page.GetByLabel("Days without sending").FillAsync("Noël");
        await Button(page, "Save").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(4);
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToBeFocusedAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.GetByLabel("Time zone").FillAsync("Africa/Dakar");
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("18:30");
        await page.GetByLabel("Mon", new() { Exact = true }).CheckAsync();
        await page.GetByLabel("Tue", new() { Exact = true }).CheckAsync();
        await page.GetByLabel("Days without sending").FillAsync("2026-12-25");
        await page.GetByLabel("Warm-up: begin with few messages a day").CheckAsync();
        await page.GetByLabel("Messages on the first day").FillAsync("3");
        await Button(page, "Save").ClickAsync();
        var card = page.Locator(".card").Filter(new() { HasText = name });
        await Expect(card).ToContainTextAsync("Mon, Tue 09:00 to 18:30");
        await Expect(card).ToContainTextAsync("0 of 3 today");
        await Expect(card).ToContainTextAsync("7 after the warm-up");
        await Expect(card).ToContainTextAsync("day 1 of 14");
        await Button(card, $"Pause {name}").ClickAsync();
        await Expect(card).ToContainTextAsync("The account is paused");
        await Button(Notices(page), "Undo").ClickAsync();
        await Expect(card).Not.ToContainTextAsync("The account is paused");
        await card.GetByRole(AriaRole.Link, new() { Name = $"Edit {name}" }).ClickAsync();
        await Expect(page.GetByLabel("Days without sending")).ToHaveValueAsync("2026-12-25");
        await page.GetByLabel("Seconds between two").FillAsync("90");
        await Button(page, "Save").ClickAsync();
        await Expect(card).ToContainTextAsync("1 min");
    }

    [Fact]
    public async Task Account_WithKeysOfItsOwn_SaysWhichIsWrongAndShowsNoneAgain()
    {
        var name = $"Compte Meta {Guid.NewGuid():N}"[..24];
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/accounts/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.Locator("#account-channel").SelectOptionAsync("new:Meta");
        await page.GetByLabel("Gateway token").FillAsync("a-token-of-the-cloud-api-0123456789");
        await page.GetByLabel("Phone number id").FillAsync("106540352242922");
        await page.GetByLabel("App secret").FillAsync("an-app-secret-of-32-characters-xx");
        await page.GetByLabel("Verify token").FillAsync("short");
        await Button(page, "Save").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This value does not fit: Verify token");
        await Expect(page.GetByLabel("Verify token")).ToHaveAttributeAsync("aria-invalid", "true");
        await page.GetByLabel("Verify token").FillAsync("a-word-of-16-characters");
        await Button(page, "Save").ClickAsync();
        var card = page.Locator(".card").Filter(new() { HasText = name });
        await Expect(card).ToContainTextAsync("Meta Cloud API");

        var channel = await Get<Database>().WriteAsync(session => session.Db.Channels.AsNoTracking().Where(c => c.Provider == ChannelProvider.Meta).OrderByDescending(c => c.Id).FirstAsync());
        Assert.DoesNotContain("a-token-of-the-cloud-api", channel.ProtectedToken, StringComparison.Ordinal);
        await card.GetByRole(AriaRole.Link, new() { Name = $"Edit {name}" }).ClickAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync(name);
        Assert.DoesNotContain("a-token-of-the-cloud-api", await page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_CheckedByAxeInBothThemesAndOnAPhone_HaveNothingSerious()
    {
        var (problems, wide) = (new List<string>(), new List<string>());
        var account = await AccountAsync("Société Marième-Bernadette de la Fontaine & Fils", first: 3, reply: 1, paused: true);
        var ids = await PlannedAsync(account.Id, 4);
        await EndAsync(ids[..1], ActionStatus.Failed, "MissingValue:company");
        await EndAsync(ids[1..2], ActionStatus.Uncertain, "LostSender");
        var prospect = (await Queries.ActionAsync(ids[0]))!.ProspectId;
        var open = await AccountAsync("Ouvert");
        var sent = await ProspectAsync(open.Id, "https://example.com/une/adresse/tres/longue/sans/aucune/cesure");
        await Outreach.ExecuteSendReply(sent.Id, open.Id, "https://example.com/une/adresse/tres/longue/sans/aucune/cesure/qui/ne/tient/pas/sur/un/telephone?et=encore");
        await WriteAsync(new Contact(sent.Name, sent.Phone), "Bonjour");
        await Eventually.Async(async () => (await Queries.ProspectAsync(sent.Id))!.Stage == ProspectStage.Answered);
        string[] addresses =
        [
            "/prospects", "/prospects?q=nobody-at-all", "/prospects/import", $"/prospects/{prospect}", $"/prospects/{sent.Id}", "/prospects/999999", "/sequences?step=send_followup_A1&lang=fr",
            "/actions", "/actions?tab=running", "/actions?tab=retrying", "/actions?tab=uncertain", "/actions?tab=dead", "/actions/log", "/accounts", "/accounts/new", $"/accounts/{account.Id}/edit",
        ];
        var admin = await SignInAsync(Admin);
        var phone = await SignInAsync(Admin, phone: true, locale: "fr-FR");
        foreach (var address in addresses)
        {
            await GoAsync(admin, address);
            await AccessTests.CheckAsync(admin, address, problems);
            await GoAsync(phone, address);
            await AccessTests.CheckWidthAsync(phone, address, wide);
        }
        await GoAsync(admin, "/prospects");
        await Button(admin, "Add prospect").ClickAsync();
        await Expect(Dialog(admin).GetByLabel("Name")).ToBeVisibleAsync();
        await AccessTests.CheckAsync(admin, "new prospect", problems);
        Assert.True(problems.Count + wide.Count == 0, string.Join('\n', problems.Concat(wide)));
    }
}
