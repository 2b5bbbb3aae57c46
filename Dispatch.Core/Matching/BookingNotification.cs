namespace Dispatch.Core.Matching;

public enum DriverResponseKind { Accepted, Rejected, Timeout }

/// <summary>
/// Why an offer ended without an answer of its driver. <see cref="Undelivered"/> and the others are never held against him.
/// </summary>
public enum OfferWithdrawal { Taken, DriverBusy, Cancelled, BookingTimedOut, Undelivered, Failed, Assigned }

/// <summary>How the offer went out or how it was answered.</summary>
public enum NotificationMethod { WhatsApp, Link, Api }

/// <summary>One offer: this booking to this driver. One row per pair for ever; a later wave uses the row again. Open while it has neither response nor withdrawal.</summary>
public sealed class BookingNotification
{
    public long Id { get; set; }
    public long BookingId { get; set; }
    public long DriverId { get; set; }
    public int Round { get; set; }
    public int Wave { get; set; }

    /// <summary>How often he was asked in this round.</summary>
    public int Asked { get; set; } = 1;
    public DateTime CreatedAt { get; set; }

    /// <summary>Handed to the gateway; null: not yet, or it could not be.</summary>
    public DateTime? SentAt { get; set; }
    public DateTime? DeliveredAt { get; set; }

    /// <summary>Read on his phone, or the offer's page was opened.</summary>
    public DateTime? SeenAt { get; set; }
    public DateTime? RespondedAt { get; set; }

    /// <summary>Due time; never later than the booking's deadline.</summary>
    public DateTime ExpiresAt { get; set; }
    public DriverResponseKind? Response { get; set; }
    public OfferWithdrawal? Withdrawn { get; set; }

    /// <summary>When it stopped being open, for whatever reason.</summary>
    public DateTime? ClosedAt { get; set; }
    public NotificationMethod Method { get; set; }

    /// <summary>He accepted this many milliseconds after somebody else had won.</summary>
    public long? LostByMs { get; set; }

    /// <summary>Kilometres to the pickup when he was asked; null: not known.</summary>
    public double? Distance { get; set; }
}

public enum MatchingFinalStatus { Matched, Timeout, Cancelled, Failed }

/// <summary>One per booking: how its search went. Three times are kept apart: broadcast, accept and human.</summary>
public sealed class MatchingMetrics
{
    public long Id { get; set; }
    public long BookingId { get; set; }
    public string? Zone { get; set; }
    public DateTime StartedAt { get; set; }

    /// <summary>Hour of the start in the configured time zone, 0 to 23.</summary>
    public int Hour { get; set; }

    /// <summary>Available drivers who could be asked when the search began.</summary>
    public int ReachableDrivers { get; set; }
    public int TotalDriversNotified { get; set; }
    public int TotalDriversResponded { get; set; }
    public int Waves { get; set; }
    public DateTime? AcceptedAt { get; set; }

    /// <summary>Seconds from the start of the search to the winner.</summary>
    public int? TimeToMatch { get; set; }

    /// <summary>Milliseconds from the start of the search until the last offer of the first wave was handed to the gateway.</summary>
    public int? BroadcastMs { get; set; }

    /// <summary>Milliseconds from the arrival of the winning answer to its commit.</summary>
    public int? AcceptMs { get; set; }

    /// <summary>Milliseconds from seeing (or else sending) the offer to the winning answer.</summary>
    public int? HumanMs { get; set; }
    public MatchingFinalStatus? FinalStatus { get; set; }
    public DateTime? EndedAt { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>A text that an admin changed; what is not here is the standard text.</summary>
public sealed class MessageTemplate
{
    public long Id { get; set; }

    /// <summary>A name of <see cref="TemplateKey"/>.</summary>
    public TemplateKey Key { get; set; }
    public required string Language { get; set; }
    public required string Text { get; set; }
    public DateTime ChangedAt { get; set; }
    public long? ChangedBy { get; set; }
}
