using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The one claim: every writer that changes who has a conversation (automatic, drain, take, transfer, return, fail-over, supervisor,
/// close, reopen) goes through <see cref="ApplyAsync"/>. Conversation and moderator load change together by guarded updates; the
/// conversation first, then the people by id, so that two claims meet in the same order. Zero rows means lost, and a lost claim leaves nothing.
/// </summary>
public sealed class ConversationClaims(IOptions<ConversationOptions> options)
{
    private const string Change =
        "UPDATE conversations SET owner_id = @to, owner_version = owner_version + 1, owner_since = @since, status = @status, closed_at = @closed, "
        + "last_owner_id = COALESCE(owner_id, last_owner_id) WHERE id = @id AND owner_version = @seen AND status = @from_status";

    private const string ReleaseSeat = "UPDATE moderators SET open_count = open_count - 1 WHERE id = @id AND open_count > 0";

    private const string MoveToEnd =
        "UPDATE moderator_turns SET turn = (SELECT COALESCE(MAX(q.turn), 0) + 1 FROM moderator_turns q) WHERE moderator_id = @id";

    private const string StopWaiting = "DELETE FROM pending_messages WHERE conversation_id = @id";

    private const string AddEvent =
        "INSERT INTO conversation_events (conversation_id, at, kind, cause, reason, actor_id, from_id, to_id, owner_version, note, candidates) "
        + "VALUES (@conversation, @at, @kind, @cause, @reason, @actor, @from, @to, @version, @note, @candidates)";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    /// <summary>The statements of the claim, for the check of their SQL Server form.</summary>
    internal static IReadOnlyList<string> Statements { get; } =
        [Change, ReleaseSeat, MoveToEnd, StopWaiting, AddEvent, TakeSeat(true, true), TakeSeat(false, false)];

    /// <summary>Tries to make the change inside the session's transaction. Anything but <see cref="ClaimResult.Done"/> left nothing behind.</summary>
    public async Task<ClaimOutcome> ApplyAsync(WriteSession session, Claim claim, DateTime now)
    {
        if (Refuse(claim) is { } refused) return refused;
        var refusedSeat = false;
        var done = await session.TryAsync(async () =>
        {
            if (!await ChangeConversationAsync(session, claim, now)) return false;
            // Seats in the order of ids: two transfers in opposite directions must not wait for each other.
            foreach (var (_, take, statement) in Seats(claim, now).OrderBy(seat => seat.ModeratorId))
            {
                if (await session.ExecuteAsync(statement.Sql, statement.Arguments) == statement.MustChange) continue;
                if (!take) throw new InvalidOperationException($"Moderator {claim.Seen.OwnerId} has no seat to release; the load counter does not match the conversations.");
                refusedSeat = true;
                return false;
            }
            return await session.ExecuteAllAsync([.. Afterwards(claim, now)]);
        });
        if (done)
        {
            Announce(session, claim);
            return new ClaimOutcome(ClaimResult.Done, claim.To, OwnerVersion: claim.Seen.OwnerVersion + 1);
        }
        return refusedSeat ? await WhyNoSeatAsync(session, claim, now) : await WhoHasItAsync(session, claim);
    }

    /// <summary>
    /// Makes all of the claims or none: the same statements as <see cref="ApplyAsync"/>, sent together, because a hundred new conversations in one
    /// transaction must not cost six hundred round trips. False: somebody was faster somewhere; the caller makes them one by one.
    /// </summary>
    public async Task<bool> ApplyAllAsync(WriteSession session, IReadOnlyList<Claim> wanted, DateTime now)
    {
        if (wanted.Count == 0) return true;
        if (wanted.Any(c => Refuse(c) is not null || c.Cause is ClaimCause.Reopen)) return false;
        var done = await session.TryAsync(() => session.ExecuteAllAsync(
        [
            .. wanted.OrderBy(c => c.Seen.Id).Select(c => ChangeStatement(c, now)),
            .. wanted.SelectMany(c => Seats(c, now)).OrderBy(seat => seat.ModeratorId).Select(seat => seat.Statement),
            .. wanted.SelectMany(c => Afterwards(c, now)),
        ]));
        if (!done) return false;
        foreach (var claim in wanted) Announce(session, claim);
        return true;
    }

    /// <summary>Writes what happened without a change of owner (opened, parked, a note).</summary>
    public static async Task AddEventAsync(WriteSession session, ConversationEvent e)
    {
        var statement = EventStatement(e);
        await session.ExecuteAsync(statement.Sql, statement.Arguments);
    }

    internal static Statement EventStatement(ConversationEvent e) => new(AddEvent, 1,
        ("conversation", e.ConversationId), ("at", e.At), ("kind", e.Kind), ("cause", e.Cause), ("reason", e.Reason), ("actor", e.ActorId),
        ("from", e.FromId), ("to", e.ToId), ("version", e.OwnerVersion), ("note", e.Note), ("candidates", e.Candidates));

    public static string? ToJson(IReadOnlyList<Candidate>? candidates) =>
        candidates is null ? null : JsonSerializer.Serialize(candidates.Take(Decision.MaxStoredCandidates), Json);

    /// <summary>Stored candidates as objects; unreadable text counts as none.</summary>
    public static IReadOnlyList<Candidate> FromJson(string? candidates)
    {
        if (candidates is null) return [];
        try
        {
            return JsonSerializer.Deserialize<List<Candidate>>(candidates, Json) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static ClaimOutcome? Refuse(Claim claim)
    {
        var open = claim.Seen.Status != ConversationStatus.Closed;
        if (claim.Cause == ClaimCause.Reopen) return open ? new ClaimOutcome(ClaimResult.Unchanged, claim.Seen.OwnerId) : null;
        if (!open) return new ClaimOutcome(claim.Cause == ClaimCause.Close ? ClaimResult.Unchanged : ClaimResult.Closed);
        return claim.To is not null && claim.To == claim.Seen.OwnerId
            ? new ClaimOutcome(ClaimResult.Unchanged, claim.To, OwnerVersion: claim.Seen.OwnerVersion)
            : null;
    }

    private static async Task<bool> ChangeConversationAsync(WriteSession session, Claim claim, DateTime now)
    {
        var change = ChangeStatement(claim, now);
        try
        {
            return await session.ExecuteAsync(change.Sql, change.Arguments) == change.MustChange;
        }
        catch (Exception e) when (claim.Cause == ClaimCause.Reopen && DatabaseErrors.IsDuplicateKey(e))
        {
            // The partial unique index: the contact has a newer open conversation. The savepoint around this makes the transaction usable again.
            return false;
        }
    }

    private static Statement ChangeStatement(Claim claim, DateTime now)
    {
        var closing = claim.Cause == ClaimCause.Close;
        var status = closing ? ConversationStatus.Closed
            : claim.To is null ? ConversationStatus.Pending
            : claim.RequirePresent ? ConversationStatus.Assigned : ConversationStatus.AssignedOffline;
        return new Statement(Change, 1,
            ("to", claim.To), ("since", claim.To is null ? null : now), ("status", status), ("closed", closing ? now : null),
            ("id", claim.Seen.Id), ("seen", claim.Seen.OwnerVersion), ("from_status", claim.Seen.Status));
    }

    /// <summary>The seat that is given back and the one that is taken.</summary>
    private IEnumerable<(long ModeratorId, bool Take, Statement Statement)> Seats(Claim claim, DateTime now)
    {
        if (claim.Seen.OwnerId is { } from && from != claim.To) yield return (from, false, new Statement(ReleaseSeat, 1, ("id", from)));
        if (claim.To is not { } to || to == claim.Seen.OwnerId) yield break;
        var sql = TakeSeat(claim.RequirePresent, claim.Paced);
        yield return (to, true, claim.Paced
            ? new Statement(sql, 1, ("now", now), ("id", to), ("profile", claim.Seen.ProfileId), ("yes", true),
                ("floor", now - options.Value.DrainWindow), ("pace", options.Value.DrainPerWindow))
            : new Statement(sql, 1, ("now", now), ("id", to), ("profile", claim.Seen.ProfileId), ("yes", true)));
    }

    /// <summary>The turn, the end of waiting, and the record.</summary>
    private static IEnumerable<Statement> Afterwards(Claim claim, DateTime now)
    {
        if (claim.To is { } to && to != claim.Seen.OwnerId) yield return new Statement(MoveToEnd, null, ("id", to));
        if (claim.Seen.Status == ConversationStatus.Pending) yield return new Statement(StopWaiting, null, ("id", claim.Seen.Id));
        yield return EventStatement(new ConversationEvent
        {
            ConversationId = claim.Seen.Id,
            At = now,
            Kind = claim.Cause switch
            {
                ClaimCause.Close => ConversationEventKind.Closed,
                ClaimCause.Reopen => ConversationEventKind.Reopened,
                _ => claim.To is null ? ConversationEventKind.Returned : ConversationEventKind.Assigned,
            },
            Cause = claim.Cause,
            Reason = claim.Reason,
            ActorId = claim.ActorId,
            FromId = claim.Seen.OwnerId,
            ToId = claim.To,
            OwnerVersion = claim.Seen.OwnerVersion + 1,
            Note = claim.Note is { } note ? OutsideText.Cut(OutsideText.Mend(note), ConversationConfiguration.NoteLength) : null,
            Candidates = ToJson(claim.Candidates),
        });
    }

    /// <summary>Presence, permission, capacity and pace, all in the statement that takes the seat.</summary>
    private static string TakeSeat(bool requirePresent, bool paced) =>
        "UPDATE moderators SET open_count = open_count + 1, last_assigned_at = @now"
        + (paced ? ", drain_count = CASE WHEN drain_window_at > @floor THEN drain_count + 1 ELSE 1 END"
                   + ", drain_window_at = CASE WHEN drain_window_at > @floor THEN drain_window_at ELSE @now END" : "")
        + " WHERE id = @id AND enabled = @yes AND open_count < max_conversations"
        + (requirePresent ? " AND state = 'Online'" : " AND state <> 'Online'")
        + " AND (NOT EXISTS (SELECT 1 FROM profiles p WHERE p.id = @profile AND p.restricted = @yes)"
        + " OR EXISTS (SELECT 1 FROM profile_moderators pm WHERE pm.profile_id = @profile AND pm.moderator_id = @id))"
        + (paced ? " AND (drain_window_at IS NULL OR drain_window_at <= @floor OR drain_count < @pace)" : "");

    private static void Announce(WriteSession session, Claim claim)
    {
        var id = claim.Seen.Id;
        session.Publish(Topics.Conversation(id), EventNames.Changed, id);
        session.Publish(Topics.Board, EventNames.Changed, id);
        session.Publish(Topics.Waiting, EventNames.Changed, id);
        if (claim.Seen.OwnerId is { } from && from != claim.To) session.Publish(Topics.Moderator(from), EventNames.Unassigned, id);
        if (claim.To is not { } to) return;
        session.Publish(Topics.Moderator(to), EventNames.Assigned, id);
        session.Publish(Topics.Queue, EventNames.QueuePositionChanged, to);
    }

    private static async Task<ClaimOutcome> WhoHasItAsync(WriteSession session, Claim claim)
    {
        var now = await session.Db.Conversations.AsNoTracking().Where(c => c.Id == claim.Seen.Id)
            .Select(c => new
            {
                c.Status, c.OwnerId, c.OwnerSince, c.OwnerVersion,
                Owner = session.Db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault(),
            })
            .FirstOrDefaultAsync();
        if (now is null) return new ClaimOutcome(ClaimResult.NotFound);
        if (claim.Cause == ClaimCause.Reopen && now.Status == ConversationStatus.Closed && now.OwnerVersion == claim.Seen.OwnerVersion)
            return new ClaimOutcome(ClaimResult.Superseded);
        var result = now.Status == ConversationStatus.Closed && claim.Cause != ClaimCause.Reopen ? ClaimResult.Closed : ClaimResult.Lost;
        return new ClaimOutcome(result, now.OwnerId, now.Owner, now.OwnerSince, now.OwnerVersion);
    }

    private async Task<ClaimOutcome> WhyNoSeatAsync(WriteSession session, Claim claim, DateTime now)
    {
        var person = await session.Db.Moderators.AsNoTracking().FirstOrDefaultAsync(m => m.Id == claim.To);
        if (person is not { Enabled: true }) return new ClaimOutcome(ClaimResult.Disabled);
        var allowed = await session.Db.Profiles.AnyAsync(p => p.Id == claim.Seen.ProfileId
            && (!p.Restricted || session.Db.ProfileModerators.Any(m => m.ProfileId == p.Id && m.ModeratorId == person.Id)));
        var why = !allowed ? ClaimResult.NotAllowed
            : claim.RequirePresent && person.State != PresenceState.Online ? ClaimResult.NotPresent
            : person.OpenCount >= person.MaxConversations ? ClaimResult.AtCapacity
            : claim.Paced && person.DrainWindowAt > now - options.Value.DrainWindow ? ClaimResult.Paced
            : ClaimResult.Lost;
        return new ClaimOutcome(why, claim.Seen.OwnerId, OwnerVersion: claim.Seen.OwnerVersion);
    }
}
