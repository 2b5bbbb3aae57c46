using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conflicts;

/// <summary>What a loser makes of it, and the record for everybody else.</summary>
public sealed partial class ConflictResolutionService
{
    /// <summary>
    /// The loser leaves it, asks the winner to let go, or tries again. Asking and trying act on the lock first; the conflict is settled only when that
    /// worked.
    /// </summary>
    public async Task<ResolveOutcome> ResolveAsync(
        long conflictId, long moderatorId, ConflictChoice choice, string? reason = null, CancellationToken cancel = default)
    {
        AssignmentConflict? conflict;
        await using (var db = database.Read()) conflict = await db.AssignmentConflicts.FirstOrDefaultAsync(c => c.Id == conflictId, cancel);
        if (conflict is null) return new ResolveOutcome(ResolveResult.NotFound);
        if (conflict.LoserId != moderatorId) return new ResolveOutcome(ResolveResult.NotYours);
        if (conflict.Resolution != ConflictResolution.None) return new ResolveOutcome(ResolveResult.AlreadyResolved);
        LockKind? kind = conflict.Kind switch
        {
            ConflictKind.Client => LockKind.Client,
            ConflictKind.Profile => LockKind.Profile,
            ConflictKind.Connection or ConflictKind.Conversation or ConflictKind.Initiation => null,
        };
        switch (choice)
        {
            case ConflictChoice.Accept:
                return await SettleAsync(conflict, ConflictResolution.Accepted, new ResolveOutcome(ResolveResult.Done), cancel);
            case ConflictChoice.Ask when kind is { } asked:
                var request = await locks.RequestUnlockAsync(asked, conflict.ResourceId, moderatorId, reason ?? "", conflict.ProfileId, cancel);
                return request.Result switch
                {
                    UnlockResult.Asked => await SettleAsync(
                        conflict, ConflictResolution.Asked, new ResolveOutcome(ResolveResult.Done, 0, request.RequestId, request.DueAt, request.Held), cancel),
                    UnlockResult.BadReason => new ResolveOutcome(ResolveResult.BadReason),
                    UnlockResult.NotLocked or UnlockResult.AlreadyYours => await RetryAsync(conflict, asked, moderatorId, cancel),
                    _ => new ResolveOutcome(ResolveResult.StillHeld, 0, request.RequestId, request.DueAt, request.Held),
                };
            case ConflictChoice.Retry when kind is { } again:
                return await RetryAsync(conflict, again, moderatorId, cancel);
            default:
                return new ResolveOutcome(ResolveResult.NotPossible);
        }
    }

    /// <summary>
    /// An admin decides an open conflict: it stays with the winner, or the hold that the loser ran into is his now. <see cref="ResolveResult.NotPossible"/>: that
    /// hold has ended, or there never was one (then only leaving it is left).
    /// </summary>
    /// <param name="reason">Told to the winner who loses it.</param>
    public async Task<ResolveOutcome> DecideAsync(long conflictId, long actorId, ConflictDecision decision, string? reason = null, CancellationToken cancel = default)
    {
        AssignmentConflict? conflict;
        await using (var db = database.Read()) conflict = await db.AssignmentConflicts.FirstOrDefaultAsync(c => c.Id == conflictId, cancel);
        if (conflict is null) return new ResolveOutcome(ResolveResult.NotFound);
        if (conflict.Resolution != ConflictResolution.None) return new ResolveOutcome(ResolveResult.AlreadyResolved);
        if (decision == ConflictDecision.LeaveIt)
            return await SettleAsync(conflict, ConflictResolution.Confirmed, new ResolveOutcome(ResolveResult.Done), cancel, actorId);
        if (conflict is not { DecidedBy: ConflictRule.Lock, LoserId: { } loser }) return new ResolveOutcome(ResolveResult.NotPossible);
        var moved = await locks.TakeOverAsync(
            conflict.Kind == ConflictKind.Profile ? LockKind.Profile : LockKind.Client, conflict.ResourceId, actorId, reason ?? "", loser, conflict.ProfileId, conflict.Token, cancel);
        return moved.Result switch
        {
            UnlockResult.Moved => await SettleAsync(conflict, ConflictResolution.Overruled, new ResolveOutcome(ResolveResult.Done, moved.Token), cancel, actorId),
            UnlockResult.BadReason => new ResolveOutcome(ResolveResult.BadReason),
            _ => new ResolveOutcome(ResolveResult.NotPossible, Held: moved.Held),
        };
    }

    /// <summary>Conflicts, the newest first, with how many there are in all.</summary>
    /// <param name="moderatorId">Only those that this person won or lost.</param>
    /// <param name="open">Only those that are (true) or are not (false) settled yet.</param>
    public async Task<(IReadOnlyList<ConflictRecord> Items, int Total)> ListAsync(
        int skip, int take, ConflictKind? kind = null, long? moderatorId = null, bool? open = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = db.AssignmentConflicts.Where(c => (kind == null || c.Kind == kind)
            && (moderatorId == null || c.LoserId == moderatorId || c.WinnerId == moderatorId)
            && (open == null || (c.Resolution == ConflictResolution.None) == open));
        var page = await rows.OrderByDescending(c => c.Id).Skip(skip).Take(take).Select(c => new
        {
            Row = c,
            Winner = db.Moderators.Where(m => m.Id == c.WinnerId).Select(m => m.Name).FirstOrDefault(),
            Loser = db.Moderators.Where(m => m.Id == c.LoserId).Select(m => m.Name).FirstOrDefault(),
        }).ToListAsync(cancel);
        return (page.ConvertAll(p => new ConflictRecord(
            p.Row.Id, p.Row.At, p.Row.Kind, p.Row.ResourceId, p.Row.ProfileId, p.Row.WinnerId, p.Winner, p.Row.LoserId, p.Loser, Ids(p.Row.Participants),
            p.Row.DecidedBy, p.Row.Resolution, p.Row.ResolvedById, p.Row.ResolvedAt, p.Row.DurationMs, p.Row.Note)), await rows.CountAsync(cancel));
    }

    /// <summary>A conflict over a lock is settled by itself when that hold has ended. Returns how many were.</summary>
    public async Task<int> SettleEndedAsync(DateTime now, CancellationToken cancel = default)
    {
        List<AssignmentConflict> ended;
        await using (var db = database.Read())
        {
            ended = await db.AssignmentConflicts.Where(c => c.Resolution == ConflictResolution.None && c.DecidedBy == ConflictRule.Lock
                && !db.Set<HeldLock>().Any(l => l.ResourceId == c.ResourceId && l.Token == c.Token && l.ExpiresAt > now
                    && ((l.Kind == LockKind.Client && c.Kind == ConflictKind.Client) || (l.Kind == LockKind.Profile && c.Kind == ConflictKind.Profile))))
                .OrderBy(c => c.Id).Take(MaxFindings).ToListAsync(cancel);
        }
        var settled = 0;
        foreach (var conflict in ended)
        {
            if ((await SettleAsync(conflict, ConflictResolution.Automatic, new ResolveOutcome(ResolveResult.Done), cancel, null)).Result == ResolveResult.Done) settled++;
        }
        return settled;
    }

    private async Task<ResolveOutcome> RetryAsync(AssignmentConflict conflict, LockKind kind, long moderatorId, CancellationToken cancel)
    {
        var taken = kind == LockKind.Client
            ? await locks.LockClientAsync(conflict.ResourceId, conflict.ProfileId ?? 0, moderatorId, cancel: cancel)
            : await locks.LockProfileAsync(conflict.ResourceId, moderatorId, type: ProfileLockType.Manual, cancel: cancel);
        return taken.Succeeded
            ? await SettleAsync(conflict, ConflictResolution.Retried, new ResolveOutcome(ResolveResult.Done, taken.Token), cancel)
            : new ResolveOutcome(taken.Held is null ? ResolveResult.NotPossible : ResolveResult.StillHeld, Held: taken.Held);
    }

    private Task<ResolveOutcome> SettleAsync(
        AssignmentConflict conflict, ConflictResolution resolution, ResolveOutcome done, CancellationToken cancel) =>
        SettleAsync(conflict, resolution, done, cancel, conflict.LoserId);

    private Task<ResolveOutcome> SettleAsync(
        AssignmentConflict conflict, ConflictResolution resolution, ResolveOutcome done, CancellationToken cancel, long? actorId)
    {
        var now = Now;
        var lasted = (long)(now - conflict.At).TotalMilliseconds;
        return database.WriteAsync(async session =>
        {
            var rows = await session.Db.AssignmentConflicts.Where(c => c.Id == conflict.Id && c.Resolution == ConflictResolution.None)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.Resolution, resolution).SetProperty(c => c.ResolvedById, actorId)
                    .SetProperty(c => c.ResolvedAt, now).SetProperty(c => c.DurationMs, lasted));
            if (rows == 0) return done with { Result = ResolveResult.AlreadyResolved };
            if (conflict.LoserId is { } loser) session.Publish(Topics.Moderator(loser), EventNames.ConflictLogged, conflict.ResourceId);
            session.Publish(Topics.Board, EventNames.ConflictLogged, conflict.ResourceId);
            return done;
        }, cancel);
    }

    private static IReadOnlyList<long> Ids(string participants) =>
        [.. participants.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0).Where(id => id > 0)];
}
