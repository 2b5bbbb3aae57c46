using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>
/// A gateway that took a message may say later that it did not arrive (Meta: the webhook's <c>failed</c>). Then the action failed, for the gateway's reason, and its unit of the day is free
/// again. A person may retry it; nothing does so by itself.
/// </summary>
internal static class LateFailures
{
    public static async Task ApplyAsync(WriteSession session, IReadOnlyCollection<LateFailure> failures, DateTime now)
    {
        foreach (var failure in failures.DistinctBy(f => f.Key, StringComparer.Ordinal).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            if (!long.TryParse(failure.Key.AsSpan(SentElsewhere.KeyPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            var why = OutsideText.Cut(OutsideText.Mend(string.IsNullOrWhiteSpace(failure.Error) ? nameof(ActionEnd.NotDelivered) : failure.Error), OutreachConfiguration.ErrorLength);
            if (await session.Db.OutreachActions.Where(a => a.Id == id && a.Status == ActionStatus.Success).ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.Status, ActionStatus.Failed).SetProperty(a => a.Error, why).SetProperty(a => a.FinishedAt, now)) == 0)
                continue;
            var row = await session.Db.OutreachActions.AsNoTracking().FirstAsync(a => a.Id == id);
            await ActionStore.LogAsync(session,
                [new ActionLog { ActionId = id, AccountId = row.AccountId, ProspectId = row.ProspectId, Action = row.Kind, Status = ActionStatus.Failed, Attempt = row.Attempts, ProviderMessageId = row.ProviderMessageId, Error = why }], now);
            if (row.QuotaId is { } quota) await session.Db.AccountDays.Where(d => d.Id == quota && d.Used > 0).ExecuteUpdateAsync(set => set.SetProperty(d => d.Used, d => d.Used - 1));
            session.Publish(Topics.Prospect(row.ProspectId), EventNames.ActionChanged, id);
            ActionStore.Publish(session, row.AccountId);
        }
    }
}
