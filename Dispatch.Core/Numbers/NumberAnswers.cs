using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Numbers;

/// <summary>
/// What workers say, applied inside the transaction in which the inbox recorded it. The session's id says the generation; what has none (a legacy worker makes its own
/// ids, a health report names no session) is taken for the present one where the table allows it. Nothing of an answer is logged but ids and its kind.
/// </summary>
public sealed partial class NumberAnswers(NumberStore store, NumberSecrets secrets, WorkerPresence presence, WorkerMessages messages, ILogger<NumberAnswers> logger) : IWorkerAnswerHandler
{
    /// <summary>No session of ours has this generation: what names an unknown session is out of place.</summary>
    private const long Unknown = long.MaxValue;

    public async Task HandleAsync(WriteSession session, WorkerAnswer answer, DateTime now)
    {
        switch (answer)
        {
            case WorkerAlive alive: await presence.AliveAsync(session, alive, now); return;
            case WorkerStopping stopping: await presence.StoppingAsync(session, stopping.WorkerId!, now); return;
        }
        if (answer is { Legacy: true, WorkerId: { } worker }) await presence.SeenAsync(session, worker, now);
        if (answer.NumberId is not { } number) return;
        if (!await session.Db.Numbers.AnyAsync(n => n.Id == number))
        {
            LogUnknownNumber(number, answer.WorkerId, answer.GetType().Name);
            return;
        }
        switch (answer)
        {
            case MessagesReceived received: await messages.ReceiveAsync(session, number, received, now); return;
            case MessageStatusReported status: await messages.StatusAsync(session, number, status, now); return;
            case LidsLearned lids: await WorkerMessages.LearnAsync(session, lids.Lids, now); return;
            case SendReported sent: await messages.SentAsync(session, number, sent, now); return;
        }
        var generation = await GenerationAsync(session, answer, number);
        if (SignalOf(answer, generation) is not { } signal) return;
        var code = answer switch { QrGenerated qr => secrets.Protect(qr.Code), PairingCodeIssued pairing => secrets.Protect(pairing.Code), _ => null };
        await store.ApplyAsync(session, number, signal, NumberActor.Worker(answer.WorkerId), now, code, (answer as HealthReported)?.PhoneSeenAt);
    }

    private static NumberSignal? SignalOf(WorkerAnswer answer, long? generation)
    {
        var plain = new NumberSignal(NumberTrigger.Starting, generation, WorkerId: answer.WorkerId);
        return answer switch
        {
            SessionStarting => plain,
            QrGenerated qr => plain with { Trigger = NumberTrigger.QrGenerated, QrNumber = qr.Index is > 0 ? qr.Index : null, CodeLife = qr.ValidFor },
            PairingCodeIssued pairing => plain with { Trigger = NumberTrigger.PairingCode, CodeLife = pairing.ExpiresAt - pairing.At },
            SessionScanned => plain with { Trigger = NumberTrigger.Scanned },
            SessionConnected => plain with { Trigger = NumberTrigger.Connected },
            // Closed because it was told to; with a connection that only broke the worker goes on trying (docs/operations/workers.md).
            SessionClosed { Code: 0, Reconnects: not true } => plain with { Trigger = NumberTrigger.SessionStopped },
            SessionClosed closed => plain with
            {
                Trigger = NumberTrigger.Closed, Code = closed.Code == 0 ? CloseReasons.Unknown : closed.Code, Registered = closed.Registered, Reconnects = closed.Reconnects,
            },
            HealthReported { Healthy: true } => plain with { Trigger = NumberTrigger.Healthy },
            HealthReported => plain with { Trigger = NumberTrigger.Unhealthy },
            // It has no such session: started again.
            CommandRefused { Reason: "unknown_session" } => plain with { Trigger = NumberTrigger.SessionStopped },
            CommandRefused { Action: "create" or "restart" } => plain with { Trigger = NumberTrigger.CommandFailed },
            _ => null,
        };
    }

    /// <summary>Null: it names none.</summary>
    private static async Task<long?> GenerationAsync(WriteSession session, WorkerAnswer answer, long number)
    {
        if (answer.SessionId is not { } id) return null;
        var found = await session.Db.NumberSessions.Where(s => s.SessionId == id && s.NumberId == number).Select(s => (long?)s.Generation).FirstOrDefaultAsync();
        return found ?? (answer.Legacy ? null : Unknown);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} speaks of number {NumberId}, which does not exist: {Answer} is ignored")]
    private partial void LogUnknownNumber(long numberId, string? workerId, string answer);
}
