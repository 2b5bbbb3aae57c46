using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>A composed action on its way out.</summary>
/// <param name="Template">Of the provider, instead of the text, which then only shows what it says.</param>
internal sealed record ReadyAction(ClaimedAction Action, string Text, GatewayTemplate? Template = null)
{
    /// <summary>When its start was committed (UTC).</summary>
    public DateTime StartedAt { get; init; }
}

/// <summary>An action that goes back, or ends, without having been sent.</summary>
/// <param name="DueAt">Null: as it was.</param>
internal sealed record LeftAction(ClaimedAction Action, ActionStatus Status, string? Why, DateTime? DueAt = null);

/// <summary>The steps of actions in hand, each a guarded statement over all of them; every step out of hand gives the reserved unit back in its transaction.</summary>
internal static class ActionStore
{
    public static void Publish(WriteSession session, long accountId) => session.Publish(Topics.Outreach, EventNames.ActionChanged, accountId);

    /// <summary>
    /// Claimed to Sending, committed before the gateway is called: while the prospect has not written, the account is as it was at the claim, and the process still has its lease.
    /// Returns those that may be sent; the others are given back or ended here.
    /// </summary>
    public static async Task<IReadOnlyList<ReadyAction>> StartAsync(WriteSession session, IReadOnlyList<ReadyAction> ready, string owner, DateTime now)
    {
        var started = 0;
        foreach (var (rows, _) in RowSet.Json(session.Dialect, ready, r => [r.Action.Id, r.Action.Epoch, r.Text, r.Template?.Name, r.Action.Account.Row.Version]))
            started += await session.ExecuteAsync(ActionSql.Of(session).Start, (RowSet.Parameter, rows), ("now", now), ("owner", owner));
        if (started == ready.Count) return ready;
        var ids = ready.Select(r => r.Action.Id).ToList();
        var states = await session.Db.OutreachActions.AsNoTracking().Where(a => ids.Contains(a.Id))
            .Join(session.Db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => new { a.Id, a.Status, a.Epoch, a.LeaseOwner, Fresh = p.Epoch == a.ProspectEpoch && p.StoppedAt == null })
            .ToDictionaryAsync(a => a.Id);
        var mine = ready.Where(r => states[r.Action.Id] is var s && s.LeaseOwner == owner && s.Epoch == r.Action.Epoch).ToList();
        await LeaveAsync(session, owner, [.. mine.Where(r => states[r.Action.Id].Status == ActionStatus.Claimed).Select(r =>
            states[r.Action.Id].Fresh || r.Action.Type == ActionType.Reply
                ? new LeftAction(r.Action, ActionStatus.Pending, null)
                : new LeftAction(r.Action, ActionStatus.Cancelled, nameof(ActionEnd.ProspectReplied)))], now);
        return [.. mine.Where(r => states[r.Action.Id].Status == ActionStatus.Sending)];
    }

    /// <summary>Out of hand without the gateway having been called.</summary>
    public static async Task LeaveAsync(WriteSession session, string owner, IReadOnlyList<LeftAction> left, DateTime now)
    {
        var gone = new List<LeftAction>(left.Count);
        foreach (var one in left)
        {
            // One by one: each may have been taken away, and only who changes it gives its unit back. What is left is rare.
            var row = RowSet.Json(session.Dialect, [one],
                l => [l.Action.Id, l.Action.Epoch, l.Status, l.Why, l.DueAt, l.Status == ActionStatus.Pending ? l.Action.Attempts - 1 : l.Action.Attempts]).First().Json;
            if (await session.ExecuteAsync(ActionSql.Of(session).Leave, (RowSet.Parameter, row), ("now", now), ("owner", owner)) == 1) gone.Add(one);
        }
        await GiveAsync(session, gone.ConvertAll(l => (l.Action.QuotaId, false)));
        await LogAsync(session, [.. gone.Where(l => l.Status == ActionStatus.Failed).Select(l => LogOf(l.Action, ActionStatus.Failed, null, l.Why))], now);
        foreach (var account in gone.Select(l => l.Action.Account.Id).Distinct()) Publish(session, account);
    }

    /// <summary>What the gateway said. Returns what became of each.</summary>
    /// <param name="together">As one; somebody else took one of them over meanwhile: <see cref="TakenOverException"/>, and nothing is written.</param>
    public static async Task<IReadOnlyList<SentAction>> FinishAsync(
        WriteSession session, ActionThread thread, IReadOnlyList<(ReadyAction Ready, SendResult Result)> answers, DateTime now, OutreachOptions options, Func<double> jitter, bool together)
    {
        var breakers = await BreakersAsync(session, answers, now);
        var ends = answers.Select(a => EndOf(a.Ready, a.Result, breakers, now, options, jitter)).ToList();
        var (done, late) = together ? (ends, []) : await FinishEachAsync(session, thread, ends, now);
        var failed = new List<Conversations.LateFailure>();
        // With the lines of the thread and not behind a savepoint of its own: those would be three round trips for what hardly ever happens.
        // Conversations before prospects, as whoever writes to us locks them.
        var lines = await thread.WriteAsync(session, done.ConvertAll(e => (e.Ready, e.Sent)), together ? [.. Finish(session, ends, now)] : [], now, failed) ?? throw new TakenOverException();
        foreach (var (account, breaker) in breakers)
        {
            // Somebody else's answer was faster: counted again from what is so now.
            if (await session.ExecuteAsync(ActionSql.BreakerSet, ("failures", breaker.Decision.Failures), ("until", breaker.Decision.Until), ("reason", breaker.Decision.Reason), ("now", now),
                    ("id", account), ("seen", breaker.Seen)) == 0 && breaker.Decision.Failures > 0)
                throw new StaleReadException("breaker");
        }
        await session.ExecuteAllAsync(
        [
            .. lines,
            .. Advance(session, [.. done, .. late], now, options),
            .. Invited(session, [.. done, .. late], now),
            .. Give(session, done.ConvertAll(e => (e.Action.QuotaId, e.Sent.Status is ActionStatus.Success or ActionStatus.Uncertain))),
            .. Log(session, done.ConvertAll(e => LogOf(e.Action, e.Sent.Status == ActionStatus.Pending ? ActionStatus.Failed : e.Sent.Status, e.Sent.ProviderId, e.Sent.Error)), now),
        ]);
        await LateFailures.ApplyAsync(session, failed, now);
        await StopUnreachableAsync(session, [.. done.Where(e => e.Sent.Error == nameof(SendFailure.BadRecipient)).Select(e => e.Action.Prospect.Id)], now);
        foreach (var account in done.Select(e => e.Action.Account.Id).Distinct()) Publish(session, account);
        foreach (var end in done) session.Publish(Topics.Prospect(end.Action.Prospect.Id), EventNames.ActionChanged, end.Action.Id);
        return ends.ConvertAll(e => e.Sent);
    }

    /// <summary>Reserved units back, some of them as used.</summary>
    public static Task GiveAsync(WriteSession session, IReadOnlyCollection<(long QuotaId, bool Used)> units) => session.ExecuteAllAsync([.. Give(session, units)]);

    public static Task LogAsync(WriteSession session, IReadOnlyCollection<ActionLog> logs, DateTime now) => session.ExecuteAllAsync([.. Log(session, logs, now)]);

    private static IEnumerable<Statement> Give(WriteSession session, IReadOnlyCollection<(long QuotaId, bool Used)> units)
    {
        // By id, so that two who give back to the same days meet in one order.
        var days = units.GroupBy(u => u.QuotaId).OrderBy(g => g.Key).Select(g => (Id: g.Key, Back: g.Count(), Used: g.Count(u => u.Used))).ToList();
        return RowSet.Json(session.Dialect, days, d => [d.Id, d.Back, d.Used]).Select(r => new Statement(ActionSql.Of(session).Give, null, (RowSet.Parameter, r.Json)));
    }

    private static IEnumerable<Statement> Log(WriteSession session, IReadOnlyCollection<ActionLog> logs, DateTime now) =>
        RowSet.Json(session.Dialect, logs, l => [l.ActionId, l.AccountId, l.ProspectId, l.Action, l.Status, l.Attempt, l.ProviderMessageId, l.Error])
            .Select(r => new Statement(ActionSql.Of(session).Log, null, (RowSet.Parameter, r.Json), ("now", now)));

    private static ActionLog LogOf(ClaimedAction a, ActionStatus status, string? provider, string? error) => new()
        { ActionId = a.Id, AccountId = a.Account.Id, ProspectId = a.Prospect.Id, Action = a.Kind, Status = status, Attempt = a.Attempts, ProviderMessageId = provider, Error = error };

    private static async Task<Dictionary<long, (int Seen, BreakerDecision Decision)>> BreakersAsync(
        WriteSession session, IReadOnlyList<(ReadyAction Ready, SendResult Result)> answers, DateTime now)
    {
        var breakers = new Dictionary<long, (int Seen, BreakerDecision Decision)>();
        foreach (var account in answers.GroupBy(a => a.Ready.Action.Account.Id))
        {
            var worst = account.Select(a => a.Result.Failure).Where(f => BreakerRules.After(f, 0, now) is not null).Select(f => (SendFailure?)f)
                .OrderByDescending(f => BreakerRules.After(f, 0, now)!.Until ?? DateTime.MinValue).FirstOrDefault();
            if (worst is { } failure)
            {
                var id = account.Key;
                var failures = await session.Db.Accounts.Where(a => a.Id == id).Select(a => a.Failures).FirstAsync();
                breakers[id] = (failures, BreakerRules.After(failure, failures, now)!);
            }
            // Only the one that went first after a failure closes the circuit; what was on its way when it opened says nothing.
            else if (account.First().Ready.Action.Account.Row.Failures is > 0 and var seen && account.Any(a => a.Result.Failure is null))
            {
                breakers[account.Key] = (seen, BreakerRules.After(null, seen, now)!);
            }
        }
        return breakers;
    }

    private static End EndOf(
        ReadyAction ready, SendResult result, Dictionary<long, (int Seen, BreakerDecision Decision)> breakers, DateTime now, OutreachOptions options, Func<double> jitter)
    {
        var action = ready.Action;
        if (result.Failure is not { } failure) return new End(ready, null, new SentAction(action.Id, ActionStatus.Success, Clip(result.ProviderId), null, null), result.Connected);
        var until = breakers.TryGetValue(action.Account.Id, out var breaker) ? breaker.Decision.Until : null;
        var decision = RetryRules.Decide(failure, action.Attempts, until, now, jitter(), options.MaxAttempts);
        return new End(ready, decision.Class, new SentAction(action.Id, decision.Status, Clip(result.ProviderId), failure.ToString(), decision.DueAt));
    }

    /// <summary>What a gateway calls an id must not keep its success from being recorded.</summary>
    private static string? Clip(string? providerId) => providerId is null ? null
        : OutsideText.Mend(providerId) is var id && id.Length > OutreachConfiguration.ProviderIdLength ? id[..OutreachConfiguration.ProviderIdLength] : id;

    private static IEnumerable<Statement> Finish(WriteSession session, IReadOnlyList<End> ends, DateTime now) =>
        RowSet.Json(session.Dialect, ends, e => [e.Action.Id, e.Action.Epoch, e.Sent.Status, e.Sent.ProviderId, e.Sent.Error, e.Class, e.Sent.DueAt])
            .Select(r => new Statement(ActionSql.Of(session).Finish, r.Rows, (RowSet.Parameter, r.Json), ("now", now)));

    /// <summary>Some were taken over meanwhile (this process was thought dead). What left is known now, whoever doubted it: its unit was counted as used then.</summary>
    /// <returns>Those that are recorded as any, and those that left after they had been doubted: counted, logged and shown here, and their prospects still have to go on.</returns>
    private static async Task<(List<End> Done, List<End> Late)> FinishEachAsync(WriteSession session, ActionThread thread, List<End> ends, DateTime now)
    {
        var (done, late) = (new List<End>(), new List<End>());
        foreach (var end in ends)
        {
            if (await session.ExecuteAllAsync([.. Finish(session, [end], now)])) done.Add(end);
            else if (end.Sent.Status == ActionStatus.Success)
            {
                var (id, epoch, provider) = (end.Action.Id, end.Action.Epoch, end.Sent.ProviderId);
                var rows = await session.Db.OutreachActions.Where(a => a.Id == id && a.Epoch == epoch && a.Status == ActionStatus.Uncertain && a.Error == nameof(ActionEnd.LostSender))
                    .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ActionStatus.Success).SetProperty(a => a.ProviderMessageId, provider)
                        .SetProperty(a => a.Error, (string?)null).SetProperty(a => a.ErrorClass, (ErrorClass?)null).SetProperty(a => a.FinishedAt, now));
                if (rows == 0) continue;
                await LogAsync(session, [LogOf(end.Action, ActionStatus.Success, provider, null)], now);
                await thread.ShowAsync(session, [id], now);
                late.Add(end);
            }
        }
        return (done, late);
    }

    /// <summary>Where the prospects of what left are in their sequences now. Who has written in between has another epoch, and nothing of his changes.</summary>
    private static IEnumerable<Statement> Advance(WriteSession session, List<End> ends, DateTime now, OutreachOptions options)
    {
        var moved = ends.Where(e => e.Sent.Status == ActionStatus.Success && e.Action.Type != ActionType.Invitation).GroupBy(e => e.Action.Prospect.Id).Select(g => g.OrderBy(e => e.Action.Id).Last().Action)
            .OrderBy(a => a.Prospect.Id).ToList();
        return RowSet.Json(session.Dialect, moved, a =>
        {
            var step = ActionKinds.StepOf(a.Kind);
            var after = a.Facts with
            {
                Sequence = step?.Sequence, Step = step?.Step ?? 0, ContactedAt = a.Facts.ContactedAt ?? now, LastOutboundAt = now,
                Stage = a.Facts.Stage is ProspectStage.New or ProspectStage.Invited ? ProspectStage.Contacted : a.Facts.Stage,
            };
            return [a.Prospect.Id, a.ProspectEpoch, after.Sequence?.ToString(), after.Step, FollowupRules.NextLook(after, options)];
        }).Select(r => new Statement(ActionSql.Of(session).Advance, null, (RowSet.Parameter, r.Json), ("now", now)));
    }

    private static IEnumerable<Statement> Invited(WriteSession session, List<End> ends, DateTime now)
    {
        var invited = ends.Where(e => e.Sent.Status == ActionStatus.Success && e.Action.Type == ActionType.Invitation).OrderBy(e => e.Action.Prospect.Id).ToList();
        return RowSet.Json(session.Dialect, invited, e => [e.Action.Prospect.Id, e.Action.ProspectEpoch, e.Connected ? 1 : 0])
            .Select(r => new Statement(ActionSql.Of(session).Invited, null, (RowSet.Parameter, r.Json), ("now", now)));
    }

    private static async Task StopUnreachableAsync(WriteSession session, List<long> prospects, DateTime now)
    {
        foreach (var id in prospects.Distinct().Order()) await ProspectStore.StopAsync(session, id, StopReason.Unreachable, now);
    }

    private sealed record End(ReadyAction Ready, ErrorClass? Class, SentAction Sent, bool Connected = false)
    {
        public ClaimedAction Action => Ready.Action;
    }
}
