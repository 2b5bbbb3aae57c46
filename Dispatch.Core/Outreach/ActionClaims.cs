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
    /// <param name="begin">What leaves of an action that can leave at once, which is then started here; null, or for others: claimed, and started when they are composed.</param>
    public static async Task<ClaimResult> ClaimDueAsync(
        WriteSession session, AccountFacts account, IReadOnlyList<(ActionType Type, DateTime Due)> heads, int most, string owner, DateTime now, OutreachOptions options,
        Func<ClaimedAction, ValueTask<ReadyAction?>>? begin = null)
    {
        if (heads.Any(h => ScheduleRules.IsBacklog(account, h.Type, h.Due, now, options))) account = account with { ResumedAt = now };
        var ordered = heads.OrderBy(h => h.Type == ActionType.Reply ? 0 : 1).ThenBy(h => h.Due).ToList();
        if (ordered.Count == 0) return new ClaimResult([], null);
        // The first type is looked for with the lock, in one round trip.
        if (await session.QueryBothAfterAsync(
                [Lock(account, anyway: false, now)], DaysOf(account, now), ReadDay, Due(session, account, ordered[0], most, now), r => Read(r, ordered[0].Type, account, Overrides.None)) is not { } read)
            return new ClaimResult([], null);
        var days = read.First.ToDictionary(r => r.Type, r => (r.Id, r.Count));
        var (claimed, begun) = (new List<ClaimedAction>(), new List<ReadyAction>());
        Wait? wait = null;
        foreach (var head in ordered)
        {
            var (type, left) = (head.Type, most - claimed.Count - begun.Count);
            if (left <= 0) break;
            var day = days.GetValueOrDefault(type);
            var budget = ScheduleRules.BudgetOf(account, type, day.Count, left, now);
            wait ??= budget.Wait;
            if (budget.Count == 0) continue;
            var statement = Due(session, account, head, budget.Count, now);
            var found = head == ordered[0] ? read.Second : await session.QueryAsync(statement.Sql, r => Read(r, type, account, Overrides.None), statement.Arguments);
            var live = await DropStaleAsync(session, [.. found.Take(budget.Count)], now);
            if (live.Count == 0) continue;
            // Whatever was known of the first in line: what is found of a backlog leaves one at a time.
            if (ScheduleRules.IsPaced(account, type, live[0].DueAt)) live = live[.. 1];
            var (taken, started) = await TakeAsync(session, account, type, day, live, owner, live[0].DueAt, now, options, begin);
            claimed.AddRange(taken);
            begun.AddRange(started);
            if (ScheduleRules.GapAfter(account, type, live[0].DueAt, options) > TimeSpan.Zero || ScheduleRules.IsPaced(account, type, live[0].DueAt) || account.Row.Failures > 0) break;
        }
        return new ClaimResult(claimed, wait) { Begun = begun };
    }

    /// <summary>The first in line may be held by an earlier step: the pace is that of the one which is found.</summary>
    private static Statement Due(WriteSession session, AccountFacts account, (ActionType Type, DateTime Due) head, int most, DateTime now) => new(
        ActionSql.Of(session).Due(ScheduleRules.IsPaced(account, head.Type, head.Due) ? 1 : most), null, ("account", account.Id), ("type", head.Type), ("now", now));

    /// <summary>Claims this one, whatever its due time. Null in the result's actions and a wait: what keeps it.</summary>
    public static async Task<ClaimResult> ClaimOneAsync(
        WriteSession session, AccountFacts account, long id, ActionType type, string owner, Overrides overrides, DateTime now, OutreachOptions options)
    {
        // Somebody changed the account, or its gap began, a moment ago: decided again on what is so now.
        if (await LockAsync(session, account, overrides.HasFlag(Overrides.Gap) || account.Row.NextSendAt > now, now) is not { } days) throw new StaleReadException("account");
        var day = days.GetValueOrDefault(type);
        var budget = ScheduleRules.BudgetOf(account, type, day.Count, 1, now, overrides);
        if (budget.Count == 0) return new ClaimResult([], budget.Wait);
        var found = await session.QueryAsync(ActionSql.Of(session).One, r => Read(r, type, account, overrides), ("id", id));
        var live = await DropStaleAsync(session, found, now);
        if (live.Count == 0) return new ClaimResult([], found.Count == 0 ? new Wait(WaitReason.EarlierStep, null) : null);
        // Asked for now: no backlog, whenever it was due.
        return new ClaimResult((await TakeAsync(session, account, type, day, live, owner, now, now, options, null)).Claimed, null);
    }

    /// <summary>The account's row, ours until the end of the transaction, with its days as they are then. Null: it is another one by now, or its gap runs.</summary>
    private static async Task<Dictionary<ActionType, (long Id, DayCount Count)>?> LockAsync(WriteSession session, AccountFacts account, bool anyway, DateTime now) =>
        (await session.QueryAfterAsync([Lock(account, anyway, now)], DaysOf(account, now), ReadDay))?.ToDictionary(r => r.Type, r => (r.Id, r.Count));

    private static Statement Lock(AccountFacts account, bool anyway, DateTime now) => new(
        ActionSql.LockAccount, 1, ("now", now), ("resumed", account.ResumedAt), ("seen", account.Row.ResumedAt ?? DateTime.UnixEpoch), ("never", DateTime.UnixEpoch), ("id", account.Id), ("version", account.Row.Version),
        ("token", account.Channel?.ProtectedToken ?? ""), ("anyway", anyway ? 1 : 0));

    private static Statement DaysOf(AccountFacts account, DateTime now) => new(ActionSql.Days, null, ("account", account.Id), ("day", QuotaRules.Key(account.DayOf(now))));

    private static (ActionType Type, long Id, DayCount Count) ReadDay(DbDataReader r) => (Enum.Parse<ActionType>(r.GetString(1)), r.GetInt64(0), new DayCount(r.GetInt32(2), r.GetInt32(3)));

    private static async Task<(List<ClaimedAction> Claimed, List<ReadyAction> Begun)> TakeAsync(
        WriteSession session, AccountFacts account, ActionType type, (long Id, DayCount Count) day, List<ClaimedAction> actions, string owner, DateTime paced, DateTime now,
        OutreachOptions options, Func<ClaimedAction, ValueTask<ReadyAction?>>? begin)
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
        var (claimed, begun) = (new List<ClaimedAction>(), new List<ReadyAction>());
        foreach (var action in taken)
        {
            if (begin is not null && await begin(action) is { } ready) begun.Add(ready);
            else claimed.Add(action);
        }
        foreach (var (rows, count) in RowSet.Json(session.Dialect, begun, r => [r.Action.Id, r.Action.Epoch, r.Action.QuotaId, r.Text, r.Template?.Name]))
            statements.Add(new Statement(ActionSql.Of(session).Begin, count, (RowSet.Parameter, rows), ("owner", owner), ("now", now)));
        foreach (var (rows, count) in RowSet.Json(session.Dialect, claimed, a => [a.Id, a.Epoch, a.QuotaId]))
            statements.Add(new Statement(ActionSql.Of(session).Claim, count, (RowSet.Parameter, rows), ("owner", owner)));
        if (gap > TimeSpan.Zero) statements.Add(new Statement(ActionSql.SetNext, 1, ("next", now + gap), ("id", account.Id)));
        // The quota refused, somebody else was faster, or the prospect wrote: all of it is done again on what is so now.
        if (!await session.ExecuteAllAsync(statements)) throw new StaleReadException("claim");
        ActionStore.Publish(session, account.Id);
        return (claimed, begun);
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
