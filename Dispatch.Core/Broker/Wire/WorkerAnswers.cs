using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Dispatch.Core.Broker;

/// <summary>
/// Answers from the wire: those of seed 002 literally, and the further ones. Pure, and it throws at nothing that a worker may send.
/// </summary>
public static class WorkerAnswers
{
    /// <summary>A picture of a code is under 10 kB; a batch of caught up messages may be large.</summary>
    public const int MaxBytes = 2 * 1024 * 1024;

    private const int MaxCode = 100_000;
    private const string Picture = "data:image/png;base64,";

    // The signature of PNG in base64; eight bytes, of which the last bits depend on what follows.
    private const string PngStart = "iVBORw0KGg";

    public const string Starting = "starting", Qr = "qr_generated", PairingCode = "pairing_code", Scanned = "scanned", Connected = "connected", Closed = "closed",
        Health = "health", SendResult = "send_result", MessageStatus = "message_status", Message = "message", LidMap = "lid_map", Registered = "registered",
        Heartbeat = "heartbeat", Stopping = "stopping", Refused = "refused";

    private static readonly Dictionary<string, Func<WireReader, WorkerAnswer>> Readers = new(StringComparer.Ordinal)
    {
        [Starting] = _ => new SessionStarting(),
        [Qr] = ReadQr,
        [PairingCode] = r => new PairingCodeIssued(r.RequiredText("code", 32) ?? "", r.Moment("expiresAt")),
        [Scanned] = _ => new SessionScanned(),
        [Connected] = r => new SessionConnected(r.Text("phoneNumber", 32), r.Text("name")),
        [Closed] = r => new SessionClosed(
            r.Small("code") ?? r.Small("reasonCode") ?? r.Missing<int?>("code", "a reason code such as 401") ?? 0, r.Text("reason"), r.Flag("reconnects"), r.Flag("registered")),
        [Health] = r => new HealthReported((r.RequiredText("status", 40) ?? "").ToUpperInvariant(), r.Moment("lastMessageAt"), r.Moment("phoneSeenAt")),
        [SendResult] = ReadSendResult,
        [MessageStatus] = r => new MessageStatusReported(r.RequiredText("messageId", 128) ?? "", ReadStatus(r), r.Text("error")),
        [Message] = r => new MessagesReceived([.. r.List("messages").Select(m => ReadMessage(m, r))], r.Text("upsert") == "append", ReadLids(r)),
        [LidMap] = r => new LidsLearned(ReadLids(r)),
        [Registered] = r => ReadAlive(r, started: true),
        [Heartbeat] = r => ReadAlive(r, started: false),
        [Stopping] = _ => new WorkerStopping(),
        [Refused] = r => new CommandRefused(r.Text("commandId"), r.Text("refusedAction"), r.RequiredText("reason") ?? ""),
    };

    /// <summary>True when an answer is called so; commands are not.</summary>
    public static bool IsAnswer(string? action) => action is not null && Readers.ContainsKey(action);

    public static string Action(WorkerAnswer answer) => answer switch
    {
        SessionStarting => Starting,
        QrGenerated => Qr,
        PairingCodeIssued => PairingCode,
        SessionScanned => Scanned,
        SessionConnected => Connected,
        SessionClosed => Closed,
        HealthReported => Health,
        SendReported => SendResult,
        MessageStatusReported => MessageStatus,
        MessagesReceived => Message,
        LidsLearned => LidMap,
        WorkerAlive alive => alive.Started ? Registered : Heartbeat,
        WorkerStopping => Stopping,
        CommandRefused => Refused,
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer.GetType().Name, "No action is known for this answer."),
    };

    public static AnswerReading Read(BusDelivery delivery)
    {
        var body = delivery.Message.Body;
        if (body.Length > MaxBytes) return AnswerReading.Dead(DeadReason.NotJson, $"{body.Length} bytes; allowed: {MaxBytes}");
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? Read(delivery, new WireReader(json.RootElement))
                : AnswerReading.Dead(DeadReason.NotJson, $"{json.RootElement.ValueKind}; allowed: an object");
        }
        catch (JsonException e)
        {
            return AnswerReading.Dead(DeadReason.NotJson, string.Create(CultureInfo.InvariantCulture, $"not JSON at line {e.LineNumber}, byte {e.BytePositionInLine}"));
        }
    }

    private static AnswerReading Read(BusDelivery delivery, WireReader reader)
    {
        var legacy = delivery.Source == BusSource.Legacy;
        var action = reader.Text("action", 40) ?? (delivery.Source == BusSource.Health ? Health : null);
        if (action is null) return AnswerReading.Dead(DeadReason.UnknownAction, "action: missing; allowed: " + string.Join(", ", Readers.Keys));
        if (WorkerCommands.Action(action) is not null) return AnswerReading.Dead(DeadReason.NobodysCommand, "a command where answers belong, and nobody who takes it", action, reader.Number("numberId"));
        if (!Readers.TryGetValue(action, out var read)) return AnswerReading.Dead(DeadReason.UnknownAction, "action: not known; allowed: " + string.Join(", ", Readers.Keys), action);
        var number = reader.Number("numberId");
        var named = reader.Text("workerId", WorkerRoute.MaxIdLength + 1);
        if (delivery.WorkerId is { } from && named is not null && named != from)
            return AnswerReading.Dead(DeadReason.ForeignWorker, $"workerId: not that of the sender; allowed: {from} or none", action, number);
        if (named is not null && !WorkerRoute.IsWorkerId(named)) reader.Fail<string>("workerId", "1 to 64 letters, digits, - and _");
        var answer = read(reader);
        var aboutWorker = answer is WorkerAlive or WorkerStopping or CommandRefused;
        if (number is null && !aboutWorker) reader.Missing<long?>("numberId", "a whole number");
        if (aboutWorker && (delivery.WorkerId ?? named) is null) reader.Missing<string>("workerId", "the id of the worker");
        if (reader.Wrong is { } wrong) return AnswerReading.Dead(DeadReason.WrongField, wrong, action, number);
        answer = answer with
        {
            WorkerId = delivery.WorkerId ?? named, NumberId = number, SessionId = reader.Text("sessionId"), At = reader.Moment("timestamp"), MessageId = delivery.Message.MessageId, Legacy = legacy,
        };
        return new AnswerReading(answer, Key(delivery, answer), null, null, action, number);
    }

    /// <summary>
    /// A worker's own id if it gives one; else what the answer says, if it can say so only once (a code, a time). A bare <c>connected</c> may rightly come
    /// again an hour later, with the same bytes: it has no key.
    /// </summary>
    private static string? Key(BusDelivery delivery, WorkerAnswer answer)
    {
        if (answer is HealthReported or WorkerAlive) return null;
        if (delivery.Message.MessageId is { Length: > 0 } id) return Hash($"id\n{answer.WorkerId}\n{id}");
        return answer switch
        {
            QrGenerated qr => Hash($"qr\n{answer.WorkerId}\n{answer.NumberId}\n{answer.SessionId}\n{qr.Code}"),
            SendReported sent => Hash($"sent\n{answer.WorkerId}\n{answer.NumberId}\n{sent.Ref}\n{sent.Sent}\n{sent.Uncertain}"),
            MessagesReceived or MessageStatusReported => HashOf(delivery),
            _ => answer.At is null ? null : HashOf(delivery),
        };
    }

    private static string HashOf(BusDelivery delivery) => Hash($"body\n{delivery.WorkerId}\n{Convert.ToHexString(SHA256.HashData(delivery.Message.Body.Span))}");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static QrGenerated ReadQr(WireReader reader)
    {
        var code = reader.RequiredText("qrCode", MaxCode) ?? "";
        QrForm? form = code.StartsWith(Picture, StringComparison.Ordinal) ? IsPicture(code.AsSpan(Picture.Length)) ? QrForm.Picture : null : IsRaw(code) ? QrForm.Raw : null;
        if (form is null && code.Length > 0) reader.Fail<string>("qrCode", "data:image/png;base64,... or a raw code such as 1@...");
        var ms = reader.Number("validFor");
        return new QrGenerated(code, form ?? QrForm.Raw, reader.Small("index"), ms is > 0 and < 3_600_000 ? TimeSpan.FromMilliseconds(ms.Value) : null);
    }

    // Only letters of base64 (and the dots with which a document shortens it): it goes into an attribute of a page.
    private static bool IsPicture(ReadOnlySpan<char> text) =>
        text.StartsWith(PngStart, StringComparison.Ordinal) && text.IndexOfAnyExcept("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=.") < 0;

    /// <summary>A version, an at sign, then printable ASCII without blanks; what QR version 40 can hold.</summary>
    private static bool IsRaw(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at is 1 or 2 && text.Length is > 6 and <= 2900 && text.AsSpan(0, at).IndexOfAnyExceptInRange('0', '9') < 0 && text.AsSpan(at).IndexOfAnyExceptInRange('!', '~') < 0;
    }

    private static SendReported ReadSendResult(WireReader reader)
    {
        var status = reader.RequiredText("status", 20);
        var id = reader.Text("messageId", 128);
        if (status is not (null or "sent" or "failed" or "uncertain")) reader.Fail<string>("status", "sent, failed, uncertain");
        if (status == "sent" && id is null) reader.Missing<string>("messageId", "the id that WhatsApp gave");
        return new SendReported(reader.RequiredText("ref") ?? "", status == "sent" ? id : null, reader.Small("errorCode"), reader.Text("error"), status == "uncertain");
    }

    private static DeliveryStatus ReadStatus(WireReader reader) => reader.RequiredText("status", 20) switch
    {
        "sent" => DeliveryStatus.Sent,
        "delivered" => DeliveryStatus.Delivered,
        "read" or "played" => DeliveryStatus.Read,
        "failed" => DeliveryStatus.Failed,
        _ => reader.Fail<DeliveryStatus>("status", "sent, delivered, read, played, failed"),
    };

    private static WorkerMessage ReadMessage(WireReader message, WireReader whole)
    {
        var read = new WorkerMessage(
            message.RequiredText("id", 128) ?? "", message.RequiredText("jid", 128) ?? "", message.Text("phone", 32), message.Text("name"), message.Flag("fromMe") ?? false,
            message.Text("type", 40) ?? "text", message.Text("text", 65_536), message.Moment("timestamp"));
        if (message.Wrong is { } wrong) whole.Fail<string>("messages", wrong);
        return read;
    }

    private static List<LidPair> ReadLids(WireReader reader) =>
        [.. reader.List("lids").Select(l => new LidPair(l.Text("lid", 128) ?? "", l.Text("phone", 32) ?? "")).Where(l => l.Lid.Length > 0 && l.Phone.Length > 0)];

    private static WorkerAlive ReadAlive(WireReader reader, bool started) => new(
        started, reader.Small("capacity"), reader.Text("version", 40), reader.Flag("pairingCodes") ?? false,
        [.. reader.List("numbers").Select(n => (Id: n.Number("numberId"), Reader: n)).Where(n => n.Id is not null).Select(n => new HeldNumber(n.Id!.Value, n.Reader.Text("sessionId"), n.Reader.Text("state", 20)))]);
}
