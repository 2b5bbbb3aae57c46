using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Settings;

public enum SettingResult
{
    Done,
    UnknownKey,
    /// <summary>Not a whole number that the definition allows.</summary>
    OutOfRange,
}

public sealed record SettingOutcome(SettingResult Result, SettingDefinition? Definition = null);

/// <summary>A setting as a page shows it.</summary>
/// <param name="ChangedAt">Null: never changed.</param>
public sealed record SettingRow(SettingDefinition Definition, int Value, DateTime? ChangedAt, long? ChangedById);

/// <summary>
/// Thresholds that admins change while Dispatch runs. A change holds from its commit on for this node; another node sees it within
/// <see cref="SeenElsewhereWithin"/>.
/// </summary>
public sealed class SettingsService(Database database, TimeProvider clock)
{
    public static readonly TimeSpan SeenElsewhereWithin = TimeSpan.FromSeconds(2);

    private sealed record Snapshot(RoutingSettings Routing, IReadOnlyDictionary<string, int> Values, long ReadAt);

    private volatile Snapshot? _snapshot;

    /// <summary>The thresholds of routing now. Not inside a write: it may read.</summary>
    public async ValueTask<RoutingSettings> RoutingAsync(CancellationToken cancel = default) => (await ReadAsync(cancel)).Routing;

    /// <summary>What any setting is now. Not inside a write: it may read.</summary>
    public async ValueTask<Func<SettingDefinition, int>> ValuesAsync(CancellationToken cancel = default)
    {
        var values = (await ReadAsync(cancel)).Values;
        return definition => values.GetValueOrDefault(definition.Key, definition.Standard);
    }

    private async ValueTask<Snapshot> ReadAsync(CancellationToken cancel)
    {
        if (_snapshot is { } known && clock.GetElapsedTime(known.ReadAt) < SeenElsewhereWithin) return known;
        var readAt = clock.GetTimestamp();
        await using var db = database.Read();
        var valid = SettingCatalog.Values(SettingCatalog.All, await db.Settings.ToListAsync(cancel));
        var snapshot = new Snapshot(new RoutingSettings(valid), valid, readAt);
        _snapshot = snapshot;
        return snapshot;
    }

    /// <summary>Every setting with its value and limits, in the order of their definitions.</summary>
    public async Task<IReadOnlyList<SettingRow>> ListAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Settings.ToDictionaryAsync(s => s.Key, StringComparer.Ordinal, cancel);
        return [.. SettingCatalog.All.Select(d => rows.GetValueOrDefault(d.Key) is { } row
            ? new SettingRow(d, d.Effective(row.Value) ?? d.Standard, row.ChangedAt, row.ChangedById) : new SettingRow(d, d.Standard, null, null))];
    }

    /// <summary>Changes one setting; holds at once.</summary>
    /// <param name="actorId">The admin; null: an integration.</param>
    public async Task<SettingOutcome> ChangeAsync(string key, int value, long? actorId, CancellationToken cancel = default)
    {
        if (SettingCatalog.All.FirstOrDefault(d => d.Key == key) is not { } definition) return new SettingOutcome(SettingResult.UnknownKey);
        if (!definition.Allows(value)) return new SettingOutcome(SettingResult.OutOfRange, definition);
        var now = clock.GetUtcNow().UtcDateTime;
        await database.WriteAsync(async session =>
        {
            var before = await session.Db.Settings.Where(s => s.Key == key).Select(s => (int?)s.Value).FirstOrDefaultAsync() ?? definition.Standard;
            // Guarded by what the trail will say it was before: two admins at once are two changes, one after the other.
            if (await session.Db.Settings.Where(s => s.Key == key && s.Value == before).ExecuteUpdateAsync(set => set
                    .SetProperty(s => s.Value, value).SetProperty(s => s.ChangedAt, now).SetProperty(s => s.ChangedById, actorId)) == 0)
            {
                session.Db.Settings.Add(new Setting { Key = key, Value = value, ChangedAt = now, ChangedById = actorId });
                try
                {
                    await session.Db.SaveChangesAsync();
                }
                catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
                {
                    throw new StaleReadException("setting");
                }
            }
            if (before != value)
            {
                await AuditLog.AddAsync(session, new AuditEntry
                {
                    At = now, ActorId = actorId, Kind = AuditKind.SettingChanged, Subject = AuditSubject.Setting, Name = key,
                    Before = before.ToString(CultureInfo.InvariantCulture), After = value.ToString(CultureInfo.InvariantCulture),
                });
            }
            session.AfterCommit(() => _snapshot = null);
            session.Publish(Topics.Board, EventNames.SettingsChanged, 0);
        }, cancel);
        return new SettingOutcome(SettingResult.Done, definition);
    }
}
