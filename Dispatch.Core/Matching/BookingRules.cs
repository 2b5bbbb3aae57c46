namespace Dispatch.Core.Matching;

/// <summary>What a booking and a driver may be made of. Pure; pages, API and import ask here.</summary>
public static class BookingRules
{
    public static readonly TimeSpan MaxAhead = TimeSpan.FromDays(3653);

    /// <summary>A customer who should have left a moment ago still wants his ride; whoever typed another day does not.</summary>
    public static readonly TimeSpan MaxBehind = TimeSpan.FromHours(1);

    public static IReadOnlyList<FieldError> Check(NewBooking booking, DateTime now)
    {
        var errors = new List<FieldError>();
        Text(errors, "customerName", booking.CustomerName, MatchingConfiguration.NameLength, needed: true);
        if (PhoneNumbers.Read(booking.CustomerPhone) is null) errors.Add(Phone("customerPhone"));
        Text(errors, "pickupAddress", booking.PickupAddress, MatchingConfiguration.AddressLength, needed: true);
        Text(errors, "dropAddress", booking.DropAddress, MatchingConfiguration.AddressLength, needed: true);
        Text(errors, "zone", booking.Zone, MatchingConfiguration.ZoneLength, needed: false);
        Position(errors, "pickup", booking.PickupLatitude, booking.PickupLongitude);
        Position(errors, "drop", booking.DropLatitude, booking.DropLongitude);
        errors.AddRange(CheckTimes(booking.PickupTime, booking.StartAt, now));
        if (booking.Price is < 0 or > 9_999_999_999m) errors.Add(new("price", "OutOfRange", "0 or more."));
        if (booking.EffectKey is { Length: 0 or > MatchingConfiguration.EffectKeyLength })
            errors.Add(new("effectKey", "BadLength", $"1 to {MatchingConfiguration.EffectKeyLength} characters."));
        Distance(errors, booking.MaxDistance);
        Language(errors, booking.Language);
        return errors;
    }

    /// <param name="startAt">When its search begins; null: when somebody starts it.</param>
    public static IReadOnlyList<FieldError> CheckTimes(DateTime? pickupTime, DateTime? startAt, DateTime now)
    {
        var errors = new List<FieldError>();
        if (pickupTime is null) errors.Add(new("pickupTime", "Missing", "Needed: a time in UTC, such as 2026-03-01T08:00:00Z."));
        else if (pickupTime > now + MaxAhead) errors.Add(new("pickupTime", "TooFar", "At most ten years ahead."));
        else if (pickupTime < now - MaxBehind) errors.Add(new("pickupTime", "Past", "Not in the past: at most an hour ago."));
        if (startAt < now - TimeSpan.FromMinutes(1) || startAt > now + MaxAhead) errors.Add(new("startAt", "OutOfRange", "Now or later, at most ten years ahead."));
        return errors;
    }

    /// <summary>
    /// Whether a request that carries the key of a known booking wants that one: the same customer, pickup and drop. Its time may have been changed since; but what is over is not the ride of another day.
    /// </summary>
    public static bool IsRepetition(Booking known, Booking wanted) =>
        known.CustomerPhone == wanted.CustomerPhone && known.PickupAddress == wanted.PickupAddress && known.DropAddress == wanted.DropAddress
        && (known.PickupTime == wanted.PickupTime || known.Status is not (BookingStatus.Completed or BookingStatus.Cancelled));

    /// <summary>Wrong only because of when it is asked.</summary>
    internal static bool IsOfTime(FieldError error) => error is { Field: "startAt", Code: "OutOfRange" } or { Field: "pickupTime", Code: "Past" };

    public static IReadOnlyList<FieldError> Check(NewDriver driver)
    {
        var errors = new List<FieldError>();
        Text(errors, "name", driver.Name, MatchingConfiguration.NameLength, needed: true);
        if (PhoneNumbers.Read(driver.Phone) is null) errors.Add(Phone("phone"));
        Text(errors, "vehicleType", driver.VehicleType, MatchingConfiguration.ZoneLength, needed: false);
        Text(errors, "vehiclePlate", driver.VehiclePlate, MatchingConfiguration.PlateLength, needed: false);
        Text(errors, "zone", driver.Zone, MatchingConfiguration.ZoneLength, needed: false);
        Position(errors, "", driver.Latitude, driver.Longitude);
        if (driver.Rating is { } rating && !(rating is >= 0 and <= 5)) errors.Add(new("rating", "OutOfRange", "0 to 5."));
        if (driver.Status == DriverStatus.Busy) errors.Add(new("status", "NotByHand", "Available, Offline or Paused; Busy comes with an accepted booking."));
        Language(errors, driver.Language);
        return errors;
    }

    public static IReadOnlyList<FieldError> Check(MatchingOptions options)
    {
        var errors = new List<FieldError>();
        Distance(errors, options.MaxDistance);
        if (options.ExcludeDriverIds is { Count: > 1000 }) errors.Add(new("excludeDriverIds", "TooMany", "At most 1000 ids."));
        return errors;
    }

    private static void Text(List<FieldError> errors, string field, string? text, int length, bool needed)
    {
        if (needed && string.IsNullOrWhiteSpace(text)) errors.Add(new(field, "Missing", $"1 to {length} characters."));
        else if (text?.Trim().Length > length) errors.Add(new(field, "TooLong", $"At most {length} characters."));
    }

    private static void Position(List<FieldError> errors, string prefix, double? latitude, double? longitude)
    {
        var (lat, lon) = prefix.Length == 0 ? ("latitude", "longitude") : (prefix + "Latitude", prefix + "Longitude");
        if (latitude is null != longitude is null) errors.Add(new(latitude is null ? lat : lon, "Half", "Latitude and longitude go together."));
        if (latitude is { } a && !(a is >= -90 and <= 90)) errors.Add(new(lat, "OutOfRange", "-90 to 90."));
        if (longitude is { } b && !(b is >= -180 and <= 180)) errors.Add(new(lon, "OutOfRange", "-180 to 180."));
    }

    private static void Distance(List<FieldError> errors, double? distance)
    {
        if (distance is { } d && !(d is > 0 and <= 20_000)) errors.Add(new("maxDistance", "OutOfRange", "More than 0 and at most 20000 kilometres."));
    }

    private static void Language(List<FieldError> errors, string? language)
    {
        if (language is not (null or "fr" or "en")) errors.Add(new("language", "Unknown", "Allowed: fr, en."));
    }

    private static FieldError Phone(string field) =>
        new(field, "BadPhone", $"{PhoneNumbers.MinDigits} to {PhoneNumbers.MaxDigits} digits with the country code, such as +221 77 123 45 67.");
}
