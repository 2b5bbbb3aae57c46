using System.Data.Common;
using System.Threading.Channels;
using Dispatch.Core.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Dispatch.Bench;

/// <summary>
/// The floor: the same Kestrel, one endpoint, one row per request by hand-written ADO.NET, requests that wait together share one commit.
/// No dedupe, no contact, no conversation, no decision.
/// </summary>
internal static class FloorServer
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        SqliteBootstrap.Initialize();
        var builder = WebApplication.CreateBuilder(["--urls", arguments.Text("urls", "http://127.0.0.1:5090")]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var rows = Channel.CreateUnbounded<(string Body, TaskCompletionSource Done)>();
        var writer = Task.Run(() => WriteAsync(arguments, rows.Reader));
        app.MapGet("/", () => "floor");
        app.MapPost("/floor", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            rows.Writer.TryWrite((await reader.ReadToEndAsync(), done));
            await done.Task;
            return Results.Ok();
        });
        await app.RunAsync();
        rows.Writer.Complete();
        await writer;
        return 0;
    }

    private static async Task WriteAsync(Arguments arguments, ChannelReader<(string Body, TaskCompletionSource Done)> rows)
    {
        await using DbConnection connection = arguments.Text("connection") is { } postgres
            ? new NpgsqlConnection(postgres)
            : new SqliteConnection($"Data Source={arguments.Text("path", "floor.db")}");
        await connection.OpenAsync();
        if (connection is SqliteConnection) await RunAsync(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536");
        await RunAsync(connection, connection is SqliteConnection
            ? "CREATE TABLE floor (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"
            : "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)");
        await using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO floor (body) VALUES (@body)";
        var parameter = insert.CreateParameter();
        parameter.ParameterName = "body";
        parameter.DbType = System.Data.DbType.String;
        parameter.Size = -1;
        insert.Parameters.Add(parameter);
        await insert.PrepareAsync();
        var group = new List<TaskCompletionSource>();
        while (await rows.WaitToReadAsync())
        {
            group.Clear();
            await using (var transaction = await connection.BeginTransactionAsync())
            {
                insert.Transaction = transaction;
                while (group.Count < 128 && rows.TryRead(out var row))
                {
                    parameter.Value = row.Body;
                    await insert.ExecuteNonQueryAsync();
                    group.Add(row.Done);
                }
                await transaction.CommitAsync();
            }
            foreach (var done in group) done.SetResult();
        }
    }

    private static async Task RunAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
