using System.Data.Common;
using System.Diagnostics;
using System.Threading.Channels;
using Dispatch.Core.Live;
using Dispatch.Core.Telemetry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Data;

/// <summary>
/// The door to the database. Reads: a context of your own from <see cref="Read"/>. Writes: <see cref="WriteAsync{T}"/>, which on SQLite is one
/// writer with group commit (requests that wait together share one transaction and one fsync, each behind its own savepoint) and on
/// PostgreSQL and SQL Server a bounded number of transactions at once, done again when they lose a deadlock.
/// </summary>
public sealed partial class Database : IAsyncDisposable
{
    /// <summary>
    /// A transaction over many rows (somebody leaves, his conversations go to several others) loses a deadlock again and again under load: in a
    /// storm of 32 writers one of ten thousand lost six in a row.
    /// </summary>
    private const int MaxAttempts = 20;

    /// <summary>Each loss to a faster writer means that somebody else got on, so many may be in a row without anything being wrong.</summary>
    private const int MaxStaleReads = 100;
    private static readonly AsyncLocal<bool> Writing = new();

    private readonly IDbContextFactory<DispatchDb> _factory;
    private readonly LiveHub _live;
    private readonly ILogger<Database> _logger;
    private readonly DatabaseOptions _options;
    private readonly SqlDialect _dialect;
    private readonly Channel<WriteRequest> _requests = Channel.CreateUnbounded<WriteRequest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _writers;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writerLoop;

    public Database(
        IDbContextFactory<DispatchDb> factory, LiveHub live, IOptions<DatabaseOptions> options, ILogger<Database> logger)
    {
        _factory = factory;
        _live = live;
        _logger = logger;
        _options = options.Value;
        _dialect = SqlDialect.For(_options.Provider);
        _writers = new SemaphoreSlim(_options.MaxWriters);
        _writerLoop = _options.Provider == DatabaseProvider.Sqlite ? Task.Run(RunWriterAsync) : Task.CompletedTask;
    }

    public DatabaseProvider Provider => _options.Provider;

    /// <summary>A context for reading; dispose it.</summary>
    public DispatchDb Read()
    {
        var db = _factory.CreateDbContext();
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return db;
    }

    /// <summary>Does the work in a transaction and returns after its commit. An exception undoes this work and no other.</summary>
    /// <exception cref="InvalidOperationException">Called from inside another write: on SQLite it would wait for itself.</exception>
    public Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancel = default) => WriteAsync(work, inline: false, cancel);

    /// <summary>
    /// The same for a caller who brings the next write as soon as this one is done: on SQLite he goes on on the writer's own thread, so that
    /// the writer finds it when it looks instead of falling asleep between the two. He must do nothing else there.
    /// </summary>
    internal Task<T> WriteInTurnAsync<T>(Func<WriteSession, Task<T>> work) => WriteAsync(work, inline: true, CancellationToken.None);

    private Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, bool inline, CancellationToken cancel)
    {
        if (Writing.Value) throw new InvalidOperationException("A write was started inside a write; use the session at hand.");
        cancel.ThrowIfCancellationRequested();
        if (Leases.Fence is { } lease) work = Fenced(lease, work);
        DatabaseMetrics.OnWaiting(1);
        if (_options.Provider != DatabaseProvider.Sqlite) return WriteConcurrentlyAsync(work, cancel);
        var request = new WriteRequest<T>(work, inline, Traces.Here);
        if (_requests.Writer.TryWrite(request)) return request.Result;
        DatabaseMetrics.OnWaiting(-1);
        throw new ObjectDisposedException(nameof(Database));
    }

    private static Func<WriteSession, Task<T>> Fenced<T>(HeldLease lease, Func<WriteSession, Task<T>> work) => async session =>
        await Leases.HoldsAsync(session, lease) ? await work(session) : throw new LeaseLostException(lease);

    public Task WriteAsync(Func<WriteSession, Task> work, CancellationToken cancel = default) =>
        WriteAsync(async session =>
        {
            await work(session);
            return true;
        }, cancel);

    private async Task<T> WriteConcurrentlyAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancel)
    {
        var (entered, broken) = (false, false);
        try
        {
            await _writers.WaitAsync(cancel);
            entered = true;
            for (var attempt = 1; ; attempt++)
            {
                var working = false;
                try
                {
                    var began = TimeProvider.System.GetTimestamp();
                    await using var db = _factory.CreateDbContext();
                    await using var transaction = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
                    working = true;
                    var session = new WriteSession(db, _dialect, null) { Cause = Traces.Here };
                    var result = await RunAsync(() => work(session));
                    working = false;
                    await transaction.CommitAsync(CancellationToken.None);
                    DatabaseMetrics.OnCommitted(1, TimeProvider.System.GetElapsedTime(began));
                    Finish(session);
                    return result;
                }
                catch (Exception e) when (attempt < (e is StaleReadException ? MaxStaleReads : MaxAttempts) && DatabaseErrors.IsTransient(e))
                {
                    LogAgain(attempt, e.GetType().Name);
                    DatabaseMetrics.OnRepeated();
                    // Apart from each other, or the same two meet again. Not business time: no clock of a test may hold it up.
                    await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 10 * attempt)), TimeProvider.System, cancel);
                }
                catch (Exception e) when (working && !broken && DatabaseErrors.FaultOf(e) == DatabaseFault.Away)
                {
                    // The server closed the connection before the commit was asked for (it restarted, or gave up a process that was stopped): nothing of it is there. Once, on another connection.
                    broken = true;
                    LogAgain(attempt, e.GetType().Name);
                    DatabaseMetrics.OnRepeated();
                }
            }
        }
        catch (Exception e)
        {
            Remember(e);
            throw;
        }
        finally
        {
            DatabaseMetrics.OnWaiting(-1);
            if (entered) _writers.Release();
        }
    }

    private static async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        Writing.Value = true;
        try
        {
            return await work();
        }
        finally
        {
            Writing.Value = false;
        }
    }

    private async Task RunWriterAsync()
    {
        var group = new List<WriteRequest>(_options.GroupSize);
        DispatchDb? db = null;
        var commands = new Dictionary<string, DbCommand>(StringComparer.Ordinal);
        try
        {
            while (await _requests.Reader.WaitToReadAsync(_stop.Token))
            {
                group.Clear();
                while (group.Count < _options.GroupSize && _requests.Reader.TryRead(out var request)) group.Add(request);
                try
                {
                    if (db is null)
                    {
                        db = _factory.CreateDbContext();
                        await db.Database.OpenConnectionAsync();
                        await db.Database.ExecuteSqlRawAsync($"PRAGMA cache_size=-{DataServices.WriterCache}");
                    }
                    await CommitGroupAsync(db, commands, group);
                }
                catch (Exception e)
                {
                    // The transaction itself failed (disk full, file gone): nobody in the group was stored, everybody is told, and the
                    // next group starts on a fresh connection.
                    LogGroupFailed(e, group.Count);
                    Remember(e);
                    foreach (var request in group) request.Fail(e);
                    foreach (var command in commands.Values) await command.DisposeAsync();
                    commands.Clear();
                    if (db is not null) await db.DisposeAsync();
                    db = null;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // stopping
        }
        finally
        {
            _requests.Writer.TryComplete();
            while (_requests.Reader.TryRead(out var late)) late.Fail(new ObjectDisposedException(nameof(Database)));
            foreach (var command in commands.Values) await command.DisposeAsync();
            if (db is not null) await db.DisposeAsync();
        }
    }

    private async Task CommitGroupAsync(DispatchDb db, Dictionary<string, DbCommand> commands, List<WriteRequest> group)
    {
        var sessions = new WriteSession?[group.Count];
        var began = TimeProvider.System.GetTimestamp();
        // Microsoft.Data.Sqlite begins IMMEDIATE: a deferred transaction that read first could fail at its first write.
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            for (var i = 0; i < group.Count; i++)
            {
                var request = group[i];
                var session = new WriteSession(db, _dialect, commands) { Cause = request.Cause };
                try
                {
                    if (group.Count > 1) await transaction.CreateSavepointAsync("g");
                    await RunAsync(async () =>
                    {
                        await request.RunAsync(session);
                        return true;
                    });
                    if (group.Count > 1) await transaction.ReleaseSavepointAsync("g");
                    sessions[i] = session;
                }
                catch (Exception e)
                {
                    Remember(e);
                    request.Fail(e);
                    if (group.Count == 1)
                    {
                        await transaction.RollbackAsync();
                        db.ChangeTracker.Clear();
                        return;
                    }
                    await transaction.RollbackToSavepointAsync("g");
                    await transaction.ReleaseSavepointAsync("g");
                }
                db.ChangeTracker.Clear();
            }
            await transaction.CommitAsync();
        }
        DatabaseMetrics.OnCommitted(group.Count, TimeProvider.System.GetElapsedTime(began));
        for (var i = 0; i < group.Count; i++)
        {
            if (sessions[i] is not { } session) continue;
            group[i].Complete();
            Finish(session);
        }
    }

    private void Finish(WriteSession session)
    {
        _live.Publish(session.Events, session.Cause);
        foreach (var followUp in session.FollowUps) followUp();
    }

    /// <summary>The last write that met trouble of the database itself; null: none since the start. Told by any write of this process.</summary>
    public DatabaseTrouble? LastTrouble { get; private set; }

    private void Remember(Exception exception)
    {
        var fault = DatabaseErrors.FaultOf(exception);
        if (fault == DatabaseFault.None) return;
        DatabaseMetrics.OnFailed(fault);
        LastTrouble = new DatabaseTrouble(fault, TimeProvider.System.GetTimestamp());
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _stop.CancelAsync();
        await _writerLoop;
        _stop.Dispose();
        _writers.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Write is done again (attempt {Attempt}): {Cause}")]
    private partial void LogAgain(int attempt, string cause);

    [LoggerMessage(Level = LogLevel.Error, Message = "A group of {Count} writes could not be stored")]
    private partial void LogGroupFailed(Exception exception, int count);

    private abstract class WriteRequest(ActivityContext cause)
    {
        /// <summary>Where whoever asked stands in his trace; the writer is another thread.</summary>
        public ActivityContext Cause => cause;

        public abstract Task RunAsync(WriteSession session);
        public abstract void Complete();
        public abstract void Fail(Exception exception);
    }

    private sealed class WriteRequest<T>(Func<WriteSession, Task<T>> work, bool inline, ActivityContext cause) : WriteRequest(cause)
    {
        private readonly TaskCompletionSource<T> _done = new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _value;

        public Task<T> Result => _done.Task;
        public override async Task RunAsync(WriteSession session) => _value = await work(session);

        public override void Complete()
        {
            if (_done.TrySetResult(_value!)) DatabaseMetrics.OnWaiting(-1);
        }

        public override void Fail(Exception exception)
        {
            if (_done.TrySetException(exception)) DatabaseMetrics.OnWaiting(-1);
        }
    }
}

/// <param name="At">By <see cref="TimeProvider.GetTimestamp"/> of the system's clock: how long ago does not depend on anybody setting a clock.</param>
public sealed record DatabaseTrouble(DatabaseFault Fault, long At);
