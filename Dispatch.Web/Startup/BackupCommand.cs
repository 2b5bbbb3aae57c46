using System.Globalization;
using Dispatch.Core.Data;

namespace Dispatch.Web.Startup;

/// <summary><c>Dispatch.Web -- backup PATH</c>: a checked copy of the SQLite database, while another process runs on it or while none does.</summary>
internal static class BackupCommand
{
    private const int Failed = 1;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is not [var target, .. var rest] || target.StartsWith("--", StringComparison.Ordinal))
        {
            await errors.WriteLineAsync("backup: no path; usage: Dispatch.Web backup PATH [--Database:Path FILE]");
            return StartupOptions.WrongOptions;
        }
        if (HostSettings.CreateBuilder(rest, errors) is not { } builder || !StartupOptions.Check(builder.Configuration, errors)) return StartupOptions.WrongOptions;
        var options = StartupOptions.Database(builder.Configuration);
        BackupOutcome outcome;
        try
        {
            outcome = await DatabaseBackup.RunAsync(options, target);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"backup: failed, nothing was kept ({e.Message.ReplaceLineEndings(" ")})");
            return Failed;
        }
        switch (outcome.Result)
        {
            case BackupResult.Done:
                foreach (var (table, rows) in outcome.Tables!.Where(t => t.Rows > 0)) await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {table}: {rows}"));
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"backup: {target} is whole ({outcome.Bytes} bytes, integrity checked)"));
                await output.WriteLineAsync($"backup: keep it with the keys in {builder.Configuration["DataProtection:Path"] ?? "data/keys"}; without them stored tokens cannot be read");
                return 0;
            case BackupResult.NotSqlite:
                await errors.WriteLineAsync($"backup: Database:Provider is {options.Provider}; use its own tools (docs/operations/backup.md)");
                return StartupOptions.WrongOptions;
            case BackupResult.Missing:
                await errors.WriteLineAsync($"backup: {options.Path} is not there; allowed: Database:Path of a database that exists");
                return StartupOptions.WrongOptions;
            case BackupResult.TargetExists:
                await errors.WriteLineAsync($"backup: {target} exists and is not overwritten; allowed: a new name");
                return StartupOptions.WrongOptions;
            case BackupResult.Broken:
            default:
                await errors.WriteLineAsync($"backup: the copy did not stand its check and was removed ({outcome.Problem})");
                return Failed;
        }
    }
}
