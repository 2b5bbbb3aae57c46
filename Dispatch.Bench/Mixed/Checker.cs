using System.Globalization;
using Npgsql;

namespace Dispatch.Bench.Mixed;

/// <summary>What was found wrong.</summary>
/// <param name="Check">A name of <see cref="Checker"/>.</param>
internal sealed record Violation(string Check, string Detail)
{
    public override string ToString() => $"{Check}: {Detail}";
}

/// <summary>
/// Reads the tables with statements of its own, the gateway's book and the load's book, and holds them against each other; not a line of Dispatch's code takes part. Every check has a name, and a
/// test breaks something for each of them.
/// </summary>
internal sealed class Checker(NpgsqlConnection connection, LoadBook load, IReadOnlyCollection<BookEntry> sent, TimeSpan bookingTimeout)
{
    public const string
        InboundOnce = "every acknowledged message once", InboundOrder = "messages in order", ReplyOnce = "every accepted answer once", ReplyOrder = "answers in order", OneOwner = "one owner each",
        Capacity = "no moderator over capacity", OneHolder = "one holder per profile", OneDriver = "one driver per booking", OneBooking = "one booking per driver", Effects = "every effect at most once or uncertain",
        ActionOnce = "every accepted action once", Quota = "no quota exceeded", Late = "no due time more than 30 s late", Alerts = "all alerts resolved", Rest = "nothing left in hand";

    public static readonly string[] All =
        [InboundOnce, InboundOrder, ReplyOnce, ReplyOrder, OneOwner, Capacity, OneHolder, OneDriver, OneBooking, Effects, ActionOnce, Quota, Late, Alerts, Rest];

    public static readonly TimeSpan MostLate = TimeSpan.FromSeconds(30);
    private readonly List<Violation> _found = [];
    private readonly Dictionary<string, TimeSpan> _lateness = new(StringComparer.Ordinal);

    /// <summary>The worst of each kind of due time, by its name; only after <see cref="RunAsync"/>.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Lateness => _lateness;

    public async Task<IReadOnlyList<Violation>> RunAsync()
    {
        _found.Clear();
        _lateness.Clear();
        await InboundAsync();
        await RepliesAsync();
        await OwnersAsync();
        await RidesAsync();
        await EffectsAsync();
        await ActionsAsync();
        await LatenessAsync();
        await AlertsAsync();
        await RestAsync();
        return [.. _found];
    }

    private async Task InboundAsync()
    {
        var stored = await RowsAsync(
            "SELECT m.provider_message_id, c.address FROM messages m JOIN conversations v ON v.id = m.conversation_id JOIN contacts c ON c.id = v.contact_id WHERE m.direction = 'In' ORDER BY m.id",
            r => (Id: r.GetString(0), Contact: r.GetString(1)));
        var times = stored.GroupBy(s => s.Id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        foreach (var note in load.Inbound.Where(n => !times.ContainsKey(n.Id))) Add(InboundOnce, $"{note.Id} was acknowledged and is not there");
        foreach (var (id, count) in times.Where(t => t.Value > 1)) Add(InboundOnce, $"{id} is stored {count} times");
        var order = stored.GroupBy(s => s.Contact, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(s => s.Id).ToList(), StringComparer.Ordinal);
        foreach (var contact in load.Inbound.GroupBy(n => n.Contact, StringComparer.Ordinal))
        {
            var said = contact.Select(n => n.Id).ToHashSet(StringComparer.Ordinal);
            var lies = order.GetValueOrDefault(contact.Key, []).Where(said.Contains).Distinct(StringComparer.Ordinal).ToList();
            if (!lies.SequenceEqual(contact.Select(n => n.Id).Where(lies.Contains), StringComparer.Ordinal)) Add(InboundOrder, $"contact {contact.Key[^3..]}");
        }
    }

    private async Task RepliesAsync()
    {
        var stored = (await RowsAsync("SELECT text, conversation_id, id FROM messages WHERE direction = 'Out' AND effect_key LIKE 'api:%' ORDER BY id", r => (Text: r.GetString(0), Conversation: r.GetInt64(1), Id: r.GetInt64(2))))
            .GroupBy(m => m.Text, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
        foreach (var note in load.Replies.Where(n => !stored.ContainsKey(n.Text))) Add(ReplyOnce, $"'{note.Text}' was accepted and is not there");
        foreach (var (text, rows) in stored.Where(s => s.Value.Count > 1)) Add(ReplyOnce, $"'{text}' is stored {rows.Count} times");
        // As they arrived at the gateway, against the order in which they were accepted one after the other.
        var arrived = sent.Select((e, i) => (e.Text, i)).GroupBy(e => e.Text, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().i, StringComparer.Ordinal);
        foreach (var conversation in load.Replies.GroupBy(n => n.Conversation))
        {
            var places = conversation.Where(n => arrived.ContainsKey(n.Text)).Select(n => (n.Text, At: arrived[n.Text])).ToList();
            foreach (var (before, after) in places.Zip(places.Skip(1)).Where(p => p.Second.At < p.First.At)) Add(ReplyOrder, $"conversation {conversation.Key}: '{after.Text}' left before '{before.Text}'");
        }
    }

    private async Task OwnersAsync()
    {
        await EachAsync(OneOwner, "SELECT id, status, owner_id FROM conversations WHERE (status IN ('Assigned','AssignedOffline')) <> (owner_id IS NOT NULL)", r => $"conversation {r.GetInt64(0)} is {r.GetString(1)}");
        await EachAsync(OneOwner, "SELECT contact_id, profile_id, count(*) FROM conversations WHERE status <> 'Closed' GROUP BY 1, 2 HAVING count(*) > 1", r => $"contact {r.GetInt64(0)} has {r.GetInt64(2)} open conversations on profile {r.GetInt64(1)}");
        // Opened, parked and notes are told at the version they happened in; every other event is a change of its own.
        await EachAsync(OneOwner,
            "SELECT conversation_id, owner_version, count(*) FROM conversation_events WHERE kind NOT IN ('Opened','Parked','NoteAdded') GROUP BY 1, 2 HAVING count(*) > 1", r => $"conversation {r.GetInt64(0)} changed {r.GetInt64(2)} times from one version");
        await EachAsync(OneOwner, "SELECT c.id FROM conversations c WHERE c.owner_version <> COALESCE((SELECT max(e.owner_version) FROM conversation_events e WHERE e.conversation_id = c.id), 0)", r => $"conversation {r.GetInt64(0)} is at another version than its last event");
        await EachAsync(Capacity, "SELECT what, about, amount, at FROM witness_wrong WHERE what = 'capacity'", r => $"moderator {r.GetInt64(1)} had {r.GetInt32(2)} at {r.GetDateTime(3):HH:mm:ss}");
        await EachAsync(Capacity,
            "SELECT m.id, m.open_count, m.max_conversations, count(c.id) FROM moderators m LEFT JOIN conversations c ON c.owner_id = m.id GROUP BY m.id, m.open_count, m.max_conversations HAVING count(c.id) > m.max_conversations OR count(c.id) <> m.open_count",
            r => $"moderator {r.GetInt64(0)} has {r.GetInt64(3)}, counts {r.GetInt32(1)}, may have {r.GetInt32(2)}");
        await EachAsync(OneHolder, "SELECT profile_id, count(*) FROM moderator_profile_assignments WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1", r => $"profile {r.GetInt64(0)} is held {r.GetInt64(1)} times");
        await EachAsync(OneHolder,
            "SELECT p.id FROM profiles p LEFT JOIN moderator_profile_assignments a ON a.profile_id = p.id AND a.ended_at IS NULL WHERE p.holder_id IS DISTINCT FROM a.moderator_id", r => $"profile {r.GetInt64(0)} has another holder than its history says");
    }

    private async Task RidesAsync()
    {
        foreach (var twice in load.Rides.GroupBy(r => r.Booking).Where(g => g.Select(r => r.Driver).Distinct().Count() > 1)) Add(OneDriver, $"booking {twice.Key} was promised to {twice.Count()} drivers");
        var drivers = (await RowsAsync("SELECT id, driver_id, status FROM bookings WHERE driver_id IS NOT NULL", r => (Id: r.GetInt64(0), Driver: r.GetInt64(1), Status: r.GetString(2)))).ToDictionary(b => b.Id);
        foreach (var ride in load.Rides.Where(r => !drivers.TryGetValue(r.Booking, out var b) || b.Driver != r.Driver || b.Status is not ("Accepted" or "Completed"))) Add(OneDriver, $"booking {ride.Booking} was promised to driver {ride.Driver}, who has it not");
        foreach (var twice in drivers.Values.Where(b => b.Status == "Accepted").GroupBy(b => b.Driver).Where(g => g.Count() > 1)) Add(OneBooking, $"driver {twice.Key} has {twice.Count()} bookings");
        // Every ride of the load has a customer of its own.
        await EachAsync(OneBooking, "SELECT customer_phone, count(*) FROM bookings GROUP BY 1 HAVING count(*) > 1", r => $"a ride was made {r.GetInt64(1)} times");
        var steps = await RowsAsync("SELECT driver_id, booking_id, status FROM witness_rides ORDER BY id", r => (Driver: r.GetInt64(0), Booking: r.GetInt64(1), Status: r.GetString(2)));
        foreach (var driver in steps.GroupBy(s => s.Driver))
        {
            long? has = null;
            foreach (var step in driver)
            {
                if (step.Status == "Accepted" && has is { } other) Add(OneBooking, $"driver {driver.Key} took booking {step.Booking} while he had {other}");
                if (step.Status == "Accepted") has = step.Booking;
                else if (has == step.Booking) has = null;
            }
        }
    }

    /// <summary>Whatever leaves has a row that says so: as often as its rows say Sent, and more often only as far as others of them are Uncertain.</summary>
    private async Task EffectsAsync()
    {
        const string left = "count(*) FILTER (WHERE status IN ('Sent','Delivered','Read','Success')), count(*) FILTER (WHERE status = 'Uncertain')";
        var rows = await RowsAsync(
            $"SELECT address, text, {left} FROM ("
            + "SELECT c.address, m.text, m.status FROM messages m JOIN conversations v ON v.id = m.conversation_id JOIN contacts c ON c.id = v.contact_id WHERE m.direction = 'Out' AND m.effect_key NOT LIKE 'outreach/%' "
            + "UNION ALL SELECT address, text, status FROM service_messages WHERE direction = 'Out' "
            + "UNION ALL SELECT p.address, COALESCE(a.content, ''), a.status FROM outreach_actions a JOIN prospects p ON p.id = a.prospect_id) x GROUP BY address, text",
            r => (Key: (GatewayBook.Digits(r.GetString(0)), r.GetString(1)), Sent: r.GetInt64(2), Uncertain: r.GetInt64(3)));
        var book = sent.GroupBy(e => (e.To, e.Text)).ToDictionary(g => g.Key, g => g.Count());
        foreach (var row in rows)
        {
            book.Remove(row.Key, out var times);
            if (times < row.Sent) Add(Effects, $"'{Short(row.Key.Item2)}' is said to be sent {row.Sent} times, the gateway took it {times} times");
            if (times > row.Sent + row.Uncertain) Add(Effects, $"'{Short(row.Key.Item2)}' was taken {times} times by the gateway; {row.Sent} are sent, {row.Uncertain} uncertain");
        }
        foreach (var ((_, text), times) in book) Add(Effects, $"'{Short(text)}' was taken {times} times by the gateway and is nobody's");
    }

    private async Task ActionsAsync()
    {
        var stored = (await RowsAsync("SELECT content FROM outreach_actions WHERE content IS NOT NULL", r => r.GetString(0))).GroupBy(k => k, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        foreach (var note in load.Actions.Where(n => stored.GetValueOrDefault(n.Text) != 1)) Add(ActionOnce, $"'{note.Text}' was accepted and is there {stored.GetValueOrDefault(note.Text)} times");
        await EachAsync(Quota, "SELECT what, about, amount, at FROM witness_wrong WHERE what = 'quota'", r => $"account {r.GetInt64(1)} had {r.GetInt32(2)} at {r.GetDateTime(3):HH:mm:ss}");
        var limits = (await RowsAsync("SELECT account_id, quota FROM witness_limits", r => (Account: r.GetInt64(0), Quota: r.GetInt32(1)))).ToDictionary(l => l.Account, l => l.Quota);
        var of = load.Actions.ToDictionary(a => a.Text, a => a.Account, StringComparer.Ordinal);
        foreach (var account in sent.Where(e => of.ContainsKey(e.Text)).GroupBy(e => of[e.Text]).Where(g => g.Count() > limits.GetValueOrDefault(g.Key, int.MaxValue))) Add(Quota, $"the gateway took {account.Count()} of account {account.Key}");
    }

    /// <summary>Of a pending action <c>a</c>, rightly not sent yet: its account's day is used up, or an earlier one to the same person is in doubt until somebody decides it.</summary>
    internal const string Waits =
        "(EXISTS (SELECT 1 FROM account_days d JOIN witness_limits l ON l.account_id = d.account_id WHERE d.account_id = a.account_id AND d.reserved + d.used >= l.quota) "
        + "OR EXISTS (SELECT 1 FROM outreach_actions u WHERE u.prospect_id = a.prospect_id AND u.status = 'Uncertain' AND u.type <> 'Reply' AND (u.scheduled_at, u.id) < (a.scheduled_at, a.id)))";

    private async Task LatenessAsync()
    {
        await WorstAsync("offer's end", "SELECT max(closed_at - expires_at) FROM booking_notifications WHERE closed_at IS NOT NULL");
        await WorstAsync("offer still open", "SELECT max(now() - expires_at) FROM booking_notifications WHERE response IS NULL AND withdrawn IS NULL");
        await WorstAsync("search's end", string.Create(CultureInfo.InvariantCulture, $"SELECT max(ended_at - started_at - interval '{bookingTimeout.TotalSeconds} s') FROM matching_metrics WHERE final_status IS NOT NULL"));
        await WorstAsync("search still on", "SELECT max(now() - matching_deadline) FROM bookings WHERE status = 'Pending'");
        var begun = (await RowsAsync("SELECT booking_id, min(at) FROM booking_events WHERE kind = 'SearchStarted' GROUP BY 1", r => (Id: r.GetInt64(0), At: r.GetDateTime(1)))).ToDictionary(b => b.Id, b => b.At);
        var now = (await RowsAsync("SELECT now()", r => r.GetDateTime(0)))[0];
        foreach (var note in load.Scheduled) Remember("search's begin", begun.GetValueOrDefault(note.Booking, now) - note.StartAt);
        var started = (await RowsAsync(
                $"SELECT COALESCE(a.content, ''), a.started_at, a.status, {Waits} FROM outreach_actions a",
                r => (Key: r.GetString(0), At: r.IsDBNull(1) ? (DateTime?)null : r.GetDateTime(1), Status: r.GetString(2), Waits: r.GetBoolean(3))))
            .ToLookup(a => a.Key, StringComparer.Ordinal);
        foreach (var note in load.Actions)
        {
            foreach (var action in started[note.Text].Where(a => !(a.Waits && a.Status == "Pending"))) Remember("action", (action.At ?? now) - note.Wanted);
        }
        await WorstAsync("grace", "SELECT max(now() - grace_until) FROM moderators WHERE grace_until IS NOT NULL");
        await WorstAsync("unlock request", "SELECT max(COALESCE(decided_at, now()) - due_at) FROM unlock_requests");
        foreach (var (kind, late) in _lateness.Where(l => l.Value > MostLate)) Add(Late, FormattableString.Invariant($"{kind}: {late.TotalSeconds:F1} s"));
        // Not a due time, but people wait: how long an answer took to leave. Said, not judged.
        await WorstAsync("answer (not judged)", "SELECT max(status_at - stored_at) FROM messages WHERE direction = 'Out' AND effect_key LIKE 'api:%' AND status = 'Sent'");
    }

    private Task AlertsAsync() => EachAsync(Alerts, "SELECT kind, dedupe_key, count FROM alerts WHERE resolved_at IS NULL", r => $"{r.GetString(0)} {r.GetString(1)} ({r.GetInt32(2)})");

    private async Task RestAsync()
    {
        await EachAsync(Rest, "SELECT status, count(*) FROM messages WHERE status IN ('Queued','Sending') GROUP BY 1", r => $"{r.GetInt64(1)} messages are {r.GetString(0)}");
        await EachAsync(Rest, "SELECT status, count(*) FROM service_messages WHERE status IN ('Queued','Sending') AND channel_id IS NOT NULL GROUP BY 1", r => $"{r.GetInt64(1)} service messages are {r.GetString(0)}");
        await EachAsync(Rest, "SELECT status, count(*) FROM outreach_actions WHERE status IN ('Claimed','Sending') GROUP BY 1", r => $"{r.GetInt64(1)} actions are {r.GetString(0)}");
        await EachAsync(Rest, "SELECT count(*) FROM pending_messages HAVING count(*) > 0", r => $"{r.GetInt64(0)} messages wait for somebody");
        await EachAsync(Rest, "SELECT count(*) FROM worker_outbox WHERE status IN ('Queued','Publishing') AND due_at < now() - interval '30 s' HAVING count(*) > 0", r => $"{r.GetInt64(0)} commands wait");
    }

    private async Task WorstAsync(string kind, string sql)
    {
        var worst = (await RowsAsync(sql, r => r.IsDBNull(0) ? (TimeSpan?)null : r.GetTimeSpan(0)))[0];
        if (worst is { } late) Remember(kind, late);
    }

    private void Remember(string kind, TimeSpan late)
    {
        if (late < TimeSpan.Zero) late = TimeSpan.Zero;
        if (!_lateness.TryGetValue(kind, out var worst) || late > worst) _lateness[kind] = late;
    }

    private async Task EachAsync(string check, string sql, Func<NpgsqlDataReader, string> say)
    {
        foreach (var detail in await RowsAsync(sql, say)) Add(check, detail);
    }

    private async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    private void Add(string check, string detail) => _found.Add(new Violation(check, detail));

    private static string Short(string text) => text.ReplaceLineEndings(" ") is var line && line.Length > 60 ? line[..60] : line;
}
