using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>What a person changes on a prospect's page.</summary>
public sealed partial class ProspectService
{
    /// <summary>His next messages are answered without a moderator, or not any more. What is already due is answered by who has the conversation.</summary>
    public Task<ProspectOutcome> SetAutomaticAsync(long id, bool automatic, long? actorId = null, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return ChangeAsync(id, async session =>
        {
            var rows = await session.Db.Prospects.Where(p => p.Id == id && p.Automatic != automatic && (!automatic || p.StoppedAt == null))
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.Automatic, automatic).SetProperty(p => p.ReplyDueAt, (DateTime?)null));
            if (rows > 0) await AuditAsync(session, AuditKind.ProspectAutomaticChanged, id, actorId, now, automatic ? "on" : "off");
            return rows;
        }, cancel);
    }

    /// <summary>The answer that waited for a moderator is not needed any more.</summary>
    /// <param name="seen">The text that was on the screen: a newer one stays.</param>
    public Task<ProspectOutcome> DropDraftAsync(long id, string seen, CancellationToken cancel = default) => ChangeAsync(
        id, session => session.Db.Prospects.Where(p => p.Id == id && p.Draft == seen)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.Draft, (string?)null).SetProperty(p => p.DraftReason, (DraftReason?)null)), cancel);

    private Task<ProspectOutcome> ChangeAsync(long id, Func<WriteSession, Task<int>> change, CancellationToken cancel) => database.WriteAsync(async session =>
    {
        if (await change(session) == 0)
            return new ProspectOutcome(await session.Db.Prospects.AnyAsync(p => p.Id == id) ? ProspectResult.Unchanged : ProspectResult.NotFound, id);
        session.Publish(Topics.Prospect(id), EventNames.ProspectChanged, id);
        session.Publish(Topics.Outreach, EventNames.ProspectChanged, id);
        return new ProspectOutcome(ProspectResult.Done, id);
    }, cancel);
}
