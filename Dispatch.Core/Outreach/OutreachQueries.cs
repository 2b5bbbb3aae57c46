using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>What screens and the API read of outreach; live pages subscribe to <c>Topics.Outreach</c> and <c>Topics.Prospect(id)</c>.</summary>
public sealed partial class OutreachQueries(Database database, IOptions<OutreachOptions> options, TimeProvider clock)
{
    /// <summary>Further back in the line a place is not counted out, and no time is expected.</summary>
    private const int MaxAhead = 2000;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Actions by filter, each pending one with what holds it and when it is expected to leave.</summary>
    public async Task<ActionPage> ActionsAsync(ActionSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = Filter(db, search);
        var total = await found.CountAsync(cancel);
        var sorted = (search.Sort, search.Descending) switch
        {
            (ActionSort.DueAt, false) => found.OrderBy(a => a.DueAt).ThenBy(a => a.Id),
            (ActionSort.DueAt, true) => found.OrderByDescending(a => a.DueAt).ThenByDescending(a => a.Id),
            (ActionSort.CreatedAt, false) => found.OrderBy(a => a.Id),
            (ActionSort.CreatedAt, true) => found.OrderByDescending(a => a.Id),
            (ActionSort.FinishedAt, false) => found.OrderBy(a => a.FinishedAt).ThenBy(a => a.Id),
            (ActionSort.FinishedAt, true) => found.OrderByDescending(a => a.FinishedAt).ThenByDescending(a => a.Id),
        };
        return new ActionPage(await RowsAsync(db, sorted.Skip(search.Skip).Take(search.Take), cancel), total);
    }

    /// <summary>Null: there is none.</summary>
    public async Task<ActionRow?> ActionAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return (await RowsAsync(db, db.OutreachActions.Where(a => a.Id == id), cancel)).FirstOrDefault();
    }

    /// <param name="accountId">Null: of all.</param>
    public async Task<ActionCounts> CountsAsync(long? accountId = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var all = db.OutreachActions.Where(a => accountId == null || a.AccountId == accountId);
        // Each on the partial index of its statuses; finished ones are never counted through.
        var pending = await all.CountAsync(a => a.Status == ActionStatus.Pending, cancel);
        var running = await all.CountAsync(a => a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending, cancel);
        var uncertain = await all.CountAsync(a => a.Status == ActionStatus.Uncertain, cancel);
        var failed = await all.CountAsync(a => a.Status == ActionStatus.Failed, cancel);
        var accounts = await AccountsAsync(db, accountId is { } id ? [id] : null, cancel);
        var today = await AccountReader.TodayAsync(db, accounts, Now, cancel);
        return new ActionCounts(pending, running, uncertain, failed, today.Values.Sum(d => d.Used));
    }

    /// <summary>Accounts by name, with how many there are in all.</summary>
    public async Task<(IReadOnlyList<AccountRow> Items, int Total)> AccountsAsync(int skip = 0, int take = 200, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return (await RowsAsync(db, await AccountsAsync(db, null, cancel, skip, take), cancel), await db.Accounts.CountAsync(cancel));
    }

    /// <summary>Null: there is none.</summary>
    public async Task<AccountRow?> AccountAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return (await RowsAsync(db, await AccountsAsync(db, [id], cancel), cancel)).FirstOrDefault();
    }

    /// <summary>An account's queue over its next days: how many pending actions are due by when, beside what the day lets through.</summary>
    /// <param name="days">1 to 60.</param>
    public async Task<IReadOnlyList<ForecastDay>> ForecastAsync(long accountId, ActionType type, int days, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if (await AccountReader.FindAsync(db, accountId, cancel) is not { } account) return [];
        var now = Now;
        var today = account.DayOf(now);
        var counts = (await AccountReader.TodayAsync(db, [account], now, cancel)).GetValueOrDefault((accountId, type));
        var end = now.AddDays(days);
        var due = await db.OutreachActions.Where(a => a.AccountId == accountId && a.Type == type && a.Status == ActionStatus.Pending && a.DueAt < end).OrderBy(a => a.DueAt).ThenBy(a => a.Id)
            .Select(a => a.DueAt).Take(MaxAhead).ToListAsync(cancel);
        var planned = new Dictionary<DateOnly, int>();
        for (var i = 0; i < due.Count; i++)
        {
            // Those before it that are due too stand before it in the line.
            if (ScheduleRules.Forecast(account, type, due[i], i, counts, now, options.Value) is { } at) planned[account.DayOf(at)] = planned.GetValueOrDefault(account.DayOf(at)) + 1;
        }
        return [.. Enumerable.Range(0, days).Select(today.AddDays).Select(d => new ForecastDay(d, planned.GetValueOrDefault(d), QuotaRules.Limit(account.Plan, type, d)))];
    }

    private static IQueryable<OutreachAction> Filter(DispatchDb db, ActionSearch search)
    {
        var found = db.OutreachActions.AsQueryable();
        if (search.Status is { } status) found = found.Where(a => a.Status == status);
        if (search.Tab is { } tab) found = Tabbed(found, tab);
        if (search.AccountId is { } account) found = found.Where(a => a.AccountId == account);
        if (search.ProspectId is { } prospect) found = found.Where(a => a.ProspectId == prospect);
        if (search.Type is { } type) found = found.Where(a => a.Type == type);
        if (search.Kind is { } kind) found = found.Where(a => a.Kind == kind);
        if (string.IsNullOrWhiteSpace(search.Search)) return found;
        var people = People(db, search.Search);
        return found.Where(a => people.Contains(a.ProspectId));
    }

    private static IQueryable<long> People(DispatchDb db, string search)
    {
        if (PhoneNumbers.Read(search) is { } phone) return db.Prospects.Where(p => p.Address.StartsWith(phone)).Select(p => p.Id);
        var lower = search.Trim().ToLowerInvariant();
        return db.Prospects.Where(p => p.Name.ToLower().Contains(lower)).Select(p => p.Id);
    }

    private async Task<IReadOnlyList<ActionRow>> RowsAsync(DispatchDb db, IQueryable<OutreachAction> page, CancellationToken cancel)
    {
        var now = Now;
        ActionStatus[] unfinished = [ActionStatus.Pending, ActionStatus.Claimed, ActionStatus.Sending, ActionStatus.Uncertain];
        var rows = await (from a in page
                          join p in db.Prospects on a.ProspectId equals p.Id
                          select new
                          {
                              Action = a, p.Name,
                              // Bounded: a place far back in a long line is "far back".
                              Ahead = a.Status != ActionStatus.Pending ? 0 : db.OutreachActions.Where(x => x.AccountId == a.AccountId && x.Type == a.Type && x.Status == ActionStatus.Pending
                                  && (x.DueAt < a.DueAt || (x.DueAt == a.DueAt && x.Id < a.Id))).OrderBy(x => x.DueAt).Take(MaxAhead).Count(),
                              Earlier = a.Status == ActionStatus.Pending && a.Type != ActionType.Reply && db.OutreachActions.Any(x => x.ProspectId == a.ProspectId
                                  && (x.ScheduledAt < a.ScheduledAt || (x.ScheduledAt == a.ScheduledAt && x.Id < a.Id)) && x.Type != ActionType.Reply && unfinished.Contains(x.Status)),
                          }).ToListAsync(cancel);
        var accounts = await AccountReader.FindAsync(db, [.. rows.Select(r => r.Action.AccountId).Distinct()], cancel);
        var today = await AccountReader.TodayAsync(db, accounts.Values, now, cancel);
        return rows.ConvertAll(r =>
        {
            var (a, account) = (r.Action, accounts[r.Action.AccountId]);
            Wait? wait = null;
            DateTime? expected = null;
            if (a.Status == ActionStatus.Pending)
            {
                var counts = today.GetValueOrDefault((a.AccountId, a.Type));
                wait = ScheduleRules.WhyNotYet(account, a.Type, a.DueAt, a.Attempts, r.Earlier, r.Ahead, counts, now);
                if (!r.Earlier && r.Ahead < MaxAhead) expected = ScheduleRules.Forecast(account, a.Type, a.DueAt, r.Ahead, counts, now, options.Value);
            }
            return new ActionRow(
                a.Id, a.Kind, a.Status, a.AccountId, account.Row.Name, a.ProspectId, r.Name, a.Content, a.ScheduledAt, a.DueAt, a.Attempts, a.CreatedAt, a.StartedAt, a.FinishedAt,
                a.ProviderMessageId, a.Error, a.ErrorClass, wait?.Reason, wait?.Until, expected);
        });
    }

    private static async Task<List<AccountFacts>> AccountsAsync(DispatchDb db, List<long>? ids, CancellationToken cancel, int skip = 0, int take = int.MaxValue)
    {
        var rows = await (from a in db.Accounts
                          join c in db.Channels on a.ChannelId equals c.Id into channels
                          from c in channels.DefaultIfEmpty()
                          where ids == null || ids.Contains(a.Id)
                          orderby a.Name
                          select new { Account = a, Channel = c }).Skip(skip).Take(take).ToListAsync(cancel);
        return rows.ConvertAll(r => AccountReader.Facts(r.Account, r.Channel));
    }

    private async Task<IReadOnlyList<AccountRow>> RowsAsync(DispatchDb db, List<AccountFacts> accounts, CancellationToken cancel)
    {
        var now = Now;
        var today = await AccountReader.TodayAsync(db, accounts, now, cancel);
        var ids = accounts.ConvertAll(a => a.Id);
        var counts = await db.OutreachActions
            .Where(a => new[] { ActionStatus.Pending, ActionStatus.Failed, ActionStatus.Uncertain }.Contains(a.Status) && ids.Contains(a.AccountId))
            .GroupBy(a => new { a.AccountId, Pending = a.Status == ActionStatus.Pending }).Select(g => new { g.Key.AccountId, g.Key.Pending, Count = g.Count() }).ToListAsync(cancel);
        return accounts.ConvertAll(a => new AccountRow(
            a.Id, a.Row.Name, a.Row.Provider, a.Channel?.Key, a.Row.TimeZone, a.Row.State, a.Plan, a.DayOf(now),
            [.. Enum.GetValues<ActionType>().Select(t =>
            {
                var day = today.GetValueOrDefault((a.Id, t));
                return new QuotaRow(t, a.Limit(t, now), day.Reserved, day.Used, a.Plan.Quotas.TryGetValue(t, out var quota) ? quota : null);
            })],
            // Asked with an empty day: what holds one type only is in its quota row.
            ScheduleRules.Blocked(a with { Plan = a.Plan with { Quotas = new Dictionary<ActionType, int>() } }, ActionType.Followup, default, now, Overrides.Gap),
            a.Row.BreakerUntil > now ? a.Row.BreakerUntil : null, a.Row.BreakerUntil > now ? a.Row.BreakerReason : null, a.Row.Failures, a.Row.NextSendAt > now ? a.Row.NextSendAt : null,
            counts.Where(c => c.AccountId == a.Id && c.Pending).Sum(c => c.Count), counts.Where(c => c.AccountId == a.Id && !c.Pending).Sum(c => c.Count)));
    }
}
