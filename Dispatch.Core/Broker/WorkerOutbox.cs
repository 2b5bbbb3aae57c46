using System.Text;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Broker;

/// <summary>Shortens the relay's sleep after a commit that added commands, and when a worker can be reached again.</summary>
public sealed class OutboxSignal : WakeSignal;

/// <summary>
/// Where a state change leaves its commands: in its own transaction, so that both happen or neither. <see cref="OutboxRelay"/> publishes them after the commit.
/// </summary>
public sealed class WorkerOutbox(OutboxSignal signal)
{
    private static readonly RowColumn[] Columns =
    [
        RowColumn.Text("command_id"), RowColumn.Text("worker_id"), RowColumn.Id("number_id"), RowColumn.Text("session_id"), RowColumn.Text("action"), RowColumn.Text("body"),
        RowColumn.Moment("expires_at"), RowColumn.Text("status"), RowColumn.Number("attempts"), RowColumn.Moment("due_at"), RowColumn.Moment("created_at"),
    ];

    private const string WithdrawNumber =
        "UPDATE worker_outbox SET status = 'Withdrawn', done_at = @now WHERE worker_id = @worker AND number_id = @number AND status = 'Queued'";

    private const string Repeat =
        "UPDATE worker_outbox SET status = 'Queued', reason = NULL, claim = NULL, claimed_until = NULL, done_at = NULL, expires_at = NULL, due_at = @now "
        + "WHERE command_id = @command AND status IN ('Published','Expired','Withdrawn')";

    internal static IEnumerable<string> Statements(SqlDialect dialect) => [WithdrawNumber, Repeat, dialect.InsertRows("worker_outbox", Columns, "id")];

    /// <summary>The command leaves after this transaction's commit, in its turn among those for the same worker and number.</summary>
    /// <param name="expires">After so long it is not sent any more; null: never.</param>
    /// <returns>Its id, the message id on the wire.</returns>
    public async Task<string> AddAsync(WriteSession session, WorkerCommand command, DateTime now, TimeSpan? expires = null) =>
        (await AddAsync(session, [command], now, expires))[0];

    /// <summary>Many at once, in their order, with one statement.</summary>
    /// <returns>Their ids, in that order.</returns>
    public async Task<IReadOnlyList<string>> AddAsync(WriteSession session, IReadOnlyCollection<WorkerCommand> commands, DateTime now, TimeSpan? expires = null)
    {
        foreach (var command in commands) Check(command);
        var rows = commands.Select(c => (Id: Guid.NewGuid().ToString("N"), Command: c)).ToList();
        await session.InsertAsync("worker_outbox", Columns, rows.ConvertAll(r => new object?[]
        {
            r.Id, r.Command.WorkerId, r.Command.NumberId, r.Command.SessionId, r.Command.Action, Encoding.UTF8.GetString(WorkerCommands.Write(r.Command, now)),
            now + expires, OutboxStatus.Queued, 0, now, now,
        }), ["id"], r => r.GetInt64(0));
        session.AfterCommit(signal.Wake);
        return rows.ConvertAll(r => r.Id);
    }

    /// <summary>Commands for the number that have not left yet are not wanted any more. Returns how many there were; what is being published goes out.</summary>
    public Task<int> WithdrawAsync(WriteSession session, string workerId, long numberId, DateTime now) =>
        session.ExecuteAsync(WithdrawNumber, ("now", now), ("worker", workerId), ("number", numberId));

    /// <summary>A command that was published and did not arrive goes out once more, under the id it had; what is in the outbox already stays as it is.</summary>
    internal async Task RepeatAsync(WriteSession session, string commandId, WorkerCommand command, string body, DateTime now)
    {
        session.AfterCommit(signal.Wake);
        if (await session.ExecuteAsync(Repeat, ("now", now), ("command", commandId)) > 0) return;
        // Open already, or its row went with the history.
        if (await session.Db.WorkerOutbox.AnyAsync(c => c.CommandId == commandId)) return;
        await session.InsertAsync("worker_outbox", Columns,
            [[commandId, command.WorkerId, command.NumberId, command.SessionId, command.Action, body, null, OutboxStatus.Queued, 0, now, now]], ["id"], r => r.GetInt64(0));
    }

    /// <summary>What is in the outbox of a worker and why, the newest on top.</summary>
    public static async Task<IReadOnlyList<OutboxCommand>> ListOpenAsync(DispatchDb db, string? workerId, int skip, int take, CancellationToken cancel = default)
    {
        var open = db.WorkerOutbox.AsNoTracking().Where(c => c.Status == OutboxStatus.Queued || c.Status == OutboxStatus.Publishing);
        if (workerId is not null) open = open.Where(c => c.WorkerId == workerId);
        return await open.OrderByDescending(c => c.Id).Skip(skip).Take(take).ToListAsync(cancel);
    }

    private static void Check(WorkerCommand command)
    {
        if (!WorkerRoute.IsWorkerId(command.WorkerId)) throw new ArgumentException("A worker's id is 1 to 64 letters, digits, - and _.", nameof(command));
        if (command.Action == WorkerAction.Announce) return;
        if (command.NumberId is null || command.SessionId is null) throw new ArgumentException($"{command.Action} needs a number and a session.", nameof(command));
        if (command.Action == WorkerAction.Send && (command.To is null || command.Text is null || command.Ref is null))
            throw new ArgumentException("Send needs whom to write to, a text and a reference.", nameof(command));
    }
}
