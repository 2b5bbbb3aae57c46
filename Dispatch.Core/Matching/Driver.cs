namespace Dispatch.Core.Matching;

/// <summary><see cref="Available"/> is asked. <see cref="Busy"/>: has an accepted booking. <see cref="Paused"/>: ignored too many offers, or wants a rest.</summary>
public enum DriverStatus { Available, Busy, Offline, Paused }

public sealed class Driver
{
    public long Id { get; set; }
    public required string Name { get; set; }

    /// <summary>Digits with the country code; unique.</summary>
    public required string Phone { get; set; }

    /// <summary>0 to 5; null: not rated yet.</summary>
    public double? Rating { get; set; }
    public string VehicleType { get; set; } = "";
    public string VehiclePlate { get; set; } = "";
    public string? Zone { get; set; }
    public double? Latitude { get; set; }
    public double? Longitude { get; set; }

    /// <summary>Of messages to him: fr or en.</summary>
    public string Language { get; set; } = "fr";
    public DriverStatus Status { get; set; }
    public DateTime StatusSince { get; set; }

    /// <summary>Last sign of life: a status, a position or an answer.</summary>
    public DateTime? LastSeenAt { get; set; }

    /// <summary>Offers he saw and let pass, in a row. Any answer sets it to 0.</summary>
    public int ConsecutiveTimeouts { get; set; }
    public DateTime CreatedAt { get; set; }
}
