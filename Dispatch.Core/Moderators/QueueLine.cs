using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

/// <summary>
/// The rows of <c>moderator_queue</c>: who belongs in the line follows from presence, permissions and holdings, so it is settled from those facts and
/// not kept by whoever remembers to. Everything in here runs inside a rotation (<see cref="ProfileClaims.EnterAsync"/>).
/// </summary>
internal static class QueueLine
{
    private static readonly Dictionary<DatabaseProvider, string> Place = SqlDialect.All.ToDictionary(d => d.Provider, d => d.UpdateRows(
        "moderator_queue",
        [
            RowColumn.Id("moderator_id"), RowColumn.Number("place"), RowColumn.Number("wait"), RowColumn.Number("wait_from"), RowColumn.Number("wait_to"),
            RowColumn.Number("free"), RowColumn.Moment("first_at"), RowColumn.Number("first_low"), RowColumn.Number("first_high"),
        ],
        "position = r.place, estimated_wait_time = r.wait, estimated_from = r.wait_from, estimated_to = r.wait_to, profiles_available = r.free, "
        + "first_estimate_at = r.first_at, first_from = r.first_low, first_to = r.first_high", null, ["moderator_id"]));

    internal static string Statement(SqlDialect dialect) => Place[dialect.Provider];

    /// <summary>Lets out who does not wait any more and in who does now. Returns who came.</summary>
    public static async Task<IReadOnlyList<long>> SettleAsync(WriteSession session, int maxProfiles, DateTime now)
    {
        var db = session.Db;
        var belong = db.Moderators.Where(m =>
            m.Enabled && m.State == PresenceState.Online && m.QueueStanding == QueueStanding.Waiting && m.HeldProfiles < maxProfiles
            && db.Profiles.Any(p => p.Mode == ProfileMode.Exclusive && !p.Paused
                && (!p.Restricted || db.ProfileModerators.Any(x => x.ProfileId == p.Id && x.ModeratorId == m.Id))));
        var gone = await db.ModeratorQueue.Where(q => !belong.Any(m => m.Id == q.ModeratorId)).Select(q => q.ModeratorId).ToListAsync();
        if (gone.Count > 0)
        {
            await db.ModeratorQueue.Where(q => gone.Contains(q.ModeratorId)).ExecuteDeleteAsync();
            foreach (var id in gone) Announce(session, id);
        }
        // The waiting began with the connection, or with the loss of a profile after it: facts of the database, so the order is the same whichever
        // node settles the line and however late.
        var come = await belong.Where(m => !db.ModeratorQueue.Any(q => q.ModeratorId == m.Id))
            .Select(m => new { m.Id, m.Priority, m.StateSince, Lost = db.ProfileAssignments.Where(a => a.ModeratorId == m.Id && a.EndedAt != null).Max(a => a.EndedAt) })
            .ToListAsync();
        if (come.Count > 0)
        {
            db.ModeratorQueue.AddRange(come.Select(m => new ModeratorQueueEntry
                { ModeratorId = m.Id, Priority = m.Priority, QueuedAt = m.Lost > m.StateSince ? m.Lost.Value : m.StateSince }));
            try
            {
                await db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // He asked to wait again in the same instant.
                throw new StaleReadException("queue");
            }
            db.ChangeTracker.Clear();
        }
        return come.ConvertAll(m => m.Id);
    }

    /// <summary>Everybody in the line, in the order in which they are served.</summary>
    public static async Task<List<LineEntry>> ReadAsync(DispatchDb db, CancellationToken cancel = default)
    {
        var rows = await db.ModeratorQueue.AsNoTracking().Join(db.Moderators, q => q.ModeratorId, m => m.Id,
            (q, m) => new LineEntry(q.ModeratorId, m.Name, q.Priority, m.HeldProfiles, q.QueuedAt, q.Position, q.FirstEstimateAt)).ToListAsync(cancel);
        rows.Sort(RotationRules.Compare);
        return rows;
    }

    /// <summary>
    /// Numbers the line anew, with everybody's expected wait, and tells exactly those whose place or expectation changed. A few reads and one
    /// statement, however many wait.
    /// </summary>
    public static async Task<int> ReorderAsync(WriteSession session, DateTime now)
    {
        var db = session.Db;
        var rows = await db.ModeratorQueue.AsNoTracking().Join(db.Moderators, q => q.ModeratorId, m => m.Id, (q, m) => new { Entry = q, m.Name, m.HeldProfiles })
            .ToListAsync();
        if (rows.Count == 0) return 0;
        rows.Sort((a, b) => RotationRules.Compare(Line(a.Entry, a.Name, a.HeldProfiles), Line(b.Entry, b.Name, b.HeldProfiles)));
        var holds = await HoldTimesAsync(db, now);
        var rotation = await RotationOfAsync(db);
        var changed = new List<ModeratorQueueEntry>();
        for (var i = 0; i < rows.Count; i++)
        {
            var entry = rows[i].Entry;
            var (all, free) = rotation.For(entry.ModeratorId);
            if (Change(entry, i + 1, ProfileWait.Estimate(holds, i + 1, all), free, now)) changed.Add(entry);
        }
        var rowsOf = RowSet.Json(session.Dialect, changed, e =>
            [e.ModeratorId, e.Position, e.EstimatedWaitTime, e.EstimatedFrom, e.EstimatedTo, e.ProfilesAvailable, e.FirstEstimateAt, e.FirstFrom, e.FirstTo]);
        foreach (var (json, _) in rowsOf) await session.ExecuteAsync(Place[session.Dialect.Provider], (RowSet.Parameter, json));
        foreach (var entry in changed) Announce(session, entry.ModeratorId);
        return changed.Count;
    }

    public static void Announce(WriteSession session, long moderatorId)
    {
        session.Publish(Topics.Moderator(moderatorId), EventNames.QueuePositionChanged, moderatorId);
        session.Publish(Topics.Queue, EventNames.QueuePositionChanged, moderatorId);
    }

    /// <summary>How long profiles were held lately, ascending.</summary>
    public static async Task<List<TimeSpan>> HoldTimesAsync(DispatchDb db, DateTime now, CancellationToken cancel = default)
    {
        var since = now - ProfileWait.Horizon;
        var rows = await db.ProfileAssignments.Where(a => a.EndedAt != null && a.EndedAt > since).OrderByDescending(a => a.EndedAt)
            .Take(ProfileWait.MaxObservations).Select(a => new { a.AssignedAt, a.EndedAt }).ToListAsync(cancel);
        var holds = rows.ConvertAll(a => a.EndedAt!.Value - a.AssignedAt);
        holds.Sort();
        return holds;
    }

    /// <summary>Which exclusive profiles go round, and which of them are free.</summary>
    public static async Task<Rotating> RotationOfAsync(DispatchDb db, CancellationToken cancel = default)
    {
        var profiles = await db.Profiles.Where(p => p.Mode == ProfileMode.Exclusive && !p.Paused)
            .Select(p => new { p.Id, p.Restricted, Free = p.HolderId == null, p.AvoidId }).ToListAsync(cancel);
        var allowed = await db.ProfileModerators.Where(x => db.Profiles.Any(p => p.Id == x.ProfileId && p.Mode == ProfileMode.Exclusive && !p.Paused && p.Restricted))
            .ToListAsync(cancel);
        var free = profiles.Where(p => p.Free).ToDictionary(p => p.Id, p => p.AvoidId);
        return new Rotating(
            profiles.Count(p => !p.Restricted), [.. profiles.Where(p => p is { Restricted: false, Free: true }).Select(p => p.AvoidId)],
            allowed.GroupBy(x => x.ModeratorId).ToDictionary(
                g => g.Key, g => (g.Count(), g.Count(x => free.TryGetValue(x.ProfileId, out var avoid) && avoid != g.Key))),
            profiles.Count, free.Count);
    }

    private static LineEntry Line(ModeratorQueueEntry q, string name, int held) => new(q.ModeratorId, name, q.Priority, held, q.QueuedAt, q.Position);

    /// <summary>True: something the person sees changed.</summary>
    private static bool Change(ModeratorQueueEntry entry, int position, ProfileWait? wait, int free, DateTime now)
    {
        if (entry.Position == position && entry.EstimatedFrom == wait?.From && entry.EstimatedTo == wait?.To && entry.ProfilesAvailable == free) return false;
        (entry.Position, entry.ProfilesAvailable) = (position, free);
        (entry.EstimatedWaitTime, entry.EstimatedFrom, entry.EstimatedTo) = (wait?.Expected, wait?.From, wait?.To);
        if (wait is not null && entry.FirstEstimateAt is null) (entry.FirstEstimateAt, entry.FirstFrom, entry.FirstTo) = (now, wait.From, wait.To);
        return true;
    }
}

/// <summary>Counts of the profiles that go round, by who may serve them.</summary>
/// <param name="OpenFree">For each free profile that everybody may serve: who is not to have it now.</param>
internal sealed record Rotating(
    int Open, IReadOnlyList<long?> OpenFree, IReadOnlyDictionary<long, (int All, int Free)> Restricted, int Total, int TotalFree)
{
    public (int All, int Free) For(long moderatorId)
    {
        var more = Restricted.GetValueOrDefault(moderatorId);
        return (Open + more.All, OpenFree.Count(avoid => avoid != moderatorId) + more.Free);
    }
}
