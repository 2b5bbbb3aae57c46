using System.Diagnostics;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Bench.Actions;

/// <summary>How long one claim takes with a million pending actions and with a thousand, in two databases, alternating. What is claimed is undone.</summary>
internal static class ClaimGrowthBench
{
    private const int Few = 1000, Claims = 300, Batch = 20;

    public static async Task<int> RunAsync(string provider, int many)
    {
        Console.WriteLine($"claims on {provider}: {Batch} of {Few} and of {many} pending; {Measured.Machine}");
        await using var small = await BenchDatabase.CreateAsync(provider);
        await using var big = await BenchDatabase.CreateAsync(provider);
        await using var few = await DispatchPeer.StartAsync(small, Few);
        await using var lots = await DispatchPeer.StartAsync(big, many);
        await FillAsync(few.Database, Few);
        await FillAsync(lots.Database, many);
        List<double> ofFew = [], ofMany = [];
        for (var i = -50; i < Claims; i++)
        {
            var (one, other) = (await ClaimAsync(few.Database), await ClaimAsync(lots.Database));
            if (i < 0) continue; // warm-up
            ofFew.Add(one);
            ofMany.Add(other);
        }
        var (a, b) = (new Measured(ofFew), new Measured(ofMany));
        Console.WriteLine($"  {Few} pending: {a}");
        Console.WriteLine($"  {many} pending: {b}");
        Console.WriteLine(FormattableString.Invariant($"  ratio of the medians {b.At(0.5) / a.At(0.5):F2}"));
        return 0;
    }

    private static async Task FillAsync(Database database, int count)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        for (var first = 1; first <= count; first += DispatchPeer.FillStep)
        {
            var from = first;
            await database.WriteAsync(session => session.ExecuteAsync(
                "INSERT INTO outreach_actions (account_id, prospect_id, kind, type, status, effect_key, prospect_epoch, content, scheduled_at, due_at, attempts, epoch, created_at) "
                + "SELECT account_id, id, 'send_followup_A1', 'Followup', 'Pending', 'bench:' || id, 0, 'hello', @now, @now, 0, 0, @now FROM prospects WHERE id >= @first AND id < @last",
                ("now", now), ("first", (long)from), ("last", (long)from + DispatchPeer.FillStep)));
        }
        await database.WriteAsync(session => session.ExecuteAsync("ANALYZE"));
    }

    private static async Task<double> ClaimAsync(Database database)
    {
        var (options, now, took) = (new OutreachOptions(), TimeProvider.System.GetUtcNow().UtcDateTime, 0.0);
        try
        {
            await database.WriteAsync<bool>(async session =>
            {
                var account = (await AccountReader.FindAsync(session.Db, 1))!;
                var start = Stopwatch.GetTimestamp();
                var claim = await ActionClaims.ClaimDueAsync(session, account, [(ActionType.Followup, now)], Batch, "bench", now, options);
                took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                throw new UndoneException(claim.Actions.Count);
            });
        }
        catch (UndoneException undone) when (undone.Count == Batch)
        {
            // as it was
        }
        return took;
    }

    private sealed class UndoneException(int count) : Exception
    {
        public int Count => count;
    }
}
