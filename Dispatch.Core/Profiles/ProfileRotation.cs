using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Moderators;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Profiles;

/// <summary>What one pass of rotation did.</summary>
/// <param name="Changed">Profiles that have another holder now, or none.</param>
/// <param name="Lost">Moves that somebody else was faster at; the next pass sees to them.</param>
public sealed record RotationResult(IReadOnlyList<long> Changed, int Lost, int Told);

/// <summary>
/// Frees exclusive profiles whose holder cannot keep them and gives free ones to the first in the line: at once when woken (somebody came, left, gave one
/// back), and once a second because a grace ends by the clock alone. One pass is one transaction inside the rotation mutex, decided by
/// <see cref="RotationRules"/> on what the transaction itself read.
/// </summary>
public sealed partial class ProfileRotation(
    Database database, ProfileClaims claims, ProfileConversations conversations, SettingsService settings, PendingDrain drain, TimeProvider clock,
    ILogger<ProfileRotation> logger) : HostedLoop(clock, logger)
{
    private readonly ILogger _logger = logger;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Again = TimeSpan.FromMilliseconds(50);

    /// <summary>Hands over everything that can be handed over at <paramref name="now"/>.</summary>
    public async Task<RotationResult> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        if (!await AnythingAsync(cancel)) return new RotationResult([], 0, 0);
        var rules = await settings.RoutingAsync(cancel);
        var result = await database.WriteAsync(session => SettleAsync(session, rules, now), cancel);
        // After the commit: the profile's row is locked before conversations here and after them everywhere else.
        await conversations.FollowHoldersAsync(now, cancel);
        if (result.Changed.Count > 0) drain.Wake();
        return result;
    }

    /// <summary>What rotation decides on, read inside the session's transaction.</summary>
    internal static async Task<RotationState> ReadAsync(DispatchDb db, DateTime now, CancellationToken cancel = default)
    {
        var profiles = await db.Profiles.AsNoTracking().Where(p => p.Mode == ProfileMode.Exclusive || p.HolderId != null).ToListAsync(cancel);
        var restricted = profiles.Where(p => p.Restricted).Select(p => p.Id).ToList();
        var allowed = restricted.Count == 0 ? Enumerable.Empty<ProfileModerator>().ToLookup(p => p.ProfileId, p => p.ModeratorId)
            : (await db.ProfileModerators.Where(p => restricted.Contains(p.ProfileId)).ToListAsync(cancel)).ToLookup(p => p.ProfileId, p => p.ModeratorId);
        var holders = await db.Moderators.Where(m => m.HeldProfiles > 0).Select(m => new HolderFacts(m.Id, m.Enabled, m.State, m.StateSince))
            .ToDictionaryAsync(h => h.Id, cancel);
        var locked = await db.ProfileLocks.Where(l => l.ModeratorId != null && l.ExpiresAt > now).ToDictionaryAsync(l => l.ProfileId, l => l.ModeratorId, cancel);
        return new RotationState(
            profiles.ConvertAll(p => new RotatingProfile(
                p.Id, p.Name, p.Mode == ProfileMode.Exclusive && !p.Paused, p.Paused, p.Priority, p.HolderId, p.HolderVersion, p.HolderSince, p.FreeSince,
                p.AvoidId, p.Restricted ? allowed[p.Id].ToHashSet() : null, locked.GetValueOrDefault(p.Id))),
            holders, await QueueLine.ReadAsync(db, cancel));
    }

    private async Task<RotationResult> SettleAsync(WriteSession session, RoutingSettings rules, DateTime now)
    {
        await ProfileClaims.EnterAsync(session);
        var came = await QueueLine.SettleAsync(session, rules.MaxProfiles, now);
        var state = await ReadAsync(session.Db, now);
        var changed = new List<long>();
        var lost = 0;
        var plan = RotationRules.Plan(state.Profiles, state.Holders, state.Line, rules.MaxProfiles, rules.AwayGrace, now);
        // Several came together and there is not one for each of them: who came before whom is put on record.
        if (came.Count > 1 && plan.Where(m => m.To is not null).Select(m => m.To!.ModeratorId).Intersect(came).Count() is > 0 and var served && served < came.Count)
            await ConflictResolutionService.HandleConnectionCollisionAsync(session, [.. came], now);
        await ProfileClaims.LockAllAsync(session, plan);
        foreach (var move in plan)
        {
            var claim = new HoldClaim(
                move.Profile.Id, move.Profile.HolderVersion, move.Profile.HolderId, move.To?.ModeratorId, AssignmentCause.Queue, move.Why) { Entry = move.To };
            var outcome = await claims.ApplyAsync(session, claim, rules.MaxProfiles, now);
            if (outcome.Result == HoldResult.Done) changed.Add(move.Profile.Id);
            else lost++;
        }
        // Who holds as many as allowed stops waiting, who lost one begins to: the order of the line is read from what this pass did.
        if (changed.Count > 0) await QueueLine.SettleAsync(session, rules.MaxProfiles, now);
        return new RotationResult(changed, lost, await QueueLine.ReorderAsync(session, now));
    }

    /// <summary>A team without exclusive profiles pays one read a second.</summary>
    private async Task<bool> AnythingAsync(CancellationToken cancel)
    {
        await using var db = database.Read();
        return await db.Profiles.AnyAsync(p => p.Mode == ProfileMode.Exclusive || p.HolderId != null, cancel)
            || await db.ModeratorQueue.AnyAsync(cancel);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        var result = await RunOnceAsync(now, stop);
        if (result.Lost > 0) LogLost(result.Lost);
        return result.Lost > 0 ? Again : Interval;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} changes of holder lost to somebody faster; looking again")]
    private partial void LogLost(int count);

}

/// <summary>Everything rotation decides on.</summary>
public sealed record RotationState(
    IReadOnlyList<RotatingProfile> Profiles, IReadOnlyDictionary<long, HolderFacts> Holders, IReadOnlyList<LineEntry> Line);
