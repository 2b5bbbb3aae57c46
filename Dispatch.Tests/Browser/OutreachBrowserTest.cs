using System.Text;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Simulation;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Prospects, accounts and actions in browsers. Every test has accounts and prospects of its own; a paused account keeps what is planned where it is.</summary>
public abstract class OutreachBrowserTest(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    protected const string Ops = "Cheikh Fall";
    private static int s_number = 100;

    protected OutreachQueries Queries => Get<OutreachQueries>();
    protected ProspectService Prospects => Get<ProspectService>();
    protected AccountService Accounts => Get<AccountService>();
    protected Actions Outreach => Get<Actions>();

    protected T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    /// <summary>Ops, who has no place in the queue and so no presence to wait for.</summary>
    protected async Task<IPage> SignInOpsAsync()
    {
        var page = await OpenAsync();
        await Button(page, Ops).ClickAsync();
        await Expect(page.Locator("h1")).ToBeVisibleAsync();
        return page;
    }

    protected async Task<(long Id, string Name)> AccountAsync(string name = "Ventes Dakar", int? first = null, int? reply = null, bool paused = false)
    {
        var full = $"{name} {Interlocked.Increment(ref s_number)}";
        var quotas = new Dictionary<ActionType, int>();
        if (first is { } f) quotas[ActionType.FirstContact] = f;
        if (reply is { } r) quotas[ActionType.Reply] = r;
        var made = await Accounts.CreateAsync(new NewAccount(full, AccountProvider.Simulator, "UTC", new AccountPlan { Quotas = quotas }, Simulator.FirstChannel));
        Assert.Equal(AccountResult.Done, made.Result);
        if (paused) Assert.Equal(AccountResult.Done, (await Accounts.PauseAsync(made.Id)).Result);
        return (made.Id, full);
    }

    protected async Task<(long Id, string Name, string Phone)> ProspectAsync(long account, string name = "Awa Ndiaye", string? company = null, bool automatic = false)
    {
        var n = Interlocked.Increment(ref s_number);
        var (full, phone) = ($"{name} {n}", $"22176900{n:0000}");
        var made = await Prospects.CreateAsync(new NewProspect { Name = full, Phone = "+" + phone, AccountId = account, Language = "en", Company = company, Automatic = automatic });
        Assert.Equal(ProspectResult.Done, made.Result);
        return (made.Id, full, phone);
    }

    /// <summary>Planned answers, one to each of so many prospects.</summary>
    protected async Task<long[]> PlannedAsync(long account, int count)
    {
        var ids = new List<long>();
        for (var i = 0; i < count; i++)
        {
            var prospect = await ProspectAsync(account, "Moussa Sow");
            var planned = await Outreach.PlanAsync(new NewAction(ActionKinds.Reply, prospect.Id, account, "Bonjour"));
            Assert.Equal(ActionResult.Scheduled, planned.Result);
            ids.Add(planned.Id);
        }
        return [.. ids];
    }

    /// <summary>As after a gateway that refused, or a process that died on the way.</summary>
    protected Task EndAsync(IReadOnlyCollection<long> actions, ActionStatus status, string error) => Get<Database>().WriteAsync(session =>
        session.Db.OutreachActions.Where(a => actions.Contains(a.Id)).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.Status, status).SetProperty(a => a.Error, error).SetProperty(a => a.Attempts, 1).SetProperty(a => a.FinishedAt, a => a.CreatedAt)));

    protected Task StatusAsync(long action, ActionStatus status) => Eventually.Async(async () => (await Queries.ActionAsync(action))!.Status == status);

    protected static FilePayload Csv(params string[] lines) => new() { Name = "prospects.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n") };

    protected static ILocator Dialog(IPage page) => page.Locator(".rz-dialog");

    protected static ILocator Rows(IPage page) => page.Locator(".list > li");

    protected static ILocator Button(ILocator inside, string name) => inside.GetByRole(AriaRole.Button, new() { Name = name });

    protected static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name });
}
