using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The one claim: every writer that changes who has a conversation (automatic, drain, take, transfer, return, fail-over, supervisor,
/// close, reopen) goes through <see cref="ApplyAsync"/>. Conversation and moderator load change together by guarded updates; the
/// conversation first, then the people by id, so that two claims meet in the same order. Zero rows means lost, and a lost claim leaves nothing.
/// </summary>
public sealed class ConversationClaims(ProfileLockService locks, IOptions<ConversationOptions> options)
{
    private const string Change =
        "UPDATE conversations SET owner_id = @to, owner_version = owner_version + 1, owner_since = @since, status = @status, closed_at = @closed, "
        + "last_owner_id = COALESCE(owner_id, last_owner_id) WHERE id = @id AND owner_version = @seen AND status = @from_status";

    private const string ReleaseSeat = "UPDATE moderators SET open_count = open_count - 1 WHERE id = @id AND open_count > 0";

    private const string MoveToEnd =
        "UPDATE moderator_turns SET turn = (SELECT COALESCE(MAX(q.turn), 0) + 1 FROM moderator_turns q) WHERE moderator_id = @id";

    /// <summary>
    /// Keeps the holder of an exclusive profile, whoever that is, until the end of the transaction; a shared one is not touched. The condition of the seat,
    /// which comes after, is not enough where transactions run at once: it may be judged by a holder who is being replaced, and the conversation would stay
    /// behind with him.
    /// </summary>
    private const string KeepHolder = "UPDATE profiles SET holder_version = holder_version WHERE id = @profile AND mode = 'Exclusive'";

    private const string StopWaiting = "DELETE FROM pending_messages WHERE conversation_id = @id";

    private const string AddEvent =
        "INSERT INTO conversation_events (conversation_id, at, kind, cause, reason, actor_id, from_id, to_id, owner_version, note, candidates) "
        + "VALUES (@conversation, @at, @kind, @cause, @reason, @actor, @from, @to, @version, @note, @candidates)";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new CandidateArray() },
    };

    private static readonly Dictionary<DatabaseProvider, Texts> ByProvider = SqlDialect.All.ToDictionary(d => d.Provider, d => new Texts(d));

    /// <summary>The statements of the claim, for the check of their plans and of their SQL Server form.</summary>
    internal static IReadOnlyList<string> Statements(SqlDialect dialect) =>
    [
        Change, KeepHolder, ReleaseSeat, MoveToEnd, StopWaiting, AddEvent, TakeSeat(true, true), TakeSeat(false, false),
        .. ByProvider[dialect.Provider].All,
    ];

    /// <summary>Tries to make the change inside the session's transaction. Anything but <see cref="ClaimResult.Done"/> left nothing behind.</summary>
    public async Task<ClaimOutcome> ApplyAsync(WriteSession session, Claim claim, DateTime now)
    {
        if (Refuse(claim) is { } refused) return refused;
        var refusedSeat = false;
        var done = await session.TryAsync(async () =>
        {
            if (!await ChangeConversationAsync(session, claim, now)) return false;
            if (claim.To is not null) await KeepHoldersAsync(session, [claim]);
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
            await LetGoAsync(session, claim, now);
            Announce(session, claim);
            return new ClaimOutcome(ClaimResult.Done, claim.To, OwnerVersion: claim.Seen.OwnerVersion + 1);
        }
        return refusedSeat ? await WhyNoSeatAsync(session, claim, now) : await WhoHasItAsync(session, claim);
    }

    /// <summary>
    /// Gives all of these conversations, which this very transaction opened, their owners, or none of them: the same guards as
    /// <see cref="ApplyAsync"/> in a statement for all, because a hundred new conversations must not cost six hundred statements.
    /// False: somebody was faster somewhere; the caller makes them one by one.
    /// </summary>
    public async Task<bool> ApplyToNewAsync(WriteSession session, IReadOnlyList<Claim> wanted, DateTime now)
    {
        if (wanted.Count == 0) return true;
        if (wanted.Any(c => c.Seen is not { Status: ConversationStatus.Pending, OwnerId: null } || c.To is null || c.Paced))
            throw new ArgumentException("Only new conversations are claimed together.", nameof(wanted));
        var texts = ByProvider[session.Dialect.Provider];
        var done = await session.TryAsync(async () =>
            await ExecuteAsync(session, texts.ChangeNew, wanted, c => [c.Seen.Id, c.To, StatusAfter(c), c.Seen.OwnerVersion], ("now", now)) == wanted.Count
            && await KeepHoldersAsync(session, wanted)
            && await TakeSeatsAsync(session, texts, wanted, now)
            && await ExecuteAsync(session, texts.MoveToEnd, TurnsOf(wanted), t => [t.Id, t.Place]) >= 0
            && await AddEventsAsync(session, [.. wanted.Select(c => EventOf(c, now))]));
        if (!done) return false;
        foreach (var claim in wanted) Announce(session, claim);
        return true;
    }

    private static async Task<int> ExecuteAsync<T>(
        WriteSession session, string sql, IReadOnlyCollection<T> rows, Func<T, object?[]> values, params (string, object?)[] arguments)
    {
        var changed = 0;
        foreach (var (json, _) in RowSet.Json(session.Dialect, rows, values)) changed += await session.ExecuteAsync(sql, [(RowSet.Parameter, json), .. arguments]);
        return changed;
    }

    /// <summary>True, always: it takes part in a chain of steps that may fail.</summary>
    private static async Task<bool> KeepHoldersAsync(WriteSession session, IReadOnlyList<Claim> wanted)
    {
        // SQLite has one writer: nobody is replaced meanwhile.
        if (session.Dialect.Provider == DatabaseProvider.Sqlite) return true;
        foreach (var profile in wanted.Where(c => c.Seen.Exclusive != false).Select(c => c.Seen.ProfileId).Distinct().Order())
            await session.ExecuteAsync(KeepHolder, ("profile", profile));
        return true;
    }

    /// <summary>As many seats of a person as his claims need, in the order of ids.</summary>
    private static async Task<bool> TakeSeatsAsync(WriteSession session, Texts texts, IReadOnlyList<Claim> wanted, DateTime now)
    {
        foreach (var profile in wanted.GroupBy(c => (Id: c.Seen.ProfileId, c.RequirePresent)))
        {
            var people = profile.GroupBy(c => c.To!.Value).OrderBy(g => g.Key).Select(g => (Id: g.Key, Seats: g.Count())).ToList();
            var taken = await ExecuteAsync(session, profile.Key.RequirePresent ? texts.TakeSeatsPresent : texts.TakeSeatsAbsent, people,
                p => [p.Id, p.Seats], ("now", now), ("profile", profile.Key.Id), ("yes", true));
            if (taken != people.Count) return false;
        }
        return true;
    }

    /// <summary>Everybody's last claim decides his turn.</summary>
    private static List<(long Id, long Place)> TurnsOf(IReadOnlyList<Claim> wanted) =>
        [.. wanted.Select((c, i) => (Id: c.To!.Value, Place: i + 1L)).GroupBy(c => c.Id).Select(g => g.Last()).OrderBy(t => t.Id)];

    /// <summary>Writes what happened without a change of owner (opened, parked, a note).</summary>
    public static Task AddEventAsync(WriteSession session, ConversationEvent e)
    {
        var statement = EventStatement(e);
        return session.ExecuteAsync(statement.Sql, statement.Arguments);
    }

    /// <summary>The same for many. True, always: it takes part in a chain of steps that may fail.</summary>
    internal static async Task<bool> AddEventsAsync(WriteSession session, IReadOnlyCollection<ConversationEvent> events)
    {
        await ExecuteAsync(session, ByProvider[session.Dialect.Provider].AddEvents, events, e =>
            [e.ConversationId, e.At, e.Kind, e.Cause, e.Reason, e.ActorId, e.FromId, e.ToId, e.OwnerVersion, e.Note, e.Candidates]);
        return true;
    }

    private static Statement EventStatement(ConversationEvent e) => new(AddEvent, 1,
        ("conversation", e.ConversationId), ("at", e.At), ("kind", e.Kind), ("cause", e.Cause), ("reason", e.Reason), ("actor", e.ActorId),
        ("from", e.FromId), ("to", e.ToId), ("version", e.OwnerVersion), ("note", e.Note), ("candidates", e.Candidates));

    /// <summary>Arrays and not objects: twenty of them are kept with every decision, and their names would be most of it.</summary>
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
        var status = StatusAfter(claim);
        return new Statement(Change, 1,
            ("to", claim.To), ("since", claim.To is null ? null : now), ("status", status), ("closed", status == ConversationStatus.Closed ? now : null),
            ("id", claim.Seen.Id), ("seen", claim.Seen.OwnerVersion), ("from_status", claim.Seen.Status));
    }

    private static ConversationStatus StatusAfter(Claim claim) => claim.Cause == ClaimCause.Close ? ConversationStatus.Closed
        : claim.To is null ? ConversationStatus.Pending
        : claim.RequirePresent ? ConversationStatus.Assigned : ConversationStatus.AssignedOffline;

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
        yield return EventStatement(EventOf(claim, now));
    }

    private static ConversationEvent EventOf(Claim claim, DateTime now) => new()
    {
        ConversationId = claim.Seen.Id,
        At = now,
        Kind = claim.Cause switch
        {
            ClaimCause.Close => ConversationEventKind.Closed,
            // What was never anybody's held only what outreach had sent (SentElsewhere): his first word opens it.
            ClaimCause.Reopen => claim.Seen.OwnerVersion == 0 ? ConversationEventKind.Opened : ConversationEventKind.Reopened,
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
    };

    /// <summary>Presence, permission, capacity and pace, all in the statement that takes the seat.</summary>
    private static string TakeSeat(bool requirePresent, bool paced) =>
        "UPDATE moderators SET open_count = open_count + 1, last_assigned_at = @now"
        + (paced ? ", drain_count = CASE WHEN drain_window_at > @floor THEN drain_count + 1 ELSE 1 END"
                   + ", drain_window_at = CASE WHEN drain_window_at > @floor THEN drain_window_at ELSE @now END" : "")
        + " WHERE id = @id AND " + MayTake("1", requirePresent)
        + (paced ? " AND (drain_window_at IS NULL OR drain_window_at <= @floor OR drain_count < @pace)" : "");

    private static string MayTake(string seats, bool requirePresent) =>
        $"enabled = @yes AND open_count + {seats} <= max_conversations AND state {(requirePresent ? "=" : "<>")} 'Online'"
        // Nobody while it is paused; an exclusive profile's conversations only its holder, a restricted one's only who may.
        + " AND EXISTS (SELECT 1 FROM profiles p WHERE p.id = @profile AND p.paused <> @yes AND ((p.mode = 'Exclusive' AND p.holder_id = moderators.id)"
        + " OR (p.mode <> 'Exclusive' AND (p.restricted <> @yes"
        + " OR EXISTS (SELECT 1 FROM profile_moderators pm WHERE pm.profile_id = p.id AND pm.moderator_id = moderators.id)))))";

    /// <summary>Who no longer has the conversation no longer has its contact either: the next one must not wait for a lock to run out.</summary>
    private async Task LetGoAsync(WriteSession session, Claim claim, DateTime now)
    {
        if (claim.Seen.OwnerId is not { } from || from == claim.To) return;
        var contact = await session.Db.Conversations.Where(c => c.Id == claim.Seen.Id).Select(c => c.ContactId).FirstAsync();
        await locks.ReleaseAllAsync(session, from, now, claim.Seen.ProfileId, contact);
    }

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
        var profile = await session.Db.Profiles.AsNoTracking().FirstAsync(p => p.Id == claim.Seen.ProfileId);
        if (profile.Paused) return new ClaimOutcome(ClaimResult.ProfilePaused, claim.Seen.OwnerId, OwnerVersion: claim.Seen.OwnerVersion);
        if (profile.Mode == ProfileMode.Exclusive && profile.HolderId != person.Id)
        {
            var holder = await session.Db.Moderators.Where(m => m.Id == profile.HolderId).Select(m => m.Name).FirstOrDefaultAsync();
            return new ClaimOutcome(ClaimResult.NotHolder, profile.HolderId, holder, profile.HolderSince, claim.Seen.OwnerVersion);
        }
        var allowed = profile.Mode == ProfileMode.Exclusive || !profile.Restricted
            || await session.Db.ProfileModerators.AnyAsync(m => m.ProfileId == profile.Id && m.ModeratorId == person.Id);
        var why = !allowed ? ClaimResult.NotAllowed
            : claim.RequirePresent && person.State != PresenceState.Online ? ClaimResult.NotPresent
            : person.OpenCount >= person.MaxConversations ? ClaimResult.AtCapacity
            : claim.Paced && person.DrainWindowAt > now - options.Value.DrainWindow ? ClaimResult.Paced
            : ClaimResult.Lost;
        return new ClaimOutcome(why, claim.Seen.OwnerId, OwnerVersion: claim.Seen.OwnerVersion);
    }

    /// <summary>The statements over many conversations, as one provider wants them.</summary>
    private sealed class Texts(SqlDialect dialect)
    {
        public string ChangeNew { get; } = dialect.UpdateRows(
            "conversations",
            [RowColumn.Id("id"), RowColumn.Id("new_owner"), RowColumn.Text("new_status"), RowColumn.Id("seen")],
            "owner_id = r.new_owner, owner_version = owner_version + 1, owner_since = @now, status = r.new_status",
            "owner_version = r.seen AND status = 'Pending'");

        public string TakeSeatsPresent { get; } = TakeSeats(dialect, requirePresent: true);
        public string TakeSeatsAbsent { get; } = TakeSeats(dialect, requirePresent: false);
        public string MoveToEnd { get; } = dialect.UpdateRows(
            "moderator_turns", [RowColumn.Id("moderator_id"), RowColumn.Id("place")],
            "turn = (SELECT COALESCE(MAX(q.turn), 0) FROM moderator_turns q) + r.place", null, ["moderator_id"]);

        public IEnumerable<string> All => [ChangeNew, TakeSeatsPresent, TakeSeatsAbsent, MoveToEnd, AddEvents];

        public string AddEvents { get; } = dialect.InsertRows(
            "conversation_events",
            [
                RowColumn.Id("conversation_id"), RowColumn.Moment("at"), RowColumn.Text("kind"), RowColumn.Text("cause"), RowColumn.Text("reason"),
                RowColumn.Id("actor_id"), RowColumn.Id("from_id"), RowColumn.Id("to_id"), RowColumn.Id("owner_version"), RowColumn.Text("note"), RowColumn.Text("candidates"),
            ]);

        private static string TakeSeats(SqlDialect dialect, bool requirePresent) => dialect.UpdateRows(
            "moderators", [RowColumn.Id("id"), RowColumn.Number("seats")], "open_count = open_count + r.seats, last_assigned_at = @now",
            MayTake("r.seats", requirePresent));
    }
}
