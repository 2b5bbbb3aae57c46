using System.Data.Common;
using Dispatch.Core.Data;

namespace Dispatch.Core.Broker;

/// <summary>A row of the outbox that a relay has claimed.</summary>
internal sealed record ClaimedCommand(
    long Id, string CommandId, string WorkerId, long? NumberId, string? SessionId, WorkerAction Action, string Body, DateTime? ExpiresAt, DateTime CreatedAt, int Attempts)
{
    public CommandProgress Progress(CommandResult result, WaitReason? reason = null, int tried = 1) =>
        new(Id, CommandId, WorkerId, NumberId, SessionId, Action, result, reason, Attempts + tried);
}

/// <summary>The guarded updates of the outbox.</summary>
internal static class RelayStatements
{
    private static readonly string[] Columns = ["id", "command_id", "worker_id", "number_id", "session_id", "action", "body", "expires_at", "created_at", "attempts"];

    private const string Again =
        "UPDATE worker_outbox SET status = 'Queued', claim = NULL, claimed_until = NULL, reason = @reason, attempts = attempts + 1, due_at = @due WHERE id = @id AND claim = @claim";

    public static IEnumerable<string> All(SqlDialect dialect) =>
        [ClaimText(dialect, BulkRows.In("id", [1, 2, 3]).Sql), DoneText(dialect, BulkRows.In("id", [1, 2, 3]).Sql), Again, GiveBackText(BulkRows.In("id", [1, 2]).Sql), WaitText(dialect), TakeBackText(dialect)];

    /// <summary>Queued, or left behind by a relay whose claim lapsed: one update decides who publishes a row.</summary>
    public static Task<List<ClaimedCommand>> ClaimAsync(WriteSession session, IReadOnlyList<long> ids, string claim, DateTime now, DateTime until)
    {
        var (within, arguments) = BulkRows.In("id", ids);
        return session.QueryAsync(ClaimText(session.Dialect, within), Read, [("now", now), ("until", until), ("claim", claim), .. arguments]);
    }

    /// <summary>Back as they were: an earlier one of their line went to another relay.</summary>
    public static Task<int> GiveBackAsync(WriteSession session, IReadOnlyList<long> ids, string claim)
    {
        var (within, arguments) = BulkRows.In("id", ids);
        return session.ExecuteAsync(GiveBackText(within), [("claim", claim), .. arguments]);
    }

    /// <summary>Returns the ids of those whose claim still held.</summary>
    public static Task<List<long>> DoneAsync(WriteSession session, IReadOnlyList<long> ids, string claim, OutboxStatus status, DateTime now)
    {
        var (within, arguments) = BulkRows.In("id", ids);
        return session.QueryAsync(DoneText(session.Dialect, within), r => r.GetInt64(0), [("status", status), ("now", now), ("claim", claim), .. arguments]);
    }

    public static Task<int> AgainAsync(WriteSession session, long id, string claim, WaitReason reason, DateTime due) =>
        session.ExecuteAsync(Again, ("reason", reason), ("due", due), ("id", id), ("claim", claim));

    /// <summary>What is queued for a worker that cannot be reached says why; returns those that did not say so before.</summary>
    public static Task<List<ClaimedCommand>> WaitAsync(WriteSession session, string workerId, WaitReason reason) =>
        session.QueryAsync(WaitText(session.Dialect), Read, ("reason", reason), ("worker", workerId));

    /// <summary>A published command that came back goes into the line again.</summary>
    public static Task<List<ClaimedCommand>> TakeBackAsync(WriteSession session, string commandId, DateTime due) =>
        session.QueryAsync(TakeBackText(session.Dialect), Read, ("reason", WaitReason.NoConsumer), ("due", due), ("command", commandId));

    private static string ClaimText(SqlDialect dialect, string within) => dialect.Update(
        "worker_outbox", "status = 'Publishing', claim = @claim, claimed_until = @until",
        $"{within} AND (status = 'Queued' OR (status = 'Publishing' AND claimed_until <= @now))", Columns);

    private static string DoneText(SqlDialect dialect, string within) => dialect.Update(
        "worker_outbox", "status = @status, done_at = @now, reason = NULL, claim = NULL, claimed_until = NULL, attempts = attempts + 1", $"{within} AND claim = @claim", ["id"]);

    private static string GiveBackText(string within) => $"UPDATE worker_outbox SET status = 'Queued', claim = NULL, claimed_until = NULL WHERE {within} AND claim = @claim";

    private static string WaitText(SqlDialect dialect) => dialect.Update(
        "worker_outbox", "reason = @reason", "worker_id = @worker AND status IN ('Queued','Publishing') AND status = 'Queued' AND (reason IS NULL OR reason <> @reason)", Columns);

    private static string TakeBackText(SqlDialect dialect) => dialect.Update(
        "worker_outbox", "status = 'Queued', claim = NULL, claimed_until = NULL, done_at = NULL, reason = @reason, due_at = @due",
        "command_id = @command AND status IN ('Published','Publishing')", Columns);

    private static ClaimedCommand Read(DbDataReader r) => new(
        r.GetInt64(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.IsDBNull(4) ? null : r.GetString(4), Enum.Parse<WorkerAction>(r.GetString(5)),
        r.GetString(6), Utc(r, 7), Utc(r, 8)!.Value, r.GetInt32(9));

    private static DateTime? Utc(DbDataReader r, int column) => r.IsDBNull(column) ? null : DateTime.SpecifyKind(r.GetDateTime(column), DateTimeKind.Utc);
}
