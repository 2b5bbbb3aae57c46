using System.Data.Common;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>
/// The one claim. The account's row is locked first, so its gap and its day are nobody else's in between; the quota is reserved by the statement that can refuse it; the actions are
/// taken past whoever holds others. All in one transaction: what is in hand has its unit, and what has no unit is not in hand.
/// </summary>
internal static class ActionClaims
{
    /// <summary>Claims what is due of an account.</summary>
    /// <param name="heads">The types that wait, with the due time of the first of each.</param>
    public static async Task<ClaimResult> ClaimDueAsync(
        WriteSession session, AccountFacts account, IReadOnlyList<(ActionType Type, DateTime Due)> heads, int most, string owner, DateTime now, OutreachOptions options)
    {
        if (heads.Any(h => ScheduleRules.IsBacklog(account, h.Type, h.Due, now, options))) account.Row.ResumedAt = now;
        if (await LockAsync(session, account, anyway: false, now) is not { } days) return new ClaimResult([], null);
        var claimed = new List<ClaimedAction>();
        Wait? wait = null;
        foreach (var (type, due) in heads.OrderBy(h => h.Type == ActionType.Reply ? 0 : 1).ThenBy(h => h.Due))
        {
            if (claimed.Count >= most) break;
            var day = days.GetValueOrDefault(type);
            var budget = ScheduleRules.BudgetOf(account, type, day.Count, most - claimed.Count, now);
            wait ??= budget.Wait;
            if (budget.Count == 0) continue;
            // The first in line may be held by an earlier step: the pace is that of the one which is found.
            var found = await session.QueryAsync(
                ActionSql.Of(session).Due, r => Read(r, type, account, Overrides.None), ("account", account.Id), ("type", type), ("now", now),
                ("n", ScheduleRules.IsPaced(account, type, due) ? 1 : budget.Count));
            var live = await DropStaleAsync(session, found, now);
            if (live.Count == 0) continue;
            claimed.AddRange(await TakeAsync(session, account, type, day, live, owner, live[0].DueAt, now, options));
            if (ScheduleRules.GapAfter(account, type, live[0].DueAt, options) > TimeSpan.Zero || account.Row.Failures > 0) break;
        }
        return new ClaimResult(claimed, wait);
    }

    /// <summary>Claims this one, whatever its due time. Null in the result's actions and a wait: what keeps it.</summary>
    public static async Task<ClaimResult> ClaimOneAsync(
        WriteSession session, AccountFacts account, long id, ActionType type, string owner, Overrides overrides, DateTime now, OutreachOptions options)
    {
        // Somebody changed the account, or its gap began, a moment ago: decided again on what is so now.
        if (await LockAsync(session, account, overrides.HasFlag(Overrides.Gap) || account.Row.NextSendAt > now, now) is not { } days) throw new StaleReadException("account");
        var day = days.GetValueOrDefault(type);
        var budget = ScheduleRules.BudgetOf(account, type, day.Count, 1, now, overrides);
        if (budget.Count == 0) return new ClaimResult([], budget.Wait);
        var found = await session.QueryAsync(ActionSql.Of(session).One, r => Read(r, type, account, overrides), ("id", id), ("n", 1));
        var live = await DropStaleAsync(session, found, now);
        if (live.Count == 0) return new ClaimResult([], found.Count == 0 ? new Wait(WaitReason.EarlierStep, null) : null);
        // Asked for now: no backlog, whenever it was due.
        return new ClaimResult(await TakeAsync(session, account, type, day, live, owner, now, now, options), null);
    }

    /// <summary>The account's row, ours until the end of the transaction, with its days as they are then. Null: it is another one by now, or its gap runs.</summary>
    private static async Task<Dictionary<ActionType, (long Id, DayCount Count)>?> LockAsync(WriteSession session, AccountFacts account, bool anyway, DateTime now) =>
        (await session.QueryAfterAsync(
        [
            new Statement(ActionSql.LockAccount, 1,
                ("now", now), ("resumed", account.Row.ResumedAt), ("id", account.Id), ("version", account.Row.Version), ("anyway", anyway ? 1 : 0)),
        ], DaysOf(account, now), ReadDay))?.ToDictionary(r => r.Type, r => (r.Id, r.Count));

    private static Statement DaysOf(AccountFacts account, DateTime now) => new(ActionSql.Days, null, ("account", account.Id), ("day", QuotaRules.Key(account.DayOf(now))));

    private static (ActionType Type, long Id, DayCount Count) ReadDay(DbDataReader r) => (Enum.Parse<ActionType>(r.GetString(1)), r.GetInt64(0), new DayCount(r.GetInt32(2), r.GetInt32(3)));

    private static async Task<List<ClaimedAction>> TakeAsync(
        WriteSession session, AccountFacts account, ActionType type, (long Id, DayCount Count) day, List<ClaimedAction> actions, string owner, DateTime paced, DateTime now,
        OutreachOptions options)
    {
        if (day.Id == 0)
        {
            await session.ExecuteAsync(ActionSql.AddDay, ("account", account.Id), ("type", type), ("day", QuotaRules.Key(account.DayOf(now))));
            var made = (await session.QueryAsync(ActionSql.Days, ReadDay, DaysOf(account, now).Arguments)).Single(d => d.Type == type);
            day = (made.Id, made.Count);
        }
        var taken = actions.ConvertAll(a => a with { Epoch = a.Epoch + 1, Attempts = a.Attempts + 1, QuotaId = day.Id, Day = account.DayOf(now) });
        var gap = ScheduleRules.GapAfter(account, type, paced, options);
        List<Statement> statements = [new(ActionSql.Reserve, 1, ("n", actions.Count), ("id", day.Id), ("limit", account.Limit(type, now) ?? -1))];
        foreach (var (rows, count) in RowSet.Json(session.Dialect, taken, a => [a.Id, a.Epoch, a.QuotaId]))
            statements.Add(new Statement(ActionSql.Of(session).Claim, count, (RowSet.Parameter, rows), ("owner", owner)));
        if (gap > TimeSpan.Zero) statements.Add(new Statement(ActionSql.SetNext, 1, ("next", now + gap), ("id", account.Id)));
        // The quota refused, or somebody else was faster: all of it is done again on what is so now.
        if (!await session.ExecuteAllAsync(statements)) throw new StaleReadException("claim");
        ActionStore.Publish(session, account.Id);
        return taken;
    }

    /// <summary>Steps of somebody who has written since, or was stopped: over, without a unit.</summary>
    private static async Task<List<ClaimedAction>> DropStaleAsync(WriteSession session, List<(ClaimedAction Action, bool Stale)> found, DateTime now)
    {
        var stale = found.Where(f => f.Stale).Select(f => f.Action.Id).ToList();
        if (stale.Count > 0)
        {
            await session.Db.OutreachActions.Where(a => stale.Contains(a.Id) && a.Status == ActionStatus.Pending).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.Status, ActionStatus.Cancelled).SetProperty(a => a.Error, nameof(ActionEnd.ProspectReplied)).SetProperty(a => a.FinishedAt, now));
        }
        return [.. found.Where(f => !f.Stale).Select(f => f.Action)];
    }

    private static (ClaimedAction Action, bool Stale) Read(DbDataReader r, ActionType type, AccountFacts account, Overrides overrides)
    {
        var prospect = new ProspectCard(r.GetInt64(2), r.GetString(9), r.GetString(10), r.IsDBNull(11) ? null : r.GetString(11), r.GetString(12),
            r.IsDBNull(15) ? null : r.GetString(15));
        var action = new ClaimedAction(
            r.GetInt64(0), r.GetInt64(1), r.GetString(3), type, r.IsDBNull(4) ? null : r.GetString(4), r.GetInt32(5), r.GetInt64(6),
            DateTime.SpecifyKind(r.GetDateTime(7), DateTimeKind.Utc), prospect, 0, account, overrides)
        {
            Facts = new ProspectFacts(Enum.Parse<ProspectStage>(r.GetString(14)), null, 0, Moment(r, 16), Moment(r, 17), null), WasTemplate = !r.IsDBNull(18),
        };
        var stale = type != ActionType.Reply && (r.GetInt64(13) != action.ProspectEpoch || r.GetString(14) == nameof(ProspectStage.Stopped));
        return (action, stale);
    }

    private static DateTime? Moment(DbDataReader r, int column) => r.IsDBNull(column) ? null : DateTime.SpecifyKind(r.GetDateTime(column), DateTimeKind.Utc);
}
