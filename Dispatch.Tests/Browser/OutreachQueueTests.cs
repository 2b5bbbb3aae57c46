using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The action queue, the accounts' quotas and the log on screen.</summary>
public sealed class OutreachQueueTests(ChromiumFixture chromium, BrowserHost host) : OutreachBrowserTest(chromium, host)
{
    [Fact]
    public async Task Pending_OfAPausedAccount_SaysWhyAndIsCancelledTogether()
    {
        var account = await AccountAsync(paused: true);
        var ids = await PlannedAsync(account.Id, 3);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/actions?account={account.Id}");
        await Expect(Rows(page)).ToHaveCountAsync(3);
        await Expect(Rows(page).First).ToContainTextAsync("The account is paused");
        await Expect(Rows(page).First).ToContainTextAsync("Not foreseeable");
        await page.GetByLabel("All on this page").CheckAsync();
        await Button(page, "Cancel the sending (3)").ClickAsync();
        await Expect(Dialog(page)).ToContainTextAsync("3 actions will not be sent.");
        await Button(Dialog(page), "Cancel the sending").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("3 were cancelled.");
        await Expect(page.Locator(".page .empty")).ToContainTextAsync("Nothing fits these filters.");
        foreach (var id in ids) Assert.Equal(ActionStatus.Cancelled, (await Queries.ActionAsync(id))!.Status);
    }

    [Fact]
    public async Task RunNow_TogetherOverTheQuota_SendsWhatTheQuotaLetsAndSaysWhatStays()
    {
        var account = await AccountAsync(reply: 2, paused: true);
        var ids = await PlannedAsync(account.Id, 3);
        var (queue, accounts) = (await SignInAsync(Admin), await SignInOpsAsync());
        await GoAsync(accounts, "/accounts");
        var quota = accounts.Locator($"#account-{account.Id} [data-type=Reply]");
        await Expect(quota).ToContainTextAsync("0 of 2 today");
        await GoAsync(queue, $"/actions?account={account.Id}");
        await queue.GetByLabel("All on this page").CheckAsync();
        await Button(queue, "Run now (3)").ClickAsync();
        await Button(Dialog(queue), "Run now").ClickAsync();
        await Expect(Notices(queue)).ToContainTextAsync("3 are held back and stay pending.");

        // The queue of the host and the person's step are racers from here on; two of the three leave, by whomever.
        await Button(accounts.Locator($"#account-{account.Id}"), $"Resume {account.Name}").ClickAsync();
        await Expect(quota).ToContainTextAsync("2 of 2 today");
        await Expect(quota).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("full", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(Rows(queue)).ToHaveCountAsync(1);
        await Expect(Rows(queue)).ToContainTextAsync("Today’s quota is used up");
        var left = ids.Select(id => Queries.ActionAsync(id).GetAwaiter().GetResult()!.Status).ToList();
        Assert.Equal((2, 1), (left.Count(s => s == ActionStatus.Success), left.Count(s => s == ActionStatus.Pending)));
        await Rows(queue).GetByRole(AriaRole.Button, new() { NameRegex = new("^Run now", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)) }).ClickAsync();
        await Expect(Notices(queue)).ToContainTextAsync("Not now. Today’s quota is used up");
    }

    [Fact]
    public async Task Dead_RetriedTogether_ArePendingAgainAndLeave()
    {
        var account = await AccountAsync(paused: true);
        var ids = await PlannedAsync(account.Id, 2);
        await EndAsync(ids, ActionStatus.Failed, "Refused");
        var page = await SignInOpsAsync();
        await GoAsync(page, $"/actions?tab=dead&account={account.Id}");
        await Expect(Rows(page)).ToHaveCountAsync(2);
        await Expect(Rows(page).First).ToContainTextAsync("The gateway refused it.");
        await page.GetByLabel("All on this page").CheckAsync();
        await Button(page, "Retry (2)").ClickAsync();
        await Button(Dialog(page), "Retry").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("2 are pending again.");
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Pending" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(2);
        await Accounts.ResumeAsync(account.Id);
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        foreach (var id in ids) await StatusAsync(id, ActionStatus.Success);
    }

    [Fact]
    public async Task Uncertain_DecidedByAPerson_IsSentOrDead()
    {
        var account = await AccountAsync(paused: true);
        var ids = await PlannedAsync(account.Id, 2);
        await EndAsync(ids, ActionStatus.Uncertain, "LostSender");
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/actions?tab=uncertain&account={account.Id}");
        await Expect(Rows(page)).ToHaveCountAsync(2);
        await Expect(Rows(page).First).ToContainTextAsync("it may have arrived");
        await Button(Rows(page).First, "Ask the gateway").ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("The gateway cannot say whether it left");
        await Button(Rows(page).First, "It was sent").ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Button(Rows(page).First, "It was not sent").ClickAsync();
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        var ends = ids.Select(id => Queries.ActionAsync(id).GetAwaiter().GetResult()!.Status).Order().ToList();
        Assert.Equal([ActionStatus.Success, ActionStatus.Failed], ends);
    }

    [Fact]
    public async Task Thread_WithALineInDoubt_SaysWhoDecidesAndShowsWhatWasDecided()
    {
        var account = await AccountAsync("Doute");
        var prospect = await ProspectAsync(account.Id, "Ibou Fall");
        var sent = await Outreach.ExecuteSendReply(prospect.Id, account.Id, "Bonjour, une question ?");
        Assert.True(sent.Succeeded);
        var key = $"outreach/{sent.Id}";
        // The simulated contact reads it, and whoever reads it ends a doubt: only after that it is as if a process had died between the call and its record.
        await Eventually.Async(() => Get<Database>().WriteAsync(session => session.Db.Messages.AnyAsync(m => m.EffectKey == key && m.Status == Core.Conversations.MessageStatus.Read)));
        await EndAsync([sent.Id], ActionStatus.Uncertain, "LostSender");
        Assert.Equal(1, await Get<Database>().WriteAsync(session => session.Db.Messages.Where(m => m.EffectKey == key)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, Core.Conversations.MessageStatus.Uncertain))));
        var contact = new Contact(prospect.Name, prospect.Phone);
        var awa = await SignInAsync(Awa);
        await WriteAsync(contact, "Oui ?");
        await OpenThreadAsync(awa, contact);
        var line = awa.Locator(".bubble").Filter(new() { HasText = "Bonjour, une question ?" });
        await Expect(line).ToContainTextAsync("Under Actions a person says which, after a look at the chat.");
        // Whoever answers must not send it a second time from here.
        await Expect(line.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);

        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/actions?tab=uncertain&account={account.Id}");
        await Button(Rows(page).First, "It was sent").ClickAsync();

        await Expect(line).Not.ToContainTextAsync("Under Actions a person says which");
        await StatusAsync(sent.Id, ActionStatus.Success);
    }

    [Fact]
    public async Task Bulk_OverManyPages_ShowsItsProgressAndStopsWhenAsked()
    {
        var account = await AccountAsync(paused: true);
        await PlannedAsync(account.Id, ActionsCount);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/actions?account={account.Id}");
        await page.GetByLabel("All on this page").CheckAsync();
        await Button(page, $"Choose all {ActionsCount} found").ClickAsync();
        await Button(page, $"Cancel the sending ({ActionsCount})").ClickAsync();
        // The database's writer is kept until the stop was pressed, so that the run cannot be over before.
        var (kept, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var keeper = Get<Database>().WriteAsync(async _ =>
        {
            kept.SetResult();
            await release.Task;
        }, TestContext.Current.CancellationToken);
        await kept.Task;
        var run = page.Locator(".run");
        try
        {
            await Button(Dialog(page), "Cancel the sending").ClickAsync();
            await Expect(run).ToContainTextAsync($"of {ActionsCount}");
            await Button(run, "Stop").ClickAsync();
            await Expect(Button(run, "Stopping")).ToBeDisabledAsync();
        }
        finally
        {
            release.SetResult();
        }
        await keeper;
        await Expect(Notices(page)).ToContainTextAsync("cancelled.");
        await Expect(Notices(page)).ToContainTextAsync("Stopped;");
        await Expect(run).ToHaveCountAsync(0);
        Assert.InRange((await Queries.CountsAsync(account.Id)).Pending, 1, ActionsCount - 1);
    }

    [Fact]
    public async Task Log_SearchedAndExported_HoldsWhatWasExecuted()
    {
        var account = await AccountAsync();
        var prospect = await ProspectAsync(account.Id, "=Formule");
        Assert.Equal(ActionResult.Sent, (await Outreach.ExecuteSendReply(prospect.Id, account.Id, "Bonjour")).Result);
        var page = await SignInOpsAsync();
        await GoAsync(page, "/actions/log");
        await page.GetByRole(AriaRole.Searchbox).FillAsync(prospect.Name);
        await page.GetByRole(AriaRole.Searchbox).PressAsync("Enter");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Sent");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Answer");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Export CSV" }).ClickAsync());
        var csv = await File.ReadAllTextAsync(await download.PathAsync());
        var lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("at,action,status,account,prospect,", lines[0].TrimStart('\uFEFF'), StringComparison.Ordinal);
        Assert.Contains($"send_reply,Success,{account.Name},'{prospect.Name},{prospect.Id},1,", lines[1], StringComparison.Ordinal);
        await page.GetByLabel("Result").SelectOptionAsync("Failed");
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
    }

    /// <summary>More than a page.</summary>
    private const int ActionsCount = 60;
}
