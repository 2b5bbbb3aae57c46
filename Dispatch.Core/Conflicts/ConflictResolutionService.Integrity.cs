using Dispatch.Core.Conversations;
using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conflicts;

/// <summary>Whether what is assigned adds up. Reads only; what to do about a finding is the watching task's business.</summary>
public sealed partial class ConflictResolutionService
{
    /// <summary>No more than this many of each kind are told.</summary>
    private const int MaxFindings = 100;

    /// <summary>Everything about who has what that must never be so; empty: all is well. A fixed number of set-based queries.</summary>
    public async Task<IReadOnlyList<IntegrityFinding>> ValidateAssignmentIntegrityAsync(CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        var found = new List<IntegrityFinding>();

        var pairs = await db.Conversations.Where(c => c.Status != ConversationStatus.Closed).GroupBy(c => new { c.ProfileId, c.ContactId })
            .Where(g => g.Count() > 1).Select(g => new { g.Key.ContactId, g.Key.ProfileId, Count = g.Count() }).OrderBy(p => p.ContactId).ThenBy(p => p.ProfileId).Take(MaxFindings).ToListAsync(cancel);
        found.AddRange(pairs.Select(p => new IntegrityFinding("one-open-conversation", p.ContactId, $"{p.Count} open conversations with profile {p.ProfileId}")));

        var loads = await db.Moderators.Where(m => m.OpenCount != db.Conversations.Count(c => c.OwnerId == m.Id)).OrderBy(m => m.Id)
            .Select(m => new { m.Id, m.OpenCount, Has = db.Conversations.Count(c => c.OwnerId == m.Id) }).Take(MaxFindings).ToListAsync(cancel);
        found.AddRange(loads.Select(l => new IntegrityFinding("load-counter", l.Id, $"counts {l.OpenCount} but has {l.Has}")));

        var waiting = await db.PendingMessages.Where(p => db.Conversations.Any(c => c.Id == p.ConversationId && c.OwnerId != null))
            .Select(p => p.ConversationId).Distinct().OrderBy(id => id).Take(MaxFindings).ToListAsync(cancel);
        found.AddRange(waiting.Select(id => new IntegrityFinding("waits-with-owner", id, "has an owner, and its messages wait for one")));

        var disabled = await db.Conversations.Where(c => db.Moderators.Any(m => m.Id == c.OwnerId && !m.Enabled)).OrderBy(c => c.Id)
            .Select(c => new { c.Id, c.OwnerId }).Take(MaxFindings).ToListAsync(cancel);
        found.AddRange(disabled.Select(c => new IntegrityFinding("disabled-owner", c.Id, $"moderator {c.OwnerId} is disabled")));

        var forbidden = await db.Set<HeldLock>()
            .Where(l => l.ExpiresAt > now && (db.Moderators.Any(m => m.Id == l.ModeratorId && !m.Enabled)
                || db.Profiles.Any(p => p.Id == l.ProfileId && p.Restricted && !db.ProfileModerators.Any(a => a.ProfileId == p.Id && a.ModeratorId == l.ModeratorId)
                    && !db.Conversations.Any(c => l.Kind == LockKind.Client && c.ContactId == l.ResourceId && c.ProfileId == p.Id && c.OwnerId == l.ModeratorId))))
            .OrderBy(l => l.Kind).ThenBy(l => l.ResourceId).Select(l => new { l.Kind, l.ResourceId, l.ModeratorId }).Take(MaxFindings).ToListAsync(cancel);
        found.AddRange(forbidden.Select(l => new IntegrityFinding("lock-not-allowed", l.ResourceId, $"{l.Kind} is locked by moderator {l.ModeratorId}, who may not")));
        return found;
    }
}
