using System.Numerics;
using Dispatch.Core.Data;

namespace Dispatch.Core.Outreach;

/// <summary>The hand-written statements of the queue, as one provider wants them. Times of leases are the database's clock where it has one.</summary>
internal sealed class ActionSql
{
    private static readonly Dictionary<DatabaseProvider, ActionSql> ByProvider = SqlDialect.All.ToDictionary(d => d.Provider, d => new ActionSql(d));

    private const string Columns =
        "a.id, a.epoch, a.prospect_id, a.kind, a.content, a.attempts, a.prospect_epoch, a.due_at, a.started_at, p.name, p.address, p.company, p.language, p.epoch, p.stage, p.time_zone, "
        + "p.contacted_at, p.last_inbound_at, a.template";

    private const string Joined = "JOIN prospects p ON p.id = a.prospect_id";

    /// <summary>A step never overtakes the one planned before it: not even one that is tried again later, nor one of which nobody knows whether it left.</summary>
    private const string NoEarlier =
        "(a.type = 'Reply' OR NOT EXISTS (SELECT 1 FROM outreach_actions e WHERE e.prospect_id = a.prospect_id AND e.type <> 'Reply' "
        + "AND (e.scheduled_at < a.scheduled_at OR (e.scheduled_at = a.scheduled_at AND e.id < a.id)) "
        + "AND e.status IN ('Pending','Claimed','Sending','Uncertain')))";

    /// <summary>His prospect has not written since it was planned, and is not stopped: asked by every statement that starts a sending.</summary>
    private const string Wanted =
        "EXISTS (SELECT 1 FROM prospects p WHERE p.id = outreach_actions.prospect_id AND (outreach_actions.type = 'Reply' OR (p.epoch = outreach_actions.prospect_epoch AND p.stopped_at IS NULL)))";

    private const int DueTexts = 11;
    private readonly string[] _due;

    private ActionSql(SqlDialect dialect)
    {
        var leaseNow = dialect.Now ?? "@now";
        _due = [.. Enumerable.Range(0, DueTexts).Select(power => dialect.FirstFree(
            1 << power, Columns, "outreach_actions", Joined, $"a.account_id = @account AND a.type = @type AND a.status = 'Pending' AND a.due_at <= @now AND {NoEarlier}", "a.due_at, a.id"))];
        One = dialect.FirstFree(1, Columns, "outreach_actions", Joined, $"a.id = @id AND a.status = 'Pending' AND {NoEarlier}", "a.id");
        Claim = dialect.UpdateRows("outreach_actions", [.. Key, RowColumn.Id("quota")],
            "status = 'Claimed', lease_owner = @owner, epoch = r.epoch, quota_id = r.quota, attempts = attempts + 1, error = NULL, error_class = NULL",
            // The epoch is a fence, and it ties the condition to the given row: of "status = 'Pending'" alone PostgreSQL thinks that it leaves one row, and walks through the table for it.
            "status = 'Pending' AND outreach_actions.epoch = r.epoch - 1");
        Begin = dialect.UpdateRows("outreach_actions", [.. Key, RowColumn.Id("quota"), RowColumn.Text("content"), RowColumn.Text("template")],
            "status = 'Sending', lease_owner = @owner, epoch = r.epoch, quota_id = r.quota, attempts = attempts + 1, error = NULL, error_class = NULL, started_at = @now, "
            + "content = r.content, template = r.template",
            // The account is not asked for: its row is locked, as it was when it was read.
            $"status = 'Pending' AND outreach_actions.epoch = r.epoch - 1 AND {Wanted} AND {HasLease(leaseNow)}");
        Start = dialect.UpdateRows("outreach_actions", [.. Key, RowColumn.Text("content"), RowColumn.Text("template"), RowColumn.Id("account_version")],
            "status = 'Sending', started_at = @now, content = r.content, template = r.template",
            "status = 'Claimed' AND outreach_actions.epoch = r.epoch AND "
            + $"{Wanted} AND EXISTS (SELECT 1 FROM outreach_accounts c WHERE c.id = outreach_actions.account_id AND c.version = r.account_version) AND {HasLease(leaseNow)}");
        Leave = dialect.UpdateRows("outreach_actions", [.. Key, RowColumn.Text("result"), RowColumn.Text("why"), RowColumn.Moment("due"), RowColumn.Number("attempt")],
            "status = r.result, error = r.why, due_at = COALESCE(r.due, due_at), attempts = r.attempt, lease_owner = NULL, quota_id = NULL, "
            + "finished_at = CASE WHEN r.result = 'Pending' THEN NULL ELSE @now END",
            "status IN ('Claimed','Sending') AND outreach_actions.epoch = r.epoch AND lease_owner = @owner");
        Finish = dialect.UpdateRows("outreach_actions",
            [.. Key, RowColumn.Text("result"), RowColumn.Text("provider"), RowColumn.Text("why"), RowColumn.Text("class"), RowColumn.Moment("due")],
            "status = r.result, provider_message_id = COALESCE(r.provider, provider_message_id), error = r.why, error_class = r.class, due_at = COALESCE(r.due, due_at), lease_owner = NULL, "
            + "quota_id = CASE WHEN r.result = 'Pending' THEN NULL ELSE quota_id END, finished_at = CASE WHEN r.result = 'Pending' THEN NULL ELSE @now END",
            "status = 'Sending' AND outreach_actions.epoch = r.epoch");
        Advance = dialect.UpdateRows("prospects",
            [RowColumn.Id("id"), RowColumn.Id("epoch"), RowColumn.Text("sequence"), RowColumn.Number("step"), RowColumn.Moment("look")],
            "last_outbound_at = @now, contacted_at = COALESCE(contacted_at, @now), stage = CASE WHEN stage IN ('New','Invited') THEN 'Contacted' ELSE stage END, "
            + "sequence = r.sequence, step = r.step, follow_up_at = r.look, contact_due_at = NULL",
            "prospects.epoch = r.epoch");
        Invited = dialect.UpdateRows("prospects", [RowColumn.Id("id"), RowColumn.Id("epoch"), RowColumn.Number("connected")],
            "stage = CASE WHEN stage = 'New' THEN 'Invited' ELSE stage END, connected_at = CASE WHEN r.connected = 1 THEN COALESCE(connected_at, @now) ELSE connected_at END, "
            // Connected already: the first contact may follow at once.
            // (and so it may when he said yes while the invitation was on its way).
            + "contact_due_at = CASE WHEN (r.connected = 1 OR connected_at IS NOT NULL) AND contacted_at IS NULL THEN @now ELSE NULL END",
            "prospects.epoch = r.epoch AND prospects.stopped_at IS NULL");
        Give = dialect.UpdateRows("account_days", [RowColumn.Id("id"), RowColumn.Number("back"), RowColumn.Number("used_up")], "reserved = reserved - r.back, used = used + r.used_up");
        Log = dialect.InsertRows("action_logs",
        [
            RowColumn.Id("action_id"), RowColumn.Id("account_id"), RowColumn.Id("prospect_id"), RowColumn.Text("action"), RowColumn.Text("status"), RowColumn.Number("attempt"),
            RowColumn.Text("provider_message_id"), RowColumn.Text("error"), RowColumn.Same("at", "now"),
        ]);
        RowColumn[] planned =
        [
            RowColumn.Id("account_id"), RowColumn.Id("prospect_id"), RowColumn.Text("kind"), RowColumn.Text("type"), RowColumn.Text("status"), RowColumn.Text("effect_key"),
            RowColumn.Id("prospect_epoch"), RowColumn.Text("content"), RowColumn.Moment("scheduled_at"), RowColumn.Moment("due_at"), RowColumn.Number("attempts"), RowColumn.Id("epoch"),
            RowColumn.Id("created_by"), RowColumn.Same("created_at", "now"),
        ];
        Plan = dialect.InsertRows("outreach_actions", planned, "id", "effect_key");
        PlanNew = dialect.InsertNewRows("outreach_actions", ["outreach_effects"], planned, "effect_key", "id", "effect_key");
        ProspectsById = dialect.ByKeys("prospects", [RowColumn.Id("id")], "id", "account_id", "epoch", "stopped_at");
        // In one statement: a key that retention moves meanwhile is missed in neither table.
        KnownActions = dialect.ByKeys("outreach_actions", [RowColumn.Text("effect_key")], "effect_key", "id", "status", "error")
            + " UNION ALL " + dialect.ByKeys("outreach_effects", [RowColumn.Text("effect_key")], "effect_key", "action_id", "status", SqlDialect.Nothing); // why it ended so is gone with the action
        KnownKeys = dialect.ByKeys("outreach_actions", [RowColumn.Text("effect_key")], "effect_key");
        ReleaseOrphans = dialect.Update("outreach_actions", "status = 'Pending', lease_owner = NULL, epoch = epoch + 1, attempts = attempts - 1",
            "status IN ('Claimed','Sending') AND status = 'Claimed' AND " + NoLease(leaseNow), ["id", "quota_id"]);
        DoubtOrphans = dialect.Update("outreach_actions", "status = 'Uncertain', error = 'LostSender', error_class = 'Unknown', finished_at = @now",
            "status IN ('Claimed','Sending') AND status = 'Sending' AND " + NoLease(leaseNow), ["id", "quota_id", "account_id", "prospect_id", "kind", "attempts"]);
        Replied = dialect.UpdateRows("prospects", [RowColumn.Text("address"), RowColumn.Number("opted_out"), RowColumn.Moment("wrote_at")],
            "epoch = epoch + 1, last_inbound_at = r.wrote_at, sequence = NULL, step = 0, follow_up_at = NULL, contact_due_at = NULL, "
            + "stage = CASE WHEN stage = 'Stopped' OR r.opted_out = 1 THEN 'Stopped' ELSE 'Answered' END, "
            + "stopped_at = CASE WHEN stopped_at IS NULL AND r.opted_out = 1 THEN @now ELSE stopped_at END, "
            + "stop_reason = CASE WHEN stop_reason IS NULL AND r.opted_out = 1 THEN 'OptedOut' ELSE stop_reason END, "
            + $"reply_due_at = CASE WHEN automatic = {dialect.True} AND stopped_at IS NULL AND r.opted_out = 0 THEN @now ELSE reply_due_at END",
            null, ["address"]);
        StopSteps = "UPDATE outreach_actions SET status = 'Cancelled', error = 'ProspectReplied', finished_at = @now "
            + $"FROM {dialect.Rows(RowColumn.Text("address"), RowColumn.Number("opted_out"), RowColumn.Moment("wrote_at"))} JOIN prospects p ON p.address = r.address "
            // In a CASE, or SQLite goes through all that is pending.
            + "WHERE outreach_actions.prospect_id = p.id AND CASE WHEN outreach_actions.status = 'Pending' AND outreach_actions.type <> 'Reply' THEN 1 ELSE 0 END = 1";
    }

    private static RowColumn[] Key => [RowColumn.Id("id"), RowColumn.Id("epoch")];

    /// <summary>It is the account that was seen: its plan and state by the version, the pace of a backlog that somebody else found since, the credentials that its channel has now.</summary>
    public const string LockAccount =
        "UPDATE outreach_accounts SET last_claim_at = @now, resumed_at = @resumed WHERE id = @id AND version = @version AND COALESCE(resumed_at, @never) = @seen "
        + "AND COALESCE((SELECT c.protected_token FROM channels c WHERE c.id = outreach_accounts.channel_id), '') = @token AND (@anyway = 1 OR next_send_at IS NULL OR next_send_at <= @now)";

    public const string SetNext = "UPDATE outreach_accounts SET next_send_at = @next WHERE id = @id";
    public const string Days = "SELECT id, type, reserved, used FROM account_days WHERE account_id = @account AND day = @day";

    public const string AddDay =
        "INSERT INTO account_days (account_id, type, day, reserved, used) SELECT @account, @type, @day, 0, 0 "
        + "WHERE NOT EXISTS (SELECT 1 FROM account_days WHERE account_id = @account AND day = @day AND type = @type)";

    /// <summary>Invariant 8: the statement that reserves is the judge, whatever was read before.</summary>
    public const string Reserve = "UPDATE account_days SET reserved = reserved + @n WHERE id = @id AND (@limit < 0 OR reserved + used + @n <= @limit)";

    public const string BreakerSet =
        "UPDATE outreach_accounts SET failures = @failures, breaker_until = @until, breaker_reason = @reason, version = version + 1, "
        // Only an open breaker makes a backlog; a failure that was tolerated held nobody up.
        + "resumed_at = CASE WHEN @failures = 0 AND breaker_until IS NOT NULL THEN @now ELSE resumed_at END WHERE id = @id AND failures = @seen";

    /// <summary>What is due of an account, the first <paramref name="most"/> or somewhat more (at most 1,024): a text for each power of two.</summary>
    public string Due(int most) => _due[Math.Min(BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, most))), DueTexts - 1)];

    public string One { get; }
    public string Claim { get; }

    /// <summary>Claim and start in one, where nothing has to be asked in between.</summary>
    public string Begin { get; }
    public string Start { get; }
    public string Leave { get; }
    public string Finish { get; }
    public string Advance { get; }
    public string Invited { get; }
    public string Give { get; }
    public string Log { get; }
    public string Plan { get; }
    public string PlanNew { get; }
    public string KnownKeys { get; }
    public string KnownActions { get; }
    public string ProspectsById { get; }
    public string ReleaseOrphans { get; }
    public string DoubtOrphans { get; }
    public string Replied { get; }
    public string StopSteps { get; }

    public static ActionSql Of(WriteSession session) => ByProvider[session.Dialect.Provider];

    /// <summary>Every text this class can send, for the checks of their plans and of their SQL Server form.</summary>
    public static IEnumerable<string> Statements(SqlDialect dialect)
    {
        var sql = ByProvider[dialect.Provider];
        return
        [
            LockAccount, SetNext, Days, AddDay, Reserve, BreakerSet, .. sql._due, sql.One, sql.Claim, sql.Begin, sql.Start, sql.Leave, sql.Finish, sql.Advance, sql.Invited, sql.Give, sql.Log, sql.Plan, sql.PlanNew,
            sql.KnownKeys, sql.KnownActions, sql.ProspectsById, sql.ReleaseOrphans, sql.DoubtOrphans, sql.Replied, sql.StopSteps,
        ];
    }

    private static string HasLease(string now) => $"EXISTS (SELECT 1 FROM leases l WHERE l.name = @owner AND l.expires_at > {now})";

    private static string NoLease(string now) => $"NOT EXISTS (SELECT 1 FROM leases l WHERE l.name = outreach_actions.lease_owner AND l.expires_at > {now})";
}
