namespace Dispatch.Core.Numbers;

/// <summary>
/// A number and its place in the state machine (<see cref="NumberRules"/>). Changes only through <see cref="NumberStore"/>: one update guarded by
/// <see cref="Version"/>, with the event, the command and the alert in the same transaction.
/// </summary>
public sealed class WhatsAppNumber
{
    public long Id { get; set; }
    public long ClientId { get; set; }

    /// <summary>E.164 without its plus; unique.</summary>
    public required string Phone { get; set; }
    public NumberState State { get; set; }
    public DateTime StateSince { get; set; }
    public NumberReason Reason { get; set; }

    /// <summary>WhatsApp's reason (401, 403, 440 ...) behind <see cref="NumberReason.ByCode"/>.</summary>
    public int? Code { get; set; }

    /// <summary>Grows with every session: the fencing token. 0: never started.</summary>
    public long Generation { get; set; }

    /// <summary>Of the current generation: <c>session_{id}_{random}</c>.</summary>
    public string? SessionId { get; set; }

    /// <summary>Who holds it, or held it last.</summary>
    public string? WorkerId { get; set; }

    /// <summary>Who gets it as soon as <see cref="WorkerId"/> let go.</summary>
    public string? NextWorkerId { get; set; }

    /// <summary>
    /// Until then <see cref="WorkerId"/> may have a socket open: with the worker's own lease the guard against two of them (440). Null: the worker said that it has none.
    /// </summary>
    public DateTime? LeaseUntil { get; set; }
    public NumberHealth Health { get; set; }
    public DateTime? HealthAt { get; set; }

    /// <summary>Which code is shown, 1 to 6; 0: none.</summary>
    public int QrNumber { get; set; }
    public DateTime? QrExpiresAt { get; set; }

    /// <summary>How often the current step was tried.</summary>
    public int Attempts { get; set; }

    /// <summary>How often a new session was made without anybody asking for it since the last connection.</summary>
    public int Restarts { get; set; }

    /// <summary>When <see cref="NumberTrigger.DeadlinePassed"/> happens; null: never.</summary>
    public DateTime? DueAt { get; set; }

    /// <summary>Since when WhatsApp knows the worker as a device; null: a scan is needed.</summary>
    public DateTime? PairedAt { get; set; }

    /// <summary>Last sign of the primary phone; WhatsApp logs all devices out when it is away for 14 days.</summary>
    public DateTime? PhoneSeenAt { get; set; }

    /// <summary>When somebody is reminded of the phone.</summary>
    public DateTime? PhoneDueAt { get; set; }

    /// <summary>Its way in and out, made when it connects for the first time.</summary>
    public long? ChannelId { get; set; }
    public NumberTrigger? LastEvent { get; set; }
    public DateTime? LastEventAt { get; set; }
    public DateTime CreatedAt { get; set; }
    public long Version { get; set; } = 1;
}

/// <summary>One attempt to connect a number; its generation fences off whatever an earlier one still says.</summary>
public sealed class NumberSession
{
    public long Id { get; set; }
    public long NumberId { get; set; }
    public long Generation { get; set; }

    /// <summary>As on the wire; unique.</summary>
    public required string SessionId { get; set; }
    public required string WorkerId { get; set; }
    public DateTime CreatedAt { get; set; }

    /// <summary>The QR code's text or picture, protected (<see cref="NumberSecrets"/>). Gone when it was used or expired.</summary>
    public string? ProtectedQr { get; set; }

    /// <summary>When it has to be gone; null: there is none.</summary>
    public DateTime? QrExpiresAt { get; set; }

    /// <summary>The eight characters to type instead, protected; gone as well when used or expired.</summary>
    public string? ProtectedPairingCode { get; set; }
    public DateTime? PairingExpiresAt { get; set; }
}

/// <summary>The time line of a number: everything that happened, whoever said it, acted on or not. Never a code.</summary>
public sealed class NumberEvent
{
    public long Id { get; set; }
    public long NumberId { get; set; }
    public DateTime At { get; set; }
    public NumberTrigger Kind { get; set; }
    public NumberVerdict Verdict { get; set; }
    public NumberSource Source { get; set; }

    /// <summary>Who did it, of <see cref="NumberSource.Admin"/>.</summary>
    public long? ActorId { get; set; }
    public string? WorkerId { get; set; }

    /// <summary>As the sender said it; null: it said none.</summary>
    public long? Generation { get; set; }
    public NumberState FromState { get; set; }
    public NumberState ToState { get; set; }
    public NumberReason Reason { get; set; }
    public int? Code { get; set; }

    /// <summary>Which code of six, of a code; else null.</summary>
    public int? QrNumber { get; set; }

    /// <summary>More than 1: the same thing was ignored as often in a row, last at <see cref="LastAt"/>. A worker in a loop fills no table.</summary>
    public int Count { get; set; } = 1;
    public DateTime LastAt { get; set; }
}

/// <summary>A link for the person who holds the phone: one number, ten minutes, one browser, revocable. Only its hash is kept.</summary>
public sealed class NumberLink
{
    public long Id { get; set; }
    public long NumberId { get; set; }
    public required string TokenHash { get; set; }

    /// <summary>Of the browser that opened it; null: nobody did yet.</summary>
    public string? ViewerHash { get; set; }
    public long? CreatedBy { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public DateTime? OpenedAt { get; set; }
    public DateTime? RevokedAt { get; set; }
}
