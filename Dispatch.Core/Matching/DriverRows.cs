namespace Dispatch.Core.Matching;

public enum DriverSort { Name, LastSeenAt, StatusSince, Rating }

/// <summary>Filter of the list; null or empty: any. <paramref name="Text"/>: name, phone or plate.</summary>
public sealed record DriverSearch(
    string? Text = null, DriverStatus? Status = null, string? Zone = null, DriverSort Sort = DriverSort.Name, bool Descending = false, int Skip = 0, int Take = 50);

public sealed record DriverRow(
    long Id, string Name, string Phone, double? Rating, string VehicleType, string VehiclePlate, string? Zone, double? Latitude, double? Longitude, string Language,
    DriverStatus Status, DateTime StatusSince, DateTime? LastSeenAt, int ConsecutiveTimeouts, int OpenOffers, long? ActiveBookingId);

public sealed record DriverPage(IReadOnlyList<DriverRow> Items, int Total);

/// <summary>An offer on the page of a driver, with how it ended for him.</summary>
public sealed record DriverOfferRow(
    long BookingId, string PickupAddress, string DropAddress, string? Zone, DateTime CreatedAt, DateTime? SentAt, DateTime? SeenAt, DateTime? RespondedAt, DateTime ExpiresAt,
    DriverResponseKind? Response, OfferWithdrawal? Withdrawn, long? LostByMs, double? Distance);

public sealed record DriverDetails(DriverRow Driver, DriverStats Stats, IReadOnlyList<DriverOfferRow> Offers);

/// <summary>Why a driver was not asked for a booking (<see cref="Exclusion"/>), or how his offer ended.</summary>
public sealed record WhyNot(DateTime At, int Wave, Exclusion Reason);

public sealed record DriverCounts(int Available, int Busy, int Paused, int Offline);
