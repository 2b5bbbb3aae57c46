namespace Dispatch.Core.Broker;

/// <summary>What a worker says. One type per action; see <see cref="WorkerAnswers"/> for the wire.</summary>
public abstract record WorkerAnswer
{
    /// <summary>Who says it, from the routing key, the queue or the body; null: a health report of a worker that does not say.</summary>
    public string? WorkerId { get; init; }

    /// <summary>Null only for what concerns the worker itself.</summary>
    public long? NumberId { get; init; }

    /// <summary>
    /// The session as the worker names it: that of the command, or <c>session_{numberId}_{phone}</c> (the worker of seed 002 makes its own), or null.
    /// Only the first form carries a generation.
    /// </summary>
    public string? SessionId { get; init; }

    /// <summary>UTC; when it happened, as the worker says. Null: it does not say.</summary>
    public DateTime? At { get; init; }

    /// <summary>The worker's own id of this answer; null: it gives none.</summary>
    public string? MessageId { get; init; }

    /// <summary>True: the worker uses the shared queue and may not name the generation.</summary>
    public bool Legacy { get; init; }
}

/// <summary><c>starting</c>: the worker has the command and opens the socket.</summary>
public sealed record SessionStarting : WorkerAnswer;

/// <summary><c>qr_generated</c>. A secret: whoever sees it can link the phone. <see cref="ToString"/> does not show it.</summary>
/// <param name="Code">As it came: see <paramref name="Form"/>.</param>
/// <param name="Index">Which one of this session, from 1; null: the worker does not say.</param>
/// <param name="ValidFor">Until the next one; null: the worker does not say (60 s for the first, 20 s for each further one).</param>
public sealed record QrGenerated(string Code, QrForm Form, int? Index = null, TimeSpan? ValidFor = null) : WorkerAnswer
{
    public override string ToString() => $"{nameof(QrGenerated)} {{ NumberId = {NumberId}, Form = {Form}, Index = {Index} }}";
}

public enum QrForm
{
    /// <summary><c>data:image/png;base64,...</c>: to be shown as it is.</summary>
    Picture,

    /// <summary><c>1@abc...</c>: to be drawn.</summary>
    Raw,
}

/// <summary><c>pairing_code</c>: eight characters to type on the phone. A secret like the picture.</summary>
public sealed record PairingCodeIssued(string Code, DateTime? ExpiresAt = null) : WorkerAnswer
{
    public override string ToString() => $"{nameof(PairingCodeIssued)} {{ NumberId = {NumberId} }}";
}

/// <summary><c>scanned</c>: the phone accepted; the connection closes with 515 now and opens again.</summary>
public sealed record SessionScanned : WorkerAnswer;

/// <summary><c>connected</c>.</summary>
/// <param name="PhoneNumber">The number that is linked, if the worker says so: it may be another one than was asked for.</param>
public sealed record SessionConnected(string? PhoneNumber = null, string? Name = null) : WorkerAnswer;

/// <summary><c>closed</c>.</summary>
/// <param name="Code">Baileys' reason code (401 logged out, 403 forbidden, 408 lost or codes exhausted, 440 replaced, 515 restart required...).</param>
/// <param name="Reason">A few words, at most 200 characters.</param>
/// <param name="Reconnects">True: the worker tries again by itself.</param>
/// <param name="Registered">True: credentials exist, so 408 is a lost connection; false: the codes are used up.</param>
public sealed record SessionClosed(int Code, string? Reason = null, bool? Reconnects = null, bool? Registered = null) : WorkerAnswer;

/// <summary><c>{numberId, status}</c> on the health queue, or <c>health</c> among the answers.</summary>
/// <param name="Status"><c>HEALTHY</c>, or the worker's own word in capitals, at most 40 characters.</param>
/// <param name="LastMessageAt">UTC; the last sign of life of the socket.</param>
/// <param name="PhoneSeenAt">UTC; when the primary phone was last seen.</param>
public sealed record HealthReported(string Status, DateTime? LastMessageAt = null, DateTime? PhoneSeenAt = null) : WorkerAnswer
{
    public const string HealthyStatus = "HEALTHY";

    public bool Healthy => string.Equals(Status, HealthyStatus, StringComparison.Ordinal);
}

/// <summary><c>send_result</c>: what became of a <see cref="WorkerAction.Send"/>.</summary>
/// <param name="Ref">The reference of the command.</param>
/// <param name="ProviderMessageId">WhatsApp's id; null: it was not sent.</param>
/// <param name="Uncertain">True: it may have left (the socket died in between).</param>
public sealed record SendReported(string Ref, string? ProviderMessageId, int? ErrorCode = null, string? Error = null, bool Uncertain = false) : WorkerAnswer
{
    public bool Sent => ProviderMessageId is not null;
}

/// <summary><c>message_status</c>: news of a message that was sent.</summary>
public sealed record MessageStatusReported(string ProviderMessageId, DeliveryStatus Status, string? Error = null) : WorkerAnswer;

public enum DeliveryStatus { Sent, Delivered, Read, Failed }

/// <summary><c>message</c>: what contacts wrote.</summary>
/// <param name="Append">True: caught up after the connection was gone (Baileys <c>append</c>); it is somebody's message all the same.</param>
public sealed record MessagesReceived(IReadOnlyList<WorkerMessage> Messages, bool Append, IReadOnlyList<LidPair> Lids) : WorkerAnswer
{
    public override string ToString() => $"{nameof(MessagesReceived)} {{ NumberId = {NumberId}, Count = {Messages.Count} }}";
}

/// <param name="Id">WhatsApp's id of the message.</param>
/// <param name="Jid">Whom it is with, as WhatsApp names it: <c>33600@s.whatsapp.net</c>, <c>123@lid</c>, <c>...@g.us</c>.</param>
/// <param name="Phone">Digits with the plus, where known.</param>
/// <param name="Type"><c>text</c>, <c>image</c>, ...</param>
public sealed record WorkerMessage(string Id, string Jid, string? Phone, string? Name, bool FromMe, string Type, string? Text, DateTime? At);

/// <summary>One person under two ids.</summary>
public sealed record LidPair(string Lid, string Phone);

/// <summary><c>lid_map</c>: pairs that became known without a message.</summary>
public sealed record LidsLearned(IReadOnlyList<LidPair> Lids) : WorkerAnswer;

/// <summary><c>registered</c> when a worker has started, <c>heartbeat</c> every 15 s.</summary>
/// <param name="Started">True: it has just started; numbers that are not in the list are not held by it.</param>
/// <param name="PairingCodes">True: it can give pairing codes.</param>
public sealed record WorkerAlive(bool Started, int? Capacity, string? Version, bool PairingCodes, IReadOnlyList<HeldNumber> Numbers) : WorkerAnswer;

/// <param name="State">The worker's word: <c>starting</c>, <c>qr</c>, <c>scanned</c>, <c>connected</c>, <c>reconnecting</c>, <c>closed</c>.</param>
public sealed record HeldNumber(long NumberId, string? SessionId, string? State);

/// <summary><c>stopping</c>: the worker ends in order; its sockets are closed.</summary>
public sealed record WorkerStopping : WorkerAnswer;

/// <summary><c>refused</c>: a command that the worker did not carry out (full, unknown session, older generation).</summary>
public sealed record CommandRefused(string? CommandId, string? Action, string Reason) : WorkerAnswer;
