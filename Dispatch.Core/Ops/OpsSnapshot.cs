using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Ops;

/// <summary>How Dispatch is at one moment: the figures that people on duty look at first.</summary>
/// <param name="Waiting">Conversations that nobody could be given yet.</param>
/// <param name="OldestWaitingSince">When the first message of the one that waits longest came; null: none waits.</param>
/// <param name="Queue">Moderators in the line for exclusive profiles.</param>
/// <param name="Unheld">Exclusive profiles without a holder, paused ones not counted.</param>
/// <param name="Matchings">Searches for a driver that are open.</param>
public sealed record OpsSnapshot(
    DateTime At, int Waiting, DateTime? OldestWaitingSince, IReadOnlyDictionary<PresenceState, int> Moderators, int Queue, int Unheld, int Matchings,
    IReadOnlyDictionary<DriverStatus, int> Drivers, IReadOnlyDictionary<AlertSeverity, int> Alerts);

/// <summary>Reads <see cref="OpsSnapshot"/>: a fixed number of queries over what is open now, whatever the history.</summary>
public sealed class OpsQueries(Database database)
{
    public async Task<OpsSnapshot> SnapshotAsync(DateTime now, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var waiting = await db.PendingMessages.GroupBy(p => 1).Select(g => new { Conversations = g.Select(p => p.ConversationId).Distinct().Count(), Oldest = g.Min(p => p.ReceivedAt) })
            .SingleOrDefaultAsync(cancel);
        return new OpsSnapshot(
            now, waiting?.Conversations ?? 0, waiting?.Oldest,
            await db.Moderators.Where(m => m.Enabled).GroupBy(m => m.State).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancel),
            await db.ModeratorQueue.CountAsync(cancel),
            await db.Profiles.CountAsync(p => p.Mode == ProfileMode.Exclusive && !p.Paused && p.HolderId == null, cancel),
            await db.Bookings.CountAsync(b => b.Status == BookingStatus.Pending && b.MatchingStartedAt != null, cancel),
            await db.Drivers.GroupBy(d => d.Status).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancel),
            await db.Alerts.Where(a => a.ResolvedAt == null).GroupBy(a => a.Severity).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancel));
    }
}
