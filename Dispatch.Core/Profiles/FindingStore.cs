using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>One thing that was found, before it is known whether it is new.</summary>
/// <param name="Key">The same thing has the same key.</param>
internal sealed record Found(FindingKind Kind, string Key, long? ProfileId = null, long? ModeratorId = null, long? ConversationId = null);

/// <summary>Raises once what lasts, counts what is seen again, and resolves what is gone.</summary>
internal static class FindingStore
{
    /// <summary>The same repair within this time is one row with a count.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromHours(1);

    /// <summary>True: it was not known.</summary>
    public static async Task<bool> RaiseAsync(WriteSession session, Found found, bool repaired, DateTime now)
    {
        var known = session.Db.AssignmentFindings.Where(f => f.DedupeKey == found.Key);
        known = repaired ? known.Where(f => f.Repaired && f.LastSeenAt > now - Together) : known.Where(f => f.ResolvedAt == null);
        if (await known.ExecuteUpdateAsync(set => set.SetProperty(f => f.LastSeenAt, now).SetProperty(f => f.Count, f => f.Count + 1)) > 0) return false;
        session.Db.AssignmentFindings.Add(new AssignmentFinding
        {
            Kind = found.Kind, DedupeKey = found.Key, ProfileId = found.ProfileId, ModeratorId = found.ModeratorId, ConversationId = found.ConversationId,
            FirstSeenAt = now, LastSeenAt = now, Repaired = repaired, ResolvedAt = repaired ? now : null,
        });
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("finding");
        }
        session.Db.ChangeTracker.Clear();
        session.Publish(Topics.Board, EventNames.FindingRaised, found.ConversationId ?? found.ProfileId ?? found.ModeratorId ?? 0);
        return true;
    }

    /// <summary>What was not seen (again) at <paramref name="now"/> is gone. Kinds that were not looked at stay as they are.</summary>
    public static Task<int> ResolveUnseenAsync(WriteSession session, IReadOnlyCollection<FindingKind> looked, DateTime now) =>
        session.Db.AssignmentFindings.Where(f => f.ResolvedAt == null && looked.Contains(f.Kind) && f.LastSeenAt < now)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.ResolvedAt, now));
}
