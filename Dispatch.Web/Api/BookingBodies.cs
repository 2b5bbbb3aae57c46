using System.Text.Json;
using Dispatch.Core.Matching;

namespace Dispatch.Web.Api;

public sealed record CreateDriver
{
    public string? Name { get; init; }

    /// <summary>With country code; spaces, dashes and a leading + or 00 are fine.</summary>
    public string? Phone { get; init; }
    public string? VehicleType { get; init; }
    public string? VehiclePlate { get; init; }
    public string? Zone { get; init; }
    public double? Latitude { get; init; }
    public double? Longitude { get; init; }
    public double? Rating { get; init; }

    /// <summary>fr or en.</summary>
    public string? Language { get; init; }

    /// <summary>Available, Offline or Paused.</summary>
    public DriverStatus Status { get; init; } = DriverStatus.Available;
}

public sealed record SetDriverStatus
{
    public DriverStatus? Status { get; init; }
    public double? Latitude { get; init; }
    public double? Longitude { get; init; }
}

public sealed record CreateBooking
{
    public string? CustomerName { get; init; }
    public string? CustomerPhone { get; init; }
    public string? PickupAddress { get; init; }
    public string? DropAddress { get; init; }

    /// <summary>With its offset, such as 2026-03-01T08:00:00Z.</summary>
    public DateTimeOffset? PickupTime { get; init; }
    public string? Zone { get; init; }
    public double? PickupLatitude { get; init; }
    public double? PickupLongitude { get; init; }
    public double? DropLatitude { get; init; }
    public double? DropLongitude { get; init; }
    public decimal? Price { get; init; }
    public string? Language { get; init; }

    /// <summary>When the search begins by itself; left out: when it is started.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Makes a repeated request the same booking; also taken from the header <c>Idempotency-Key</c>. 1 to 64 characters.</summary>
    public string? EffectKey { get; init; }
}

public sealed record StartMatching
{
    /// <summary>Kilometres; left out: unlimited.</summary>
    public double? MaxDistance { get; init; }
    public IReadOnlyList<long>? ExcludeDriverIds { get; init; }

    /// <summary>DISTANCE or RECENT_ACTIVITY (standard).</summary>
    public string? PriorityMode { get; init; }

    /// <summary>ALL_AT_ONCE (standard), NEAR_FIRST or PROGRESSIVE.</summary>
    public string? WavePolicy { get; init; }
}

public sealed record RespondToBooking
{
    public long? DriverId { get; init; }

    /// <summary>ACCEPT or REJECT.</summary>
    public string? Type { get; init; }
}

public sealed record CancelBooking
{
    public string? Reason { get; init; }
}

public sealed record AssignBooking
{
    public long? DriverId { get; init; }
}

public sealed record BookingCreated(long Id, BookingStatus Status, long Version);

public sealed record DriverCreated(long Id, DriverStatus Status);

/// <summary>Seed 003 <c>MatchingResult</c>.</summary>
public sealed record MatchingResultAnswer(bool Success, int DriversNotified, IReadOnlyList<long> DriverIds, IReadOnlyList<string> Errors, long? MatchingMetricsId, int Pending);

/// <summary>Seed 003 <c>ResponseResult</c>.</summary>
/// <param name="Action">ASSIGNED, REJECTED, ALREADY_TAKEN, BOOKING_CANCELLED, OFFER_EXPIRED, NOT_OFFERED or DRIVER_BUSY.</param>
public sealed record ResponseResultAnswer(bool Success, string Action, string Message, long? LostByMs);

/// <summary>The seed's way of writing words: <c>ALREADY_TAKEN</c>.</summary>
internal static class SeedWords
{
    public static string Of(Enum word) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(word.ToString());

    /// <summary>Null: not a word of this kind. Both writings are understood.</summary>
    public static T? Read<T>(string? text)
        where T : struct, Enum
    {
        if (text is null) return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(text, Of(value), StringComparison.OrdinalIgnoreCase) || string.Equals(text, value.ToString(), StringComparison.OrdinalIgnoreCase)) return value;
        }
        return null;
    }

    public static string Allowed<T>()
        where T : struct, Enum => $"Allowed: {string.Join(", ", Enum.GetValues<T>().Select(v => Of(v)))}.";
}
