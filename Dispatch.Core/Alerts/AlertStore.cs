using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Alerts;

/// <param name="Open">True: not resolved; null: all.</param>
public sealed record AlertSearch(bool? Open = true, AlertKind? Kind = null, AlertSeverity? Severity = null, int Skip = 0, int Take = 50);

/// <param name="Names">Of those who acknowledged or resolved the items, by id.</param>
/// <param name="Beginnings">How often an item's cause began within <see cref="TellingRules.FlapWindow"/>, by key; what began once only is not in it.</param>
public sealed record AlertPage(IReadOnlyList<Alert> Items, int Total, IReadOnlyDictionary<long, string> Names, IReadOnlyDictionary<string, int> Beginnings);

/// <summary>Alerts: raised in the transaction of their cause, counted while they last, acknowledged and resolved by people or by their cause.</summary>
public sealed class AlertStore(Database database, TimeProvider clock)
{
    private const string Again =
        "UPDATE alerts SET count = count + 1, last_seen_at = @now, details = COALESCE(@details, details) WHERE dedupe_key = @key AND resolved_at IS NULL";

    private const string End = "UPDATE alerts SET resolved_at = @now WHERE dedupe_key = @key AND resolved_at IS NULL";

    internal static IEnumerable<string> Statements => [Again, End];

    /// <summary>True: a new alert; false: one that lasts already, counted once more.</summary>
    /// <param name="since">When it began, if that is earlier than <paramref name="now"/>.</param>
    public async Task<bool> RaiseAsync(
        WriteSession session, AlertKind kind, AlertSeverity severity, string dedupeKey, DateTime now, long? resourceId = null, string? subject = null, string? details = null,
        DateTime? since = null)
    {
        session.Publish(Topics.Alerts, EventNames.AlertChanged, resourceId ?? 0);
        if (await session.ExecuteAsync(Again, ("now", now), ("details", details), ("key", dedupeKey)) > 0) return false;
        session.Db.Alerts.Add(new Alert
        {
            Kind = kind, Severity = severity, DedupeKey = dedupeKey, ResourceId = resourceId, Subject = subject, Details = details, FirstSeenAt = since ?? now, LastSeenAt = now,
        });
        session.AfterCommit(() => AlertMetrics.OnRaised(kind));
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

    /// <summary>
    /// Makes open what is wanted and ends what is not, among the keys that <paramref name="ours"/> selects. What was put away does not come back while its cause lasts: its closed
    /// row goes on being seen, and once a look does not see it, it is news when it comes again. Returns how many were raised and ended.
    /// </summary>
    internal async Task<(int Raised, int Ended)> SettleAsync(
        WriteSession session, System.Linq.Expressions.Expression<Func<Alert, bool>> ours, IReadOnlyCollection<WantedAlert> wanted, DateTime now)
    {
        var open = await session.Db.Alerts.AsNoTracking().Where(a => a.ResolvedAt == null).Where(ours).ToDictionaryAsync(a => a.DedupeKey, StringComparer.Ordinal);
        var (raised, ended) = (0, 0);
        foreach (var want in wanted)
        {
            if (open.Remove(want.Key, out var known))
            {
                await session.Db.Alerts.Where(a => a.Id == known.Id && a.ResolvedAt == null).ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.LastSeenAt, now).SetProperty(a => a.Details, want.Details).SetProperty(a => a.Severity, want.Severity));
                if (known.Details != want.Details || known.Severity != want.Severity) session.Publish(Topics.Alerts, EventNames.AlertChanged, known.Id);
                continue;
            }
            if (await session.Db.Alerts.Where(a => a.DedupeKey == want.Key && a.HushedAt != null).ExecuteUpdateAsync(set => set.SetProperty(a => a.LastSeenAt, now)) > 0) continue;
            if (await RaiseAsync(session, want.Kind, want.Severity, want.Key, now, want.ResourceId, want.Subject, want.Details, want.Since)) raised++;
            session.Db.ChangeTracker.Clear();
        }
        var lasting = wanted.Select(w => w.Key).ToList();
        await session.Db.Alerts.Where(a => a.HushedAt != null && !lasting.Contains(a.DedupeKey)).Where(ours).ExecuteUpdateAsync(set => set.SetProperty(a => a.HushedAt, (DateTime?)null));
        foreach (var key in open.Keys) ended += await ResolveAsync(session, key, now);
        return (raised, ended);
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

    /// <summary>Put away, by a person or (no <paramref name="actorId"/>) an integration. False: unknown, or resolved already.</summary>
    public Task<bool> ResolveAsync(long id, long? actorId, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            session.Publish(Topics.Alerts, EventNames.AlertChanged, id);
            return await session.Db.Alerts.Where(a => a.Id == id && a.ResolvedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.ResolvedAt, now).SetProperty(a => a.ResolvedBy, actorId).SetProperty(a => a.PutAway, true).SetProperty(a => a.HushedAt, now)) > 0;
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
        var (keys, since) = (items.Select(a => a.DedupeKey).Distinct(StringComparer.Ordinal).ToList(), clock.GetUtcNow().UtcDateTime - TellingRules.FlapWindow);
        var beginnings = await BeginningsAsync(db, keys, since, cancel);
        return new AlertPage(items, await found.CountAsync(cancel), names, beginnings.Where(b => b.Value > 1).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>How often each cause began since then.</summary>
    internal static async Task<Dictionary<string, int>> BeginningsAsync(DispatchDb db, IReadOnlyCollection<string> keys, DateTime since, CancellationToken cancel) => keys.Count == 0 ? [] :
        await db.Alerts.Where(a => keys.Contains(a.DedupeKey) && a.FirstSeenAt >= since).GroupBy(a => a.DedupeKey).Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, StringComparer.Ordinal, cancel);

    /// <summary>Open ones that nobody looks after yet: the figure on the bell.</summary>
    public async Task<int> CountUnseenAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Alerts.CountAsync(a => a.ResolvedAt == null && a.AcknowledgedAt == null, cancel);
    }
}
