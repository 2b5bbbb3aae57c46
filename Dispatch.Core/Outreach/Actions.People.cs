using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>What people do to actions. Each is a guarded step on the status; who comes second is told what it is now.</summary>
public sealed partial class Actions
{
    /// <summary>Pending, claimed or failed to cancelled. What is being sent can not be taken back.</summary>
    public Task<ActionOutcome> CancelAsync(long id, CancellationToken cancel = default)
    {
        var now = Now;
        return _database.WriteAsync(async session =>
        {
            // Out of somebody's hand: his unit is given back here, by whoever changes the row, and his start finds nothing.
            var claimed = await session.QueryAsync(
                session.Dialect.Update("outreach_actions", "status = 'Cancelled', error = 'CancelledByPerson', finished_at = @now", "id = @id AND status = 'Claimed'", ["quota_id"]),
                r => r.GetInt64(0), ("now", now), ("id", id));
            await ActionStore.GiveAsync(session, claimed.ConvertAll(q => (q, false)));
            var rows = claimed.Count > 0 ? 1 : await session.Db.OutreachActions.Where(a => a.Id == id && (a.Status == ActionStatus.Pending || a.Status == ActionStatus.Failed))
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ActionStatus.Cancelled).SetProperty(a => a.Error, nameof(ActionEnd.CancelledByPerson)).SetProperty(a => a.FinishedAt, now));
            return await DoneAsync(session, id, rows, ActionResult.Cancelled);
        }, cancel);
    }

    /// <summary>A dead letter is pending again, with all its tries. The effect key stays: it is the same effect.</summary>
    public async Task<ActionOutcome> RetryAsync(long id, CancellationToken cancel = default)
    {
        var now = Now;
        var outcome = await _database.WriteAsync(async session =>
        {
            // A step planned before he wrote is not sent again by a retry: its fence stays as it is.
            var rows = await session.Db.OutreachActions.Where(a => a.Id == id && a.Status == ActionStatus.Failed).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.Status, ActionStatus.Pending).SetProperty(a => a.DueAt, now).SetProperty(a => a.Attempts, 0).SetProperty(a => a.QuotaId, (long?)null)
                .SetProperty(a => a.Error, (string?)null).SetProperty(a => a.ErrorClass, (ErrorClass?)null).SetProperty(a => a.FinishedAt, (DateTime?)null));
            return await DoneAsync(session, id, rows, ActionResult.Scheduled);
        }, cancel);
        if (outcome.Result == ActionResult.Scheduled) _signal.Wake();
        return outcome;
    }

    /// <summary>Sends a pending action now, outside its time, the account's hours and its gap. Quota, pause and breaker still hold it: <see cref="ActionResult.Refused"/> with the reason.</summary>
    public async Task<ActionOutcome> RunNowAsync(long id, CancellationToken cancel = default)
    {
        var owner = await _node.HoldAsync(cancel);
        var now = Now;
        ClaimResult? claim = null;
        var outcome = await _database.WriteAsync(async session =>
        {
            claim = null;
            var action = await session.Db.OutreachActions.AsNoTracking().Where(a => a.Id == id).Select(a => new { a.Status, a.Type, a.AccountId }).FirstOrDefaultAsync();
            if (action is null) return new ActionOutcome(ActionResult.NotFound, id);
            if (action.Status != ActionStatus.Pending) return new ActionOutcome(ActionResult.WrongStatus, id, action.Status);
            var account = await AccountReader.FindAsync(session.Db, action.AccountId);
            claim = await ActionClaims.ClaimOneAsync(session, account!, id, action.Type, owner, Overrides.Window | Overrides.Gap, now, _options);
            return claim.Wait is { } wait ? new ActionOutcome(ActionResult.Refused, id, action.Status, Wait: wait) : new ActionOutcome(ActionResult.Cancelled, id, ActionStatus.Cancelled);
        }, cancel);
        return claim is { Actions: [var mine] } ? await OutcomeOfAsync(id, await _path.SendAsync([mine], cancel), cancel) : outcome;
    }

    /// <summary>
    /// Ends the doubt about an uncertain action: by what a person knows, or by asking the gateway where it can be asked. Sent: success. Not sent: failed, with its unit given back; Retry
    /// sends it.
    /// </summary>
    /// <param name="sent">Null: ask the gateway.</param>
    public async Task<ActionOutcome> ReconcileAsync(long id, bool? sent, CancellationToken cancel = default)
    {
        string? providerId = null;
        if (sent is null)
        {
            if (await DoubtAsync(id, cancel) is not { } doubt) return await LookAsync(id, cancel);
            if (await AskAsync(doubt.Message, doubt.Type, doubt.Since, cancel) is not { } answer) return new ActionOutcome(ActionResult.CannotAsk, id, ActionStatus.Uncertain);
            (sent, providerId) = answer;
            if (sent is null) return new ActionOutcome(ActionResult.CannotAsk, id, ActionStatus.Uncertain);
        }
        return await EndDoubtAsync(id, sent.Value, providerId, cancel);
    }

    /// <summary>
    /// The gateway tells that a prospect is connected: an invitation of whom nobody knew whether it left did, and one that waits is not needed. His first contact is somebody else's to plan.
    /// </summary>
    public async Task ConnectedAsync(long prospectId, CancellationToken cancel = default)
    {
        List<(long Id, ActionStatus Status)> open;
        await using (var db = _database.Read())
        {
            open = (await db.OutreachActions.Where(a => a.ProspectId == prospectId && a.Type == ActionType.Invitation && (a.Status == ActionStatus.Pending || a.Status == ActionStatus.Uncertain))
                .Select(a => new { a.Id, a.Status }).ToListAsync(cancel)).ConvertAll(a => (a.Id, a.Status));
        }
        var now = Now;
        foreach (var (id, status) in open)
        {
            if (status == ActionStatus.Uncertain) await EndDoubtAsync(id, true, null, cancel);
            else
            {
                await _database.WriteAsync(async session =>
                {
                    var rows = await session.Db.OutreachActions.Where(a => a.Id == id && a.Status == ActionStatus.Pending).ExecuteUpdateAsync(set => set
                        .SetProperty(a => a.Status, ActionStatus.Cancelled).SetProperty(a => a.Error, nameof(ActionEnd.AlreadyConnected)).SetProperty(a => a.FinishedAt, now));
                    await DoneAsync(session, id, rows, ActionResult.Cancelled);
                }, cancel);
            }
        }
    }

    /// <summary>Null: this gateway cannot be asked about such.</summary>
    private async Task<LookupResult?> AskAsync(OutboundMessage message, ActionType type, DateTime since, CancellationToken cancel) => type == ActionType.Invitation
        ? _invitations.TryGetValue(message.Provider, out var inviter) ? await inviter.FindInvitationAsync(message, since, cancel) : null
        : _lookups.TryGetValue(message.Provider, out var lookup) ? await lookup.FindAsync(message, since, cancel) : null;

    private async Task<ActionOutcome> EndDoubtAsync(long id, bool sent, string? providerId, CancellationToken cancel)
    {
        var now = Now;
        var options = await _sequences.CurrentAsync(cancel);
        return await _database.WriteAsync(async session =>
        {
            var row = await session.Db.OutreachActions.AsNoTracking().FirstOrDefaultAsync(a => a.Id == id);
            if (row is null) return new ActionOutcome(ActionResult.NotFound, id);
            var (status, why) = sent ? (ActionStatus.Success, (string?)null) : (ActionStatus.Failed, nameof(ActionEnd.NotSent));
            var rows = await session.Db.OutreachActions.Where(a => a.Id == id && a.Status == ActionStatus.Uncertain).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.Status, status).SetProperty(a => a.Error, why).SetProperty(a => a.FinishedAt, now).SetProperty(a => a.LeaseOwner, (string?)null)
                .SetProperty(a => a.ProviderMessageId, a => providerId ?? a.ProviderMessageId));
            if (rows == 1)
            {
                await ActionStore.LogAsync(session,
                    [new ActionLog { ActionId = id, AccountId = row.AccountId, ProspectId = row.ProspectId, Action = row.Kind, Status = status, Attempt = row.Attempts, ProviderMessageId = providerId, Error = why }], now);
                if (!sent && row.QuotaId is { } quota)
                    await session.Db.AccountDays.Where(d => d.Id == quota && d.Used > 0).ExecuteUpdateAsync(set => set.SetProperty(d => d.Used, d => d.Used - 1));
                // Conversations before prospects, as whoever writes to us locks them.
                await _thread.ShowAsync(session, [id], now);
                if (sent) await AdvanceAsync(session, row, options, now);
            }
            // A later step may have waited for the end of the doubt.
            session.AfterCommit(_signal.Wake);
            return await DoneAsync(session, id, rows, sent ? ActionResult.Sent : ActionResult.Failed);
        }, cancel);
    }

    private const int AskAtOnce = 50;
    private static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(30);
    private long _askedUpTo;

    /// <summary>Asks the gateways that can be asked about everything uncertain; returns how many doubts ended.</summary>
    internal async Task<int> ReconcileAllAsync(CancellationToken cancel)
    {
        if (_lookups.Count == 0) return 0;
        var providers = _lookups.Keys.ToList();
        // Not while the gateway may still be at it; and from where the last look ended, or those about which it cannot say would keep the others from being asked about.
        var (before, after) = (Now - AskAfter, _askedUpTo);
        List<long> ids;
        await using (var db = _database.Read())
        {
            ids = await (from a in db.OutreachActions
                         join c in db.Accounts on a.AccountId equals c.Id
                         join channel in db.Channels on c.ChannelId equals channel.Id
                         where a.Status == ActionStatus.Uncertain && a.FinishedAt < before && a.Id > after && providers.Contains(channel.Provider)
                         orderby a.Id
                         select a.Id).Take(AskAtOnce).ToListAsync(cancel);
        }
        _askedUpTo = ids.Count == AskAtOnce ? ids[^1] : 0;
        var ended = 0;
        foreach (var id in ids)
        {
            if ((await ReconcileAsync(id, null, cancel)).Result is ActionResult.Sent or ActionResult.Failed) ended++;
        }
        return ended;
    }

    /// <summary>The sequence goes on from what turned out to have left.</summary>
    private static async Task AdvanceAsync(WriteSession session, OutreachAction action, OutreachOptions options, DateTime now)
    {
        if (action.Type == ActionType.Invitation)
        {
            await session.Db.Prospects.Where(p => p.Id == action.ProspectId && p.Stage == ProspectStage.New).ExecuteUpdateAsync(set => set.SetProperty(p => p.Stage, ProspectStage.Invited));
            return;
        }
        var prospect = await session.Db.Prospects.AsNoTracking().FirstAsync(p => p.Id == action.ProspectId);
        var left = action.StartedAt ?? now;
        var step = ActionKinds.StepOf(action.Kind);
        var after = ProspectFacts.Of(prospect) with
        {
            Sequence = step?.Sequence, Step = step?.Step ?? 0, ContactedAt = prospect.ContactedAt ?? left, LastOutboundAt = left,
            Stage = prospect.Stage is ProspectStage.New or ProspectStage.Invited ? ProspectStage.Contacted : prospect.Stage,
        };
        var (epoch, look) = (action.ProspectEpoch, FollowupRules.NextLook(after, options));
        await session.Db.Prospects.Where(p => p.Id == prospect.Id && p.Epoch == epoch).ExecuteUpdateAsync(set => set
            .SetProperty(p => p.Sequence, after.Sequence).SetProperty(p => p.Step, after.Step).SetProperty(p => p.ContactedAt, after.ContactedAt)
            .SetProperty(p => p.LastOutboundAt, after.LastOutboundAt).SetProperty(p => p.Stage, after.Stage).SetProperty(p => p.FollowUpAt, look));
    }

    private async Task<(OutboundMessage Message, ActionType Type, DateTime Since)?> DoubtAsync(long id, CancellationToken cancel)
    {
        await using var db = _database.Read();
        var row = await (from a in db.OutreachActions
                         join p in db.Prospects on a.ProspectId equals p.Id
                         where a.Id == id && a.Status == ActionStatus.Uncertain
                         select new { Action = a, p.Address }).FirstOrDefaultAsync(cancel);
        if (row is null || await AccountReader.FindAsync(db, row.Action.AccountId, cancel) is not { Channel: { } channel }) return null;
        return (new OutboundMessage(id, 0, channel.Id, channel.Key, channel.Provider, channel.ProtectedToken, row.Address, row.Action.Content ?? ""),
            row.Action.Type, row.Action.StartedAt ?? row.Action.CreatedAt);
    }

    private async Task<ActionOutcome> LookAsync(long id, CancellationToken cancel)
    {
        await using var db = _database.Read();
        var status = await db.OutreachActions.Where(a => a.Id == id).Select(a => (ActionStatus?)a.Status).FirstOrDefaultAsync(cancel);
        return status switch
        {
            null => new ActionOutcome(ActionResult.NotFound, id),
            ActionStatus.Uncertain => new ActionOutcome(ActionResult.CannotAsk, id, status),
            _ => new ActionOutcome(ActionResult.WrongStatus, id, status),
        };
    }

    private static async Task<ActionOutcome> DoneAsync(WriteSession session, long id, int rows, ActionResult result)
    {
        var now = await session.Db.OutreachActions.AsNoTracking().Where(a => a.Id == id).Select(a => new { a.Status, a.AccountId, a.ProspectId, a.Error }).FirstOrDefaultAsync();
        if (now is null) return new ActionOutcome(ActionResult.NotFound, id);
        if (rows == 0) return new ActionOutcome(ActionResult.WrongStatus, id, now.Status);
        ActionStore.Publish(session, now.AccountId);
        session.Publish(Topics.Prospect(now.ProspectId), EventNames.ActionChanged, id);
        return new ActionOutcome(result, id, now.Status, now.Error);
    }
}
