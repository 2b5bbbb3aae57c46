using System.Buffers.Binary;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Dispatch.Core.Nodes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Dispatch.Core.Data;

/// <summary>Rows of a table and the sum of their hashes, which does not depend on their order.</summary>
public readonly record struct TableSum(long Rows, UInt128 Hash);

/// <summary>What was done with one table.</summary>
/// <param name="Copied">False: it was there already, row for row.</param>
/// <param name="There">As read back from the target.</param>
public sealed record TableCopy(string Table, TableSum Here, TableSum There, bool Copied)
{
    public bool Matches => Here == There;
}

/// <summary>How far one table is.</summary>
/// <param name="Of">All rows that are to be copied; null: rows are being read to be compared.</param>
public sealed record CopyProgress(string Table, long Rows, long? Of);

/// <summary>
/// Copies a SQLite database into PostgreSQL or SQL Server (issue 8), table by table in the order of their references, each in a transaction of its own. Repeated after an interruption it
/// leaves alone what is already there row for row and copies the rest again, so it can be repeated until it says that all is equal. The source is read in one snapshot.
/// </summary>
public sealed class DatabaseCopy(DispatchDb source, DispatchDb target)
{
    private const int Chunk = 1_000;

    /// <summary>Told after every thousand rows that were compared or copied.</summary>
    public Action<CopyProgress>? Progress { get; init; }

    private static readonly MethodInfo CopyMethod = typeof(DatabaseCopy).GetMethod(nameof(CopyAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>
    /// Why copying now would lose something: the source still grows, or the target has been worked on, and what is only there would be deleted. Null: nothing speaks against it.
    /// </summary>
    public async Task<string?> ObstacleAsync(DateTime now, CancellationToken cancel = default)
    {
        var known = await source.Nodes.AsNoTracking().ToListAsync(cancel);
        if (known.Find(n => n.State is NodeState.Up or NodeState.Draining && n.SeenAt > now - StillThere) is { } running)
            return $"Dispatch still runs on it (node {running.Name}); stop it, and copy then";
        if (!(await target.Database.GetAppliedMigrationsAsync(cancel)).Any()) return null;
        var instances = known.ConvertAll(n => n.Instance);
        return (await target.Nodes.AsNoTracking().ToListAsync(cancel)).Find(n => !instances.Contains(n.Instance, StringComparer.Ordinal)) is { } worked
            ? $"Dispatch has worked on the target already (node {worked.Name}), and copying would delete what is only there; if that is meant, empty the target first" : null;
    }

    /// <summary>Several signs of life (<see cref="NodeHeartbeat"/>): a process that was killed has stopped for certain.</summary>
    private static readonly TimeSpan StillThere = TimeSpan.FromSeconds(15);

    /// <summary>One result per table, as they are done.</summary>
    public async IAsyncEnumerable<TableCopy> RunAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        await target.MigrateWithViewsAsync(cancel);
        target.ChangeTracker.AutoDetectChangesEnabled = false;
        await source.Database.OpenConnectionAsync(cancel);
        // Deferred: it reads, and holds up no writer.
        await using var snapshot = ((SqliteConnection)source.Database.GetDbConnection()).BeginTransaction(deferred: true);
        await source.Database.UseTransactionAsync(snapshot, cancel);
        var tables = InOrder(source.Model);
        foreach (var table in tables) yield return await (Task<TableCopy>)CopyMethod.MakeGenericMethod(table.ClrType).Invoke(this, [table, Dependents(table, tables), cancel])!;
    }

    /// <summary>Every table of the model, none before one that it refers to.</summary>
    internal static IReadOnlyList<IEntityType> InOrder(IModel model)
    {
        var left = model.GetEntityTypes().Where(t => t.GetTableName() is not null && t.GetViewName() is null).OrderBy(t => t.GetTableName(), StringComparer.Ordinal).ToList();
        var ordered = new List<IEntityType>(left.Count);
        while (left.Count > 0)
        {
            var next = left.Find(t => t.GetForeignKeys().All(k => k.PrincipalEntityType == t || ordered.Contains(k.PrincipalEntityType)))
                ?? throw new InvalidOperationException($"Tables refer to each other in a circle: {string.Join(", ", left.Select(t => t.GetTableName()))}.");
            left.Remove(next);
            ordered.Add(next);
        }
        return ordered;
    }

    /// <summary>The table and all that refer to it, the last to refer first: the order in which they can be emptied.</summary>
    private static List<string> Dependents(IEntityType table, IReadOnlyList<IEntityType> ordered)
    {
        var found = new HashSet<IEntityType> { table };
        foreach (var t in ordered)
        {
            if (t.GetForeignKeys().Any(k => found.Contains(k.PrincipalEntityType))) found.Add(t);
        }
        return [.. ordered.Where(found.Contains).Reverse().Select(t => t.GetTableName()!)];
    }

    private async Task<TableCopy> CopyAsync<T>(IEntityType table, List<string> dependents, CancellationToken cancel)
        where T : class
    {
        var name = table.GetTableName()!;
        var read = Readers<T>(table);
        var here = await SumAsync(source, name, read, cancel);
        var there = await SumAsync(target, name, read, cancel);
        if (here == there) return new TableCopy(name, here, there, false);
        await using (var transaction = await target.Database.BeginTransactionAsync(cancel))
        {
            // Names are the model's own.
            foreach (var dependent in dependents) await ExecuteAsync($"DELETE FROM {Quoted(dependent)}", cancel);
            var identity = table.FindPrimaryKey()!.Properties is [{ ValueGenerated: ValueGenerated.OnAdd } key] && key.ClrType == typeof(long) ? key : null;
            if (identity is not null && target is SqlServerDispatchDb) await ExecuteAsync($"SET IDENTITY_INSERT {Quoted(name)} ON", cancel);
            await InsertAsync<T>(table, here.Rows, cancel);
            if (identity is not null && target is SqlServerDispatchDb) await ExecuteAsync($"SET IDENTITY_INSERT {Quoted(name)} OFF", cancel);
            // The next id after the copied ones.
            if (identity is not null && target is PostgresDispatchDb)
            {
                var column = identity.GetColumnName();
                await ExecuteAsync($"SELECT setval(pg_get_serial_sequence('{Quoted(name)}', '{column}'), COALESCE((SELECT MAX({column}) FROM {Quoted(name)}), 0) + 1, false)", cancel);
            }
            await transaction.CommitAsync(cancel);
        }
        return new TableCopy(name, here, await SumAsync(target, name, read, cancel), true);
    }

    private async Task InsertAsync<T>(IEntityType table, long of, CancellationToken cancel)
        where T : class
    {
        var done = 0L;
        var chunk = new List<T>(Chunk);
        // By key: a row that refers to an earlier one of its own table comes after it.
        await foreach (var row in Ordered<T>(source, table).AsAsyncEnumerable().WithCancellation(cancel))
        {
            chunk.Add(row);
            if (chunk.Count == Chunk) await FlushAsync();
        }
        await FlushAsync();

        async Task FlushAsync()
        {
            target.AddRange(chunk);
            await target.SaveChangesAsync(cancel);
            target.ChangeTracker.Clear();
            done += chunk.Count;
            chunk.Clear();
            Progress?.Invoke(new CopyProgress(table.GetTableName()!, done, of));
        }
    }

    private static IQueryable<T> Ordered<T>(DispatchDb db, IEntityType table)
        where T : class
    {
        IOrderedQueryable<T>? ordered = null;
        foreach (var property in table.FindPrimaryKey()!.Properties)
        {
            var row = Expression.Parameter(typeof(T));
            var by = Expression.Lambda<Func<T, object>>(Expression.Convert(Expression.Property(row, property.PropertyInfo!), typeof(object)), row);
            ordered = ordered is null ? db.Set<T>().AsNoTracking().OrderBy(by) : ordered.ThenBy(by);
        }
        return ordered!;
    }

    private static List<Func<T, object?>> Readers<T>(IEntityType table)
    {
        var readers = new List<Func<T, object?>>();
        foreach (var property in table.GetProperties())
        {
            var member = property.PropertyInfo ?? throw new NotSupportedException($"{table.GetTableName()}.{property.Name} has no property of its own and would be left behind.");
            readers.Add(row => member.GetValue(row));
        }
        return readers;
    }

    private async Task<TableSum> SumAsync<T>(DispatchDb db, string table, List<Func<T, object?>> readers, CancellationToken cancel)
        where T : class
    {
        var (rows, sum) = (0L, UInt128.Zero);
        var text = new StringBuilder();
        var hash = new byte[32];
        await foreach (var row in db.Set<T>().AsNoTracking().AsAsyncEnumerable().WithCancellation(cancel))
        {
            text.Clear();
            foreach (var reader in readers) text.Append(Canonical(reader(row))).Append('\u001f');
            SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()), hash);
            if (++rows % Chunk == 0) Progress?.Invoke(new CopyProgress(table, rows, null));
            unchecked
            {
                sum += BinaryPrimitives.ReadUInt128LittleEndian(hash);
            }
        }
        return new TableSum(rows, sum);
    }

    /// <summary>The same text for the same value whichever database it came from.</summary>
    internal static string Canonical(object? value) => value switch
    {
        null => "\u0000",
        // PostgreSQL keeps microseconds.
        DateTime moment => (moment.Ticks / 10).ToString(CultureInfo.InvariantCulture),
        DateTimeOffset moment => (moment.UtcTicks / 10).ToString(CultureInfo.InvariantCulture),
        TimeSpan time => (time.Ticks / 10).ToString(CultureInfo.InvariantCulture),
        decimal number => number.ToString("G29", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] bytes => Convert.ToHexString(bytes),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable list and not string => string.Join('\u001e', list.Cast<object?>().Select(Canonical)),
        _ => value.ToString()!,
    };

    private string Quoted(string name) => target is SqlServerDispatchDb ? $"[{name}]" : $"\"{name}\"";

    private async Task ExecuteAsync(string sql, CancellationToken cancel)
    {
        await using var command = target.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        command.Transaction = Microsoft.EntityFrameworkCore.Storage.DbContextTransactionExtensions.GetDbTransaction(target.Database.CurrentTransaction!);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
