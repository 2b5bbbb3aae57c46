using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Dispatch.Core.Data;

/// <summary>Trouble of the database itself.</summary>
public enum DatabaseFault
{
    None,
    /// <summary>It cannot be reached, or its file cannot be read or written.</summary>
    Away,
    /// <summary>No space is left for what is to be stored.</summary>
    Full,
    /// <summary>It took longer than it may.</summary>
    Slow,
}

/// <summary>The one narrow classifier of provider errors. Whatever it does not know propagates.</summary>
public static class DatabaseErrors
{
    /// <summary>25P03, which the driver has no name for.</summary>
    private const string IdleInTransaction = "25P03";
    private const int SqliteConstraint = 19, SqliteUnique = 2067, SqlitePrimaryKey = 1555;
    private const int SqliteBusy = 5, SqliteReadOnly = 8, SqliteIo = 10, SqliteCorrupt = 11, SqliteFull = 13, SqliteCannotOpen = 14, SqliteNotADatabase = 26;

    /// <summary>A unique index or primary key said no.</summary>
    public static bool IsDuplicateKey(Exception exception) => Inner(exception) switch
    {
        SqliteException e => e.SqliteErrorCode == SqliteConstraint && e.SqliteExtendedErrorCode is SqliteUnique or SqlitePrimaryKey,
        PostgresException e => e.SqlState == PostgresErrorCodes.UniqueViolation,
        SqlException e => e.Number is 2601 or 2627,
        _ => false,
    };

    /// <summary>Another transaction was in the way; the same work may be done again from the start.</summary>
    public static bool IsTransient(Exception exception) => exception is StaleReadException || Inner(exception) switch
    {
        PostgresException e => e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            // We were stopped in the middle of it, for so long that the server gave it up: nothing of it is there.
            or IdleInTransaction,
        SqlException e => e.Number is 1205,
        _ => false,
    };

    /// <summary>What kind of trouble the database itself has; <see cref="DatabaseFault.None"/>: it is well, and the work was wrong or lost a race.</summary>
    public static DatabaseFault FaultOf(Exception exception) => Inner(exception) switch
    {
        SqliteException { SqliteErrorCode: SqliteFull } => DatabaseFault.Full,
        SqliteException { SqliteErrorCode: SqliteIo or SqliteCannotOpen or SqliteReadOnly or SqliteCorrupt or SqliteNotADatabase } => DatabaseFault.Away,
        SqliteException { SqliteErrorCode: SqliteBusy } => DatabaseFault.Slow,
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => DatabaseFault.Full,
        PostgresException e when e.SqlState.StartsWith("08", StringComparison.Ordinal) || e.SqlState.StartsWith("57P", StringComparison.Ordinal) || e.SqlState is PostgresErrorCodes.TooManyConnections
            => DatabaseFault.Away,
        PostgresException => DatabaseFault.None,
        // Anything else of the driver is about the connection.
        NpgsqlException { InnerException: TimeoutException } => DatabaseFault.Slow,
        NpgsqlException => DatabaseFault.Away,
        SqlException { Number: 1105 or 9002 } => DatabaseFault.Full,
        SqlException { Number: -2 } => DatabaseFault.Slow,
        SqlException { Class: >= 17 } => DatabaseFault.Away,
        IOException or System.Net.Sockets.SocketException => DatabaseFault.Away,
        TimeoutException => DatabaseFault.Slow,
        _ => DatabaseFault.None,
    };

    // EF wraps: a failed save in DbUpdateException, and whatever it takes for transient (a deadlock in a query or ExecuteUpdate) in
    // InvalidOperationException, and a deadlock in a save in both.
    /// <summary>EF wraps what a provider throws: a failed save as DbUpdateException, what might pass by itself as InvalidOperationException.</summary>
    private static Exception Inner(Exception exception) =>
        exception is DbUpdateException or InvalidOperationException && exception.InnerException is { } inner ? Inner(inner) : exception;
}

/// <summary>What a transaction read is no longer so (another node was faster): do it again from the start.</summary>
public sealed class StaleReadException(string what) : Exception(what);
