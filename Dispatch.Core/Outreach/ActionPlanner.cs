using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Actions that are planned together are stored together: whoever comes first stores for all who wait, in one transaction and three statements whatever their number. Each caller has his
/// answer after the commit. No loop of its own: without callers nothing runs.
/// </summary>
internal sealed class ActionPlanner(Database database, OutreachSignal signal, IOptions<DatabaseOptions> options, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Queue<Request> _waiting = new();
    private int _storing;

    /// <summary>While one transaction is being committed the next group is stored; on SQLite there is one writer.</summary>
    private int AtOnce => options.Value.Provider == DatabaseProvider.Sqlite ? 1 : 2;

    /// <param name="wanted">Checked before (<see cref="Actions.Check"/>).</param>
    public Task<ActionOutcome> PlanAsync(NewAction wanted)
    {
        var request = new Request(wanted);
        lock (_lock)
        {
            _waiting.Enqueue(request);
            if (_storing == AtOnce) return request.Done.Task;
            _storing++;
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
            // Those who were answered together ask again together: whoever is about to ask does so first, and shares the transaction.
            await Task.Yield();
            lock (_lock)
            {
                while (group.Count < options.Value.GroupSize && _waiting.TryDequeue(out var request)) group.Add(request);
                if (group.Count == 0)
                {
                    _storing--;
                    return;
                }
            }
            if (await TryStoreAsync(group)) continue;
            // One that cannot be stored must not cost the others their place: each for itself.
            foreach (var request in group)
            {
                // Back from the one writer, who goes on only when we wait again.
                await Task.Yield();
                await TryStoreAsync([request]);
            }
        }
    }

    /// <summary>False: nothing was stored, and nobody was told.</summary>
    private async Task<bool> TryStoreAsync(List<Request> group)
    {
        var along = await AlongAsync();
        (ActionOutcome[] Outcomes, IReadOnlyCollection<DueActions> Due) stored;
        try
        {
            stored = await StoreAsync(group.ConvertAll(r => r.Wanted), along);
        }
        catch (Exception e)
        {
            along?.OnFailed();
            if (group.Count > 1) return false;
            group[0].Done.TrySetException(e);
            return true;
        }
        // Before the answers: whoever plans the next one then finds the account free.
        along?.OnCommitted();
        for (var i = 0; i < group.Count; i++) group[i].Done.TrySetResult(stored.Outcomes[i]);
        signal.OnPlanned(stored.Due);
        return true;
    }

    /// <summary>Null: what is planned for now is claimed after the commit. No plan fails because of that.</summary>
    private async ValueTask<ClaimAlong?> AlongAsync()
    {
        try
        {
            return signal.Along is { } asked ? await asked() : null;
        }
        catch (Exception)
        {
            // Texts that could not be read, or a queue that is just stopping: the claim meets it as well, and logs it.
            return null;
        }
    }

    private async Task<(ActionOutcome[] Outcomes, IReadOnlyCollection<DueActions> Due)> StoreAsync(List<NewAction> wanted, ClaimAlong? along)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        async Task<(ActionOutcome[], IReadOnlyCollection<DueActions>)> TryAsync(WriteSession session)
        {
            var (outcomes, due) = await StoreAsync(session, wanted, now);
            return (outcomes, along is null ? due : await along.TakeAsync(session, due, now));
        }
        try
        {
            return await database.WriteInTurnAsync(TryAsync);
        }
        catch (StaleReadException) when (along is { WasTried: true })
        {
            // The one writer of SQLite does nothing again by itself.
            return await database.WriteInTurnAsync(TryAsync);
        }
    }

    private static async Task<(ActionOutcome[] Outcomes, List<DueActions> Due)> StoreAsync(WriteSession session, List<NewAction> wanted, DateTime now)
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
        await InsertAsync(session, wanted, prospects, keys, outcomes, now);
        return (outcomes, Planned(wanted, outcomes, prospects, now));
    }

    /// <summary>What of these is new, counted by account, type and moment: how the queue knows them.</summary>
    private static List<DueActions> Planned(List<NewAction> wanted, ActionOutcome[] outcomes, Dictionary<long, ProspectSeen> prospects, DateTime now)
    {
        var counts = new Dictionary<DueActions, int>();
        for (var i = 0; i < wanted.Count; i++)
        {
            if (outcomes[i].Result != ActionResult.Scheduled) continue;
            var one = new DueActions(AccountOf(wanted[i], prospects), ActionKinds.TypeOf(wanted[i].Kind)!.Value, DueOf(wanted[i], now));
            counts[one] = counts.GetValueOrDefault(one) + 1;
        }
        return [.. counts.Select(c => c.Key with { Count = c.Value })];
    }

    private static async Task<HashSet<long>> OtherAccountsAsync(WriteSession session, List<NewAction> wanted, Dictionary<long, ProspectSeen> prospects)
    {
        var others = wanted.Where(w => w.AccountId is { } a && prospects.TryGetValue(w.ProspectId, out var p) && p.AccountId != a).Select(w => w.AccountId!.Value).Distinct().ToList();
        return others.Count == 0 ? [] : [.. await session.Db.Accounts.Where(a => others.Contains(a.Id)).Select(a => a.Id).ToListAsync()];
    }

    /// <summary>Adds what is new; where the same effect was asked for before, that one stands. Both in one round trip.</summary>
    private static async Task InsertAsync(
        WriteSession session, List<NewAction> wanted, Dictionary<long, ProspectSeen> prospects, Dictionary<string, List<int>> keys, ActionOutcome[] outcomes, DateTime now)
    {
        var sql = ActionSql.Of(session);
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var group in keys.Chunk(RowSet.MaxRows / 2))
        {
            var asked = RowSet.Json(session.Dialect, group, k => [k.Key]).Single().Json;
            var fresh = group.Where(k => !prospects[wanted[k.Value[0]].ProspectId].Stopped).ToList();
            var rows = fresh.Count == 0 ? "[]" : RowSet.Json(session.Dialect, fresh, k => Row(k.Key, wanted[k.Value[0]], prospects, now)).Single().Json;
            try
            {
                var both = await session.QueryBothAfterAsync(
                    [],
                    new Statement(sql.KnownActions, null, (RowSet.Parameter, asked)),
                    r => (Key: r.GetString(0), First: new ActionOutcome(ActionResult.AlreadyExists, r.GetInt64(1), Enum.Parse<ActionStatus>(r.GetString(2)), r.IsDBNull(3) ? null : r.GetString(3))),
                    new Statement(sql.PlanNew, null, (RowSet.Parameter, rows), ("now", now)), r => (Id: r.GetInt64(0), Key: r.GetString(1)));
                if (both is not var (known, added)) continue;
                foreach (var one in known) keys[one.Key].ForEach(i => outcomes[i] = one.First);
                foreach (var one in added) ids[one.Key] = one.Id;
            }
            catch (System.Data.Common.DbException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // Another node was faster: looked up again.
                throw new StaleReadException("effect key");
            }
        }
        foreach (var (key, same) in keys.Where(k => outcomes[k.Value[0]] is null))
        {
            var prospect = prospects[wanted[same[0]].ProspectId];
            if (prospect.Stopped)
            {
                same.ForEach(i => outcomes[i] = new ActionOutcome(ActionResult.ProspectStopped));
                continue;
            }
            // Committed by another node between the look and the insert.
            if (!ids.TryGetValue(key, out var id)) throw new StaleReadException("effect key");
            for (var n = 0; n < same.Count; n++) outcomes[same[n]] = new ActionOutcome(n == 0 ? ActionResult.Scheduled : ActionResult.AlreadyExists, id, ActionStatus.Pending);
            session.Publish(Topics.Prospect(prospect.Id), EventNames.ActionChanged, id);
        }
        foreach (var account in keys.Where(k => ids.ContainsKey(k.Key)).Select(k => AccountOf(wanted[k.Value[0]], prospects)).Distinct())
            ActionStore.Publish(session, account);
    }

    private static long AccountOf(NewAction wanted, Dictionary<long, ProspectSeen> prospects) => wanted.AccountId ?? prospects[wanted.ProspectId].AccountId;

    private static DateTime DueOf(NewAction wanted, DateTime now) => wanted.ScheduledAt is { } at && at > now ? at : now;

    private static object?[] Row(string key, NewAction wanted, Dictionary<long, ProspectSeen> prospects, DateTime now)
    {
        var prospect = prospects[wanted.ProspectId];
        var due = DueOf(wanted, now);
        return
        [
            AccountOf(wanted, prospects), wanted.ProspectId, wanted.Kind, ActionKinds.TypeOf(wanted.Kind), ActionStatus.Pending, key, prospect.Epoch,
            wanted.Content is { } text ? OutsideText.Mend(text) : null, due, due, 0, 0L, wanted.CreatedBy,
        ];
    }

    private sealed record ProspectSeen(long Id, long AccountId, long Epoch, bool Stopped);

    private sealed class Request(NewAction wanted)
    {
        /// <summary>An answer without a key gets its own here and not where it is stored: it is stored again when a group could not be, perhaps because the answer of its commit was lost.</summary>
        public NewAction Wanted { get; } = wanted.EffectKey is null && ActionKinds.TypeOf(wanted.Kind) == ActionType.Reply ? wanted with { EffectKey = Guid.NewGuid().ToString("n") } : wanted;
        public TaskCompletionSource<ActionOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
