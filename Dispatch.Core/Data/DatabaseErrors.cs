using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Dispatch.Core.Data;

/// <summary>The one narrow classifier of provider errors. Whatever it does not know propagates.</summary>
public static class DatabaseErrors
{
    private const int SqliteConstraint = 19, SqliteUnique = 2067, SqlitePrimaryKey = 1555;

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
        PostgresException e => e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
        SqlException e => e.Number is 1205,
        _ => false,
    };

    // EF wraps: a failed save in DbUpdateException, and whatever it takes for transient (a deadlock in a query or ExecuteUpdate) in
    // InvalidOperationException, and a deadlock in a save in both.
    /// <summary>EF wraps what a provider throws: a failed save as DbUpdateException, what might pass by itself as InvalidOperationException.</summary>
    private static Exception Inner(Exception exception) =>
        exception is DbUpdateException or InvalidOperationException && exception.InnerException is { } inner ? Inner(inner) : exception;
}

/// <summary>What a transaction read is no longer so (another node was faster): do it again from the start.</summary>
public sealed class StaleReadException(string what) : Exception(what);
