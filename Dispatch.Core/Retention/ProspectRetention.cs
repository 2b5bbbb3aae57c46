using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Retention;

/// <summary>
/// Prospects at rest go with their actions and the log of them. The keys of the actions stay (<see cref="OutreachEffect"/>): nothing that was sent once is sent again. Of who asked not to be
/// written to, the address stays, or the next import would write to him.
/// </summary>
internal static class ProspectRetention
{
    public const string Name = "prospects", ActionsName = "outreach_actions";

    private static string KeepKeys(string within) => "INSERT INTO outreach_effects (effect_key, action_id, status) SELECT effect_key, id, status FROM outreach_actions WHERE " + within;

    internal static IEnumerable<string> Statements => [KeepKeys(BulkRows.In("prospect_id", [1, 2, 3]).Sql)];

    /// <summary>Nothing is planned, in doubt or open with him, and nothing has happened since then.</summary>
    public static IQueryable<Prospect> AtRest(DispatchDb db, DateTime until) => db.Prospects
        // Who was never written to and not stopped still waits for somebody.
        .Where(p => p.CreatedAt < until && (p.Stage != ProspectStage.New || p.StoppedAt != null))
        .Where(p => p.ContactDueAt == null && p.ReplyDueAt == null && p.FollowUpAt == null && p.Draft == null)
        .Where(p => (p.StoppedAt == null || p.StoppedAt < until) && (p.LastInboundAt == null || p.LastInboundAt < until) && (p.LastOutboundAt == null || p.LastOutboundAt < until)
            && (p.ConnectedAt == null || p.ConnectedAt < until))
        .Where(p => !db.OutreachActions.Any(a => a.ProspectId == p.Id && (a.FinishedAt == null || a.FinishedAt >= until || a.Status == ActionStatus.Uncertain)))
        .Where(p => !db.Conversations.Any(c => c.Status != ConversationStatus.Closed && db.Contacts.Any(k => k.Id == c.ContactId && k.Address == p.Address)))
        // Already forgotten.
        .Where(p => p.StopReason != StopReason.OptedOut || p.Name != "" || db.OutreachActions.Any(a => a.ProspectId == p.Id));

    /// <summary>Prospects and actions that would go; at most <paramref name="most"/> of each are counted.</summary>
    public static async Task<(long Rows, bool More)> CountAsync(DispatchDb db, DateTime until, int most, CancellationToken cancel)
    {
        var prospects = await AtRest(db, until).Take(most).CountAsync(cancel);
        var actions = await db.OutreachActions.Where(a => AtRest(db, until).Any(p => p.Id == a.ProspectId)).Take(most).CountAsync(cancel);
        return (prospects + actions, prospects == most || actions == most);
    }

    /// <summary>The next <paramref name="take"/> prospects after this one, of whatever age: which of them are at rest, and where the next step begins; null: these were the last.</summary>
    public static async Task<(List<long> AtRest, long? Next)> StepAsync(DispatchDb db, long after, int take, DateTime until, CancellationToken cancel)
    {
        var ids = await db.Prospects.Where(p => p.Id > after).OrderBy(p => p.Id).Select(p => p.Id).Take(take).ToListAsync(cancel);
        if (ids.Count == 0) return ([], null);
        var last = ids[^1];
        return (await AtRest(db, until).Where(p => p.Id > after && p.Id <= last).OrderBy(p => p.Id).Select(p => p.Id).ToListAsync(cancel), ids.Count < take ? null : last);
    }

    /// <summary>How many prospects went, or were forgotten.</summary>
    public static async Task<int> DeleteAsync(WriteSession session, List<long> ids, DateTime until, DateTime now)
    {
        var db = session.Db;
        // First of all: whoever changes one of them waits, and what he changed before is seen by the question after. An action that is planned in this very moment keeps its prospect by its
        // reference; then nothing of this step happens, and the next pass asks again.
        await db.Prospects.Where(p => ids.Contains(p.Id)).ExecuteUpdateAsync(set => set.SetProperty(p => p.Epoch, p => p.Epoch));
        var gone = await AtRest(db, until).Where(p => ids.Contains(p.Id)).Select(p => new { p.Id, OptedOut = p.StopReason == StopReason.OptedOut }).ToListAsync();
        if (gone.Count == 0) return 0;
        var all = gone.ConvertAll(p => p.Id);
        var (within, arguments) = BulkRows.In("prospect_id", all);
        await session.ExecuteAsync(KeepKeys(within), arguments);
        await db.ActionLogs.Where(l => all.Contains(l.ProspectId)).ExecuteDeleteAsync();
        var actions = await db.OutreachActions.Where(a => all.Contains(a.ProspectId)).ExecuteDeleteAsync();
        var (forgotten, deleted) = (gone.Where(p => p.OptedOut).Select(p => p.Id).ToList(), gone.Where(p => !p.OptedOut).Select(p => p.Id).ToList());
        await db.Prospects.Where(p => forgotten.Contains(p.Id)).ExecuteUpdateAsync(set => set.SetProperty(p => p.Name, "").SetProperty(p => p.Company, (string?)null));
        await db.Prospects.Where(p => deleted.Contains(p.Id)).ExecuteDeleteAsync();
        await AuditAsync(session, Name, gone.Count, until, now);
        if (actions > 0) await AuditAsync(session, ActionsName, actions, until, now);
        return gone.Count;
    }

    private static Task AuditAsync(WriteSession session, string table, int rows, DateTime until, DateTime now) => AuditLog.AddAsync(session, new AuditEntry
    {
        At = now, Kind = AuditKind.DataDeleted, Subject = AuditSubject.Data, Name = table, Before = "< " + until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        After = rows.ToString(CultureInfo.InvariantCulture),
    });
}
