using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>What a wave did.</summary>
/// <param name="MessageIds">To be sent after the commit.</param>
internal sealed record Broadcast(IReadOnlyList<long> DriverIds, IReadOnlyList<long> MessageIds, int Available, bool More);

/// <summary>Everything that drivers are told, and the offers themselves. Writes only inside a transaction at hand; messages leave after its commit.</summary>
public sealed class DriverNotificationService(ServiceMessageSender sender)
{
    private const string OfferKind = nameof(TemplateKey.DriverOffer);

    /// <summary>
    /// One wave to every available driver whom the rules let through, in one transaction with the change of the booking that the caller made. The booking's
    /// row is locked by that change.
    /// </summary>
    internal async Task<Broadcast> BroadcastToAvailableDriversAsync(WriteSession session, MatchingFrame frame, Booking booking, BookingEventKind kind, long? actorId = null)
    {
        var available = await OfferStore.AvailableAsync(session, booking.Id, booking.Round);
        var search = Facts(booking);
        var selection = MatchingRules.Select(search, available.ConvertAll(a => a.Candidate), frame.Settings);
        var byId = available.ToDictionary(a => a.Candidate.Id);
        var asked = selection.Chosen.Select(c => (byId[c.DriverId], c.Distance)).ToList();
        var messages = await AskAsync(session, frame, booking, asked);
        await AddEventAsync(session, booking, kind, frame.Now, actorId: actorId, data: await ReportAsync(session, booking, selection));
        return new Broadcast([.. selection.Chosen.Select(c => c.DriverId)], messages, available.Count, selection.More);
    }

    /// <summary>One driver who became available while the booking is open. Null: the rules do not let him through.</summary>
    internal async Task<Broadcast?> AskLateAsync(WriteSession session, MatchingFrame frame, Booking booking, long driverId)
    {
        var available = await OfferStore.AvailableAsync(session, booking.Id, booking.Round, driverId);
        if (available.Count == 0) return null;
        var selection = MatchingRules.Select(Facts(booking) with { Policy = WavePolicy.AllAtOnce }, [available[0].Candidate], frame.Settings);
        if (selection.Chosen.Count == 0) return null;
        var messages = await AskAsync(session, frame, booking, [(available[0], selection.Chosen[0].Distance)]);
        await AddEventAsync(session, booking, BookingEventKind.LateDriverAsked, frame.Now, driverId);
        return new Broadcast([driverId], messages, 1, false);
    }

    /// <summary>Only those who were notified are told, and each once.</summary>
    internal async Task NotifyOtherDriversBookingTakenAsync(WriteSession session, MatchingFrame frame, Booking booking, IEnumerable<(long DriverId, bool Sent)> told, TemplateKey key)
    {
        var ids = told.Where(t => t.Sent).Select(t => t.DriverId).ToList();
        await TellAsync(session, frame, booking, ids, key, $"{key}:{booking.Id}:{booking.Round}.{booking.Wave}");
    }

    /// <summary>One text to several drivers about a booking.</summary>
    internal async Task TellAsync(
        WriteSession session, MatchingFrame frame, Booking booking, IReadOnlyList<long> driverIds, TemplateKey key, string effect, params (string, string)[] more)
    {
        if (driverIds.Count == 0 || frame.ChannelId is null) return;
        var drivers = new List<(long Id, string Phone, string Language)>(driverIds.Count);
        foreach (var chunk in driverIds.Chunk(500))
        {
            drivers.AddRange((await session.Db.Drivers.AsNoTracking().Where(d => chunk.Contains(d.Id)).Select(d => new { d.Id, d.Phone, d.Language }).ToListAsync())
                .Select(d => (d.Id, d.Phone, d.Language)));
        }
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        await QueueAsync(session, frame, drivers.ConvertAll(d =>
        {
            if (!texts.TryGetValue(d.Language, out var text))
                texts[d.Language] = text = frame.Texts.Fill(key, d.Language, [.. frame.Ride(booking, d.Language), .. more]);
            return new NewServiceMessage(MessageAudience.Driver, key.ToString(), d.Phone, text, $"{effect}:{d.Id}", booking.Id, d.Id);
        }));
    }

    /// <summary>A text to one driver that is about himself.</summary>
    internal Task TellAsync(WriteSession session, MatchingFrame frame, Driver driver, TemplateKey key, string effect, params (string, string)[] values) =>
        QueueAsync(session, frame, [new NewServiceMessage(
            MessageAudience.Driver, key.ToString(), driver.Phone, frame.Texts.Fill(key, driver.Language, values), effect, null, driver.Id)]);

    internal static Task AddEventAsync(
        WriteSession session, Booking booking, BookingEventKind kind, DateTime now, long? driverId = null, long? actorId = null, string? note = null, string? data = null) =>
        AddEventAsync(session, booking.Id, booking.Round, booking.Wave, kind, now, driverId, actorId, note, data);

    internal static Task AddEventAsync(
        WriteSession session, long bookingId, int round, int wave, BookingEventKind kind, DateTime now, long? driverId = null, long? actorId = null, string? note = null,
        string? data = null) =>
        session.InsertAsync<object?>(
            "booking_events",
            [
                RowColumn.Id("booking_id"), RowColumn.Moment("at"), RowColumn.Text("kind"), RowColumn.Number("round"), RowColumn.Number("wave"),
                RowColumn.Id("driver_id"), RowColumn.Id("actor_id"), RowColumn.Text("note"), RowColumn.Text("data"),
            ],
            [[bookingId, now, kind, round, wave, driverId, actorId, note, data]], [], _ => null);

    private async Task<IReadOnlyList<long>> AskAsync(WriteSession session, MatchingFrame frame, Booking booking, IReadOnlyList<(Reachable Driver, double? Distance)> asked)
    {
        if (asked.Count == 0) return [];
        var expires = MatchingRules.Expiry(frame.Now, frame.Settings.DriverTimeout, booking.MatchingDeadline!.Value);
        var method = frame.ChannelId is null ? NotificationMethod.Api : NotificationMethod.WhatsApp;
        await OfferStore.AddAsync(session, booking, asked, expires, method, frame.Now);
        BookingClaims.Publish(session, booking.Id, EventNames.OfferChanged);
        if (frame.ChannelId is null) return [];
        // What every driver of a language reads is written once.
        var rides = asked.Select(a => a.Driver.Language).Distinct(StringComparer.Ordinal).ToDictionary(l => l, l => Ride(frame, booking, l, expires), StringComparer.Ordinal);
        return await ServiceMessages.QueueAsync(session, frame.ChannelId, [.. asked.Select(a => Offer(frame, booking, a.Driver, a.Distance, rides[a.Driver.Language]))], frame.Now);
    }

    private static (string, string)[] Ride(MatchingFrame frame, Booking booking, string language, DateTime expires)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        return
        [
            .. frame.Ride(booking, language), ("price", booking.Price is { } price ? price.ToString("#,0.##", culture) : ""),
            ("seconds", ((int)Math.Max(1, (expires - frame.Now).TotalSeconds)).ToString(culture)),
        ];
    }

    private static NewServiceMessage Offer(MatchingFrame frame, Booking booking, Reachable driver, double? distance, (string, string)[] ride)
    {
        var id = driver.Candidate.Id;
        var text = frame.Texts.Fill(TemplateKey.DriverOffer, driver.Language,
        [
            .. ride, ("distance", distance is { } d ? string.Create(CultureInfo.GetCultureInfo(driver.Language), $"{d:0.0} km") : ""),
            ("link", frame.Link(new OfferRef(booking.Id, id, booking.Round, booking.Wave)) ?? ""),
        ]);
        return new NewServiceMessage(MessageAudience.Driver, OfferKind, driver.Phone, text, $"offer:{booking.Id}:{booking.Round}.{booking.Wave}:{id}:{frame.Now.Ticks}", booking.Id, id);
    }

    private async Task QueueAsync(WriteSession session, MatchingFrame frame, IReadOnlyList<NewServiceMessage> messages)
    {
        if (frame.ChannelId is null) return;
        var ids = await ServiceMessages.QueueAsync(session, frame.ChannelId, messages, frame.Now);
        session.AfterCommit(() => sender.Enqueue(ids));
    }

    private static SearchFacts Facts(Booking b) =>
        new(b.PickupLatitude, b.PickupLongitude, b.MaxDistance, b.Excluded.ToHashSet(), b.PriorityMode, b.WavePolicy, b.Wave);

    /// <summary>Who was left out and why; whoever was not available is counted by status.</summary>
    private static async Task<string> ReportAsync(WriteSession session, Booking booking, Selection selection)
    {
        var counts = selection.LeftOut.GroupBy(l => l.Reason).ToDictionary(g => g.Key, g => g.Count());
        var others = await session.Db.Drivers.Where(d => d.Status != DriverStatus.Available).GroupBy(d => d.Status).Select(g => new { g.Key, Count = g.Count() }).ToListAsync();
        foreach (var other in others)
        {
            counts[other.Key switch { DriverStatus.Busy => Exclusion.Busy, DriverStatus.Paused => Exclusion.Paused, _ => Exclusion.Offline }] = other.Count;
        }
        return JsonSerializer.Serialize(
            new WaveReport(selection.Chosen.Count, booking.MaxDistance, counts, [.. selection.LeftOut.Take(WaveReport.MaxStored)]), MatchingJson.Options);
    }
}
