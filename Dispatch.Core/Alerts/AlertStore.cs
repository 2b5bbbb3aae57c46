using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Alerts;

/// <param name="Open">True: not resolved; null: all.</param>
public sealed record AlertSearch(bool? Open = true, AlertKind? Kind = null, AlertSeverity? Severity = null, int Skip = 0, int Take = 50);

/// <param name="Names">Of those who acknowledged or resolved the items, by id.</param>
public sealed record AlertPage(IReadOnlyList<Alert> Items, int Total, IReadOnlyDictionary<long, string> Names);

/// <summary>Alerts: raised in the transaction of their cause, counted while they last, acknowledged and resolved by people or by their cause.</summary>
public sealed class AlertStore(Database database, TimeProvider clock)
{
    private const string Again =
        "UPDATE alerts SET count = count + 1, last_seen_at = @now, details = COALESCE(@details, details) WHERE dedupe_key = @key AND resolved_at IS NULL";

    private const string End = "UPDATE alerts SET resolved_at = @now WHERE dedupe_key = @key AND resolved_at IS NULL";

    internal static IEnumerable<string> Statements => [Again, End];

    /// <summary>True: a new alert; false: one that lasts already, counted once more.</summary>
    public async Task<bool> RaiseAsync(
        WriteSession session, AlertKind kind, AlertSeverity severity, string dedupeKey, DateTime now, long? resourceId = null, string? subject = null, string? details = null)
    {
        session.Publish(Topics.Alerts, EventNames.AlertChanged, resourceId ?? 0);
        if (await session.ExecuteAsync(Again, ("now", now), ("details", details), ("key", dedupeKey)) > 0) return false;
        session.Db.Alerts.Add(new Alert
        {
            Kind = kind, Severity = severity, DedupeKey = dedupeKey, ResourceId = resourceId, Subject = subject, Details = details, FirstSeenAt = now, LastSeenAt = now,
        });
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("alert");
        }
        return true;
    }

    /// <summary>Its cause is gone. Returns how many it ended: 0 or 1.</summary>
    public async Task<int> ResolveAsync(WriteSession session, string dedupeKey, DateTime now)
    {
        var rows = await session.ExecuteAsync(End, ("now", now), ("key", dedupeKey));
        if (rows > 0) session.Publish(Topics.Alerts, EventNames.AlertChanged, 0);
        return rows;
    }

    /// <summary>Somebody looks after it. False: unknown, resolved, or somebody does already.</summary>
    public Task<bool> AcknowledgeAsync(long id, long? actorId, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            session.Publish(Topics.Alerts, EventNames.AlertChanged, id);
            return await session.Db.Alerts.Where(a => a.Id == id && a.AcknowledgedAt == null && a.ResolvedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.AcknowledgedAt, now).SetProperty(a => a.AcknowledgedBy, actorId)) > 0;
        }, cancel);
    }

    /// <summary>False: unknown, or resolved already.</summary>
    public Task<bool> ResolveAsync(long id, long? actorId, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            session.Publish(Topics.Alerts, EventNames.AlertChanged, id);
            return await session.Db.Alerts.Where(a => a.Id == id && a.ResolvedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.ResolvedAt, now).SetProperty(a => a.ResolvedBy, actorId)) > 0;
        }, cancel);
    }

    /// <summary>The one seen last on top.</summary>
    public async Task<AlertPage> ListAsync(AlertSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.Alerts.AsQueryable();
        if (search.Open is { } open) found = found.Where(a => (a.ResolvedAt == null) == open);
        if (search.Kind is { } kind) found = found.Where(a => a.Kind == kind);
        if (search.Severity is { } severity) found = found.Where(a => a.Severity == severity);
        var items = await found.OrderByDescending(a => a.LastSeenAt).ThenByDescending(a => a.Id).Skip(search.Skip).Take(search.Take).ToListAsync(cancel);
        var people = items.SelectMany(a => new[] { a.AcknowledgedBy, a.ResolvedBy }).OfType<long>().Distinct().ToList();
        var names = people.Count == 0 ? [] : await db.Users.Where(u => people.Contains(u.Id)).ToDictionaryAsync(u => u.Id, u => u.DisplayName, cancel);
        return new AlertPage(items, await found.CountAsync(cancel), names);
    }

    /// <summary>Open ones that nobody looks after yet: the figure on the bell.</summary>
    public async Task<int> CountUnseenAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Alerts.CountAsync(a => a.ResolvedAt == null && a.AcknowledgedAt == null, cancel);
    }
}
