using System.Data.Common;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Health;

/// <param name="TookMs">Null: it did not answer, or did not take a write, in time.</param>
/// <param name="Full">It has no space.</param>
/// <param name="ClockDifference">Ours minus its; null: it has no clock of its own.</param>
public sealed record ProbeResult(int? TookMs, bool Full, TimeSpan? ClockDifference);

/// <summary>Asks the database for its time and whether it would take a write that needs space; what is written is undone.</summary>
public sealed class DatabaseProbe(Database database, IOptions<DatabaseOptions> options, TimeProvider clock)
{
    /// <summary>Of one question. A database that is stopped may hold a connection for as long as its driver waits.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>More than fits into a page, so that pages have to be found for it.</summary>
    private static readonly string Ballast = new('x', 900);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(30);
    private Task? _pending;
    private long _wroteAt;
    private bool _wroteWell;

    /// <summary>Never throws but when told to stop; takes no longer than twice <see cref="Patience"/>.</summary>
    public async Task<ProbeResult> AskAsync(CancellationToken cancel = default)
    {
        // One question hangs: no second one behind it.
        if (_pending is { IsCompleted: false } && !await InTimeAsync(_pending, cancel)) return new ProbeResult(null, false, null);
        var start = clock.GetTimestamp();
        var reading = ReadAsync(cancel);
        _pending = reading;
        if (!await InTimeAsync(reading, cancel) || !reading.IsCompletedSuccessfully) return new ProbeResult(null, IsFull(reading), null);
        var took = (int)clock.GetElapsedTime(start).TotalMilliseconds;
        var difference = await reading;
        // Everybody else's writes say it sooner than a try each time would, and cost nothing.
        if (_wroteWell && TimeProvider.System.GetElapsedTime(_wroteAt) < WriteEvery && !(database.LastTrouble?.At > _wroteAt)) return new ProbeResult(took, false, difference);
        (_wroteAt, _wroteWell) = (TimeProvider.System.GetTimestamp(), false);
        var writing = WriteAsync(cancel);
        _pending = writing;
        if (!await InTimeAsync(writing, cancel)) return new ProbeResult(null, false, difference);
        _wroteWell = writing.IsCompletedSuccessfully;
        return _wroteWell ? new ProbeResult(took, false, difference)
            : IsFull(writing) ? new ProbeResult(took, true, difference) : new ProbeResult(null, false, difference);
    }

    /// <summary>Megabytes free where the SQLite file lies; null: the database is elsewhere, or nobody can say.</summary>
    public long? FreeMegabytes()
    {
        if (options.Value.Provider != DatabaseProvider.Sqlite) return null;
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(options.Value.Path))!).AvailableFreeSpace / (1024 * 1024);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private async Task<TimeSpan?> ReadAsync(CancellationToken cancel)
    {
        // Off the caller's thread: a driver may wait for its file or its socket without giving the thread back.
        await Task.Yield();
        await using var db = database.Read();
        await db.Database.OpenConnectionAsync(cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        var own = SqlDialect.For(database.Provider).Now;
        command.CommandText = own is null ? "SELECT 1" : $"SELECT {own}";
        var before = clock.GetUtcNow().UtcDateTime;
        var said = await command.ExecuteScalarAsync(cancel);
        var after = clock.GetUtcNow().UtcDateTime;
        return own is not null && said is DateTime at ? Difference(before, after, DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null;
    }

    /// <summary>How far this clock is ahead. The database said its time somewhere between the question and the answer: however slow it was, that alone is no difference.</summary>
    internal static TimeSpan Difference(DateTime before, DateTime after, DateTime said) => said < before ? before - said : said > after ? after - said : TimeSpan.Zero;

    private async Task WriteAsync(CancellationToken cancel)
    {
        try
        {
            await database.WriteAsync(async session =>
            {
                for (var i = 0; i < 8; i++) session.Db.HealthChecks.Add(new HealthCheckRow { Node = "probe", Problems = Ballast });
                await session.Db.SaveChangesAsync();
                throw new UndoneException();
            }, cancel);
        }
        catch (UndoneException)
        {
            // as it was meant
        }
    }

    private static bool IsFull(Task task) => task.Exception?.InnerException is { } e && DatabaseErrors.FaultOf(e) == DatabaseFault.Full;

    private static async Task<bool> InTimeAsync(Task task, CancellationToken cancel)
    {
        Observe(task);
        // Not business time: no clock of a test may hold it up.
        await Task.WhenAny(task, Task.Delay(Patience, TimeProvider.System, cancel));
        cancel.ThrowIfCancellationRequested();
        return task.IsCompleted;
    }

    /// <summary>Whoever does not wait for it any more has said so; its failure is no surprise.</summary>
    internal static void Observe(Task task) => _ = task.ContinueWith(
        static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private sealed class UndoneException() : Exception("The probe's write is undone.");
}
