namespace Dispatch.Core.Matching;

/// <summary>
/// <see cref="Scheduled"/>: the search begins at <see cref="Booking.StartAt"/>. <see cref="Pending"/>: searched, or about to be.
/// <see cref="Accepted"/>: a driver has it, and he has no other. The rest is over; only a new round (<see cref="Booking.Round"/>) leads back to Pending.
/// </summary>
public enum BookingStatus { Scheduled, Pending, Accepted, Completed, Cancelled, TimedOut, Failed }

/// <summary>Who is asked first among those asked at once (seed 003 <c>priorityMode</c>).</summary>
public enum PriorityMode { RecentActivity, Distance }

/// <summary><see cref="AllAtOnce"/>: every available driver (the ticket's rule). <see cref="NearFirst"/>: the nearest group, then all. <see cref="Progressive"/>: growing rings.</summary>
public enum WavePolicy { AllAtOnce, NearFirst, Progressive }

/// <summary>What the customer was asked after a search that failed, and has not answered yet.</summary>
public enum BookingQuestion { Choice, LaterTime, NewTime }

/// <summary>A ride somebody wants. Status, driver and version change only through <c>BookingClaims</c>. Times are UTC.</summary>
public sealed class Booking
{
    public long Id { get; set; }
    public required string CustomerName { get; set; }

    /// <summary>Digits with the country code, as gateways address it.</summary>
    public required string CustomerPhone { get; set; }
    public required string PickupAddress { get; set; }
    public required string DropAddress { get; set; }
    public double? PickupLatitude { get; set; }
    public double? PickupLongitude { get; set; }
    public double? DropLatitude { get; set; }
    public double? DropLongitude { get; set; }
    public string? Zone { get; set; }
    public DateTime PickupTime { get; set; }

    /// <summary>In the currency of the place; null: not agreed.</summary>
    public decimal? Price { get; set; }

    /// <summary>Of messages to the customer: fr or en.</summary>
    public string Language { get; set; } = "fr";
    public BookingStatus Status { get; set; }
    public DateTime StatusAt { get; set; }

    /// <summary>Grows by one with every change of status, driver or wave.</summary>
    public long Version { get; set; } = 1;

    /// <summary>Who has the ride, or had it when it was completed or cancelled.</summary>
    public long? DriverId { get; set; }

    /// <summary>Starts at 1; grows when a search begins afresh (the driver backed out, the customer or an operator tries again).</summary>
    public int Round { get; set; }

    /// <summary>The fence of a round: an escalation that saw an older wave does nothing.</summary>
    public int Wave { get; set; }

    /// <summary>The wave after which nobody was left to ask; equal to <see cref="Wave"/>: only a driver who becomes available can still be asked.</summary>
    public int ExhaustedWave { get; set; }

    /// <summary>How often a driver backed out after he had accepted.</summary>
    public int Rematches { get; set; }
    public WavePolicy WavePolicy { get; set; }
    public PriorityMode PriorityMode { get; set; }

    /// <summary>Kilometres from the pickup; null: unlimited.</summary>
    public double? MaxDistance { get; set; }

    /// <summary>Makes a repeated request the same booking; unique for ever. Null: every request is a new one.</summary>
    public string? EffectKey { get; set; }

    /// <summary>Ids with commas; never asked for this booking.</summary>
    public string ExcludedDriverIds { get; set; } = "";
    public DateTime CreatedAt { get; set; }

    /// <summary>Due time of a scheduled search.</summary>
    public DateTime? StartAt { get; set; }
    public DateTime? MatchingStartedAt { get; set; }

    /// <summary>Due time of the search; of effect while Pending.</summary>
    public DateTime? MatchingDeadline { get; set; }

    /// <summary>Due time of the next ring of a policy that asks in waves.</summary>
    public DateTime? NextWaveAt { get; set; }
    public DateTime? AcceptedAt { get; set; }

    /// <summary>Why it was cancelled or failed.</summary>
    public string? Reason { get; set; }
    public BookingQuestion? Question { get; set; }

    /// <summary>How often the question was put again because the answer was not understood.</summary>
    public int QuestionRepeats { get; set; }
    public DateTime? AskedAt { get; set; }

    public IReadOnlyList<long> Excluded => ParseIds(ExcludedDriverIds);

    internal static IReadOnlyList<long> ParseIds(string ids) =>
        [.. ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(i => long.Parse(i, System.Globalization.CultureInfo.InvariantCulture))];
}

public enum BookingEventKind
{
    Created, Scheduled, SearchStarted, WaveSent, LateDriverAsked, Escalated, NobodyLeft, Rejected, LostRace, Assigned, AssignedByHand, DriverBackedOut, TimedOut,
    Cancelled, Failed, Completed, Widened, Retried, TimeChanged, CustomerAsked, CustomerAnswered, HandedToModerator,
}

/// <summary>What happened to a booking and why: the audit trail and the time line in one. Offers tell their own story (<see cref="BookingNotification"/>).</summary>
public sealed class BookingEvent
{
    public long Id { get; set; }
    public long BookingId { get; set; }
    public DateTime At { get; set; }
    public BookingEventKind Kind { get; set; }
    public int Round { get; set; }
    public int Wave { get; set; }
    public long? DriverId { get; set; }

    /// <summary>The user who did it; null: Dispatch, the driver, the customer or an integration.</summary>
    public long? ActorId { get; set; }
    public string? Note { get; set; }

    /// <summary>For waves: JSON of <c>Selection</c>'s counts and of who was left out and why.</summary>
    public string? Data { get; set; }
}
