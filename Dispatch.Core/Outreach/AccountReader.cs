using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>An account with what waits for it: per type the due time of the first; none: nothing waits.</summary>
internal sealed record AccountWork(AccountFacts Account, IReadOnlyList<(ActionType Type, DateTime Due)> Heads);

/// <summary>Accounts as rules need them, always fresh from their rows.</summary>
internal static class AccountReader
{
    /// <summary>Null: there is none.</summary>
    public static async Task<AccountFacts?> FindAsync(DispatchDb db, long id, CancellationToken cancel = default) =>
        (await FindAsync(db, [id], cancel)).GetValueOrDefault(id);

    public static async Task<Dictionary<long, AccountFacts>> FindAsync(DispatchDb db, IReadOnlyCollection<long> ids, CancellationToken cancel = default)
    {
        if (ids.Count == 0) return [];
        var rows = await (from a in db.Accounts.AsNoTracking()
                          join c in db.Channels.AsNoTracking() on a.ChannelId equals c.Id into channels
                          from c in channels.DefaultIfEmpty()
                          where ids.Contains(a.Id)
                          select new { Account = a, Channel = c, Profile = db.Profiles.Where(p => p.ChannelId == a.ChannelId).Select(p => (long?)p.Id).FirstOrDefault() }).ToListAsync(cancel);
        return rows.ToDictionary(r => r.Account.Id, r => Facts(r.Account, r.Channel, r.Profile));
    }

    /// <summary>Every account, with what waits for it, whether it is due or not.</summary>
    public static async Task<List<AccountWork>> WorkAsync(DispatchDb db, CancellationToken cancel)
    {
        // The smallest due time per account and type is one look into an index, however many wait.
        var rows = await (from a in db.Accounts.AsNoTracking()
                          join c in db.Channels.AsNoTracking() on a.ChannelId equals c.Id into channels
                          from c in channels.DefaultIfEmpty()
                          orderby a.Id
                          select new
                          {
                              Account = a, Channel = c, Profile = db.Profiles.Where(p => p.ChannelId == a.ChannelId).Select(p => (long?)p.Id).FirstOrDefault(),
                              Reply = db.OutreachActions.Where(x => x.AccountId == a.Id && x.Type == ActionType.Reply && x.Status == ActionStatus.Pending).Min(x => (DateTime?)x.DueAt),
                              First = db.OutreachActions.Where(x => x.AccountId == a.Id && x.Type == ActionType.FirstContact && x.Status == ActionStatus.Pending).Min(x => (DateTime?)x.DueAt),
                              Invite = db.OutreachActions.Where(x => x.AccountId == a.Id && x.Type == ActionType.Invitation && x.Status == ActionStatus.Pending).Min(x => (DateTime?)x.DueAt),
                              Follow = db.OutreachActions.Where(x => x.AccountId == a.Id && x.Type == ActionType.Followup && x.Status == ActionStatus.Pending).Min(x => (DateTime?)x.DueAt),
                          }).ToListAsync(cancel);
        var work = new List<AccountWork>();
        foreach (var row in rows)
        {
            var heads = new List<(ActionType, DateTime)>(4);
            if (row.Reply is { } reply) heads.Add((ActionType.Reply, reply));
            if (row.First is { } first) heads.Add((ActionType.FirstContact, first));
            if (row.Invite is { } invite) heads.Add((ActionType.Invitation, invite));
            if (row.Follow is { } follow) heads.Add((ActionType.Followup, follow));
            work.Add(new AccountWork(Facts(row.Account, row.Channel, row.Profile), heads));
        }
        return work;
    }

    /// <summary>What each account has reserved and used today, by its own day.</summary>
    public static async Task<Dictionary<(long Account, ActionType Type), DayCount>> TodayAsync(
        DispatchDb db, IReadOnlyCollection<AccountFacts> accounts, DateTime now, CancellationToken cancel = default)
    {
        if (accounts.Count == 0) return [];
        var days = accounts.ToDictionary(a => a.Id, a => QuotaRules.Key(a.DayOf(now)));
        var wanted = days.Values.Distinct().ToList();
        var ids = days.Keys.ToList();
        var rows = await db.AccountDays.AsNoTracking().Where(d => ids.Contains(d.AccountId) && wanted.Contains(d.Day)).ToListAsync(cancel);
        return rows.Where(r => days[r.AccountId] == r.Day).ToDictionary(r => (r.AccountId, r.Type), r => new DayCount(r.Reserved, r.Used));
    }

    internal static AccountFacts Facts(Account account, Gateways.Channel? channel, long? profile = null) => new(
        account, AccountPlan.FromJson(account.Plan), TimeZoneInfo.FindSystemTimeZoneById(account.TimeZone),
        channel is null ? null : new ChannelFacts(channel.Id, channel.Key, channel.Provider, channel.ProtectedToken, profile));
}
