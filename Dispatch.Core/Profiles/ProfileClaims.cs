using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

public enum HoldResult
{
    /// <summary>The change happened.</summary>
    Done,
    /// <summary>It already is as asked.</summary>
    Unchanged,
    /// <summary>Somebody else was faster; <see cref="HoldOutcome.HeldById"/> says who holds it now.</summary>
    Lost,
    NotFound,
    /// <summary>The profile is shared: nobody holds it, everybody has conversations of it.</summary>
    NotExclusive,
    Paused,
    /// <summary>The person asked for is not online.</summary>
    NotPresent,
    /// <summary>The person asked for holds as many profiles as allowed.</summary>
    AtLimit,
    /// <summary>The person asked for may not serve this profile.</summary>
    NotAllowed,
    /// <summary>The person asked for is unknown or disabled.</summary>
    Disabled,
    /// <summary>Somebody else is assigning it at this moment.</summary>
    Locked,
    /// <summary>Only the holder (or an admin) may give it back.</summary>
    NotHolder,
}

/// <summary>What became of it; a loser learns who holds the profile and since when (UTC).</summary>
public sealed record HoldOutcome(HoldResult Result, long? HeldById = null, string? HeldByName = null, DateTime? HeldSince = null)
{
    public bool Succeeded => Result is HoldResult.Done or HoldResult.Unchanged;
}

/// <summary>One wish to change who holds a profile.</summary>
/// <param name="SeenVersion">The holder version it was decided on; any change since then makes it lose.</param>
/// <param name="To">Null: nobody, the profile is free.</param>
/// <param name="Released">Why <paramref name="From"/> loses it; null only when nobody held it.</param>
public sealed record HoldClaim(long ProfileId, long SeenVersion, long? From, long? To, AssignmentCause Cause, ReleaseCause? Released)
{
    /// <summary>Who asked; null: Dispatch or an integration.</summary>
    public long? ActorId { get; init; }

    /// <summary>The place in the line it was won from; null: not from the line.</summary>
    public LineEntry? Entry { get; init; }

    /// <summary>Not to be offered to this person again before somebody else held it.</summary>
    public long? AvoidId { get; init; }
}

/// <summary>
/// The one claim of profiles: whoever changes who holds one (rotation, admin, API, giving back, inactivity, rebalancing) comes through here. Profile and
/// the counts of both people change together by guarded updates, in the order mutex, profile, people by id; zero rows means lost and leaves nothing.
/// </summary>
public sealed class ProfileClaims
{
    /// <summary>
    /// One rotation at a time in the whole cluster: so that the line is served in its order on whichever node the wish arrived, and nobody deadlocks over
    /// two profiles. Rotation is rare and its transactions are short.
    /// </summary>
    internal const string Mutex = "UPDATE leases SET epoch = epoch + 1 WHERE name = 'rotation'";

    private const string Give =
        "UPDATE profiles SET holder_id = @to, holder_version = holder_version + 1, holder_since = @now, free_since = NULL, avoid_id = NULL "
        + "WHERE id = @id AND holder_version = @seen AND mode = 'Exclusive' AND paused = @no";

    private const string Free =
        "UPDATE profiles SET holder_id = NULL, holder_version = holder_version + 1, holder_since = NULL, free_since = @now, avoid_id = @avoid "
        + "WHERE id = @id AND holder_version = @seen";

    private const string LeaveSeat = "UPDATE moderators SET held_profiles = held_profiles - 1 WHERE id = @id AND held_profiles > 0";

    /// <summary>Presence, permission and the limit, in the statement that counts the profile.</summary>
    private const string TakeSeat =
        "UPDATE moderators SET held_profiles = held_profiles + 1 WHERE id = @id AND enabled = @yes AND state = 'Online' AND held_profiles < @max "
        + "AND (NOT EXISTS (SELECT 1 FROM profiles p WHERE p.id = @profile AND p.restricted = @yes) "
        + "OR EXISTS (SELECT 1 FROM profile_moderators pm WHERE pm.profile_id = @profile AND pm.moderator_id = @id))";

    private const string End =
        "UPDATE moderator_profile_assignments SET ended_at = @now, end_cause = @cause, ended_by_id = @actor WHERE profile_id = @profile AND ended_at IS NULL";

    private const string Begin =
        "INSERT INTO moderator_profile_assignments "
        + "(profile_id, moderator_id, assigned_at, cause, assigned_by_id, queue_position, queued_at, last_activity_check, holder_version) "
        + "VALUES (@profile, @to, @now, @cause, @actor, @position, @queued, @now, @version)";

    /// <summary>What he was told about his wait, beside how long it was.</summary>
    private const string Observe =
        "INSERT INTO wait_observations (moderator_id, estimated_at, from_seconds, to_seconds, served_at, waited_seconds) "
        + "SELECT moderator_id, first_estimate_at, first_from, first_to, @now, @waited FROM moderator_queue "
        + "WHERE moderator_id = @to AND first_estimate_at IS NOT NULL";

    private const string Served =
        "UPDATE moderator_queue SET first_estimate_at = NULL, first_from = NULL, first_to = NULL WHERE moderator_id = @to";

    /// <summary>Whoever loses a profile waits from now on: it must not come back to him before those who waited meanwhile.</summary>
    private const string Behind = "UPDATE moderator_queue SET queued_at = @now WHERE moderator_id = @from";

    internal static IReadOnlyList<string> Statements { get; } = [Mutex, Give, Free, LeaveSeat, TakeSeat, End, Begin, Observe, Served, Behind, LockProfile, LockPerson];

    /// <summary>Waits for every other rotation to end. First statement of a transaction that calls <see cref="ApplyAsync"/>.</summary>
    public static async Task EnterAsync(WriteSession session)
    {
        if (await session.ExecuteAsync(Mutex) == 1) return;
        session.Db.Leases.Add(new Lease { Name = "rotation", Holder = "", ExpiresAt = DateTime.UnixEpoch });
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("rotation");
        }
        session.Db.ChangeTracker.Clear();
    }

    private const string LockProfile = "UPDATE profiles SET holder_version = holder_version WHERE id = @id";
    private const string LockPerson = "UPDATE moderators SET held_profiles = held_profiles WHERE id = @id";

    /// <summary>
    /// Before several changes in one transaction: all their profiles by id, then all their people by id. One change after the other would hold the people of
    /// the first while it asks for the profile of the second, against the order in which every claim of a conversation goes, and deadlock with it.
    /// </summary>
    public static async Task LockAllAsync(WriteSession session, IReadOnlyCollection<RotationMove> moves)
    {
        // SQLite has one writer: nothing to lock.
        if (moves.Count < 2 || session.Dialect.Provider == DatabaseProvider.Sqlite) return;
        foreach (var id in moves.Select(m => m.Profile.Id).Distinct().Order()) await session.ExecuteAsync(LockProfile, ("id", id));
        var people = moves.SelectMany(m => new[] { m.Profile.HolderId, m.To?.ModeratorId }).OfType<long>().Distinct().Order();
        foreach (var id in people) await session.ExecuteAsync(LockPerson, ("id", id));
    }

    /// <summary>Tries to make the change inside the session's transaction. Anything but <see cref="HoldResult.Done"/> left nothing behind.</summary>
    /// <param name="maxProfiles">How many one moderator may hold.</param>
    public async Task<HoldOutcome> ApplyAsync(WriteSession session, HoldClaim claim, int maxProfiles, DateTime now)
    {
        if (claim.To is not null && claim.To == claim.From) return new HoldOutcome(HoldResult.Unchanged, claim.To);
        if (claim.To is null && claim.From is null) return new HoldOutcome(HoldResult.Unchanged);
        var statements = StatementsOf(claim, maxProfiles, now);
        var noSeat = false;
        var done = await session.TryAsync(async () =>
        {
            foreach (var (statement, takes) in statements)
            {
                var rows = await session.ExecuteAsync(statement.Sql, statement.Arguments);
                if (statement.MustChange is not { } must || rows == must) continue;
                noSeat = takes;
                return false;
            }
            return true;
        });
        if (!done) return await WhyAsync(session, claim, noSeat, maxProfiles);
        Announce(session, claim);
        return new HoldOutcome(HoldResult.Done, claim.To);
    }

    private static List<(Statement Statement, bool Takes)> StatementsOf(HoldClaim claim, int maxProfiles, DateTime now)
    {
        var all = new List<(Statement, bool)>
        {
            (claim.To is { } given
                ? new Statement(Give, 1, ("to", given), ("now", now), ("id", claim.ProfileId), ("seen", claim.SeenVersion), ("no", false))
                : new Statement(Free, 1, ("now", now), ("avoid", claim.AvoidId), ("id", claim.ProfileId), ("seen", claim.SeenVersion)), false),
        };
        var seats = new List<(long Id, Statement Statement, bool Takes)>();
        if (claim.From is { } from) seats.Add((from, new Statement(LeaveSeat, 1, ("id", from)), false));
        if (claim.To is { } to)
            seats.Add((to, new Statement(TakeSeat, 1, ("id", to), ("yes", true), ("max", maxProfiles), ("profile", claim.ProfileId)), true));
        // People by id, as everywhere.
        all.AddRange(seats.OrderBy(s => s.Id).Select(s => (s.Statement, s.Takes)));
        if (claim.From is { } loser)
        {
            all.Add((new Statement(End, 1, ("now", now), ("cause", claim.Released), ("actor", claim.ActorId), ("profile", claim.ProfileId)), false));
            all.Add((new Statement(Behind, null, ("now", now), ("from", loser)), false));
        }
        if (claim.To is not { } holder) return all;
        all.Add((new Statement(Begin, 1, ("profile", claim.ProfileId), ("to", holder), ("now", now), ("cause", claim.Cause), ("actor", claim.ActorId),
            ("position", claim.Entry?.Position), ("queued", claim.Entry?.QueuedAt), ("version", claim.SeenVersion + 1)), false));
        if (claim.Entry is not { } entry) return all;
        all.Add((new Statement(Observe, null, ("now", now), ("waited", (int)(now - (entry.FirstEstimateAt ?? entry.QueuedAt)).TotalSeconds), ("to", holder)), false));
        all.Add((new Statement(Served, null, ("to", holder)), false));
        return all;
    }

    private static void Announce(WriteSession session, HoldClaim claim)
    {
        if (claim.To is { } to) session.Publish(Topics.Moderator(to), EventNames.ProfileAssigned, claim.ProfileId);
        if (claim.From is { } from) session.Publish(Topics.Moderator(from), EventNames.ProfileReleased, claim.ProfileId);
        session.Publish(Topics.Profile(claim.ProfileId), EventNames.ProfileChanged, claim.ProfileId);
        session.Publish(Topics.Board, EventNames.ProfileChanged, claim.ProfileId);
    }

    private static async Task<HoldOutcome> WhyAsync(WriteSession session, HoldClaim claim, bool noSeat, int maxProfiles)
    {
        var profile = await session.Db.Profiles.AsNoTracking().FirstOrDefaultAsync(p => p.Id == claim.ProfileId);
        if (profile is null) return new HoldOutcome(HoldResult.NotFound);
        var holder = await session.Db.Moderators.AsNoTracking().Where(m => m.Id == profile.HolderId).Select(m => m.Name).FirstOrDefaultAsync();
        HoldOutcome Held(HoldResult result) => new(result, profile.HolderId, holder, profile.HolderSince);
        if (claim.To is not { } to) return Held(HoldResult.Lost);
        if (profile.Mode != ProfileMode.Exclusive) return new HoldOutcome(HoldResult.NotExclusive);
        if (profile.Paused) return new HoldOutcome(HoldResult.Paused);
        if (!noSeat) return Held(HoldResult.Lost);
        var person = await session.Db.Moderators.AsNoTracking().FirstOrDefaultAsync(m => m.Id == to);
        if (person is not { Enabled: true }) return Held(HoldResult.Disabled);
        if (profile.Restricted && !await session.Db.ProfileModerators.AnyAsync(p => p.ProfileId == profile.Id && p.ModeratorId == to))
            return Held(HoldResult.NotAllowed);
        if (person.State != PresenceState.Online) return Held(HoldResult.NotPresent);
        return Held(person.HeldProfiles >= maxProfiles ? HoldResult.AtLimit : HoldResult.Lost);
    }
}
