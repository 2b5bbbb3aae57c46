using System.Collections.Concurrent;
using Dispatch.Core.Data;
using Npgsql;

namespace Dispatch.Bench.Actions;

/// <summary>Hand-written SQL on PostgreSQL: one small table, one insert a job, claim and completion by a statement each, 16 connections. No quota, no ledger, no log.</summary>
/// <param name="batch">Jobs claimed and completed by one statement.</param>
internal sealed class PostgresByHand(NpgsqlDataSource source, int batch) : IActionPeer
{
    private const string Claim =
        "WITH pick AS MATERIALIZED (SELECT id FROM bench_jobs WHERE status = 0 AND due_at <= now() ORDER BY due_at, id LIMIT @n FOR UPDATE SKIP LOCKED) "
        + "UPDATE bench_jobs j SET status = 1 FROM pick p WHERE j.id = p.id RETURNING j.id, j.due";

    private readonly StartCounter _counter = new();
    private readonly SemaphoreSlim _wake = new(0);

    public string Name => batch == 1 ? "by hand" : $"by hand, {batch} at a time";
    public double Share => batch == 1 ? 1 : 4;

    public static async Task<PostgresByHand> StartAsync(string connectionString, int batch)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.MaxAutoPrepare = 10;
        var source = builder.Build();
        await using var command = source.CreateCommand(
            "CREATE TABLE IF NOT EXISTS bench_jobs (id bigserial PRIMARY KEY, due_at timestamptz NOT NULL DEFAULT clock_timestamp(), due double precision, status integer NOT NULL DEFAULT 0); "
            + "CREATE INDEX IF NOT EXISTS bench_jobs_due ON bench_jobs (due_at, id) WHERE status = 0");
        await command.ExecuteNonQueryAsync();
        return new PostgresByHand(source, batch);
    }

    public async Task<double> EnqueueAsync(int count)
    {
        var start = StartCounter.Now;
        await InFlight.AsyncEach(count, _ => StoreAsync(0, null));
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double> ExecuteAsync(int count)
    {
        var all = _counter.WaitFor(count);
        var start = StartCounter.Now;
        await Task.WhenAll(Enumerable.Range(0, batch == 1 ? InFlight.Width : 4).Select(_ => Task.Run(async () =>
        {
            while (await OnceAsync() > 0)
            {
            }
        })));
        await all;
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double[]> LatencyAsync(int count, TimeSpan ahead)
    {
        using var stop = new CancellationTokenSource();
        var loop = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await OnceAsync() == 0) await _wake.WaitAsync(ahead > TimeSpan.Zero ? TimeSpan.FromMilliseconds(10) : TimeSpan.FromSeconds(1));
            }
        });
        var waits = await _counter.PacedAsync(count, ahead, async (due, at) =>
        {
            await StoreAsync(due, ahead > TimeSpan.Zero ? at : null);
            _wake.Release();
        });
        await stop.CancelAsync();
        await loop;
        return waits;
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        _wake.Dispose();
    }

    private async Task StoreAsync(double due, DateTime? at)
    {
        await using var command = source.CreateCommand("INSERT INTO bench_jobs (due, due_at) VALUES (@due, COALESCE(@at, clock_timestamp()))");
        command.Parameters.AddWithValue("due", due);
        command.Parameters.Add(new NpgsqlParameter("at", NpgsqlTypes.NpgsqlDbType.TimestampTz) { Value = at is { } moment ? moment : DBNull.Value });
        await command.ExecuteNonQueryAsync();
    }

    private async Task<int> OnceAsync()
    {
        var ids = new List<long>();
        await using var connection = await source.OpenConnectionAsync();
        await using (var claim = new NpgsqlCommand(Claim, connection))
        {
            claim.Parameters.AddWithValue("n", batch);
            await using var reader = await claim.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                ids.Add(reader.GetInt64(0));
                _counter.Started(reader.GetDouble(1));
            }
        }
        if (ids.Count == 0) return 0;
        await using var complete = new NpgsqlCommand("UPDATE bench_jobs SET status = 2 WHERE id = ANY(@ids) AND status = 1", connection);
        complete.Parameters.AddWithValue("ids", ids.ToArray());
        return await complete.ExecuteNonQueryAsync();
    }
}

/// <summary>The same on SQLite, through the one writer that everything of Dispatch goes through.</summary>
internal sealed class SqliteByHand(Database database, int batch) : IActionPeer
{
    private const string Claim =
        "UPDATE bench_jobs SET status = 1 WHERE id IN (SELECT id FROM bench_jobs WHERE status = 0 AND due_at <= @now ORDER BY due_at, id LIMIT @n) RETURNING id, due";

    private readonly StartCounter _counter = new();
    private readonly SemaphoreSlim _wake = new(0);

    public string Name => batch == 1 ? "by hand" : $"by hand, {batch} at a time";
    public double Share => batch == 1 ? 2 : 4;

    public static async Task<SqliteByHand> StartAsync(Database database, int batch)
    {
        await database.WriteAsync(async s =>
        {
            await s.ExecuteAsync("CREATE TABLE IF NOT EXISTS bench_jobs (id INTEGER PRIMARY KEY, due_at TEXT NOT NULL, due REAL, status INTEGER NOT NULL DEFAULT 0)");
            await s.ExecuteAsync("CREATE INDEX IF NOT EXISTS bench_jobs_due ON bench_jobs (due_at, id) WHERE status = 0");
        });
        return new SqliteByHand(database, batch);
    }

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    public async Task<double> EnqueueAsync(int count)
    {
        var start = StartCounter.Now;
        await InFlight.AsyncEach(count, _ => StoreAsync(0, Now));
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double> ExecuteAsync(int count)
    {
        var all = _counter.WaitFor(count);
        var start = StartCounter.Now;
        await Task.WhenAll(Enumerable.Range(0, batch == 1 ? InFlight.Width : 4).Select(_ => Task.Run(async () =>
        {
            while (await OnceAsync() > 0)
            {
            }
        })));
        await all;
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double[]> LatencyAsync(int count, TimeSpan ahead)
    {
        using var stop = new CancellationTokenSource();
        var loop = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await OnceAsync() == 0) await _wake.WaitAsync(ahead > TimeSpan.Zero ? TimeSpan.FromMilliseconds(10) : TimeSpan.FromSeconds(1));
            }
        });
        var waits = await _counter.PacedAsync(count, ahead, async (due, at) =>
        {
            await StoreAsync(due, at);
            _wake.Release();
        });
        await stop.CancelAsync();
        await loop;
        return waits;
    }

    public ValueTask DisposeAsync()
    {
        _wake.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task StoreAsync(double due, DateTime at) =>
        database.WriteAsync(s => s.ExecuteAsync("INSERT INTO bench_jobs (due_at, due) VALUES (@at, @due)", ("at", at), ("due", due)));

    private async Task<int> OnceAsync()
    {
        var ids = await database.WriteAsync(s => s.QueryAsync(Claim, r => (Id: r.GetInt64(0), Due: r.GetDouble(1)), ("now", Now), ("n", batch)));
        if (ids.Count == 0) return 0;
        foreach (var (_, due) in ids) _counter.Started(due);
        var json = "[" + string.Join(',', ids.Select(i => i.Id)) + "]";
        return await database.WriteAsync(s => s.ExecuteAsync("UPDATE bench_jobs SET status = 2 WHERE id IN (SELECT value FROM json_each(@ids)) AND status = 1", ("ids", json)));
    }
}
