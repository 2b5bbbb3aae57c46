using System.Diagnostics;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;
using Npgsql;

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
        await SettleAsync(small, few.Database);
        await SettleAsync(big, lots.Database);
        var (ofFew, ofMany) = (new Claimed(), new Claimed());
        for (var i = -50; i < Claims; i++)
        {
            var (one, other) = (await ClaimAsync(few.Database), await ClaimAsync(lots.Database));
            if (i < 0) continue; // warm-up
            ofFew.Add(one);
            ofMany.Add(other);
        }
        Print("claim, begin to commit", many, ofFew.Whole, ofMany.Whole);
        Print("its statements alone", many, ofFew.Statements, ofMany.Statements);
        return 0;
    }

    private static void Print(string what, int many, List<double> ofFew, List<double> ofMany)
    {
        var (a, b) = (new Measured(ofFew), new Measured(ofMany));
        Console.WriteLine($"  {what}: {Few} pending {a}; {many} pending {b}");
        Console.WriteLine(FormattableString.Invariant($"    ratio of the medians {b.At(0.5) / a.At(0.5):F2}"));
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

    /// <summary>What filling left to be vacuumed and written would be done during the claims, and more of it where there is more.</summary>
    private static async Task SettleAsync(BenchDatabase store, Database database)
    {
        if (store.ConnectionString is not { } address)
        {
            await using var db = database.Read();
            await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
            return;
        }
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        foreach (var text in (string[])["VACUUM ANALYZE", "CHECKPOINT"])
        {
            await using var command = new NpgsqlCommand(text, connection) { CommandTimeout = 600 };
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<(double Whole, double Statements)> ClaimAsync(Database database)
    {
        var (options, now, statements, count) = (new OutreachOptions(), TimeProvider.System.GetUtcNow().UtcDateTime, 0.0, 0);
        AccountFacts account;
        await using (var db = database.Read()) account = (await AccountReader.FindAsync(db, 1))!;
        var begin = Stopwatch.GetTimestamp();
        await database.WriteAsync(async session =>
        {
            var start = Stopwatch.GetTimestamp();
            count = (await ActionClaims.ClaimDueAsync(session, account, [(ActionType.Followup, now)], Batch, "bench", now, options)).Count;
            statements = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        var whole = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        if (count != Batch) throw new InvalidOperationException($"{count} of {Batch} were claimed.");
        // As it was, outside the measured time.
        await database.WriteAsync(async session =>
        {
            await session.Db.OutreachActions.Where(a => a.LeaseOwner == "bench" && a.Status == ActionStatus.Claimed).ExecuteUpdateAsync(set => set
                .SetProperty(a => a.Status, ActionStatus.Pending).SetProperty(a => a.LeaseOwner, (string?)null).SetProperty(a => a.QuotaId, (long?)null).SetProperty(a => a.Attempts, 0));
            await session.Db.AccountDays.ExecuteUpdateAsync(set => set.SetProperty(d => d.Reserved, 0));
        });
        return (whole, statements);
    }

    private sealed class Claimed
    {
        public List<double> Whole { get; } = [];
        public List<double> Statements { get; } = [];

        public void Add((double Whole, double Statements) one)
        {
            Whole.Add(one.Whole);
            Statements.Add(one.Statements);
        }
    }
}
