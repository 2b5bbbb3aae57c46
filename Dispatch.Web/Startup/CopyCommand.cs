using System.Globalization;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Web.Startup;

/// <summary>
/// <c>Dispatch.Web copy-to PostgreSql</c> (or SqlServer): the SQLite database of <c>Database:Path</c> into the empty or half-copied one of <c>ConnectionStrings:Target</c>. The address comes from
/// the configuration and not from the command line, where every user of the machine could read its password.
/// </summary>
internal static class CopyCommand
{
    private const string Usage = "copy-to: PostgreSql or SqlServer, with ConnectionStrings:Target set (ConnectionStrings__Target in the environment), and Dispatch stopped";

    public static bool IsAsked(string[] args) => args is ["copy-to", ..];

    /// <summary>0: every table is equal. 1: one is not. 2: asked wrongly.</summary>
    public static async Task<int> RunAsync(string[] args, IConfiguration configuration, TextWriter output, TextWriter errors)
    {
        var source = StartupOptions.Database(configuration);
        if (args.Length < 2 || !Enum.TryParse<DatabaseProvider>(args[1], ignoreCase: true, out var provider) || provider == DatabaseProvider.Sqlite
            || configuration.GetConnectionString("Target") is not { Length: > 0 } address)
        {
            await errors.WriteLineAsync(Usage);
            return StartupOptions.WrongOptions;
        }
        if (source.Provider != DatabaseProvider.Sqlite || !File.Exists(source.Path))
        {
            await errors.WriteLineAsync($"Database:Path: '{source.Path}' is not a SQLite database; allowed: the one that Dispatch used until now");
            return StartupOptions.WrongOptions;
        }
        await using var from = DataServices.Open(source);
        await using var to = DataServices.Open(new DatabaseOptions { Provider = provider, ConnectionString = address });
        if ((await from.Database.GetPendingMigrationsAsync()).Any())
        {
            await errors.WriteLineAsync("Database:Path: the database is of an earlier version; start this version on it once, stop it, and copy then");
            return StartupOptions.WrongOptions;
        }
        var (tables, rows, wrong) = (0, 0L, 0);
        var copy = new DatabaseCopy(from, to) { Progress = new ProgressLines(output).Show };
        if (await copy.ObstacleAsync(TimeProvider.System.GetUtcNow().UtcDateTime) is { } obstacle)
        {
            await errors.WriteLineAsync($"copy-to: {obstacle}");
            return StartupOptions.WrongOptions;
        }
        await foreach (var table in copy.RunAsync())
        {
            tables++;
            rows += table.Here.Rows;
            if (!table.Matches) wrong++;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{table.Table,-32} {table.Here.Rows,12:N0} rows  {table.Here.Hash:x32}  {(table.Matches ? table.Copied ? "copied" : "was there" : $"DIFFERS: {table.There.Rows:N0} rows, {table.There.Hash:x32}")}"));
        }
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{tables} tables, {rows:N0} rows, {(wrong == 0 ? "all equal" : $"{wrong} differ")}"));
        return wrong == 0 ? 0 : 1;
    }

    /// <summary>A line a second while a large table is under way, and one when its copying begins: for a terminal and for a log.</summary>
    private sealed class ProgressLines(TextWriter output)
    {
        private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
        private long _saidAt = TimeProvider.System.GetTimestamp(), _beganAt;
        private (string Table, bool Copies) _of;

        public void Show(CopyProgress progress)
        {
            var now = TimeProvider.System.GetTimestamp();
            var copies = progress.Of is not null;
            var begins = _of != (progress.Table, copies);
            if (begins) (_of, _beganAt) = ((progress.Table, copies), now);
            if (progress.Rows == progress.Of || (!(begins && copies) && TimeProvider.System.GetElapsedTime(_saidAt, now) < Every)) return;
            _saidAt = now;
            var seconds = TimeProvider.System.GetElapsedTime(_beganAt, now).TotalSeconds;
            var rate = seconds > 0.5 ? string.Create(CultureInfo.InvariantCulture, $", {progress.Rows / seconds:N0} a second") : "";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {progress.Table}: {progress.Rows:N0} {(progress.Of is { } of ? $"of {of:N0} rows copied" : "rows compared")}{rate}"));
        }
    }
}
