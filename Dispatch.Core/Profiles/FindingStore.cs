using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>One thing that was found, before it is known whether it is new.</summary>
/// <param name="Key">The same thing has the same key.</param>
internal sealed record Found(FindingKind Kind, string Key, long? ProfileId = null, long? ModeratorId = null, long? ConversationId = null);

/// <summary>
/// Raises once what lasts, counts what is seen again, and resolves what is gone. What Dispatch could not put right is an alert as well, by the same key: it comes
/// with the finding and goes with it, and whoever puts the alert away does not get it again while the finding lasts.
/// </summary>
public sealed class FindingStore(AlertStore alerts)
{
    /// <summary>Keys of alerts are those of all capabilities; these are ours.</summary>
    internal const string AlertPrefix = "finding:";

    /// <summary>The same repair within this time is one row with a count.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromHours(1);

    /// <summary>True: it was not known.</summary>
    internal async Task<bool> RaiseAsync(WriteSession session, Found found, bool repaired, DateTime now)
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
        if (!repaired)
        {
            await alerts.RaiseAsync(session, AlertKind.Assignment, Severity(found.Kind), AlertPrefix + found.Key, now, subject: found.Kind.ToString(), details: Details(found));
        }
        session.Db.ChangeTracker.Clear();
        session.Publish(Topics.Board, EventNames.FindingRaised, found.ConversationId ?? found.ProfileId ?? found.ModeratorId ?? 0);
        return true;
    }

    /// <summary>What was not seen (again) at <paramref name="now"/> is gone. Kinds that were not looked at stay as they are.</summary>
    internal static async Task<int> ResolveUnseenAsync(WriteSession session, IReadOnlyCollection<FindingKind> looked, DateTime now)
    {
        var resolved = await session.Db.AssignmentFindings.Where(f => f.ResolvedAt == null && looked.Contains(f.Kind) && f.LastSeenAt < now)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.ResolvedAt, now));
        // Not by what this call resolved: an alert whose finding is gone for any other reason goes as well.
        var over = await session.Db.Alerts
            .Where(a => a.ResolvedAt == null && a.Kind == AlertKind.Assignment && !session.Db.AssignmentFindings.Any(f => f.ResolvedAt == null && AlertPrefix + f.DedupeKey == a.DedupeKey))
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ResolvedAt, now));
        if (resolved > 0) session.Publish(Topics.Board, EventNames.FindingRaised, 0);
        if (over > 0) session.Publish(Topics.Alerts, EventNames.AlertChanged, 0);
        return resolved;
    }

    private static AlertSeverity Severity(FindingKind kind) => kind switch
    {
        // A contact is not answered, or nobody looks.
        FindingKind.Unanswered or FindingKind.OrphanProfile or FindingKind.CheckFailed => AlertSeverity.Critical,
        FindingKind.LongWait => AlertSeverity.Info,
        FindingKind.WrongOwner or FindingKind.WrongHolder or FindingKind.FreeThoughWaited or FindingKind.StaleQueueEntry or FindingKind.Inconsistent
            or FindingKind.OverLimit => AlertSeverity.Warning,
    };

    private static string Details(Found found) => string.Join(", ", new[]
    {
        found.ProfileId is { } profile ? $"profile {profile}" : null, found.ModeratorId is { } moderator ? $"moderator {moderator}" : null,
        found.ConversationId is { } conversation ? $"conversation {conversation}" : null,
    }.OfType<string>());
}
