using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Bench;

/// <summary>A run of the copy command.</summary>
/// <param name="ExitCode">Null: it was killed.</param>
internal sealed record CopyRun(int? ExitCode, TimeSpan Took, IReadOnlyList<string> Lines);

/// <summary>A SQLite database with a history, copied by the real command into PostgreSQL, killed in the middle, repeated, and compared by somebody else than the command.</summary>
internal sealed class CopyDrill(string folder, string target)
{
    private string SourcePath => Path.Combine(folder, "dispatch.db");

    /// <summary>The history of <see cref="GrowthBench"/>: bulk SQL, no application.</summary>
    public async Task FillAsync(int conversations, int messages)
    {
        await using (var db = Source())
        {
            await db.MigrateWithViewsAsync();
            db.Channels.Add(new Channel { Key = "bench", Provider = ChannelProvider.Simulator });
            await db.SaveChangesAsync();
            db.Profiles.Add(new Profile { Name = "Bench", ChannelId = (await db.Channels.SingleAsync()).Id });
            await db.SaveChangesAsync();
        }
        await GrowthBench.FillAsync(BenchDatabase.Of(DatabaseProvider.Sqlite, folder, null), conversations, messages);
    }

    /// <param name="killAt">SIGKILL as soon as it writes such a line; null: it ends by itself.</param>
    public async Task<CopyRun> CopyAsync(Func<string, bool>? killAt = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Dispatch.Web.dll"), "copy-to", "PostgreSql"])
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["Database__Provider"] = "Sqlite";
        start.Environment["Database__Path"] = SourcePath;
        start.Environment["ConnectionStrings__Target"] = target;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var lines = new List<string>();
        var killed = false;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (killed || killAt?.Invoke(line) != true) continue;
            process.Kill();
            killed = true;
        }
        await process.WaitForExitAsync();
        if (await errors is { Length: > 0 } said) lines.Add(said);
        return new CopyRun(killed ? null : process.ExitCode, watch.Elapsed, lines);
    }

    /// <summary>
    /// Reads both sides by plain SQL: every table's rows are counted, and of the tables with the history every row is read in the order of its id into one hash. Returns what differs.
    /// </summary>
    public async Task<IReadOnlyList<string>> CompareAsync()
    {
        await using var source = Source();
        await using var there = DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = target });
        var (one, other) = (source.Database.GetDbConnection(), there.Database.GetDbConnection());
        await one.OpenAsync();
        await other.OpenAsync();
        var wrong = new List<string>();
        foreach (var table in source.Model.GetEntityTypes().Where(t => t.GetTableName() is not null && t.GetViewName() is null).Select(t => t.GetTableName()!).Order(StringComparer.Ordinal))
        {
            var (here, copied) = (await CountAsync(one, table), await CountAsync(other, table));
            if (here != copied) wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{table}: {here} rows here, {copied} there"));
        }
        foreach (var (table, columns, times) in new[]
        {
            ("contacts", "id, address, name", new[] { "created_at" }), ("conversations", "id, profile_id, contact_id, status, owner_version, last_message_preview, unread_count", ["opened_at", "closed_at"]),
            ("messages", "id, conversation_id, channel_id, provider_message_id, direction, type, text, status", ["at", "stored_at", "status_at"]),
        })
        {
            var here = await HashAsync(one, $"SELECT {columns}, {string.Join(", ", times.Select(t => $"CAST(strftime('%s', {t}) AS TEXT)"))} FROM {table} ORDER BY id");
            var copied = await HashAsync(other, $"SELECT {columns}, {string.Join(", ", times.Select(t => $"extract(epoch FROM {t})::bigint::text"))} FROM {table} ORDER BY id");
            if (here != copied) wrong.Add($"{table}: {here} here, {copied} there");
        }
        return wrong;
    }

    private DispatchDb Source() => DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.Sqlite, Path = SourcePath });

    private static async Task<long> CountAsync(DbConnection connection, string table)
    {
        await using var command = connection.CreateCommand();
        // Names are the model's own.
        command.CommandText = $"SELECT COUNT(*) FROM \"{table}\"";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<string> HashAsync(DbConnection connection, string sql)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        await using var reader = await command.ExecuteReaderAsync();
        var row = new StringBuilder();
        while (await reader.ReadAsync())
        {
            row.Clear();
            for (var i = 0; i < reader.FieldCount; i++) row.Append(await reader.IsDBNullAsync(i) ? "\u0000" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)).Append('\u001f');
            hash.AppendData(Encoding.UTF8.GetBytes(row.ToString()));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
