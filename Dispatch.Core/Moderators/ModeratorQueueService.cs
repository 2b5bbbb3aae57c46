using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>A place in the line for exclusive profiles; 1 is next.</summary>
/// <param name="Held">Exclusive profiles held already.</param>
/// <param name="ExpectedWait">Null: unknown (fewer than ten observations, or no profile to wait for).</param>
/// <param name="ProfilesAvailable">Free profiles this person may serve.</param>
public sealed record QueueLineRow(
    long ModeratorId, string Name, int Position, int Of, int Priority, int Held, DateTime QueuedAt, WaitEstimate? ExpectedWait, int ProfilesAvailable);

/// <summary>The line as a whole.</summary>
/// <param name="ProfilesInRotation">Exclusive profiles that are not paused.</param>
/// <param name="Accuracy">How far past expectations were off.</param>
public sealed record QueueStatus(IReadOnlyList<QueueLineRow> Line, int ProfilesInRotation, int ProfilesFree, WaitAccuracy Accuracy);

public enum QueueResult
{
    Done,
    /// <summary>Already so.</summary>
    Unchanged,
    /// <summary>Unknown or disabled.</summary>
    NotFound,
    NotPresent,
    /// <summary>Holds as many profiles as allowed.</summary>
    AtLimit,
    /// <summary>There is no exclusive profile this person may serve.</summary>
    NothingToWaitFor,
    /// <summary>Not in the line (any more).</summary>
    NotWaiting,
    /// <summary>The reason is missing or too long.</summary>
    BadReason,
    /// <summary>Outside -100 to 100.</summary>
    BadPriority,
    /// <summary>Another request of this person is not decided yet.</summary>
    AlreadyAsked,
    /// <summary>Somebody decided already.</summary>
    AlreadyDecided,
}

/// <summary>A wish for another priority, as an admin sees it.</summary>
public sealed record PriorityRequestRow(long Id, long ModeratorId, string Name, int Priority, int? CurrentPriority, string Reason, DateTime AskedAt);

/// <summary>A wish for another priority, as the person who had it sees it.</summary>
/// <param name="DecidedAt">Null: no admin decided yet.</param>
public sealed record MyPriorityRequest(long Id, int Priority, string Reason, DateTime AskedAt, DateTime? DecidedAt, bool Granted);

/// <summary>
/// The line of those who wait for an exclusive profile (seed 001). Presence, permissions and the limit of profiles decide who stands in it
/// (<see cref="QueueLine"/>); what people decide is to leave it, to come back, and to ask for a priority.
/// </summary>
public sealed class ModeratorQueueService(Database database, ProfileRotation rotation, SettingsService settings, TimeProvider clock)
{
    public const int MaxPriority = 100;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>The person wants to wait (again), from now on. A profile he gave back may be offered to him again.</summary>
    /// <param name="priority">Null: the person's own.</param>
    public async Task<QueueResult> AddToQueueAsync(long moderatorId, int? priority = null, CancellationToken cancel = default)
    {
        if (priority is < -MaxPriority or > MaxPriority) return QueueResult.BadPriority;
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        return await database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var db = session.Db;
            if (await db.Moderators.AsNoTracking().FirstOrDefaultAsync(m => m.Id == moderatorId && m.Enabled) is not { } person) return QueueResult.NotFound;
            if (person.State != PresenceState.Online) return QueueResult.NotPresent;
            if (person.HeldProfiles >= rules.MaxProfiles) return QueueResult.AtLimit;
            // Profiles before people, as in every claim.
            await db.Profiles.Where(p => p.AvoidId == moderatorId).ExecuteUpdateAsync(set => set.SetProperty(p => p.AvoidId, (long?)null));
            await db.Moderators.Where(m => m.Id == moderatorId).ExecuteUpdateAsync(set => set.SetProperty(m => m.QueueStanding, QueueStanding.Waiting));
            session.AfterCommit(rotation.Wake);
            var entry = await db.ModeratorQueue.AsNoTracking().FirstOrDefaultAsync(q => q.ModeratorId == moderatorId);
            if (entry is not null)
            {
                if (priority is not { } wanted || entry.Priority == wanted) return QueueResult.Unchanged;
                await db.ModeratorQueue.Where(q => q.ModeratorId == moderatorId).ExecuteUpdateAsync(set => set.SetProperty(q => q.Priority, wanted));
                await QueueLine.ReorderAsync(session, now);
                return QueueResult.Done;
            }
            if ((await QueueLine.RotationOfAsync(db, cancel)).For(moderatorId).All == 0) return QueueResult.NothingToWaitFor;
            db.ModeratorQueue.Add(new ModeratorQueueEntry { ModeratorId = moderatorId, QueuedAt = now, Priority = priority ?? person.Priority });
            await db.SaveChangesAsync(cancel);
            db.ChangeTracker.Clear();
            await QueueLine.ReorderAsync(session, now);
            return QueueResult.Done;
        }, cancel);
    }

    /// <summary>The person does not want to wait any more; he comes back by asking (<see cref="AddToQueueAsync"/>) or with the next connection.</summary>
    public Task<QueueResult> RemoveFromQueueAsync(long moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var rows = await session.Db.ModeratorQueue.Where(q => q.ModeratorId == moderatorId).ExecuteDeleteAsync();
            // Remembered even for somebody who is not in it: holding as many as allowed, he does not want another one afterwards either.
            var known = await session.Db.Moderators.Where(m => m.Id == moderatorId)
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.QueueStanding, QueueStanding.Left));
            if (known == 0) return QueueResult.NotFound;
            if (rows == 0) return QueueResult.NotWaiting;
            QueueLine.Announce(session, moderatorId);
            await QueueLine.ReorderAsync(session, now);
            return QueueResult.Done;
        }, cancel);
    }

    /// <summary>Null: not in the line.</summary>
    public async Task<QueueLineRow?> GetQueuePositionAsync(long moderatorId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return (await RowsAsync(db, cancel)).FirstOrDefault(r => r.ModeratorId == moderatorId);
    }

    /// <summary>Gives every free profile to the first in the line who may serve it. Runs by itself whenever one frees.</summary>
    public Task<RotationResult> ProcessQueueAsync(CancellationToken cancel = default) => rotation.RunOnceAsync(Now, cancel);

    /// <summary>Numbers the line anew by priority, holdings and waiting; tells those whose place or expectation changed. Returns how many that were.</summary>
    public Task<int> ReorderQueueAsync(CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            return await QueueLine.ReorderAsync(session, now);
        }, cancel);
    }

    public async Task<QueueStatus> GetQueueStatusAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rotating = await QueueLine.RotationOfAsync(db, cancel);
        var past = await db.WaitObservations.OrderByDescending(o => o.ServedAt).Take(ProfileWait.MaxObservations).ToListAsync(cancel);
        return new QueueStatus(await RowsAsync(db, cancel), rotating.Total, rotating.TotalFree, WaitAccuracy.Of(past));
    }

    /// <summary>Asks for another priority in this wait; an admin decides.</summary>
    /// <param name="reason">1 to 400 characters, shown to the admins.</param>
    public async Task<(QueueResult Result, long RequestId)> RequestPriorityAsync(
        long moderatorId, int priority, string reason, CancellationToken cancel = default)
    {
        reason = OutsideText.Mend(reason ?? "").Trim();
        if (priority is < -MaxPriority or > MaxPriority) return (QueueResult.BadPriority, 0);
        if (reason.Length is 0 or > ModeratorQueueConfiguration.ReasonLength) return (QueueResult.BadReason, 0);
        var now = Now;
        try
        {
            return await database.WriteAsync(async session =>
            {
                if (!await session.Db.ModeratorQueue.AnyAsync(q => q.ModeratorId == moderatorId)) return (QueueResult.NotWaiting, 0L);
                var request = new PriorityRequest { ModeratorId = moderatorId, Priority = priority, Reason = reason, AskedAt = now };
                session.Db.PriorityRequests.Add(request);
                await session.Db.SaveChangesAsync();
                session.Publish(Topics.Board, EventNames.PriorityRequested, request.Id);
                return (QueueResult.Done, request.Id);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return (QueueResult.AlreadyAsked, 0);
        }
    }

    /// <summary>This person's newest wish, decided or not; null: had none.</summary>
    public async Task<MyPriorityRequest?> LatestRequestAsync(long moderatorId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.PriorityRequests.Where(r => r.ModeratorId == moderatorId).OrderByDescending(r => r.Id)
            .Select(r => new MyPriorityRequest(r.Id, r.Priority, r.Reason, r.AskedAt, r.DecidedAt, r.Granted)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>An admin's answer. Granted: the priority holds for this wait.</summary>
    public Task<QueueResult> DecidePriorityAsync(long requestId, bool grant, long? adminId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            await ProfileClaims.EnterAsync(session);
            var db = session.Db;
            if (await db.PriorityRequests.AsNoTracking().FirstOrDefaultAsync(r => r.Id == requestId) is not { } request) return QueueResult.NotFound;
            if (await db.PriorityRequests.Where(r => r.Id == requestId && r.DecidedAt == null).ExecuteUpdateAsync(set => set
                    .SetProperty(r => r.DecidedAt, now).SetProperty(r => r.DecidedById, adminId).SetProperty(r => r.Granted, grant)) == 0)
                return QueueResult.AlreadyDecided;
            session.Publish(Topics.Moderator(request.ModeratorId), EventNames.PriorityDecided, requestId);
            session.Publish(Topics.Board, EventNames.PriorityDecided, requestId);
            if (!grant) return QueueResult.Done;
            if (await db.ModeratorQueue.Where(q => q.ModeratorId == request.ModeratorId)
                    .ExecuteUpdateAsync(set => set.SetProperty(q => q.Priority, request.Priority)) == 0) return QueueResult.NotWaiting;
            await QueueLine.ReorderAsync(session, now);
            session.AfterCommit(rotation.Wake);
            return QueueResult.Done;
        }, cancel);
    }

    /// <summary>What admins have to decide, the oldest first.</summary>
    public async Task<IReadOnlyList<PriorityRequestRow>> OpenRequestsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.PriorityRequests.Where(r => r.DecidedAt == null).OrderBy(r => r.AskedAt).ThenBy(r => r.Id)
            .Select(r => new PriorityRequestRow(
                r.Id, r.ModeratorId, db.Moderators.Where(m => m.Id == r.ModeratorId).Select(m => m.Name).First(), r.Priority,
                db.ModeratorQueue.Where(q => q.ModeratorId == r.ModeratorId).Select(q => (int?)q.Priority).FirstOrDefault(), r.Reason, r.AskedAt))
            .ToListAsync(cancel);
    }

    private static async Task<List<QueueLineRow>> RowsAsync(DispatchDb db, CancellationToken cancel)
    {
        var rows = await db.ModeratorQueue.Join(db.Moderators, q => q.ModeratorId, m => m.Id, (q, m) => new { Entry = q, m.Name, m.HeldProfiles }).ToListAsync(cancel);
        // By the rules and not by the stored number: between a change and its renumbering the order is already right.
        rows.Sort((a, b) => RotationRules.Compare(
            new LineEntry(a.Entry.ModeratorId, a.Name, a.Entry.Priority, a.HeldProfiles, a.Entry.QueuedAt, 0),
            new LineEntry(b.Entry.ModeratorId, b.Name, b.Entry.Priority, b.HeldProfiles, b.Entry.QueuedAt, 0)));
        return [.. rows.Select((r, i) => new QueueLineRow(
            r.Entry.ModeratorId, r.Name, i + 1, rows.Count, r.Entry.Priority, r.HeldProfiles, r.Entry.QueuedAt,
            r.Entry is { EstimatedFrom: { } from, EstimatedTo: { } to } ? new WaitEstimate(TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to)) : null,
            r.Entry.ProfilesAvailable))];
    }
}
