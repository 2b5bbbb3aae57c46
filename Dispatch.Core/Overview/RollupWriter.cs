using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Overview;

/// <summary>
/// Counts what happened, in small steps: read so many rows after the cursor, then in one transaction move the cursor from where it was and add what it
/// passed. Killed in between, nothing has happened; run twice or by two nodes at once, one of them finds the cursor moved and adds nothing.
/// </summary>
public sealed class RollupWriter(Database database, MatchingFrames frames)
{
    /// <summary>Rows in one step: some milliseconds of reading, and a few dozen rows written.</summary>
    public const int StepRows = 2000;

    /// <summary>Steps of one source in one pass.</summary>
    public const int PassSteps = 20;

    private readonly SettledIds _settled = new();

    /// <summary>Between the reading and the writing of a step; for tests that kill there.</summary>
    internal Func<Task>? BeforeWrite { get; set; }

    /// <summary>One pass over all sources; true: there is more to do at once.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var settled = await _settled.ReadAsync(database, cancel);
        var more = false;
        foreach (var source in RollupSource.All)
        {
            if (settled.TryGetValue(source.Name, out var until)) more |= await CountAsync(source, until, now, cancel);
        }
        return more;
    }

    private async Task<bool> CountAsync(RollupSource source, long until, DateTime now, CancellationToken cancel)
    {
        for (var step = 0; step < PassSteps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            var from = await PositionAsync(source.Name, now, cancel);
            if (from >= until) return false;
            RollupBatch batch;
            await using (var db = database.Read()) batch = await source.ReadAsync(db, from, until, StepRows, cancel);
            if (batch.Rows == 0) return false;
            var sums = RollupRules.Sum(batch.Things, frames.Zone);
            if (BeforeWrite is { } stop) await stop();
            await database.WriteAsync(async session =>
            {
                // Zero rows: another node counted these.
                if (await session.ExecuteAsync(RollupStatements.Move, ("to", batch.Last), ("now", now), ("source", source.Name), ("from", from)) == 0) return;
                await RollupStatements.AddAsync(session, sums);
            }, cancel);
            if (batch.Rows < StepRows) return false;
        }
        return true;
    }

    private async Task<long> PositionAsync(string source, DateTime now, CancellationToken cancel)
    {
        await using (var db = database.Read())
        {
            if (await db.RollupCursors.Where(c => c.Source == source).Select(c => (long?)c.Position).FirstOrDefaultAsync(cancel) is { } known) return known;
        }
        return await database.WriteAsync(async session =>
        {
            if (await session.Db.RollupCursors.Where(c => c.Source == source).Select(c => (long?)c.Position).FirstOrDefaultAsync() is { } known) return known;
            session.Db.RollupCursors.Add(new RollupCursor { Source = source, MovedAt = now });
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                throw new StaleReadException("rollup cursor");
            }
            return 0;
        }, cancel);
    }

    /// <summary>Keeps the highest of each figure in its five minutes: done again, it changes nothing.</summary>
    public Task SampleAsync(IReadOnlyDictionary<RollupSeries, long> figures, DateTime now, CancellationToken cancel = default)
    {
        var at = RollupRules.Start(RollupGrain.FiveMinutes, now, frames.Zone);
        var samples = figures.ToDictionary(f => new RollupKey(f.Key, RollupGrain.FiveMinutes, at, ""), f => f.Value);
        return database.WriteAsync(async session =>
        {
            try
            {
                await RollupStatements.RaiseAsync(session, samples);
            }
            catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // Another node made the row between our look and our insert.
                throw new StaleReadException("rollup sample");
            }
        }, cancel);
    }

    /// <summary>Drops fine rows that no chart reaches any more, a slice of time from each series at most; returns how many rows went.</summary>
    public async Task<int> PruneAsync(DateTime now, CancellationToken cancel = default)
    {
        var gone = 0;
        foreach (var (grain, kept, slice) in new[] { (RollupGrain.FiveMinutes, TimeSpan.FromDays(3), TimeSpan.FromHours(6)), (RollupGrain.Hour, TimeSpan.FromDays(60), TimeSpan.FromDays(2)) })
        {
            foreach (var series in Enum.GetValues<RollupSeries>())
            {
                DateTime? oldest;
                await using (var db = database.Read()) oldest = await db.Rollups.Where(r => r.Series == series && r.Grain == grain).MinAsync(r => (DateTime?)r.At, cancel);
                if (oldest is not { } first || first >= now - kept) continue;
                var until = first + slice < now - kept ? first + slice : now - kept;
                gone += await database.WriteAsync(session => session.Db.Rollups.Where(r => r.Series == series && r.Grain == grain && r.At < until).ExecuteDeleteAsync(), cancel);
            }
        }
        return gone;
    }
}
