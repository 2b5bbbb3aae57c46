using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

public enum WorkerResult
{
    Done,
    NotFound,
    /// <summary>See <see cref="WorkerRules.IsId"/>.</summary>
    BadId,
    /// <summary>1 to 10,000.</summary>
    BadCapacity,
    /// <summary>At most 100 characters; only legacy workers have one.</summary>
    BadVirtualHost,
    /// <summary>A worker has this id already.</summary>
    Duplicate,
    /// <summary>Another legacy worker uses the same virtual host: nothing can route inside its queue.</summary>
    LegacyTaken,
    /// <summary>It is in this state already.</summary>
    Unchanged,
}

/// <summary>A worker as people see it.</summary>
/// <param name="Held">Numbers that take a seat; <paramref name="Capacity"/> is how many may.</param>
public sealed record WorkerRow(
    string Id, WorkerMode Mode, int Capacity, int Held, WorkerState State, DateTime StateSince, DateTime? HeartbeatAt, DateTime? LeaseUntil, string? Software, bool PairingCodes,
    string? VirtualHost, DateTime CreatedAt);

public sealed record WorkerPage(IReadOnlyList<WorkerRow> Items, int Total);

/// <summary>The registry of workers. Its topic is <c>Topics.Workers</c>. The bus asks here whom there is to reach.</summary>
public sealed class WorkerService(Database database, NumberWake wake, TimeProvider clock) : IWorkerDirectory
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>A routed worker counts as down until its first heartbeat; a legacy one, which sends none, as up.</summary>
    /// <param name="virtualHost">Of a second and further legacy worker; null: that of <c>Broker:Uri</c>.</param>
    public async Task<WorkerResult> RegisterAsync(string? id, WorkerMode mode, int capacity, string? virtualHost = null, CancellationToken cancel = default)
    {
        if (!WorkerRules.IsId(id)) return WorkerResult.BadId;
        if (!WorkerRules.IsCapacity(capacity)) return WorkerResult.BadCapacity;
        virtualHost = string.IsNullOrWhiteSpace(virtualHost) ? null : virtualHost.Trim();
        if (virtualHost is not null && (mode == WorkerMode.Routed || virtualHost.Length > WorkerRules.MaxVirtualHost)) return WorkerResult.BadVirtualHost;
        var now = Now;
        try
        {
            return await database.WriteAsync(async session =>
            {
                var legacy = mode == WorkerMode.Legacy;
                session.Db.Workers.Add(new Worker
                {
                    Id = id!, Mode = mode, Capacity = capacity, VirtualHost = virtualHost, LegacyHost = legacy ? virtualHost ?? "" : null,
                    State = legacy ? WorkerState.Up : WorkerState.Down, StateSince = now, CreatedAt = now,
                });
                await session.Db.SaveChangesAsync();
                Changed(session);
                return WorkerResult.Done;
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            await using var db = database.Read();
            return await db.Workers.AnyAsync(w => w.Id == id, cancel) ? WorkerResult.Duplicate : WorkerResult.LegacyTaken;
        }
    }

    public async Task<WorkerResult> SetCapacityAsync(string id, int capacity, CancellationToken cancel = default)
    {
        if (!WorkerRules.IsCapacity(capacity)) return WorkerResult.BadCapacity;
        return await database.WriteAsync(async session =>
        {
            var rows = await session.Db.Workers.Where(w => w.Id == id).ExecuteUpdateAsync(set => set.SetProperty(w => w.Capacity, capacity));
            if (rows > 0) Changed(session);
            return rows > 0 ? WorkerResult.Done : WorkerResult.NotFound;
        }, cancel);
    }

    /// <summary>Nothing new goes to it, and its numbers move to others one by one.</summary>
    public Task<WorkerResult> DrainAsync(string id, CancellationToken cancel = default)
    {
        var now = Now;
        return SetStateAsync(id, s => s.Where(w => w.Id == id && w.State != WorkerState.Draining)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.State, WorkerState.Draining).SetProperty(w => w.StateSince, now)), cancel);
    }

    /// <summary>Ends a drain: what was moved stays where it is.</summary>
    public Task<WorkerResult> ResumeAsync(string id, CancellationToken cancel = default)
    {
        var now = Now;
        return SetStateAsync(id, s => s.Where(w => w.Id == id && w.State == WorkerState.Draining).ExecuteUpdateAsync(set => set
            .SetProperty(w => w.State, w => w.Mode == WorkerMode.Legacy || w.LeaseUntil > now ? WorkerState.Up : WorkerState.Down).SetProperty(w => w.StateSince, now)), cancel);
    }

    /// <summary>Workers by id.</summary>
    /// <param name="state">Null: any.</param>
    public async Task<WorkerPage> PageAsync(WorkerState? state = null, int skip = 0, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.Workers.AsQueryable();
        if (state is { } wanted) found = found.Where(w => w.State == wanted);
        return new WorkerPage(await Rows(found.OrderBy(w => w.Id).Skip(skip).Take(take)).ToListAsync(cancel), await found.CountAsync(cancel));
    }

    /// <summary>Null: there is no such worker.</summary>
    public async Task<WorkerRow?> FindAsync(string id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db.Workers.Where(w => w.Id == id)).FirstOrDefaultAsync(cancel);
    }

    public async Task<IReadOnlyList<WorkerRoute>> ListAsync(CancellationToken cancel)
    {
        await using var db = database.Read();
        return await db.Workers.OrderBy(w => w.Id).Select(w => new WorkerRoute(w.Id, w.Mode, w.VirtualHost)).ToListAsync(cancel);
    }

    public async Task<bool> IsPairingAsync(string workerId, CancellationToken cancel)
    {
        await using var db = database.Read();
        return await db.Numbers.AnyAsync(n => n.WorkerId == workerId && n.State == NumberState.Scanned, cancel);
    }

    private static IQueryable<WorkerRow> Rows(IQueryable<Worker> workers) => workers.Select(w => new WorkerRow(
        w.Id, w.Mode, w.Capacity, w.Held, w.State, w.StateSince, w.HeartbeatAt, w.LeaseUntil, w.Software, w.PairingCodes, w.VirtualHost, w.CreatedAt));

    private Task<WorkerResult> SetStateAsync(string id, Func<IQueryable<Worker>, Task<int>> update, CancellationToken cancel) => database.WriteAsync(async session =>
    {
        if (await update(session.Db.Workers) > 0)
        {
            Changed(session);
            return WorkerResult.Done;
        }
        return await session.Db.Workers.AnyAsync(w => w.Id == id) ? WorkerResult.Unchanged : WorkerResult.NotFound;
    }, cancel);

    private void Changed(WriteSession session)
    {
        session.Publish(Topics.Workers, EventNames.WorkerChanged, 0);
        session.AfterCommit(wake.Wake);
    }
}
