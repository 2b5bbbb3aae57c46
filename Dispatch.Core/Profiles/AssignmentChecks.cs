using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>The seven checks of <see cref="ProfileAssignmentMonitoringTask"/>. Each looks, repairs what it can, and raises the rest.</summary>
public sealed class AssignmentChecks(
    Database database, ProfileRotation rotation, ProfileConversations conversations, ConflictResolutionService conflicts, ProfileLockService locks,
    SettingsService settings, FindingStore findings)
{
    /// <summary>Rotation hands a profile over at once; what is still free after this time was forgotten by it.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepFindings = TimeSpan.FromDays(30), KeepTyping = TimeSpan.FromDays(1);

    private static readonly FindingKind[] Watched = Enum.GetValues<FindingKind>();

    internal IReadOnlyList<(string Name, Func<DateTime, CancellationToken, Task<CheckResult>> Check)> All =>
    [
        (nameof(CheckForConflictsAsync), CheckForConflictsAsync), (nameof(MonitorQueueStatusAsync), MonitorQueueStatusAsync),
        (nameof(ValidateAssignmentRulesAsync), ValidateAssignmentRulesAsync), (nameof(CleanupExpiredStatesAsync), CleanupExpiredStatesAsync),
        (nameof(DetectOrphanProfilesAsync), DetectOrphanProfilesAsync), (nameof(CleanInconsistentAssignmentsAsync), CleanInconsistentAssignmentsAsync),
    ];

    /// <summary>Conversations of exclusive profiles that are not with the holder are brought to him; whatever else does not add up is raised.</summary>
    public async Task<CheckResult> CheckForConflictsAsync(DateTime now, CancellationToken cancel = default)
    {
        var misplaced = await conversations.MisplacedAsync(cancel);
        if (misplaced.Count > 0) await conversations.FollowHoldersAsync(now, cancel);
        var left = (await conversations.MisplacedAsync(cancel)).Select(m => m.Profile).ToHashSet();
        var integrity = await conflicts.ValidateAssignmentIntegrityAsync(cancel);
        await RaiseAsync(
            [
                .. misplaced.Select(m => (new Found(FindingKind.WrongOwner, $"wrong-owner:{m.Profile}", m.Profile, m.Holder), !left.Contains(m.Profile))),
                .. integrity.Select(f => (new Found(FindingKind.Inconsistent, $"integrity:{f.Rule}:{f.Id}"), false)),
            ], now, cancel);
        return new CheckResult(nameof(CheckForConflictsAsync), misplaced.Count + integrity.Count, misplaced.Count(m => !left.Contains(m.Profile)));
    }

    /// <summary>Nobody waits beside a profile he may serve, and nobody waits for ever unnoticed.</summary>
    public async Task<CheckResult> MonitorQueueStatusAsync(DateTime now, CancellationToken cancel = default)
    {
        var rules = await settings.RoutingAsync(cancel);
        var forgotten = await ForgottenAsync(rules, now, cancel);
        if (forgotten.Count > 0) await rotation.RunOnceAsync(now, cancel);
        var left = forgotten.Count == 0 ? [] : (await ForgottenAsync(rules, now, cancel)).ToHashSet();
        List<long> patient;
        await using (var db = database.Read())
        {
            var since = now - rules.LongWait;
            patient = await db.ModeratorQueue.Where(q => q.QueuedAt < since && db.Moderators.Any(m => m.Id == q.ModeratorId && m.HeldProfiles == 0))
                .Select(q => q.ModeratorId).ToListAsync(cancel);
        }
        await RaiseAsync(
            [
                .. forgotten.Select(id => (new Found(FindingKind.FreeThoughWaited, $"free:{id}", id), !left.Contains(id))),
                .. patient.Select(id => (new Found(FindingKind.LongWait, $"long-wait:{id}", null, id), false)),
            ], now, cancel);
        return new CheckResult(nameof(MonitorQueueStatusAsync), forgotten.Count + patient.Count, forgotten.Count - left.Count);
    }

    /// <summary>Whoever may not hold a profile (any more) does not; who holds more than the limit is told about, since taking it away helps nobody.</summary>
    public async Task<CheckResult> ValidateAssignmentRulesAsync(DateTime now, CancellationToken cancel = default)
    {
        var rules = await settings.RoutingAsync(cancel);
        var wrong = await WrongHoldersAsync(rules, now, cancel);
        if (wrong.Count > 0) await rotation.RunOnceAsync(now, cancel);
        var left = wrong.Count == 0 ? [] : (await WrongHoldersAsync(rules, now, cancel)).ToHashSet();
        List<long> over;
        await using (var db = database.Read())
        {
            over = await db.Moderators.Where(m => m.HeldProfiles > rules.MaxProfiles).Select(m => m.Id).ToListAsync(cancel);
        }
        await RaiseAsync(
            [
                .. wrong.Select(id => (new Found(FindingKind.WrongHolder, $"wrong-holder:{id}", id), !left.Contains(id))),
                .. over.Select(id => (new Found(FindingKind.OverLimit, $"over-limit:{id}", null, id), false)),
            ], now, cancel);
        return new CheckResult(nameof(ValidateAssignmentRulesAsync), wrong.Count + over.Count, wrong.Count - left.Count);
    }

    /// <summary>Tidies what ended by itself: locks, old key strokes, old findings and old observations.</summary>
    public async Task<CheckResult> CleanupExpiredStatesAsync(DateTime now, CancellationToken cancel = default)
    {
        var tidied = await locks.CleanExpiredLocksAsync(now, cancel);
        var (typing, old) = (now - KeepTyping, now - KeepFindings);
        tidied += await database.WriteAsync(async session =>
            await session.Db.TypingActivity.Where(t => t.At < typing).ExecuteDeleteAsync()
            + await session.Db.AssignmentFindings.Where(f => f.ResolvedAt != null && f.LastSeenAt < old).ExecuteDeleteAsync()
            + await session.Db.WaitObservations.Where(o => o.ServedAt < old).ExecuteDeleteAsync(), cancel);
        return new CheckResult(nameof(CleanupExpiredStatesAsync), tidied, tidied);
    }

    /// <summary>Profiles on which somebody waits for an answer while nobody holds them and nobody who may is there.</summary>
    public async Task<CheckResult> DetectOrphanProfilesAsync(DateTime now, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var state = await ProfileRotation.ReadAsync(db, now, cancel);
        var free = state.Profiles.Where(p => p is { InRotation: true, HolderId: null } && RotationRules.Next(p, state.Line) is null).Select(p => p.Id).ToList();
        var orphans = free.Count == 0 ? [] : await db.Profiles
            .Where(p => free.Contains(p.Id) && db.Conversations.Any(c => c.ProfileId == p.Id && c.Status != ConversationStatus.Closed && c.WaitingSince != null))
            .Select(p => p.Id).ToListAsync(cancel);
        await RaiseAsync([.. orphans.Select(id => (new Found(FindingKind.OrphanProfile, $"orphan:{id}", id), false))], now, cancel);
        return new CheckResult(nameof(DetectOrphanProfilesAsync), orphans.Count, 0);
    }

    /// <summary>What is stored twice says the same: the holder on the profile, the open history row, and the person's count. The profile is believed.</summary>
    public Task<CheckResult> CleanInconsistentAssignmentsAsync(DateTime now, CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        await ProfileClaims.EnterAsync(session);
        var db = session.Db;
        var found = new List<Found>();
        var held = await db.Profiles.AsNoTracking().Where(p => p.HolderId != null).ToDictionaryAsync(p => p.Id, cancel);
        var open = await db.ProfileAssignments.AsNoTracking().Where(a => a.EndedAt == null).ToListAsync(cancel);
        foreach (var row in open.Where(a => held.GetValueOrDefault(a.ProfileId)?.HolderId != a.ModeratorId))
        {
            await db.ProfileAssignments.Where(a => a.Id == row.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.EndedAt, now).SetProperty(a => a.EndCause, ReleaseCause.Admin), cancel);
            found.Add(new Found(FindingKind.Inconsistent, $"history:{row.ProfileId}", row.ProfileId, row.ModeratorId));
        }
        foreach (var profile in held.Values.Where(p => !open.Exists(a => a.ProfileId == p.Id && a.ModeratorId == p.HolderId)))
        {
            db.ProfileAssignments.Add(new ModeratorProfileAssignment
            {
                ProfileId = profile.Id, ModeratorId = profile.HolderId!.Value, AssignedAt = profile.HolderSince ?? now, Cause = AssignmentCause.Admin,
                LastActivityCheck = now, HolderVersion = profile.HolderVersion,
            });
            found.Add(new Found(FindingKind.Inconsistent, $"history:{profile.Id}", profile.Id, profile.HolderId));
        }
        await db.SaveChangesAsync(cancel);
        db.ChangeTracker.Clear();
        var counts = held.Values.GroupBy(p => p.HolderId!.Value).ToDictionary(g => g.Key, g => g.Count());
        var people = await db.Moderators.Where(m => m.HeldProfiles != 0 || counts.Keys.Contains(m.Id)).Select(m => new { m.Id, m.HeldProfiles }).ToListAsync(cancel);
        foreach (var person in people.Where(p => p.HeldProfiles != counts.GetValueOrDefault(p.Id)).OrderBy(p => p.Id))
        {
            var count = counts.GetValueOrDefault(person.Id);
            await db.Moderators.Where(m => m.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(m => m.HeldProfiles, count), cancel);
            found.Add(new Found(FindingKind.Inconsistent, $"held-count:{person.Id}", null, person.Id));
        }
        // When the holders of profiles were last looked at (seed 001 last_activity_check).
        await db.ProfileAssignments.Where(a => a.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(a => a.LastActivityCheck, now), cancel);
        foreach (var one in found) await findings.RaiseAsync(session, one, repaired: true, now);
        return new CheckResult(nameof(CleanInconsistentAssignmentsAsync), found.Count, found.Count);
    }, cancel);

    /// <summary>Raises checks that failed, resolves what is gone, and counts what is still so.</summary>
    public Task<(int Open, int Raised)> GenerateAlertsAsync(IReadOnlyList<CheckResult> results, DateTime now, CancellationToken cancel = default) =>
        database.WriteAsync(async session =>
        {
            foreach (var failed in results.Where(r => r.Failed))
                await findings.RaiseAsync(session, new Found(FindingKind.CheckFailed, $"check:{failed.Check}"), false, now);
            // A check that failed saw nothing: what it found before is not gone because of that.
            var blind = results.Any(r => r.Failed);
            await FindingStore.ResolveUnseenAsync(session, blind ? [FindingKind.CheckFailed] : Watched, now);
            var open = await session.Db.AssignmentFindings.CountAsync(f => f.ResolvedAt == null, cancel);
            return (open, await session.Db.AssignmentFindings.CountAsync(f => f.FirstSeenAt == now, cancel));
        }, cancel);

    private Task RaiseAsync(IReadOnlyList<(Found Found, bool Repaired)> all, DateTime now, CancellationToken cancel) =>
        all.Count == 0 ? Task.CompletedTask : database.WriteAsync(async session =>
        {
            foreach (var (found, repaired) in all) await findings.RaiseAsync(session, found, repaired, now);
        }, cancel);

    private async Task<List<long>> ForgottenAsync(RoutingSettings rules, DateTime now, CancellationToken cancel)
    {
        await using var db = database.Read();
        var state = await ProfileRotation.ReadAsync(db, now, cancel);
        var line = state.Line.Where(e => e.Held < rules.MaxProfiles).ToList();
        var since = now - AtOnce;
        return [.. state.Profiles.Where(p => p is { InRotation: true, HolderId: null } && (p.FreeSince ?? DateTime.MinValue) <= since
            && line.Exists(e => e.QueuedAt <= since) && RotationRules.Next(p, line.Where(e => e.QueuedAt <= since)) is not null).Select(p => p.Id)];
    }

    private async Task<List<long>> WrongHoldersAsync(RoutingSettings rules, DateTime now, CancellationToken cancel)
    {
        await using var db = database.Read();
        var state = await ProfileRotation.ReadAsync(db, now, cancel);
        // Who left a moment ago is rotation's business.
        return [.. state.Profiles.Where(p => p.HolderId is { } id && !(state.Holders.GetValueOrDefault(id)?.StateSince > now - AtOnce)
            && RotationRules.WhyFreed(p, state.Holders.GetValueOrDefault(id), rules.AwayGrace, now - AtOnce) is not null).Select(p => p.Id)];
    }
}
