using System.Diagnostics;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Dispatch.Tests.Support;

/// <summary>
/// One private PostgreSQL for the whole run, started by the first test that asks. Its parent shell waits for our end of a pipe to close, so
/// the server also ends when the test process is killed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "dispatch_template";
    private readonly SemaphoreSlim _gate = new(1);
    private Process? _process;
    private string? _folder;
    private string[] _server = [];
    private int _number;

    /// <summary>The connection string of a new, migrated, empty database. Ends the test when there is no PostgreSQL.</summary>
    public async Task<string> CreateDatabaseAsync(bool migrated = true)
    {
        await _gate.WaitAsync();
        try
        {
            if (_process is null) await StartAsync();
            var name = $"t{++_number}";
            await ExecuteAsync($"CREATE DATABASE {name}{(migrated ? $" TEMPLATE {Template}" : "")}");
            return ConnectionString(name);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task DropDatabaseAsync(string connectionString)
    {
        await using (var pool = new NpgsqlConnection(connectionString)) NpgsqlConnection.ClearPool(pool);
        await ExecuteAsync($"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");
    }

    /// <summary>As an operator stops it: every connection ends, none is taken. Only for a server of one's own, never for the one that all tests share.</summary>
    public async Task StopServerAsync()
    {
        if (_process is null) return;
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().InTime();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Starts it again on what it holds.</summary>
    public async Task StartServerAsync()
    {
        Launch();
        await Eventually.Async(CanConnectAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
            File.Delete(_folder + ".log");
        }
        _gate.Dispose();
    }

    private async Task StartAsync()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => d + "/bin")
            : [];
        var initdb = ServerRequirement.Find("initdb", installed);
        var bin = Path.GetDirectoryName(initdb)!;
        _folder = Directory.CreateTempSubdirectory("dispatch-pg-").FullName;
        string[] owner = [];
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root. setpriv replaces itself by the server, so that there is one process to stop.
            await RunAsync("chown", "postgres", _folder);
            owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
        }
        await RunAsync([.. owner, initdb, "-D", $"{_folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        _server =
        [
            .. owner, $"{bin}/postgres", "-D", $"{_folder}/data", "-k", _folder, "-c", "listen_addresses=",
            "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
            // The default second to find a deadlock would be most of the time of the tests that provoke them.
            "-c", "deadlock_timeout=200ms", "-c", "shared_buffers=64MB",
        ];
        Launch();
        await Eventually.Async(CanConnectAsync);
        await ExecuteAsync($"CREATE DATABASE {Template}");
        await using var db = Context(ConnectionString(Template));
        await db.MigrateWithViewsAsync();
        NpgsqlConnection.ClearPool((NpgsqlConnection)db.Database.GetDbConnection());
    }

    private void Launch()
    {
        // SIGINT is a fast shutdown.
        const string untilPipeCloses = "log=$1; shift; \"$@\" >\"$log\" 2>&1 & pid=$!; cat >/dev/null; kill -INT $pid; wait $pid";
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", untilPipeCloses, "sh", $"{_folder}.log", .. _server])
        {
            RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/",
        })!;
    }

    private static PostgresDispatchDb Context(string connectionString)
    {
        var builder = new DbContextOptionsBuilder<PostgresDispatchDb>();
        DataServices.Configure(builder, new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = connectionString });
        return new PostgresDispatchDb(builder.Options);
    }

    /// <summary>A socket in its own folder: no port that another program could take at the same moment.</summary>
    private string ConnectionString(string database) =>
        $"Host={_folder};Username=postgres;Database={database};Maximum Pool Size=60;Timeout=30;Include Error Detail=true";

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await ExecuteAsync("SELECT 1");
            return true;
        }
        catch (NpgsqlException) when (!_process!.HasExited)
        {
            return false;
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = "/", RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().InTime(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, $"{command[0]} ended with {process.ExitCode}: {await output}");
    }
}
