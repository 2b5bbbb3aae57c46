using System.Globalization;
using System.Text.Json.Nodes;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <param name="ChannelKey">A channel that exists; null: one of its own is made, with a profile of the account's name, so that prospects' answers have where to go.</param>
/// <param name="MinGapSeconds">Null: the standard of its provider.</param>
/// <param name="Credentials">Of a channel of its own, where the gateway needs such; null: it has none until somebody enters them on the Profiles page.</param>
public sealed record NewAccount(
    string Name, AccountProvider Provider, string TimeZone, AccountPlan Plan, string? ChannelKey = null, int? MinGapSeconds = null, ChannelCredentials? Credentials = null);

public enum AccountResult { Done, NotFound, BadInput, DuplicateName, ChannelNotFound, Unchanged }

public sealed record AccountOutcome(AccountResult Result, long Id = 0, IReadOnlyList<FieldError>? Errors = null);

/// <summary>Sending accounts: made, changed, paused, resumed. Each change raises the version, which stops what was decided on the older one and has not left.</summary>
public sealed class AccountService(
    Database database, ChannelService channels, ProfileService profiles, OutreachSignal signal, IOptions<OutreachOptions> options, TimeProvider clock)
{
    /// <summary>Errors of the credentials are named with this before their field.</summary>
    public const string Credentials = "credentials.";

    /// <param name="actorId">The person; null: an integration.</param>
    public async Task<AccountOutcome> CreateAsync(NewAccount wanted, long? actorId = null, CancellationToken cancel = default)
    {
        var gap = wanted.MinGapSeconds ?? (wanted.Provider == AccountProvider.Simulator ? 0 : options.Value.DefaultGapSeconds);
        var plan = wanted.Plan with { MinGapSeconds = gap };
        if (AccountRules.Check(wanted.Name, wanted.TimeZone, plan) is { Count: > 0 } errors) return new AccountOutcome(AccountResult.BadInput, Errors: errors);
        if (wanted is { Provider: AccountProvider.WorkerNumber, ChannelKey: null })
            return new AccountOutcome(AccountResult.BadInput, Errors: [new("channel", "Missing", "A connected number has a channel; its key is needed.")]);
        // Before anything is made: an account with keys that cannot be right would be there and not work.
        if (wanted.ChannelKey is null && WrongKeys(wanted) is { Count: > 0 } wrong)
            return new AccountOutcome(AccountResult.BadInput, Errors: [.. wrong.Select(field => new FieldError(Credentials + field, "BadCredentials", "Missing, or not of the form that the gateway gives."))]);
        var now = clock.GetUtcNow().UtcDateTime;
        AccountOutcome outcome;
        try
        {
            outcome = await database.WriteAsync(async session =>
            {
                var channel = await session.Db.Channels.Where(c => c.Key == wanted.ChannelKey).Select(c => new { c.Id, c.Provider }).FirstOrDefaultAsync();
                if (wanted.ChannelKey is not null && channel is null) return new AccountOutcome(AccountResult.ChannelNotFound);
                var row = new Account
                {
                    Name = OutsideText.Mend(wanted.Name.Trim()), Provider = channel is null ? wanted.Provider : AccountProviders.Of(channel.Provider), ChannelId = channel?.Id, TimeZone = wanted.TimeZone, Plan = plan.ToJson(),
                    Version = 1, CreatedAt = now,
                };
                session.Db.Accounts.Add(row);
                await session.Db.SaveChangesAsync();
                await AuditAsync(session, AuditKind.AccountAdded, row.Id, actorId, now, null, $"{row.Provider}, {row.TimeZone}");
                session.Publish(Topics.Outreach, EventNames.AccountChanged, row.Id);
                return new AccountOutcome(AccountResult.Done, row.Id);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new AccountOutcome(AccountResult.DuplicateName);
        }
        if (outcome.Result == AccountResult.Done && wanted.ChannelKey is null) await GiveChannelAsync(outcome.Id, wanted, actorId, cancel);
        return outcome;
    }

    /// <summary>Everything but the name's owner: hours, quotas, pace. What is claimed and has not left is decided again.</summary>
    public async Task<AccountOutcome> UpdateAsync(long id, string name, string timeZone, AccountPlan plan, long? actorId = null, CancellationToken cancel = default)
    {
        if (AccountRules.Check(name, timeZone, plan) is { Count: > 0 } errors) return new AccountOutcome(AccountResult.BadInput, id, errors);
        var (clean, json) = (OutsideText.Mend(name.Trim()), plan.ToJson());
        try
        {
            var now = clock.GetUtcNow().UtcDateTime;
            return await ChangeAsync(id, async session =>
            {
                // Nobody else changes it between the look and the write, or the trail would say what never was.
                if (await session.Db.Accounts.Where(a => a.Id == id).ExecuteUpdateAsync(set => set.SetProperty(a => a.Version, a => a.Version + 1)) == 0) return 0;
                var was = await session.Db.Accounts.AsNoTracking().Where(a => a.Id == id).Select(a => new { a.Name, a.TimeZone, a.Plan }).FirstAsync();
                var rows = await session.Db.Accounts.Where(a => a.Id == id).ExecuteUpdateAsync(set => set.SetProperty(a => a.Name, clean).SetProperty(a => a.TimeZone, timeZone).SetProperty(a => a.Plan, json));
                var (before, after) = AuditLog.Difference([("name", was.Name, clean, was.Name != clean), ("timeZone", was.TimeZone, timeZone, was.TimeZone != timeZone), .. PlanFields(was.Plan, json)]);
                if (before is not null) await AuditAsync(session, AuditKind.AccountChanged, id, actorId, now, before, after);
                return rows;
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new AccountOutcome(AccountResult.DuplicateName, id);
        }
    }

    /// <summary>Nothing leaves until it is resumed; what a gateway has in hand still comes back.</summary>
    public Task<AccountOutcome> PauseAsync(long id, long? actorId = null, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return ChangeAsync(id, async session =>
        {
            var rows = await session.Db.Accounts.Where(a => a.Id == id && a.State == AccountState.Active)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.State, AccountState.Paused).SetProperty(a => a.Version, a => a.Version + 1));
            if (rows > 0) await AuditAsync(session, AuditKind.AccountPaused, id, actorId, now, null, null);
            return rows;
        }, cancel);
    }

    /// <summary>Sends again, also past an open breaker. What became due in the meantime is paced, not burst.</summary>
    public Task<AccountOutcome> ResumeAsync(long id, long? actorId = null, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return ChangeAsync(id, async session =>
        {
            var rows = await session.Db.Accounts.Where(a => a.Id == id && (a.State == AccountState.Paused || a.Failures > 0)).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.State, AccountState.Active).SetProperty(a => a.ResumedAt, now).SetProperty(a => a.BreakerUntil, (DateTime?)null)
                .SetProperty(a => a.BreakerReason, (SendFailure?)null).SetProperty(a => a.Failures, 0).SetProperty(a => a.Version, a => a.Version + 1));
            if (rows > 0) await AuditAsync(session, AuditKind.AccountResumed, id, actorId, now, null, null);
            return rows;
        }, cancel);
    }

    private static async Task AuditAsync(WriteSession session, AuditKind kind, long id, long? actorId, DateTime now, string? before, string? after) => await AuditLog.AddAsync(session, new AuditEntry
    {
        At = now, ActorId = actorId, Kind = kind, Subject = AuditSubject.Account, SubjectId = id, Name = await session.Db.Accounts.Where(a => a.Id == id).Select(a => a.Name).FirstAsync(),
        Before = before, After = after,
    });

    /// <summary>The parts of a plan that differ, as they are stored. There is no secret in a plan.</summary>
    private static IEnumerable<(string Field, string? Before, string? After, bool Differs)> PlanFields(string before, string after)
    {
        var (was, now) = (JsonNode.Parse(before)!.AsObject(), JsonNode.Parse(after)!.AsObject());
        return was.Select(p => p.Key).Union(now.Select(p => p.Key)).Select(key => (Key: key, Was: was[key]?.ToJsonString() ?? "", Now: now[key]?.ToJsonString() ?? "")).Select(p => (p.Key, (string?)p.Was, (string?)p.Now, p.Was != p.Now));
    }

    private async Task<AccountOutcome> ChangeAsync(long id, Func<WriteSession, Task<int>> change, CancellationToken cancel)
    {
        var outcome = await database.WriteAsync(async session =>
        {
            var rows = await change(session);
            if (rows == 0) return new AccountOutcome(await session.Db.Accounts.AnyAsync(a => a.Id == id) ? AccountResult.Unchanged : AccountResult.NotFound, id);
            session.Publish(Topics.Outreach, EventNames.AccountChanged, id);
            return new AccountOutcome(AccountResult.Done, id);
        }, cancel);
        if (outcome.Result == AccountResult.Done) signal.Wake();
        return outcome;
    }

    private static IReadOnlyList<string> WrongKeys(NewAccount wanted)
    {
        if (wanted.Credentials is not { } given || AccountProviders.ChannelOf(wanted.Provider) is not { } kind || !ChannelRules.NeedsKeys(kind)) return [];
        if (ChannelRules.HasCredentials(kind)) return ChannelRules.Wrong(kind, ChannelService.Clean(given));
        return ChannelRules.IsToken(string.IsNullOrWhiteSpace(given.Token) ? null : given.Token.Trim()) ? [] : ["token"];
    }

    /// <summary>Ended in the middle, the account has no channel and says so; nothing leaves, nothing is lost.</summary>
    private async Task GiveChannelAsync(long id, NewAccount wanted, long? actorId, CancellationToken cancel)
    {
        if (AccountProviders.ChannelOf(wanted.Provider) is not { } kind || !ChannelRules.ByHand.Contains(kind)) return;
        var key = string.Create(CultureInfo.InvariantCulture, $"account-{id}");
        var made = wanted.Credentials is { } given && ChannelRules.HasCredentials(kind) ? await channels.CreateWithAsync(key, kind, given, actorId, cancel)
            : await channels.CreateAsync(key, kind, ChannelRules.NeedsKeys(kind) && !ChannelRules.HasCredentials(kind) ? wanted.Credentials?.Token : null, actorId, cancel);
        if (made.Result != ChannelResult.Done) return;
        await profiles.CreateAsync(wanted.Name.Trim(), key, ProfileMode.Shared, actorId: actorId, cancel: cancel);
        await ChangeAsync(id, session => session.Db.Accounts.Where(a => a.Id == id).ExecuteUpdateAsync(set => set.SetProperty(a => a.ChannelId, made.Id).SetProperty(a => a.Version, a => a.Version + 1)), cancel);
    }
}
