using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Overview;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Retention;

/// <summary>What would go now.</summary>
/// <param name="Days">0: kept for ever.</param>
/// <param name="Rows">At most <see cref="RetentionService.MostCounted"/> for each table.</param>
/// <param name="More">True: there are more than were counted.</param>
public sealed record RetentionPreview(RetentionKind Kind, int Days, long Rows, bool More);

/// <summary>Deletes what is older than its days, in small steps from the front of each table, and says so in the trail in the same transaction.</summary>
public sealed class RetentionService(Database database, SettingsService settings)
{
    public const int StepRows = 500, PassSteps = 20, MostCounted = 100_000;

    /// <summary>Where the walk through the prospects goes on: their ages do not follow their ids, so each pass looks at some more of them.</summary>
    private long _walkedTo;

    /// <summary>What would go of each kind if it were kept for so many days.</summary>
    /// <param name="days">By kind; one that is not there: as the settings say.</param>
    public async Task<IReadOnlyList<RetentionPreview>> PreviewAsync(IReadOnlyDictionary<RetentionKind, int> days, DateTime now, CancellationToken cancel = default)
    {
        var stored = await settings.ValuesAsync(cancel);
        await using var db = database.Read();
        var previews = new List<RetentionPreview>();
        foreach (var kind in Enum.GetValues<RetentionKind>())
        {
            var kept = days.TryGetValue(kind, out var asked) ? asked : stored(RetentionSettings.KeyOf(kind));
            long rows = 0;
            var more = false;
            foreach (var table in RetentionTable.All.Where(t => kept > 0 && t.Kind == kind))
            {
                var count = await table.CountAsync(db, now.AddDays(-kept), MostCounted, cancel);
                rows += count;
                more |= count == MostCounted;
            }
            if (kind == RetentionKind.Prospects && kept > 0)
            {
                var (found, beyond) = await ProspectRetention.CountAsync(db, now.AddDays(-kept), MostCounted, cancel);
                (rows, more) = (rows + found, more || beyond);
            }
            previews.Add(new RetentionPreview(kind, kept, rows, more));
        }
        return previews;
    }

    /// <summary>One pass; true: there is more to delete at once.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var stored = await settings.ValuesAsync(cancel);
        var more = false;
        foreach (var table in RetentionTable.All)
        {
            if (stored(RetentionSettings.KeyOf(table.Kind)) is > 0 and var days) more |= await ShortenAsync(table, now.AddDays(-days), now, cancel);
        }
        if (stored(RetentionSettings.ProspectsKey) is > 0 and var kept) more |= await WalkProspectsAsync(now.AddDays(-kept), now, cancel);
        return more;
    }

    /// <summary>True: some went, so there may be more.</summary>
    private async Task<bool> WalkProspectsAsync(DateTime until, DateTime now, CancellationToken cancel)
    {
        var gone = 0;
        for (var step = 0; step < PassSteps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            List<long> resting;
            long? next;
            await using (var db = database.Read())
            {
                (resting, next) = await ProspectRetention.StepAsync(db, _walkedTo, StepRows, until, cancel);
            }
            if (resting.Count > 0) gone += await database.WriteAsync(session => ProspectRetention.DeleteAsync(session, resting, until, now), cancel);
            _walkedTo = next ?? 0;
            if (next is null) break;
        }
        return gone > 0;
    }

    private async Task<bool> ShortenAsync(RetentionTable table, DateTime until, DateTime now, CancellationToken cancel)
    {
        var after = 0L;
        for (var step = 0; step < PassSteps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            List<(long Id, DateTime At)> front;
            await using (var db = database.Read())
            {
                front = await table.FrontAsync(db, after, StepRows, cancel);
                // What the charts have not counted yet stays until they have.
                if (RollupSource.All.Any(s => s.Name == table.Name))
                {
                    var counted = await db.RollupCursors.Where(c => c.Source == table.Name).Select(c => c.Position).FirstOrDefaultAsync(cancel);
                    front.RemoveAll(r => r.Id > counted);
                }
            }
            var old = front.Where(r => r.At < until).Select(r => r.Id).ToList();
            if (old.Count == 0) return false;
            await database.WriteAsync(async session =>
            {
                var gone = await table.DeleteAsync(session.Db, old);
                if (gone == 0) return;
                await AuditLog.AddAsync(session, new AuditEntry
                {
                    At = now, Kind = AuditKind.DataDeleted, Subject = AuditSubject.Data, Name = table.Name, Before = "< " + until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    After = gone.ToString(CultureInfo.InvariantCulture),
                });
            }, cancel);
            after = old[^1];
            // The front is not old any more.
            if (old.Count < front.Count || front.Count < StepRows) return false;
        }
        return true;
    }
}
