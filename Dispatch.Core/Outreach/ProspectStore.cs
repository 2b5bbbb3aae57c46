using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>
/// What stops a sequence, in the transaction of its cause: the prospect's epoch grows, which every later start of a step sees, and what is still pending is over. A step in
/// another process's hand at this moment fails at its start, by the epoch.
/// </summary>
internal sealed class ProspectStore : IInboundFollower
{
    /// <summary>Somebody wrote: if he is a prospect of any account, no step of his is sent any more.</summary>
    public async Task StoredAsync(WriteSession session, IReadOnlyCollection<InboundMessage> messages, DateTime now)
    {
        var writers = messages.Where(m => !m.FromUs).GroupBy(m => m.Address, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (Address: g.Key, OptedOut: g.Any(m => FollowupRules.IsOptOut(m.Text)) ? 1 : 0)).ToList();
        foreach (var (rows, _) in RowSet.Json(session.Dialect, writers, w => [w.Address, w.OptedOut, now]))
        {
            if (await session.ExecuteAsync(ActionSql.Of(session).Replied, (RowSet.Parameter, rows), ("now", now)) == 0) continue;
            await session.ExecuteAsync(ActionSql.Of(session).StopSteps, (RowSet.Parameter, rows), ("now", now));
            session.Publish(Topics.Outreach, EventNames.ProspectChanged, 0);
        }
    }

    public Task FailedAsync(WriteSession session, IReadOnlyCollection<LateFailure> failures, DateTime now) => LateFailures.ApplyAsync(session, failures, now);

    /// <summary>False: stopped before.</summary>
    public static async Task<bool> StopAsync(WriteSession session, long id, StopReason reason, DateTime now)
    {
        var rows = await session.Db.Prospects.Where(p => p.Id == id && p.StoppedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(p => p.Stage, ProspectStage.Stopped).SetProperty(p => p.StoppedAt, now).SetProperty(p => p.StopReason, reason).SetProperty(p => p.Epoch, p => p.Epoch + 1)
            .SetProperty(p => p.FollowUpAt, (DateTime?)null).SetProperty(p => p.ContactDueAt, (DateTime?)null).SetProperty(p => p.ReplyDueAt, (DateTime?)null));
        if (rows == 0) return false;
        await session.Db.OutreachActions.Where(a => a.ProspectId == id && a.Status == ActionStatus.Pending).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.Status, ActionStatus.Cancelled).SetProperty(a => a.Error, nameof(ActionEnd.ProspectStopped)).SetProperty(a => a.FinishedAt, now));
        session.Publish(Topics.Outreach, EventNames.ProspectChanged, id);
        session.Publish(Topics.Prospect(id), EventNames.ProspectChanged, id);
        return true;
    }
}
