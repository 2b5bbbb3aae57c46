using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Broker;

/// <summary>
/// Stores what the bus brings: inbox row and effect in one transaction, many answers in one, those of a number in their order. It returns when everything is
/// stored, as an effect or as a dead letter, and only then the bus acknowledges; so what a crash leaves comes again, and the inbox knows it.
/// </summary>
public sealed partial class AnswerReceiver(
    Database database, IWorkerAnswerHandler handler, DeadLetterStore deadLetters, OutboxRelay relay, OutboxSignal signal, BrokerState state, TimeProvider clock,
    ILogger<AnswerReceiver> logger) : IBusReceiver
{
    /// <summary>An answer that fails so often by itself is a dead letter: a fault of ours that must not hold up the others.</summary>
    public const int Attempts = 3;

    private static readonly RowColumn[] Columns = [RowColumn.Text("answer_key"), RowColumn.Moment("received_at")];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    internal static IEnumerable<string> Statements(SqlDialect dialect) => [dialect.ByKeys("worker_inbox", [Columns[0]], "answer_key"), dialect.InsertRows("worker_inbox", Columns)];

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    public async Task ReceiveAsync(IReadOnlyList<BusDelivery> deliveries, CancellationToken stop)
    {
        state.Answered(Now);
        BrokerMetrics.OnAnswers(deliveries.Count);
        if (deliveries[0].Source == BusSource.Dead)
        {
            // An answer whose time was over is a code or a heartbeat that nobody needs any more, and a code must not lie about.
            var dead = deliveries.Select(DeadLetterStore.OfBroker).Where(d => d is not { Reason: DeadReason.Expired, Source: not DeadLetterSource.Commands }).ToList();
            if (dead.Count > 0) await database.WriteAsync(session => deadLetters.AddAsync(session, dead, Now), stop);
            return;
        }
        foreach (var run in Runs([.. deliveries.Select(d => new Received(d, WorkerAnswers.Read(d)))])) await StoreAsync(run, stop);
    }

    public Task<bool> TakeBackAsync(string commandId, CancellationToken stop) => relay.TakeBackAsync(commandId, Now, stop);

    public void Reachable() => signal.Wake();

    /// <summary>
    /// In one transaction by number, so that two of them lock numbers in the same order; but what a worker says of itself stands between what it said before
    /// and after.
    /// </summary>
    private static IEnumerable<List<Received>> Runs(List<Received> received)
    {
        var run = new List<Received>();
        foreach (var one in received)
        {
            if (one.Reading.Answer is { NumberId: null })
            {
                if (run.Count > 0) yield return [.. run.OrderBy(r => r.Reading.NumberId)];
                yield return [one];
                run.Clear();
            }
            else
            {
                run.Add(one);
            }
        }
        if (run.Count > 0) yield return [.. run.OrderBy(r => r.Reading.NumberId)];
    }

    private async Task StoreAsync(List<Received> run, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(session => StoreAsync(session, run), stop);
            return;
        }
        catch (Exception e) when (run.Count > 1 && !stop.IsCancellationRequested)
        {
            LogApart(e, run.Count);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            await InsistAsync(run[0], e, stop);
            return;
        }
        foreach (var one in run) await StoreAsync([one], stop);
    }

    private async Task InsistAsync(Received one, Exception first, CancellationToken stop)
    {
        var fault = first;
        for (var attempt = 2; attempt <= Attempts; attempt++)
        {
            // Not business time: no clock of a test may hold it up.
            await Task.Delay(Pause * attempt, TimeProvider.System, stop);
            try
            {
                await database.WriteAsync(session => StoreAsync(session, [one]), stop);
                return;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                fault = e;
            }
        }
        LogGivenUp(fault, one.Reading.Action, one.Reading.NumberId);
        // A database that is away fails here too: the bus keeps the message and brings it again.
        var dead = DeadLetterStore.Of(one.Delivery, one.Reading with { Reason = DeadReason.HandlerFailed, Detail = fault.GetType().Name });
        await database.WriteAsync(session => deadLetters.AddAsync(session, [dead], Now), stop);
    }

    private async Task StoreAsync(WriteSession session, List<Received> run)
    {
        var now = Now;
        var unreadable = run.Where(r => r.Reading.Answer is null).Select(r => DeadLetterStore.Of(r.Delivery, r.Reading)).ToList();
        if (unreadable.Count > 0) await deadLetters.AddAsync(session, unreadable, now);
        var isNew = await RecordAsync(session, run.Select(r => r.Reading.Key).OfType<string>(), now);
        foreach (var (_, reading) in run)
        {
            // Taken out at once: the same answer twice in one batch is a repetition as well.
            if (reading.Answer is null || (reading.Key is { } key && !isNew.Remove(key))) continue;
            await handler.HandleAsync(session, reading.Answer, now);
            session.Db.ChangeTracker.Clear();
        }
    }

    /// <summary>Writes the keys that are new and returns them.</summary>
    internal static async Task<HashSet<string>> RecordAsync(WriteSession session, IEnumerable<string> given, DateTime now)
    {
        var keys = given.ToHashSet(StringComparer.Ordinal);
        if (keys.Count == 0) return keys;
        var text = session.Dialect.ByKeys("worker_inbox", [Columns[0]], "answer_key");
        foreach (var (json, _) in RowSet.Json(session.Dialect, keys, k => [k]))
        {
            foreach (var known in await session.QueryAsync(text, r => r.GetString(0), (RowSet.Parameter, json))) keys.Remove(known);
        }
        try
        {
            await session.InsertAsync("worker_inbox", Columns, keys.Select(k => new object?[] { k, now }).ToList(), ["id"], r => r.GetInt64(0));
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // Another node stored it between the two statements: now it can be seen.
            throw new StaleReadException("worker inbox");
        }
        return keys;
    }

    private sealed record Received(BusDelivery Delivery, AnswerReading Reading);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} answers could not be stored together; one by one")]
    private partial void LogApart(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer {Action} of number {NumberId} could not be stored and is a dead letter")]
    private partial void LogGivenUp(Exception exception, string? action, long? numberId);
}
