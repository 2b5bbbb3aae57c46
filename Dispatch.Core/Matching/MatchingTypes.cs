namespace Dispatch.Core.Matching;

/// <summary>How a search is to be made (seed 003). Null: as the booking says already.</summary>
public sealed record MatchingOptions(
    double? MaxDistance = null, IReadOnlyList<long>? ExcludeDriverIds = null, PriorityMode? PriorityMode = null, WavePolicy? WavePolicy = null);

/// <summary>Why a search did or did not begin.</summary>
public enum MatchingStart { Started, NotFound, NotPending, AlreadyStarted }

/// <summary>What became of a started search (seed 003): who exactly was notified, and what went wrong.</summary>
/// <param name="DriverIds">Everyone who has an offer row now, in the order of priority.</param>
/// <param name="Errors">One line per driver whose message did not leave: <c>driver 12: Unreachable</c>.</param>
/// <param name="Pending">Messages that are still on their way out when this was answered (pacing).</param>
public sealed record MatchingResult(
    MatchingStart Start, int DriversNotified, IReadOnlyList<long> DriverIds, IReadOnlyList<string> Errors, long? MatchingMetricsId, int Pending = 0)
{
    public bool Success => Start == MatchingStart.Started;
}

/// <summary>A driver's word (seed 003). Only Accepted and Rejected come from a driver.</summary>
/// <param name="At">UTC: when it arrived.</param>
public sealed record DriverResponse(DriverResponseKind Type, DateTime At, NotificationMethod Method = NotificationMethod.Api);

public enum ResponseAction
{
    Assigned, Rejected,
    /// <summary>Somebody else was faster.</summary>
    AlreadyTaken,
    BookingCancelled,
    /// <summary>His time or that of the search was over.</summary>
    OfferExpired,
    /// <summary>He was never asked for this booking.</summary>
    NotOffered,
    /// <summary>He has another ride.</summary>
    DriverBusy,
}

/// <summary>What became of a driver's answer. The same answer given again gets the same result.</summary>
/// <param name="LostByMs">With <see cref="ResponseAction.AlreadyTaken"/>: by how much.</param>
/// <param name="Message">The sentence he is told, in his language.</param>
public sealed record ResponseResult(ResponseAction Action, string Message, long? LostByMs = null, string? Repeat = null)
{
    public bool Success => Action is ResponseAction.Assigned or ResponseAction.Rejected;
}

/// <summary>What became of a command on a booking.</summary>
public enum BookingResult
{
    Done, NotFound,
    /// <summary>Its status does not allow that (any more); the outcome carries the status.</summary>
    WrongStatus,
    DriverNotFound, DriverBusy,
    /// <summary>The effect key belongs to a booking of somebody else, or to another place; the outcome names that booking.</summary>
    OtherBooking,
    /// <summary>One of the values is wrong; the outcome names each.</summary>
    BadInput,
}

/// <param name="Status">The booking's status after the command.</param>
/// <param name="DriverId">Who has the booking, if anybody.</param>
/// <param name="Errors">Field and what is wrong with it, in English, for <see cref="BookingResult.BadInput"/>.</param>
public sealed record BookingOutcome(
    BookingResult Result, long Id = 0, BookingStatus? Status = null, long Version = 0, long? DriverId = null, IReadOnlyList<FieldError>? Errors = null)
{
    /// <summary>Made before by a request with the same effect key; nothing was made now.</summary>
    public bool Repeated { get; init; }

    public bool Succeeded => Result == BookingResult.Done;
}

/// <summary>One wrong value: which field, and what is allowed (plain English; pages show their own words by <see cref="Code"/>).</summary>
public sealed record FieldError(string Field, string Code, string Allowed);

/// <summary>A ride to book. Phone numbers may hold spaces, dashes and a leading + or 00.</summary>
public sealed record NewBooking
{
    public required string CustomerName { get; init; }
    public required string CustomerPhone { get; init; }
    public required string PickupAddress { get; init; }
    public required string DropAddress { get; init; }
    public DateTime? PickupTime { get; init; }
    public string? Zone { get; init; }
    public double? PickupLatitude { get; init; }
    public double? PickupLongitude { get; init; }
    public double? DropLatitude { get; init; }
    public double? DropLongitude { get; init; }
    public decimal? Price { get; init; }
    public string? Language { get; init; }

    /// <summary>UTC; the search begins then by itself. Null: when somebody starts it.</summary>
    public DateTime? StartAt { get; init; }
    public double? MaxDistance { get; init; }
    public WavePolicy WavePolicy { get; init; }
    public PriorityMode PriorityMode { get; init; }

    /// <summary>A repeated request with the same key is the same booking; 1 to 100 characters. Null: every request is a new one.</summary>
    public string? EffectKey { get; init; }
}

public sealed record NewDriver
{
    public required string Name { get; init; }
    public required string Phone { get; init; }
    public string? VehicleType { get; init; }
    public string? VehiclePlate { get; init; }
    public string? Zone { get; init; }
    public double? Latitude { get; init; }
    public double? Longitude { get; init; }
    public double? Rating { get; init; }
    public string? Language { get; init; }
    public DriverStatus Status { get; init; } = DriverStatus.Available;
}

public enum DriverResult
{
    Done, NotFound, BadInput, DuplicatePhone,
    /// <summary>He has an accepted booking: Busy ends with the ride.</summary>
    HasBooking,
}

public sealed record DriverOutcome(DriverResult Result, long Id = 0, IReadOnlyList<FieldError>? Errors = null);

/// <param name="Line">1 is the header.</param>
/// <param name="Problem">In plain English; pages show their own words by <paramref name="Code"/>.</param>
public sealed record ImportError(int Line, string Field, string Problem, string Code);

/// <param name="Known">A driver with this number exists and would be changed.</param>
public sealed record ImportLine(int Line, NewDriver Driver, bool Known);

/// <summary>What an import would do: these lines would be taken, those with an error left out.</summary>
public sealed record ImportPreview(IReadOnlyList<ImportLine> Lines, IReadOnlyList<ImportError> Errors);

/// <summary>What an import did: lines with an error were left out, all others were made or changed (by phone number).</summary>
public sealed record ImportResult(int Created, int Updated, IReadOnlyList<ImportError> Errors);

/// <summary>From inclusive, to exclusive; UTC.</summary>
public readonly record struct TimeFrame(DateTime From, DateTime To)
{
    public static TimeFrame Last(TimeSpan span, DateTime now) => new(now - span, now);
}
