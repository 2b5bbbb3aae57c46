using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Broker;

/// <summary>A message that is to be kept as a dead letter.</summary>
internal sealed record NewDeadLetter(
    DeadLetterSource Source, DeadReason Reason, string? Detail, string? WorkerId, long? NumberId, string? Action, BusMessage Message);

/// <summary>Writes dead letters, in the transaction in which they were found to be dead.</summary>
public sealed class DeadLetterStore(DeadLetterBodies bodies, AlertStore alerts)
{
    /// <summary>One alert while any is open.</summary>
    internal const string AlertKey = "dead-letters";

    internal async Task AddAsync(WriteSession session, IReadOnlyList<NewDeadLetter> letters, DateTime now)
    {
        foreach (var letter in letters)
        {
            session.Db.DeadLetters.Add(new DeadLetter
            {
                Source = letter.Source, Reason = letter.Reason, Detail = Cut(letter.Detail, BrokerConfiguration.DetailLength), WorkerId = Cut(letter.WorkerId, WorkerRoute.MaxIdLength),
                NumberId = letter.NumberId, Action = Cut(letter.Action, 40), MessageId = Cut(letter.Message.MessageId, BrokerConfiguration.IdLength),
                CorrelationId = Cut(letter.Message.CorrelationId, BrokerConfiguration.SessionLength), ProtectedBody = bodies.Protect(letter.Message.Body), Bytes = letter.Message.Body.Length, ReceivedAt = now,
            });
        }
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
        session.AfterCommit(() => letters.ToList().ForEach(l => BrokerMetrics.OnDead(l.Reason)));
        session.Publish(Topics.Broker, EventNames.DeadLetterChanged, 0);
        await alerts.RaiseAsync(session, AlertKind.DeadLetters, AlertSeverity.Warning, AlertKey, now, subject: letters[0].Reason.ToString());
        session.Db.ChangeTracker.Clear();
    }

    internal static NewDeadLetter Of(BusDelivery delivery, AnswerReading reading) => new(
        Source(delivery.Source), reading.Reason!.Value, reading.Detail, delivery.WorkerId ?? reading.Answer?.WorkerId, reading.NumberId, reading.Action, delivery.Message);

    /// <summary>A message that the broker gave up, or a worker rejected.</summary>
    internal static NewDeadLetter OfBroker(BusDelivery delivery)
    {
        var source = delivery.DeathQueue switch
        {
            Topology.Events => DeadLetterSource.Answers,
            { } queue when queue.StartsWith(Topology.Commands(""), StringComparison.Ordinal) => DeadLetterSource.Commands,
            _ => DeadLetterSource.Health,
        };
        var reason = delivery.DeathReason switch
        {
            "rejected" => DeadReason.Rejected,
            "expired" => DeadReason.Expired,
            _ => DeadReason.DeliveryLimit,
        };
        var worker = source == DeadLetterSource.Commands ? delivery.DeathQueue![Topology.Commands("").Length..] : delivery.WorkerId;
        var (action, number) = Look(delivery.Message);
        return new NewDeadLetter(source, reason, delivery.DeathQueue, worker, number, action ?? delivery.Message.Type, delivery.Message);
    }

    private static DeadLetterSource Source(BusSource source) => source switch
    {
        BusSource.Answers => DeadLetterSource.Answers,
        BusSource.Health => DeadLetterSource.Health,
        BusSource.Legacy => DeadLetterSource.Legacy,
        BusSource.Dead => throw new ArgumentOutOfRangeException(nameof(source)),
    };

    private static (string? Action, long? NumberId) Look(BusMessage message)
    {
        try
        {
            using var json = JsonDocument.Parse(message.Body);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return default;
            var reader = new WireReader(json.RootElement);
            return (reader.Text("action", 40), reader.Number("numberId"));
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string? Cut(string? text, int length) => text is null ? null : OutsideText.Cut(OutsideText.Mend(text), length);
}
