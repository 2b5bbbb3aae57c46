using System.Diagnostics.Metrics;

namespace Dispatch.Core.Data;

/// <summary>How the door to the database does, under the meter <c>Dispatch.Database</c>. One for the process, whatever number of databases a test opens.</summary>
internal static class DatabaseMetrics
{
    private static readonly Meter Meter = new("Dispatch.Database");

    private static readonly Histogram<double> Commits = Meter.CreateHistogram<double>(
        "dispatch.database.commit.duration", "s", "From the begin of a write transaction to its commit; on SQLite one transaction holds a group of writes");

    private static readonly Histogram<double> Groups = Meter.CreateHistogram(
        "dispatch.database.group.size", null, "Writes that shared one commit", tags: null, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });

    private static readonly UpDownCounter<long> Waiting = Meter.CreateUpDownCounter<long>(
        "dispatch.database.writes.waiting", description: "Writes that were handed over and are not done");

    private static readonly Counter<long> Failed = Meter.CreateCounter<long>(
        "dispatch.database.writes.failed", description: "Writes that ended with an error of the database, by kind");

    private static readonly Counter<long> Repeated = Meter.CreateCounter<long>(
        "dispatch.database.writes.repeated", description: "Writes that were done again because another one was faster");

    private static bool _usesSqlite;

    static DatabaseMetrics() => Meter.CreateObservableGauge(
        // Asked of the library only where it is in use: elsewhere it was never loaded.
        "dispatch.database.sqlite.memory", () => _usesSqlite ? [new Measurement<long>(SQLitePCL.raw.sqlite3_memory_used())] : Array.Empty<Measurement<long>>(), "By",
        "Memory that SQLite holds, most of it pages of the file: it grows to the sum of what its connections may keep, and the collector does not know of it");

    /// <summary>This process has a SQLite database open, or is about to.</summary>
    public static void OnSqlite() => _usesSqlite = true;

    public static void OnWaiting(int change) => Waiting.Add(change);

    public static void OnCommitted(int writes, TimeSpan took)
    {
        Groups.Record(writes);
        Commits.Record(took.TotalSeconds);
    }

    public static void OnFailed(DatabaseFault fault) => Failed.Add(1, new KeyValuePair<string, object?>("fault", fault.ToString().ToLowerInvariant()));

    public static void OnRepeated() => Repeated.Add(1);
}
