using System.Data.Common;
using System.Diagnostics;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Dispatch.Core.Data;

/// <summary>
/// One write inside a transaction. Events and follow-up work registered here happen after its commit, or never.
/// Nothing in it may wait for a network or a browser: on SQLite every other writer waits behind it.
/// </summary>
public sealed class WriteSession
{
    private readonly Dictionary<string, DbCommand>? _commands;
    private readonly List<LiveEvent> _events = [];
    private readonly List<Action> _followUps = [];
    private int _savepoint;

    internal WriteSession(DispatchDb db, SqlDialect dialect, Dictionary<string, DbCommand>? preparedCommands)
    {
        Db = db;
        Dialect = dialect;
        _commands = preparedCommands;
    }

    /// <summary>Where in a trace this write belongs: given on to the screens with its signals.</summary>
    internal ActivityContext Cause { get; set; }

    public DispatchDb Db { get; }
    public SqlDialect Dialect { get; }
    internal IReadOnlyList<LiveEvent> Events => _events;
    internal IReadOnlyList<Action> FollowUps => _followUps;

    /// <summary>Tell the screens after the commit.</summary>
    public void Publish(string topic, string name, long id) => _events.Add(new LiveEvent(topic, name, id));

    /// <summary>Runs after the commit, on the committing thread: set a flag, never work.</summary>
    public void AfterCommit(Action action) => _followUps.Add(action);

    /// <summary>Runs a statement of ours; returns the affected rows. A null argument is SQL NULL.</summary>
    public Task<int> ExecuteAsync(string sql, params ReadOnlySpan<(string Name, object? Value)> arguments) =>
        Prepare(sql, arguments).ExecuteNonQueryAsync();

    /// <summary>Runs a query of ours and maps every row.</summary>
    public Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> arguments) =>
        ReadAllAsync(Prepare(sql, arguments), map, []);

    /// <summary>The same into a list at hand.</summary>
    internal Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> map, List<T> into, params ReadOnlySpan<(string Name, object? Value)> arguments) =>
        ReadAllAsync(Prepare(sql, arguments), map, into);

    /// <summary>
    /// Runs the statements in order, in one round trip where the provider can. False: one of them changed another number of rows than it must;
    /// what the others did stands until the caller undoes it (<see cref="TryAsync"/>).
    /// </summary>
    public async Task<bool> ExecuteAllAsync(IReadOnlyList<Statement> statements)
    {
        if (statements.Count == 0) return true;
        var connection = Db.Database.GetDbConnection();
        if (!connection.CanCreateBatch)
        {
            foreach (var statement in statements)
            {
                var rows = await ExecuteAsync(statement.Sql, statement.Arguments);
                if (statement.MustChange is { } must && rows != must) return false;
            }
            return true;
        }
        await using var batch = Batch(connection, statements);
        await batch.ExecuteNonQueryAsync();
        return IsAsWanted(batch, statements);
    }

    /// <summary>Runs the statements in order and then a query, in one round trip where the provider can. Null: a statement changed another number of rows than it must.</summary>
    public async Task<List<T>?> QueryAfterAsync<T>(IReadOnlyList<Statement> before, Statement query, Func<DbDataReader, T> map)
    {
        var connection = Db.Database.GetDbConnection();
        if (!connection.CanCreateBatch)
        {
            return await ExecuteAllAsync(before) ? await QueryAsync(query.Sql, map, query.Arguments) : null;
        }
        await using var batch = Batch(connection, [.. before, query]);
        var rows = new List<T>();
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            // The statements before it give no rows, and so no result of their own.
            while (await reader.ReadAsync()) rows.Add(map(reader));
        }
        return IsAsWanted(batch, before) ? rows : null;
    }

    /// <summary>The same with two queries, each on what is there after the one before it.</summary>
    public async Task<(List<T1> First, List<T2> Second)?> QueryBothAfterAsync<T1, T2>(
        IReadOnlyList<Statement> before, Statement first, Func<DbDataReader, T1> mapFirst, Statement second, Func<DbDataReader, T2> mapSecond)
    {
        var connection = Db.Database.GetDbConnection();
        if (!connection.CanCreateBatch)
        {
            return await ExecuteAllAsync(before)
                ? (await QueryAsync(first.Sql, mapFirst, first.Arguments), await QueryAsync(second.Sql, mapSecond, second.Arguments)) : null;
        }
        await using var batch = Batch(connection, [.. before, first, second]);
        var (ones, others) = (new List<T1>(), new List<T2>());
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) ones.Add(mapFirst(reader));
            await reader.NextResultAsync();
            while (await reader.ReadAsync()) others.Add(mapSecond(reader));
        }
        return IsAsWanted(batch, before) ? (ones, others) : null;
    }

    /// <summary>True: kept. False: everything that <paramref name="work"/> did in this transaction is undone, the transaction goes on.</summary>
    public async Task<bool> TryAsync(Func<Task<bool>> work)
    {
        var name = $"s{++_savepoint}";
        var events = _events.Count;
        var followUps = _followUps.Count;
        var transaction = Db.Database.CurrentTransaction!;
        await transaction.CreateSavepointAsync(name);
        if (await work())
        {
            if (transaction.SupportsSavepoints) await transaction.ReleaseSavepointAsync(name);
            return true;
        }
        await transaction.RollbackToSavepointAsync(name);
        await transaction.ReleaseSavepointAsync(name);
        _events.RemoveRange(events, _events.Count - events);
        _followUps.RemoveRange(followUps, _followUps.Count - followUps);
        return false;
    }

    private static bool IsAsWanted(DbBatch batch, IReadOnlyList<Statement> statements)
    {
        for (var i = 0; i < statements.Count; i++)
        {
            if (statements[i].MustChange is { } must && batch.BatchCommands[i].RecordsAffected != must) return false;
        }
        return true;
    }

    private DbBatch Batch(DbConnection connection, IReadOnlyList<Statement> statements)
    {
        var batch = connection.CreateBatch();
        batch.Transaction = Db.Database.CurrentTransaction?.GetDbTransaction();
        foreach (var statement in statements)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement.Sql;
            foreach (var (name, value) in statement.Arguments)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                Dialect.SetValue(parameter, value);
                command.Parameters.Add(parameter);
            }
            batch.BatchCommands.Add(command);
        }
        return batch;
    }

    private DbCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        // On SQLite the writer keeps one connection for ever: a statement is parsed once. Elsewhere the driver prepares by itself.
        if (_commands is null || !_commands.TryGetValue(sql, out var command))
        {
            command = Db.Database.GetDbConnection().CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in arguments)
            {
                var parameter = command.CreateParameter();
                // With its sign: without it SQLite's driver looks each name up three times at every execution.
                parameter.ParameterName = "@" + name;
                Dialect.SetValue(parameter, value);
                command.Parameters.Add(parameter);
            }
            _commands?.Add(sql, command);
        }
        else
        {
            for (var i = 0; i < arguments.Length; i++) Dialect.SetValue(command.Parameters[i], arguments[i].Value);
        }
        command.Transaction = Db.Database.CurrentTransaction?.GetDbTransaction();
        return command;
    }

    private static async Task<List<T>> ReadAllAsync<T>(DbCommand command, Func<DbDataReader, T> map, List<T> rows)
    {
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) rows.Add(map(reader));
        return rows;
    }
}

/// <summary>One statement of ours with its arguments.</summary>
/// <param name="MustChange">The rows it has to change; null: any number is right.</param>
public sealed record Statement(string Sql, int? MustChange, params (string Name, object? Value)[] Arguments);
