using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Actions that are planned together are stored together: whoever comes first stores for all who wait, in one transaction and four statements whatever their number. Each caller has his
/// answer after the commit. No loop of its own: without callers nothing runs.
/// </summary>
internal sealed class ActionPlanner(Database database, IOptions<DatabaseOptions> options, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Queue<Request> _waiting = new();
    private bool _storing;

    /// <param name="wanted">Checked before (<see cref="Actions.Check"/>).</param>
    public Task<ActionOutcome> PlanAsync(NewAction wanted)
    {
        var request = new Request(wanted);
        lock (_lock)
        {
            _waiting.Enqueue(request);
            if (_storing) return request.Done.Task;
            _storing = true;
        }
        // The first caller's context (his request, his trace) is not that of the others.
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(StoreAllAsync);
        return request.Done.Task;
    }

    private async Task StoreAllAsync()
    {
        var group = new List<Request>();
        while (true)
        {
            group.Clear();
            lock (_lock)
            {
                while (group.Count < options.Value.GroupSize && _waiting.TryDequeue(out var request)) group.Add(request);
                if (group.Count == 0)
                {
                    _storing = false;
                    return;
                }
            }
            if (await TryStoreAsync(group)) continue;
            // One that cannot be stored must not cost the others their place: each for itself.
            foreach (var request in group) await TryStoreAsync([request]);
        }
    }

    /// <summary>False: nothing was stored, and nobody was told.</summary>
    private async Task<bool> TryStoreAsync(List<Request> group)
    {
        try
        {
            var now = clock.GetUtcNow().UtcDateTime;
            var outcomes = await database.WriteInTurnAsync(session => StoreAsync(session, group.ConvertAll(r => r.Wanted), now));
            for (var i = 0; i < group.Count; i++) group[i].Done.TrySetResult(outcomes[i]);
            return true;
        }
        catch (Exception) when (group.Count > 1)
        {
            return false;
        }
        catch (Exception e)
        {
            group[0].Done.TrySetException(e);
            return true;
        }
    }

    private static async Task<ActionOutcome[]> StoreAsync(WriteSession session, List<NewAction> wanted, DateTime now)
    {
        var sql = ActionSql.Of(session);
        var prospects = new Dictionary<long, ProspectSeen>();
        foreach (var (rows, _) in RowSet.Json(session.Dialect, wanted.ConvertAll(w => w.ProspectId).Distinct().ToList(), id => [id]))
        {
            foreach (var seen in await session.QueryAsync(sql.ProspectsById, r => new ProspectSeen(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), !r.IsDBNull(3)), (RowSet.Parameter, rows)))
                prospects[seen.Id] = seen;
        }
        var outcomes = new ActionOutcome[wanted.Count];
        var keys = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        var others = await OtherAccountsAsync(session, wanted, prospects);
        for (var i = 0; i < wanted.Count; i++)
        {
            if (!prospects.TryGetValue(wanted[i].ProspectId, out var prospect)) outcomes[i] = new ActionOutcome(ActionResult.ProspectNotFound);
            else if (wanted[i].AccountId is { } account && account != prospect.AccountId && !others.Contains(account)) outcomes[i] = new ActionOutcome(ActionResult.AccountNotFound);
            else
            {
                var key = Actions.KeyOf(wanted[i], wanted[i].AccountId ?? prospect.AccountId, prospect.Epoch);
                if (!keys.TryGetValue(key, out var same)) keys.Add(key, same = []);
                same.Add(i);
            }
        }
        await KnownAsync(session, keys, outcomes);
        var fresh = new List<(string Key, List<int> Same)>();
        foreach (var (key, same) in keys.Where(k => outcomes[k.Value[0]] is null))
        {
            if (prospects[wanted[same[0]].ProspectId].Stopped) same.ForEach(i => outcomes[i] = new ActionOutcome(ActionResult.ProspectStopped));
            else fresh.Add((key, same));
        }
        await InsertAsync(session, wanted, prospects, fresh, outcomes, now);
        return outcomes;
    }

    private static async Task<HashSet<long>> OtherAccountsAsync(WriteSession session, List<NewAction> wanted, Dictionary<long, ProspectSeen> prospects)
    {
        var others = wanted.Where(w => w.AccountId is { } a && prospects.TryGetValue(w.ProspectId, out var p) && p.AccountId != a).Select(w => w.AccountId!.Value).Distinct().ToList();
        return others.Count == 0 ? [] : [.. await session.Db.Accounts.Where(a => others.Contains(a.Id)).Select(a => a.Id).ToListAsync()];
    }

    /// <summary>The same effect was asked for before: that one stands.</summary>
    private static async Task KnownAsync(WriteSession session, Dictionary<string, List<int>> keys, ActionOutcome[] outcomes)
    {
        foreach (var (rows, _) in RowSet.Json(session.Dialect, keys.Keys, key => [key]))
        {
            foreach (var (key, known) in await session.QueryAsync(
                         ActionSql.Of(session).KnownActions,
                         r => (r.GetString(0), new ActionOutcome(ActionResult.AlreadyExists, r.GetInt64(1), Enum.Parse<ActionStatus>(r.GetString(2)), r.IsDBNull(3) ? null : r.GetString(3))),
                         (RowSet.Parameter, rows)))
            {
                foreach (var i in keys[key]) outcomes[i] = known;
            }
        }
    }

    private static async Task InsertAsync(
        WriteSession session, List<NewAction> wanted, Dictionary<long, ProspectSeen> prospects, List<(string Key, List<int> Same)> fresh, ActionOutcome[] outcomes, DateTime now)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (rows, _) in RowSet.Json(session.Dialect, fresh, f =>
                 {
                     var w = wanted[f.Same[0]];
                     var prospect = prospects[w.ProspectId];
                     var due = w.ScheduledAt is { } at && at > now ? at : now;
                     return
                     [
                         w.AccountId ?? prospect.AccountId, w.ProspectId, w.Kind, ActionKinds.TypeOf(w.Kind), ActionStatus.Pending, f.Key, prospect.Epoch,
                         w.Content is { } text ? OutsideText.Mend(text) : null, due, due, 0, 0L, w.CreatedBy,
                     ];
                 }))
        {
            try
            {
                foreach (var (id, key) in await session.QueryAsync(ActionSql.Of(session).Plan, r => (r.GetInt64(0), r.GetString(1)), (RowSet.Parameter, rows), ("now", now))) ids[key] = id;
            }
            catch (System.Data.Common.DbException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // Another node was faster: looked up again.
                throw new StaleReadException("effect key");
            }
        }
        foreach (var (key, same) in fresh)
        {
            for (var n = 0; n < same.Count; n++)
                outcomes[same[n]] = new ActionOutcome(n == 0 ? ActionResult.Scheduled : ActionResult.AlreadyExists, ids[key], ActionStatus.Pending);
            session.Publish(Topics.Prospect(wanted[same[0]].ProspectId), EventNames.ActionChanged, ids[key]);
        }
        foreach (var account in fresh.Select(f => wanted[f.Same[0]] is var w ? w.AccountId ?? prospects[w.ProspectId].AccountId : 0).Distinct()) ActionStore.Publish(session, account);
    }

    private sealed record ProspectSeen(long Id, long AccountId, long Epoch, bool Stopped);

    private sealed class Request(NewAction wanted)
    {
        public NewAction Wanted => wanted;
        public TaskCompletionSource<ActionOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
