using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dispatch.Core.Broker;

/// <summary>The worker's side: an answer as it goes onto the wire.</summary>
public static class WorkerAnswerWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="messageId">Unique per answer of this worker; a repetition has the same.</param>
    public static BusMessage Write(WorkerAnswer answer, string messageId)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("action", WorkerAnswers.Action(answer));
            if (answer.NumberId is { } number) json.WriteNumber("numberId", number);
            Text(json, "sessionId", answer.SessionId);
            Text(json, "workerId", answer.WorkerId);
            WriteOwn(json, answer);
            Moment(json, "timestamp", answer.At);
            json.WriteEndObject();
        }
        return new BusMessage(buffer.WrittenSpan.ToArray(), answer.MessageId ?? messageId, answer.SessionId, WorkerAnswers.Action(answer));
    }

    private static void WriteOwn(Utf8JsonWriter json, WorkerAnswer answer)
    {
        switch (answer)
        {
            case QrGenerated qr:
                json.WriteString("qrCode", qr.Code);
                Number(json, "index", qr.Index);
                Number(json, "validFor", (long?)qr.ValidFor?.TotalMilliseconds);
                break;
            case PairingCodeIssued pairing:
                json.WriteString("code", pairing.Code);
                Moment(json, "expiresAt", pairing.ExpiresAt);
                break;
            case SessionConnected connected:
                Text(json, "phoneNumber", connected.PhoneNumber);
                Text(json, "name", connected.Name);
                break;
            case SessionClosed closed:
                json.WriteNumber("code", closed.Code);
                Text(json, "reason", closed.Reason);
                Flag(json, "reconnects", closed.Reconnects);
                Flag(json, "registered", closed.Registered);
                break;
            case HealthReported health:
                json.WriteString("status", health.Status);
                Moment(json, "lastMessageAt", health.LastMessageAt);
                Moment(json, "phoneSeenAt", health.PhoneSeenAt);
                break;
            case SendReported sent:
                json.WriteString("ref", sent.Ref);
                json.WriteString("status", sent.Sent ? "sent" : sent.Uncertain ? "uncertain" : "failed");
                Text(json, "messageId", sent.ProviderMessageId);
                Number(json, "errorCode", sent.ErrorCode);
                Text(json, "error", sent.Error);
                break;
            case MessageStatusReported status:
                json.WriteString("messageId", status.ProviderMessageId);
                json.WriteString("status", status.Status.ToString().ToLowerInvariant());
                Text(json, "error", status.Error);
                break;
            case MessagesReceived messages:
                json.WriteString("upsert", messages.Append ? "append" : "notify");
                json.WriteStartArray("messages");
                foreach (var message in messages.Messages) WriteMessage(json, message);
                json.WriteEndArray();
                WriteLids(json, messages.Lids);
                break;
            case LidsLearned lids:
                WriteLids(json, lids.Lids);
                break;
            case WorkerAlive alive:
                Number(json, "capacity", alive.Capacity);
                Text(json, "version", alive.Version);
                json.WriteBoolean("pairingCodes", alive.PairingCodes);
                json.WriteStartArray("numbers");
                foreach (var number in alive.Numbers)
                {
                    json.WriteStartObject();
                    json.WriteNumber("numberId", number.NumberId);
                    Text(json, "sessionId", number.SessionId);
                    Text(json, "state", number.State);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                break;
            case CommandRefused refused:
                Text(json, "commandId", refused.CommandId);
                Text(json, "refusedAction", refused.Action);
                json.WriteString("reason", refused.Reason);
                break;
        }
    }

    private static void WriteMessage(Utf8JsonWriter json, WorkerMessage message)
    {
        json.WriteStartObject();
        json.WriteString("id", message.Id);
        json.WriteString("jid", message.Jid);
        Text(json, "phone", message.Phone);
        Text(json, "name", message.Name);
        json.WriteBoolean("fromMe", message.FromMe);
        json.WriteString("type", message.Type);
        Text(json, "text", message.Text);
        Moment(json, "timestamp", message.At);
        json.WriteEndObject();
    }

    private static void WriteLids(Utf8JsonWriter json, IReadOnlyList<LidPair> lids)
    {
        if (lids.Count == 0) return;
        json.WriteStartArray("lids");
        foreach (var pair in lids)
        {
            json.WriteStartObject();
            json.WriteString("lid", pair.Lid);
            json.WriteString("phone", pair.Phone);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
    }

    private static void Flag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } flag) json.WriteBoolean(name, flag);
    }

    private static void Moment(Utf8JsonWriter json, string name, DateTime? utc)
    {
        if (utc is { } at) json.WriteNumber(name, new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)).ToUnixTimeMilliseconds());
    }
}
