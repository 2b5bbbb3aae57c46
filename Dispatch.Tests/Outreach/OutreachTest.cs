using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Compliance;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Outreach;

/// <summary>What tests of outreach share: accounts and prospects made by hand, the jobs asked by the test, the ledger's invariants read from the rows.</summary>
public abstract class OutreachTest(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private int _number;

    protected Actions Actions => Node.Get<Actions>();
    protected ActionQueueJob Queue => Node.Get<ActionQueueJob>();
    protected ProspectService Prospects => Node.Get<ProspectService>();
    protected OutreachQueries Queries => Node.Get<OutreachQueries>();
    protected OutreachOptions Options => Node.Get<IOptions<OutreachOptions>>().Value;

    protected static AccountPlan Plan(int? first = null, int? followup = null, int? reply = null, int gap = 0, int? invitation = null, params SendWindow[] windows)
    {
        var quotas = new Dictionary<ActionType, int>();
        if (first is { } f) quotas[ActionType.FirstContact] = f;
        if (followup is { } u) quotas[ActionType.Followup] = u;
        if (reply is { } r) quotas[ActionType.Reply] = r;
        if (invitation is { } i) quotas[ActionType.Invitation] = i;
        return new AccountPlan { Quotas = quotas, MinGapSeconds = gap, Windows = windows };
    }

    protected async Task<long> AccountAsync(AccountPlan? plan = null, string zone = "UTC")
    {
        await using var db = Node.Database.Read();
        var row = new Account
        {
            Name = $"Account {++_number}", Provider = AccountProvider.Simulator, ChannelId = Profile.ChannelId, TimeZone = zone, Plan = (plan ?? new AccountPlan()).ToJson(), Version = 1,
            CreatedAt = Clock.Now, LastClaimAt = Clock.Now,
        };
        db.Accounts.Add(row);
        await db.SaveChangesAsync();
        return row.Id;
    }

    protected async Task<long> ProspectAsync(long account, string? name = null, bool automatic = false, bool contact = false)
    {
        var made = await Prospects.CreateAsync(new NewProspect
            { Name = name ?? $"Awa {++_number}", Phone = $"+33 6{++_number:00000000}", AccountId = account, Language = "en", Automatic = automatic, Contact = contact });
        Assert.Equal(ProspectResult.Done, made.Result);
        return made.Id;
    }

    protected async Task<long[]> ProspectsAsync(long account, int count)
    {
        await using var db = Node.Database.Read();
        var rows = Enumerable.Range(0, count).Select(_ => new Prospect { AccountId = account, Name = $"P {++_number}", Address = $"336{++_number:00000000}", Language = "en", CreatedAt = Clock.Now }).ToList();
        db.Prospects.AddRange(rows);
        await db.SaveChangesAsync();
        return [.. rows.Select(r => r.Id)];
    }

    protected async Task<long> PlannedAsync(string kind, long prospect, DateTime? at = null, string? content = "hello")
    {
        var outcome = await Actions.PlanAsync(new NewAction(kind, prospect, null, content, at));
        Assert.Equal(ActionResult.Scheduled, outcome.Result);
        return outcome.Id;
    }

    protected Task<int> RunAsync(DispatcherFixture? node = null) => (node ?? Node).Get<ActionQueueJob>().RunOnceAsync(Clock.Now).InTime(TimeSpan.FromSeconds(60));
    protected Task<OutreachAction> ActionAsync(long id) => Node.ReadAsync(db => db.OutreachActions.FirstAsync(a => a.Id == id));
    protected async Task<ActionStatus> StatusAsync(long id) => (await ActionAsync(id)).Status;
    protected Task<Prospect> ReadProspectAsync(long id) => Node.ReadAsync(db => db.Prospects.FirstAsync(p => p.Id == id));
    protected Task<List<ActionLog>> LogsAsync(long action) => Node.ReadAsync(db => db.ActionLogs.Where(l => l.ActionId == action).OrderBy(l => l.Id).ToListAsync());
    protected Task<Account> ReadAccountAsync(long id) => Node.ReadAsync(db => db.Accounts.FirstAsync(a => a.Id == id));

    /// <summary>The prospect writes.</summary>
    protected async Task ReplyFromAsync(long prospect, string text = "yes, tell me more", DispatcherFixture? node = null) =>
        await (node ?? Node).ReceiveAsync(Profile, (await ReadProspectAsync(prospect)).Address, text);

    /// <summary>The process is gone and not heard of any more; its rows are as it left them.</summary>
    protected async Task DieAsync(DispatcherFixture node)
    {
        var name = node.Get<OutreachNode>().Name;
        await Node.Database.WriteAsync(session => session.Db.Leases.Where(l => l.Name == name).ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, DateTime.UnixEpoch)));
    }

    protected async Task AssertSoundAsync(bool noErrors = true)
    {
        await using var db = Store.Open();
        Assert.Empty(await OutreachConsistency.ViolationsAsync(db));
        if (noErrors) Assert.Empty(Node.Logs.Errors);
    }
}

/// <summary>What must hold of actions and quotas at every commit. One line per violation.</summary>
public static class OutreachConsistency
{
    public static async Task<IReadOnlyList<string>> ViolationsAsync(DispatchDb db)
    {
        var found = new List<string>();
        var actions = await db.OutreachActions.AsNoTracking().ToListAsync();
        var days = await db.AccountDays.AsNoTracking().ToListAsync();
        var plans = (await db.Accounts.AsNoTracking().ToListAsync()).ToDictionary(a => a.Id, a => AccountPlan.FromJson(a.Plan));
        var logs = (await db.ActionLogs.AsNoTracking().ToListAsync()).ToLookup(l => l.ActionId);
        foreach (var day in days)
        {
            var mine = actions.Where(a => a.QuotaId == day.Id).ToList();
            var held = mine.Count(a => a.Status is ActionStatus.Claimed or ActionStatus.Sending);
            var used = mine.Count(a => a.Status is ActionStatus.Success or ActionStatus.Uncertain);
            if (held != day.Reserved) found.Add($"day {day.Id}: {day.Reserved} reserved, {held} in hand");
            if (used != day.Used) found.Add($"day {day.Id}: {day.Used} used, {used} left");
            if (plans[day.AccountId].Quotas.TryGetValue(day.Type, out var quota) && day.Reserved + day.Used > quota) found.Add($"day {day.Id}: {day.Reserved + day.Used} of {quota}");
        }
        foreach (var twice in actions.GroupBy(a => a.EffectKey, StringComparer.Ordinal).Where(g => g.Count() > 1)) found.Add($"effect {twice.Key} exists {twice.Count()} times");
        foreach (var a in actions.Where(a => a.Status == ActionStatus.Success && logs[a.Id].Count(l => l.Status == ActionStatus.Success) != 1)) found.Add($"action {a.Id} has not one log of its success");
        foreach (var a in actions.Where(a => a.Status is ActionStatus.Success or ActionStatus.Failed or ActionStatus.Cancelled && a.FinishedAt is null)) found.Add($"action {a.Id} is {a.Status} without an end");
        var lines = (await db.Messages.AsNoTracking().Where(m => m.EffectKey != null).ToListAsync()).ToDictionary(m => m.EffectKey!);
        foreach (var a in actions.Where(a => a.Status is ActionStatus.Success or ActionStatus.Uncertain && a.Type != ActionType.Invitation))
        {
            if (!lines.TryGetValue(ActionThread.KeyOf(a.Id), out var line)) found.Add($"action {a.Id} is {a.Status} and in no thread");
            else if ((line.Status == MessageStatus.Uncertain) != (a.Status == ActionStatus.Uncertain)) found.Add($"action {a.Id} is {a.Status}, its line {line.Status}");
        }
        return found;
    }
}
