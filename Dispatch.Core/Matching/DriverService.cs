using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>Drivers: made, changed, paused and back. Whoever becomes available is asked about the open bookings at once.</summary>
public sealed partial class DriverService(Database database, MatchingService matching, MatchingFrames frames, DriverNotificationService words)
{
    /// <param name="actorId">The person; null: an integration.</param>
    public async Task<DriverOutcome> CreateAsync(NewDriver driver, long? actorId = null, CancellationToken cancel = default)
    {
        if (BookingRules.Check(driver) is { Count: > 0 } errors) return new DriverOutcome(DriverResult.BadInput, Errors: errors);
        var frame = await frames.GetAsync(cancel);
        try
        {
            var id = await database.WriteAsync(async session =>
            {
                var row = new Driver
                {
                    Name = "", Phone = "", Language = frame.Settings.Language, Status = driver.Status, StatusSince = frame.Now, CreatedAt = frame.Now,
                    LastSeenAt = driver.Status == DriverStatus.Available ? frame.Now : null,
                };
                Copy(driver, row);
                session.Db.Drivers.Add(row);
                await session.Db.SaveChangesAsync();
                await AuditAsync(session, AuditKind.DriverAdded, row.Id, row.Name, actorId, frame.Now, null, row.Status.ToString());
                session.Publish(Topics.Drivers, EventNames.DriverChanged, row.Id);
                return row.Id;
            }, cancel);
            if (driver.Status == DriverStatus.Available) await matching.OfferOpenBookingsAsync(id, cancel);
            return new DriverOutcome(DriverResult.Done, id);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new DriverOutcome(DriverResult.DuplicatePhone);
        }
    }

    /// <summary>Changes everything but the status.</summary>
    public async Task<DriverOutcome> UpdateAsync(long id, NewDriver driver, long? actorId = null, CancellationToken cancel = default)
    {
        if (BookingRules.Check(driver with { Status = DriverStatus.Available }) is { Count: > 0 } errors) return new DriverOutcome(DriverResult.BadInput, id, errors);
        var frame = await frames.GetAsync(cancel);
        try
        {
            return await database.WriteAsync(async session =>
            {
                // Nobody else changes him between the look and the write, or the trail would say what never was.
                if (await session.Db.Drivers.Where(d => d.Id == id).ExecuteUpdateAsync(set => set.SetProperty(d => d.Name, d => d.Name)) == 0) return new DriverOutcome(DriverResult.NotFound, id);
                var was = await session.Db.Drivers.AsNoTracking().FirstAsync(d => d.Id == id);
                var row = await session.Db.Drivers.FirstAsync(d => d.Id == id);
                // Only what changed is written: a status that changes at this instant is not touched.
                Copy(driver, row);
                await session.Db.SaveChangesAsync();
                if (Difference(was, row) is (not null, _) and var (before, after)) await AuditAsync(session, AuditKind.DriverChanged, id, row.Name, actorId, frame.Now, before, after);
                session.Publish(Topics.Drivers, EventNames.DriverChanged, id);
                return new DriverOutcome(DriverResult.Done, id);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new DriverOutcome(DriverResult.DuplicatePhone, id);
        }
    }

    /// <summary>Available, Offline or Paused, with a position if it is known. Busy begins and ends with a ride and not here.</summary>
    /// <param name="own">The driver said so himself, which his messages show: no change by anybody else.</param>
    public async Task<DriverOutcome> SetStatusAsync(
        long id, DriverStatus status, double? latitude = null, double? longitude = null, long? actorId = null, bool own = false, CancellationToken cancel = default)
    {
        var check = BookingRules.Check(new NewDriver { Name = "-", Phone = "22100000000", Latitude = latitude, Longitude = longitude, Status = status });
        if (check.Count > 0) return new DriverOutcome(DriverResult.BadInput, id, check);
        var frame = await frames.GetAsync(cancel);
        var result = await database.WriteAsync(async session =>
        {
            var was = await session.Db.Drivers.AsNoTracking().Where(d => d.Id == id).Select(d => new { d.Name, d.Status }).FirstOrDefaultAsync();
            if (was is null) return DriverResult.NotFound;
            var rows = was.Status == DriverStatus.Busy ? 0 : await session.Db.Drivers.Where(d => d.Id == id && d.Status == was.Status).ExecuteUpdateAsync(set => set
                .SetProperty(d => d.StatusSince, d => d.Status == status ? d.StatusSince : frame.Now).SetProperty(d => d.Status, status)
                .SetProperty(d => d.ConsecutiveTimeouts, d => status == DriverStatus.Available ? 0 : d.ConsecutiveTimeouts)
                .SetProperty(d => d.LastSeenAt, d => status == DriverStatus.Available ? frame.Now : d.LastSeenAt)
                .SetProperty(d => d.Latitude, d => latitude ?? d.Latitude).SetProperty(d => d.Longitude, d => longitude ?? d.Longitude));
            if (rows > 0)
            {
                if (was.Status != status && !own) await AuditAsync(session, AuditKind.DriverStatusChanged, id, was.Name, actorId, frame.Now, was.Status.ToString(), status.ToString());
                session.Publish(Topics.Drivers, EventNames.DriverChanged, id);
                return DriverResult.Done;
            }
            if (was.Status != DriverStatus.Busy) throw new StaleReadException("driver");
            // A busy driver still tells where he is.
            var busy = await session.Db.Drivers.Where(d => d.Id == id).ExecuteUpdateAsync(set => set
                .SetProperty(d => d.LastSeenAt, frame.Now).SetProperty(d => d.Latitude, d => latitude ?? d.Latitude).SetProperty(d => d.Longitude, d => longitude ?? d.Longitude));
            return busy > 0 ? DriverResult.HasBooking : DriverResult.NotFound;
        }, cancel);
        if (result == DriverResult.Done && status == DriverStatus.Available) await matching.OfferOpenBookingsAsync(id, cancel);
        return new DriverOutcome(result, id);
    }

    public Task<DriverOutcome> PauseAsync(long id, long? actorId = null, bool own = false, CancellationToken cancel = default) =>
        SetStatusAsync(id, DriverStatus.Paused, actorId: actorId, own: own, cancel: cancel);

    /// <summary>One tap and he is back; he is told so.</summary>
    public async Task<DriverOutcome> ResumeAsync(long id, long? actorId = null, bool own = false, CancellationToken cancel = default)
    {
        var outcome = await SetStatusAsync(id, DriverStatus.Available, actorId: actorId, own: own, cancel: cancel);
        if (outcome.Result != DriverResult.Done) return outcome;
        var frame = await frames.GetAsync(cancel);
        await database.WriteAsync(async session =>
        {
            var driver = await session.Db.Drivers.AsNoTracking().FirstAsync(d => d.Id == id);
            await words.TellAsync(session, frame, driver, TemplateKey.DriverResumed, $"resumed:{id}:{frame.Now.Ticks}");
        }, cancel);
        return outcome;
    }

    private static Task AuditAsync(WriteSession session, AuditKind kind, long? id, string name, long? actorId, DateTime now, string? before, string? after) => AuditLog.AddAsync(
        session, new AuditEntry { At = now, ActorId = actorId, Kind = kind, Subject = AuditSubject.Driver, SubjectId = id, Name = name, Before = before, After = after });

    /// <summary>Of the number only that it changed; where he is, is no change by a person.</summary>
    private static (string? Before, string? After) Difference(Driver was, Driver now) => AuditLog.Difference(
    [
        Field("name", was.Name, now.Name), ("phone", null, null, was.Phone != now.Phone), Field("vehicle", was.VehicleType, now.VehicleType), Field("plate", was.VehiclePlate, now.VehiclePlate),
        Field("zone", was.Zone, now.Zone), Field("rating", was.Rating?.ToString(CultureInfo.InvariantCulture), now.Rating?.ToString(CultureInfo.InvariantCulture)), Field("language", was.Language, now.Language),
    ]);

    private static (string, string?, string?, bool) Field(string name, string? before, string? after) => (name, before ?? "", after ?? "", before != after);

    private static void Copy(NewDriver from, Driver to)
    {
        to.Name = OutsideText.Mend(from.Name.Trim());
        to.Phone = PhoneNumbers.Read(from.Phone)!;
        to.VehicleType = OutsideText.Mend(from.VehicleType?.Trim() ?? "");
        to.VehiclePlate = OutsideText.Mend(from.VehiclePlate?.Trim() ?? "");
        to.Zone = string.IsNullOrWhiteSpace(from.Zone) ? null : OutsideText.Mend(from.Zone.Trim());
        (to.Latitude, to.Longitude) = (from.Latitude ?? to.Latitude, from.Longitude ?? to.Longitude);
        to.Rating = from.Rating ?? to.Rating;
        to.Language = from.Language ?? to.Language;
    }
}
