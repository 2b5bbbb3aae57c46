using System.Text;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Broker;

public sealed record DeadLetterSearch(DeadLetterStatus? Status = DeadLetterStatus.Open, DeadReason? Reason = null, string? WorkerId = null, int Skip = 0, int Take = 50);

/// <summary>A dead letter without its body.</summary>
public sealed record DeadLetterRow(
    long Id, DeadLetterSource Source, DeadReason Reason, string? Detail, string? WorkerId, long? NumberId, string? Action, int Bytes, DeadLetterStatus Status, DateTime ReceivedAt, DateTime? DecidedAt,
    long? DecidedBy);

public sealed record DeadLetterPage(IReadOnlyList<DeadLetterRow> Items, int Total);

/// <param name="Body">With secrets and personal fields hidden; null: it is no JSON, or cannot be decrypted any more.</param>
public sealed record DeadLetterView(DeadLetterRow Row, string? Body, IReadOnlyList<DeadLetterEvent> Events);

public enum DeadLetterOutcome
{
    Done,

    /// <summary>No such dead letter.</summary>
    Unknown,

    /// <summary>Somebody decided before.</summary>
    AlreadyDecided,

    /// <summary>The keys it was encrypted with are gone: it can only be dropped.</summary>
    Undecryptable,

    /// <summary>The same fault again; it stays open.</summary>
    FailedAgain,
}

/// <summary>What people decide about dead letters. Each decision is one guarded update with an event row; two at once: one decides.</summary>
public sealed partial class DeadLetters(
    Database database, DeadLetterBodies bodies, IWorkerAnswerHandler handler, WorkerOutbox outbox, AlertStore alerts, TimeProvider clock, ILogger<DeadLetters> logger)
{
    private const string Decide = "UPDATE dead_letters SET status = @status, decided_at = @now, decided_by = @actor WHERE id = @id AND status = 'Open'";

    internal static IEnumerable<string> Statements => [Decide];

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>The newest on top.</summary>
    public async Task<DeadLetterPage> ListAsync(DeadLetterSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.DeadLetters.AsQueryable();
        if (search.Status is { } status) found = found.Where(d => d.Status == status);
        if (search.Reason is { } reason) found = found.Where(d => d.Reason == reason);
        if (search.WorkerId is { } worker) found = found.Where(d => d.WorkerId == worker);
        return new DeadLetterPage(
            await Rows(found.OrderByDescending(d => d.Id).Skip(search.Skip).Take(search.Take)).ToListAsync(cancel), await found.CountAsync(cancel));
    }

    public async Task<DeadLetterView?> GetAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if (await Rows(db.DeadLetters.Where(d => d.Id == id)).FirstOrDefaultAsync(cancel) is not { } row) return null;
        var body = bodies.Unprotect(await db.DeadLetters.Where(d => d.Id == id).Select(d => d.ProtectedBody).FirstAsync(cancel));
        return new DeadLetterView(
            row, body is null ? null : DeadLetterBodies.Show(body), await db.DeadLetterEvents.Where(e => e.DeadLetterId == id).OrderByDescending(e => e.Id).Take(100).ToListAsync(cancel));
    }

    /// <summary>An answer is read and applied again; a command goes back into the outbox under its old id, so a worker that did carry it out ignores it.</summary>
    /// <param name="actorId">Null: an API key.</param>
    public async Task<DeadLetterOutcome> ReplayAsync(long id, long? actorId, CancellationToken cancel = default)
    {
        DeadLetter? letter;
        await using (var db = database.Read()) letter = await db.DeadLetters.FirstOrDefaultAsync(d => d.Id == id, cancel);
        if (letter is null) return DeadLetterOutcome.Unknown;
        if (letter.Status != DeadLetterStatus.Open) return DeadLetterOutcome.AlreadyDecided;
        if (bodies.Unprotect(letter.ProtectedBody) is not { } body) return DeadLetterOutcome.Undecryptable;
        var message = new BusMessage(body, letter.MessageId, letter.CorrelationId, letter.Action);
        try
        {
            return letter.Source == DeadLetterSource.Commands ? await ReplayCommandAsync(letter, message, actorId, cancel) : await ReplayAnswerAsync(letter, message, actorId, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogReplayFailed(e, id);
            return await FailedAsync(id, actorId, e.GetType().Name, cancel);
        }
    }

    /// <summary>It is not wanted; the row stays for the record until the history is trimmed.</summary>
    public Task<DeadLetterOutcome> DropAsync(long id, long? actorId, CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        if (await DecideAsync(session, id, DeadLetterStatus.Dropped, DeadLetterDecision.Dropped, actorId)) return DeadLetterOutcome.Done;
        return await session.Db.DeadLetters.AnyAsync(d => d.Id == id) ? DeadLetterOutcome.AlreadyDecided : DeadLetterOutcome.Unknown;
    }, cancel);

    public async Task<int> CountOpenAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.DeadLetters.CountAsync(d => d.Status == DeadLetterStatus.Open, cancel);
    }

    private async Task<DeadLetterOutcome> ReplayAnswerAsync(DeadLetter letter, BusMessage message, long? actorId, CancellationToken cancel)
    {
        var source = letter.Source switch
        {
            DeadLetterSource.Health => BusSource.Health,
            DeadLetterSource.Legacy => BusSource.Legacy,
            DeadLetterSource.Answers => BusSource.Answers,
            DeadLetterSource.Commands => throw new InvalidOperationException("A command is no answer."),
        };
        var reading = WorkerAnswers.Read(new BusDelivery(source, letter.WorkerId, message));
        if (reading.Answer is not { } answer) return await FailedAsync(letter.Id, actorId, $"{reading.Reason}: {reading.Detail}", cancel);
        return await database.WriteAsync(async session =>
        {
            if (!await DecideAsync(session, letter.Id, DeadLetterStatus.Replayed, DeadLetterDecision.Replayed, actorId)) return DeadLetterOutcome.AlreadyDecided;
            // It may have come in a second time by itself, and whole.
            if (reading.Key is null || (await AnswerReceiver.RecordAsync(session, [reading.Key], Now)).Count > 0) await handler.HandleAsync(session, answer, Now);
            return DeadLetterOutcome.Done;
        }, cancel);
    }

    private async Task<DeadLetterOutcome> ReplayCommandAsync(DeadLetter letter, BusMessage message, long? actorId, CancellationToken cancel)
    {
        if (WorkerCommands.Read(message.Body, out var wrong) is not { } command || letter.MessageId is null)
            return await FailedAsync(letter.Id, actorId, wrong ?? "message id: missing", cancel);
        return await database.WriteAsync(async session =>
        {
            if (!await DecideAsync(session, letter.Id, DeadLetterStatus.Replayed, DeadLetterDecision.Replayed, actorId)) return DeadLetterOutcome.AlreadyDecided;
            await outbox.RepeatAsync(session, letter.MessageId, command, Encoding.UTF8.GetString(message.Body.Span), Now);
            return DeadLetterOutcome.Done;
        }, cancel);
    }

    private async Task<bool> DecideAsync(WriteSession session, long id, DeadLetterStatus status, DeadLetterDecision decision, long? actorId)
    {
        if (await session.ExecuteAsync(Decide, ("status", status), ("now", Now), ("actor", actorId), ("id", id)) == 0) return false;
        session.Db.DeadLetterEvents.Add(new DeadLetterEvent { DeadLetterId = id, At = Now, ActorId = actorId, Decision = decision });
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
        session.Publish(Topics.Broker, EventNames.DeadLetterChanged, id);
        if (!await session.Db.DeadLetters.AnyAsync(d => d.Status == DeadLetterStatus.Open)) await alerts.ResolveAsync(session, DeadLetterStore.AlertKey, Now);
        return true;
    }

    private Task<DeadLetterOutcome> FailedAsync(long id, long? actorId, string detail, CancellationToken cancel) => database.WriteAsync(async session =>
    {
        session.Db.DeadLetterEvents.Add(new DeadLetterEvent
        {
            DeadLetterId = id, At = Now, ActorId = actorId, Decision = DeadLetterDecision.ReplayFailed, Detail = detail.Length <= BrokerConfiguration.DetailLength ? detail : detail[..BrokerConfiguration.DetailLength],
        });
        await session.Db.SaveChangesAsync();
        session.Publish(Topics.Broker, EventNames.DeadLetterChanged, id);
        return DeadLetterOutcome.FailedAgain;
    }, cancel);

    private static IQueryable<DeadLetterRow> Rows(IQueryable<DeadLetter> letters) => letters.Select(d => new DeadLetterRow(
        d.Id, d.Source, d.Reason, d.Detail, d.WorkerId, d.NumberId, d.Action, d.Bytes, d.Status, d.ReceivedAt, d.DecidedAt, d.DecidedBy));

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {DeadLetterId} could not be replayed")]
    private partial void LogReplayFailed(Exception exception, long deadLetterId);
}
