namespace Dispatch.Core.Matching;

/// <summary>A driver as the rules see him: available at this instant, with what he did about this booking before.</summary>
/// <param name="Asked">How often he was asked in this round; 0: never.</param>
/// <param name="Refused">He said no in this round, or backed out of this booking in an earlier one.</param>
/// <param name="HasOpenOffer">He is being asked about this booking right now.</param>
public sealed record Candidate(
    long Id, double? Latitude, double? Longitude, DateTime? LastSeenAt, int Asked = 0, bool Refused = false, bool HasOpenOffer = false);

/// <summary>Why a driver is not asked. The first four come from his status, the rest from the booking.</summary>
public enum Exclusion { Busy, Offline, Paused, Unknown, ByRequest, TooFar, NoPosition, Refused, AskedEnough, NotYet, AlreadyAsked }

/// <param name="Distance">Kilometres to the pickup; null: one of the two positions is not known.</param>
public sealed record Chosen(long DriverId, double? Distance);

public sealed record LeftOut(long DriverId, Exclusion Reason);

/// <summary>What the rules decided, with everybody considered.</summary>
/// <param name="More">Somebody is left for a later wave.</param>
public sealed record Selection(IReadOnlyList<Chosen> Chosen, IReadOnlyList<LeftOut> LeftOut, bool More);

/// <summary>Kept with a wave's event: how many were asked, and who was left out and why (at most <see cref="MaxStored"/>, all counted).</summary>
public sealed record WaveReport(int Chosen, double? MaxDistance, IReadOnlyDictionary<Exclusion, int> Counts, IReadOnlyList<LeftOut> LeftOut)
{
    public const int MaxStored = 200;
}

/// <summary>What a search wants; from the booking.</summary>
/// <param name="MaxDistance">Kilometres; null: unlimited.</param>
public sealed record SearchFacts(
    double? PickupLatitude, double? PickupLongitude, double? MaxDistance, IReadOnlyCollection<long> Excluded, PriorityMode Priority, WavePolicy Policy, int Wave);

/// <summary>Who is asked, in which order, and what happens next. Pure: data and time in, decision with reasons out.</summary>
public static class MatchingRules
{
    private const double EarthRadius = 6371.0088;

    /// <summary>All available drivers, most recently seen first (the ticket), unless options or the wave policy say otherwise.</summary>
    public static Selection Select(SearchFacts search, IReadOnlyList<Candidate> available, MatchingSettings settings)
    {
        var chosen = new List<(Candidate Driver, double? Distance)>(available.Count);
        var leftOut = new List<LeftOut>();
        foreach (var driver in available)
        {
            var distance = Distance(search.PickupLatitude, search.PickupLongitude, driver.Latitude, driver.Longitude);
            if (Excludes(search, driver, distance, settings) is { } reason) leftOut.Add(new LeftOut(driver.Id, reason));
            else chosen.Add((driver, distance));
        }
        var ordered = Order(chosen, search.Policy == WavePolicy.AllAtOnce ? search.Priority : PriorityMode.Distance);
        var size = WaveSize(search.Policy, search.Wave, settings.FirstWave);
        if (ordered.Count <= size) return new Selection([.. ordered.Select(c => new Chosen(c.Driver.Id, c.Distance))], leftOut, More: false);
        leftOut.AddRange(ordered.Skip(size).Select(c => new LeftOut(c.Driver.Id, Exclusion.NotYet)));
        return new Selection([.. ordered.Take(size).Select(c => new Chosen(c.Driver.Id, c.Distance))], leftOut, More: true);
    }

    /// <summary>How many new drivers wave <paramref name="wave"/> (from 1) may ask.</summary>
    public static int WaveSize(WavePolicy policy, int wave, int first) => policy switch
    {
        WavePolicy.AllAtOnce => int.MaxValue,
        WavePolicy.NearFirst => wave <= 1 ? first : int.MaxValue,
        // Each ring asks twice as many as the one before.
        WavePolicy.Progressive => wave >= 20 ? int.MaxValue : first << Math.Max(0, wave - 1),
    };

    /// <summary>Null: he may be asked.</summary>
    public static Exclusion? Excludes(SearchFacts search, Candidate driver, double? distance, MatchingSettings settings)
    {
        if (search.Excluded.Contains(driver.Id)) return Exclusion.ByRequest;
        if (driver.HasOpenOffer) return Exclusion.AlreadyAsked;
        if (driver.Refused) return Exclusion.Refused;
        if (driver.Asked >= settings.MaxAsks) return Exclusion.AskedEnough;
        if (search.MaxDistance is not { } most) return null;
        // A radius was asked for: somebody whose position is not known is not within it.
        return distance is null ? Exclusion.NoPosition : distance > most ? Exclusion.TooFar : null;
    }

    /// <summary>An offer never outlives its booking.</summary>
    public static DateTime Expiry(DateTime from, TimeSpan driverTimeout, DateTime deadline) => from + driverTimeout < deadline ? from + driverTimeout : deadline;

    /// <summary>What an offer that was open when its time was over counts as: silence only if it reached the driver.</summary>
    public static (DriverResponseKind? Response, OfferWithdrawal? Withdrawn) Expired(DateTime? sentAt) =>
        sentAt is null ? (null, OfferWithdrawal.Undelivered) : (DriverResponseKind.Timeout, null);

    /// <summary>Whether a driver who let an offer pass is paused now.</summary>
    public static bool Pauses(int consecutiveTimeouts, MatchingSettings settings) => consecutiveTimeouts >= settings.PauseAfterTimeouts;

    /// <summary>A booking whose driver backed out is searched again, up to a limit.</summary>
    public static bool SearchesAgain(int rematches, MatchingSettings settings) => rematches < settings.MaxRematches;

    /// <summary>The radius of the next wave; null stays unlimited.</summary>
    public static double? Widen(double? maxDistance, MatchingSettings settings) => maxDistance * settings.WidenBy;

    public static Reach ReachOf(int reachable) => reachable switch { <= 0 => Reach.None, <= 15 => Reach.Few, <= 62 => Reach.Some, _ => Reach.Many };

    /// <summary>Great-circle kilometres; null: one of the positions is not known.</summary>
    public static double? Distance(double? latitude, double? longitude, double? otherLatitude, double? otherLongitude)
    {
        if (latitude is not { } a || longitude is not { } b || otherLatitude is not { } c || otherLongitude is not { } d) return null;
        var (dLat, dLon) = (double.DegreesToRadians(c - a), double.DegreesToRadians(d - b));
        var h = Math.Pow(Math.Sin(dLat / 2), 2) + (Math.Cos(double.DegreesToRadians(a)) * Math.Cos(double.DegreesToRadians(c)) * Math.Pow(Math.Sin(dLon / 2), 2));
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(h)));
    }

    /// <summary>What a driver who answers an offer that is no longer open is told, by how it ended.</summary>
    public static ResponseAction Closed(DriverResponseKind? response, OfferWithdrawal? withdrawn) => (response, withdrawn) switch
    {
        (DriverResponseKind.Accepted, _) => ResponseAction.Assigned,
        (DriverResponseKind.Rejected, _) => ResponseAction.Rejected,
        (DriverResponseKind.Timeout, _) => ResponseAction.OfferExpired,
        (null, OfferWithdrawal.Taken or OfferWithdrawal.Assigned) => ResponseAction.AlreadyTaken,
        (null, OfferWithdrawal.DriverBusy) => ResponseAction.DriverBusy,
        (null, OfferWithdrawal.Cancelled or OfferWithdrawal.Failed) => ResponseAction.BookingCancelled,
        (null, OfferWithdrawal.BookingTimedOut or OfferWithdrawal.Undelivered) => ResponseAction.OfferExpired,
        (null, null) => throw new ArgumentException("The offer is open.", nameof(withdrawn)),
    };

    private static List<(Candidate Driver, double? Distance)> Order(List<(Candidate Driver, double? Distance)> drivers, PriorityMode priority)
    {
        drivers.Sort(priority == PriorityMode.Distance
            ? (a, b) => Compare((a.Distance ?? double.MaxValue).CompareTo(b.Distance ?? double.MaxValue), Recent(a, b), a.Driver.Id, b.Driver.Id)
            : (a, b) => Compare(Recent(a, b), 0, a.Driver.Id, b.Driver.Id));
        return drivers;

        static int Recent((Candidate Driver, double? Distance) a, (Candidate Driver, double? Distance) b) =>
            (b.Driver.LastSeenAt ?? DateTime.MinValue).CompareTo(a.Driver.LastSeenAt ?? DateTime.MinValue);

        static int Compare(int first, int second, long idA, long idB) => first != 0 ? first : second != 0 ? second : idA.CompareTo(idB);
    }
}
