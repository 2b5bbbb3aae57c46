using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>
/// What gateways report of a channel by themselves, for the accounts that send on it. The breaker decides as if a send had been refused for the same reason, so there is one set of rules for
/// both. Each report may come twice.
/// </summary>
public sealed class AccountNews(Database database, ProspectService prospects, Actions actions, OutreachSignal signal, ConnectionSignal connections, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>The channel's session ended, or is there again: what it had held up goes on, paced. A pause by a person and a breaker of another reason stay.</summary>
    public async Task StatusAsync(long channelId, ChannelStatus status, CancellationToken cancel = default)
    {
        if (status == ChannelStatus.NeedsAuthorization)
        {
            await HeldAsync(channelId, SendFailure.ChannelNotAuthorized, cancel);
            return;
        }
        var now = Now;
        var rows = await database.WriteAsync(async session =>
        {
            var held = await session.Db.Accounts.Where(a => a.ChannelId == channelId && a.Failures > 0 && a.BreakerReason == SendFailure.ChannelNotAuthorized).Select(a => a.Id).ToListAsync();
            foreach (var id in held)
            {
                await session.Db.Accounts.Where(a => a.Id == id && a.BreakerReason == SendFailure.ChannelNotAuthorized).ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.ResumedAt, now).SetProperty(a => a.BreakerUntil, (DateTime?)null).SetProperty(a => a.BreakerReason, (SendFailure?)null)
                    .SetProperty(a => a.Failures, 0).SetProperty(a => a.Version, a => a.Version + 1));
                session.Publish(Topics.Outreach, EventNames.AccountChanged, id);
            }
            return held.Count;
        }, cancel);
        if (rows > 0) signal.Wake();
    }

    /// <summary>The provider holds the account back. What is claimed and has not left is decided again.</summary>
    public Task HeldAsync(long channelId, SendFailure failure, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            var accounts = await session.Db.Accounts.Where(a => a.ChannelId == channelId).Select(a => new { a.Id, a.Failures }).ToListAsync();
            foreach (var account in accounts)
            {
                if (BreakerRules.After(failure, account.Failures, now) is not { } decision) continue;
                // A report that comes again must not shorten a longer wait.
                await session.Db.Accounts.Where(a => a.Id == account.Id && (a.BreakerUntil == null || a.BreakerUntil < decision.Until)).ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.Failures, decision.Failures).SetProperty(a => a.BreakerUntil, decision.Until).SetProperty(a => a.BreakerReason, decision.Reason)
                    .SetProperty(a => a.Version, a => a.Version + 1));
                session.Publish(Topics.Outreach, EventNames.AccountChanged, account.Id);
            }
        }, cancel);
    }

    /// <summary>
    /// Somebody accepted an invitation: by the account that has him as a prospect, else by the first that sends on the channel, he gets the first contact, once ever. Returns the account;
    /// null: no account sends on the channel. Committed when it returns; the message leaves through <see cref="ConnectionJob"/>, woken at once.
    /// </summary>
    public async Task<long?> ConnectedAsync(long channelId, string address, string name, CancellationToken cancel = default)
    {
        List<long> accounts;
        (long Id, long AccountId)? known;
        await using (var db = database.Read())
        {
            accounts = await db.Accounts.Where(a => a.ChannelId == channelId).OrderBy(a => a.Id).Select(a => a.Id).ToListAsync(cancel);
            known = (await db.Prospects.Where(p => p.Address == address && accounts.Contains(p.AccountId)).OrderBy(p => p.AccountId)
                .Select(p => new { p.Id, p.AccountId }).Take(1).ToListAsync(cancel)).ConvertAll(p => ((long, long)?)(p.Id, p.AccountId)).FirstOrDefault();
        }
        if (accounts.Count == 0) return null;
        var account = known?.AccountId ?? accounts[0];
        var made = known is { } prospect ? new ProspectOutcome(ProspectResult.Duplicate, prospect.Id)
            : await prospects.CreateAsync(new NewProspect { Name = name, Address = address, AccountId = account, Contact = true, Connected = true }, cancel);
        if (made.Result == ProspectResult.Duplicate)
        {
            var now = Now;
            await actions.ConnectedAsync(made.Id, cancel);
            await database.WriteAsync(session => session.Db.Prospects.Where(p => p.Id == made.Id && p.ConnectedAt == null).ExecuteUpdateAsync(set => set.SetProperty(p => p.ConnectedAt, now)), cancel);
            // Who has written or was written to needs no first word; the effect's key would refuse a second one anyway.
            await database.WriteAsync(session => session.Db.Prospects
                .Where(p => p.Id == made.Id && p.ContactDueAt == null && p.ContactedAt == null && p.LastInboundAt == null && p.StoppedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.ContactDueAt, now)), cancel);
        }
        connections.Wake();
        return account;
    }
}
